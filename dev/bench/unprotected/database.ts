import { openDatabase as openReal } from '#prisma/database.ts';
import type * as real from '#prisma/database.ts';

/** In place of prisma/database.ts: no scope is set, and whoever owns the database may connect. */
export const openDatabase: typeof real.openDatabase = ({ url, poolSize }) => {
  const database = openReal({ url, ...(poolSize !== undefined && { poolSize }) });
  return { ...database, within: () => database };
};
export const enterScope: typeof real.enterScope = async () => undefined;

import { fen, type Fen } from '#domain/money.ts';

/** How the Prisma client gives columns, and how rows carry them. `pg` needs none of this: its parsers are in database.ts. */

/** BIGINT. Throws RangeError beyond the safe integers. */
export const fenOf = (value: bigint): Fen => fen(Number(value));
export const fenOrNull = (value: bigint | null): Fen | null => (value === null ? null : fenOf(value));

/** DATE as `yyyy-MM-dd`: Prisma gives midnight UTC of the day. */
export const dayOf = (value: Date): string => value.toISOString().slice(0, 10);

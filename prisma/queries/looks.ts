import type { Actor } from '#domain/claim/actor.ts';
import type { Database } from '../database.ts';

export type LookRow = {
  id: number;
  at: Date;
  actor: Actor;
  /** `claim.decisions`, `document.content` */
  what: string;
  claim: string | null;
  /** the name of the person or system that looked, as it is now, and its unit */
  reader: string | null;
  readerUnit: string | null;
};

/** Who looked at a person, the newest first, before the entry `before`. */
export async function listLooks(
  db: Pick<Database, 'query'>,
  { employeeId, before, limit }: { employeeId: string; before: number | undefined; limit: number },
): Promise<LookRow[]> {
  const { rows } = await db.query<LookRow>(
    `SELECT id, at, actor, what, claim, reader, reader_unit AS "readerUnit" FROM list_looks($1, coalesce($2::bigint, 9223372036854775807), $3)`,
    [employeeId, before ?? null, limit],
  );
  return rows;
}

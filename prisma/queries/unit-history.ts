import type { Actor } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

/** What a unit was called and under which parent it stood, until it became another. The present is the row of the unit itself. */
export async function keepAsItWas(tx: Tx, { id, actor, at }: { id: string; actor: Actor; at: Date }): Promise<void> {
  await tx.query(
    `INSERT INTO unit_history (unit_id, valid_from, valid_to, name, name_en, parent_id, changed_by)
     SELECT u.id, began.at, greatest(began.at, $2), u.name, u.name_en, u.parent_id, $3
     FROM unit u CROSS JOIN LATERAL (SELECT coalesce(max(h.valid_to), u.created_at) AS at FROM unit_history h WHERE h.unit_id = u.id) began
     WHERE u.id = $1`,
    [id, at, JSON.stringify(actor)],
  );
}

/** From `validFrom` to `validTo` (excluded; null: to this day). `changedBy` made it another; null where nobody has. */
export type UnitVersion = { name: string; nameEn: string; parentCode: string | null; validFrom: Date; validTo: Date | null; changedBy: Actor | null };

/** All that a unit was, the present first. A parent that the scope does not show has no code. */
export async function listUnitVersions(db: Reader, { id }: { id: string }): Promise<UnitVersion[]> {
  const { rows } = await db.query<UnitVersion>(
    `SELECT v.name, v.name_en AS "nameEn", p.code AS "parentCode", v.valid_from AS "validFrom", v.valid_to AS "validTo", v.changed_by AS "changedBy"
     FROM (
       SELECT h.id, h.name, h.name_en, h.parent_id, h.valid_from, h.valid_to, h.changed_by FROM unit_history h WHERE h.unit_id = $1
       UNION ALL
       SELECT NULL, u.name, u.name_en, u.parent_id, coalesce((SELECT max(valid_to) FROM unit_history WHERE unit_id = $1), u.created_at), NULL, NULL FROM unit u WHERE u.id = $1
     ) v LEFT JOIN unit p ON p.id = v.parent_id
     ORDER BY v.id DESC NULLS FIRST`,
    [id],
  );
  return rows;
}

/** A unit as it was at a moment. `ancestorIds` lead from the highest unit of the answer to the unit itself. */
export type UnitAsOf = { id: string; code: string; name: string; nameEn: string; parentId: string | null; parentCode: string | null; ancestorIds: string[] };

/** The tree of units as it was at a moment, as far as the scope shows it: what reports of that day add up by. Units that came later are not in it. */
export async function unitTreeAsOf(db: Reader, { at }: { at: Date }): Promise<UnitAsOf[]> {
  const { rows } = await db.query<UnitAsOf>(
    `WITH RECURSIVE version AS (
       SELECT u.id, u.code, coalesce(h.name, u.name) AS name, coalesce(h.name_en, u.name_en) AS name_en, CASE WHEN h.id IS NULL THEN u.parent_id ELSE h.parent_id END AS parent_id
       FROM unit u LEFT JOIN LATERAL (SELECT * FROM unit_history WHERE unit_id = u.id AND valid_to > $1 ORDER BY valid_to, id LIMIT 1) h ON true
       WHERE u.created_at <= $1
     ), tree AS (
       SELECT v.*, NULL::text AS parent_code, ARRAY[v.id] AS ancestor_ids FROM version v WHERE NOT EXISTS (SELECT FROM version p WHERE p.id = v.parent_id)
       UNION ALL SELECT v.*, t.code, t.ancestor_ids || v.id FROM tree t JOIN version v ON v.parent_id = t.id
     )
     SELECT id, code, name, name_en AS "nameEn", parent_id AS "parentId", parent_code AS "parentCode", ancestor_ids AS "ancestorIds" FROM tree ORDER BY code`,
    [at],
  );
  return rows;
}

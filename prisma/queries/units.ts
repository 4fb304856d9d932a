import type { PartialUnitSettings } from '#domain/org/settings.ts';
import type { Database, Tx } from '../database.ts';

/** A unit as the interface shows it. */
export type UnitRow = {
  id: string;
  code: string;
  name: string;
  nameEn: string;
  parentId: string | null;
  parentCode: string | null;
  /** from the root to the unit itself */
  ancestorIds: string[];
  region: string;
  settings: PartialUnitSettings;
  active: boolean;
  version: number;
  createdAt: Date;
};

type Reader = Pick<Database, 'query'>;

const UNIT = `u.id, u.code, u.name, u.name_en AS "nameEn", u.parent_id AS "parentId", p.code AS "parentCode", u.ancestor_ids AS "ancestorIds",
  u.region, u.settings, u.active, u.version, u.created_at AS "createdAt"`;

/** The unit with this code if it lies in the subtree of `within`. SQL: changes read inside their transaction what they wrote. */
export async function findUnit(db: Reader, { code, within }: { code: string; within: string }): Promise<UnitRow | undefined> {
  const { rows } = await db.query<UnitRow>(
    `SELECT ${UNIT} FROM unit u LEFT JOIN unit p ON p.id = u.parent_id WHERE u.code = $1 AND u.ancestor_ids @> ARRAY[$2::uuid]`,
    [code, within],
  );
  return rows[0];
}

/** Those of `codes` that lie in the subtree of `within`, by code. */
export async function findUnits(
  db: Reader,
  { codes, within }: { codes: readonly string[]; within: string },
): Promise<Map<string, Pick<UnitRow, 'id' | 'ancestorIds'>>> {
  const { rows } = await db.query<Pick<UnitRow, 'id' | 'code' | 'ancestorIds'>>(
    'SELECT id, code, ancestor_ids AS "ancestorIds" FROM unit WHERE code = ANY ($1::text[]) AND ancestor_ids @> ARRAY[$2::uuid]',
    [codes, within],
  );
  return new Map(rows.map((row) => [row.code, row]));
}

/** The same, for a change: what is read stays so until the transaction ends. */
export async function lockUnit(tx: Tx, { code, within }: { code: string; within: string }): Promise<UnitRow | undefined> {
  const { rows } = await tx.query<UnitRow>(
    `SELECT ${UNIT} FROM unit u LEFT JOIN unit p ON p.id = u.parent_id WHERE u.code = $1 AND u.ancestor_ids @> ARRAY[$2::uuid] FOR NO KEY UPDATE OF u`,
    [code, within],
  );
  return rows[0];
}

/** Units of the subtree in the order of their codes. */
export async function listUnits(
  { prisma }: Pick<Database, 'prisma'>,
  page: { within: string; parentCode: string | undefined; afterCode: string | undefined; limit: number },
): Promise<UnitRow[]> {
  const units = await prisma.unit.findMany({
    where: {
      ancestorIds: { has: page.within },
      ...(page.parentCode !== undefined && { parent: { code: page.parentCode } }),
      ...(page.afterCode !== undefined && { code: { gt: page.afterCode } }),
    },
    include: { parent: { select: { code: true } } },
    orderBy: { code: 'asc' },
    take: page.limit,
  });
  return units.map(({ parent, settings, ...unit }) => ({ ...unit, parentCode: parent?.code ?? null, settings: settings as PartialUnitSettings }));
}

export type NewUnit = { code: string; name: string; nameEn: string; region: string; settings: PartialUnitSettings };

/** Adds a unit below `parentId`. `'exists'` where the code is taken, by whomever. */
export async function createUnit(tx: Tx, { parentId, unit }: { parentId: string; unit: NewUnit }): Promise<'created' | 'exists'> {
  await lockTree(tx);
  const { rowCount } = await tx.query(
    `INSERT INTO unit (id, code, name, name_en, region, settings, parent_id, ancestor_ids)
     SELECT made.id, $2, $3, $4, $5, $6::jsonb, p.id, p.ancestor_ids || made.id
     FROM unit p, (SELECT gen_random_uuid() AS id) made WHERE p.id = $1
     ON CONFLICT (code) DO NOTHING`,
    [parentId, unit.code, unit.name, unit.nameEn, unit.region, JSON.stringify(unit.settings)],
  );
  return rowCount === 1 ? 'created' : 'exists';
}

export type UnitChange = Pick<UnitRow, 'name' | 'nameEn' | 'region' | 'settings' | 'active'>;

/** Writes a locked unit as it is to be, and counts its version up. */
export async function updateUnit(tx: Tx, { id, change }: { id: string; change: UnitChange }): Promise<void> {
  await tx.query('UPDATE unit SET name = $2, name_en = $3, region = $4, settings = $5::jsonb, active = $6, version = version + 1 WHERE id = $1', [
    id,
    change.name,
    change.nameEn,
    change.region,
    JSON.stringify(change.settings),
    change.active,
  ]);
}

/**
 * Hangs a unit with all below it under another parent. `'cycle'` where the parent lies in the unit's own subtree; then nothing was written.
 * The caller has taken `lockTree` before any row.
 */
export async function moveUnit(tx: Tx, { id, parentId }: { id: string; parentId: string }): Promise<'moved' | 'cycle'> {
  const { rows } = await tx.query<{ cycle: boolean }>('SELECT ancestor_ids @> ARRAY[$2::uuid] AS cycle FROM unit WHERE id = $1', [parentId, id]);
  if (rows[0]?.cycle !== false) return 'cycle';
  await tx.query(
    `UPDATE unit u SET ancestor_ids = p.ancestor_ids || u.ancestor_ids[array_position(u.ancestor_ids, $1::uuid):],
       parent_id = CASE WHEN u.id = $1 THEN p.id ELSE u.parent_id END
     FROM unit p WHERE p.id = $2 AND u.ancestor_ids @> ARRAY[$1::uuid]`,
    [id, parentId],
  );
  return 'moved';
}

/** Two changes of the tree at once could each be free of cycles and together not be: they happen one after the other. */
export async function lockTree(tx: Tx): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('unit-tree'))`);
}

/** The root of the tree, which no API call can make; its id, also where it is there already. */
export async function createRootUnit(tx: Tx, unit: { code: string; name: string; nameEn: string; region: string }): Promise<string> {
  await lockTree(tx);
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO unit (id, code, name, name_en, region, ancestor_ids)
     SELECT made.id, $1, $2, $3, $4, ARRAY[made.id] FROM (SELECT gen_random_uuid() AS id) made
     ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id`,
    [unit.code, unit.name, unit.nameEn, unit.region],
  );
  const [row] = rows;
  if (!row) throw new Error('the root unit was not written');
  return row.id;
}

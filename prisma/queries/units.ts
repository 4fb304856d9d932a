import type { Actor } from '#domain/claim/actor.ts';
import { mergeSettings, type PartialUnitSettings, type UnitSettings } from '#domain/org/settings.ts';
import type { Database, Tx } from '../database.ts';
import { keepAsItWas } from './unit-history.ts';

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

/**
 * The unit with this code, if the scope reaches it (units above it may be read, but are not reached) or it is `own`. SQL: changes read inside their transaction what
 * they wrote.
 */
export async function findUnit(db: Reader, { code, own = null }: { code: string; own?: string | null }): Promise<UnitRow | undefined> {
  const { rows } = await db.query<UnitRow>(
    `SELECT ${UNIT} FROM unit u LEFT JOIN unit p ON p.id = u.parent_id WHERE u.code = $1 AND (u.id IN (SELECT u FROM units_in_scope() AS u) OR u.id = $2)`,
    [code, own],
  );
  return rows[0];
}

/** The root of the tree, if the scope reaches it. */
export async function findRoot(db: Reader): Promise<UnitRow | undefined> {
  const { rows } = await db.query<UnitRow>(
    `SELECT ${UNIT} FROM unit u LEFT JOIN unit p ON p.id = u.parent_id WHERE u.parent_id IS NULL AND u.id IN (SELECT u FROM units_in_scope() AS u)`,
  );
  return rows[0];
}

/** What holds for a unit: its own settings over those that it inherits. */
export async function findUnitSettings(db: Reader, { unitId }: { unitId: string }): Promise<UnitSettings> {
  const { rows } = await db.query<{ settings: PartialUnitSettings }>(
    'SELECT a.settings FROM unit u JOIN unit a ON a.id = ANY (u.ancestor_ids) WHERE u.id = $1 ORDER BY cardinality(a.ancestor_ids)',
    [unitId],
  );
  return mergeSettings(rows.map(({ settings }) => settings));
}

/** The same, for a change: what is read stays so until the transaction ends. */
export async function lockUnit(tx: Tx, { code }: { code: string }): Promise<UnitRow | undefined> {
  const { rows } = await tx.query<UnitRow>(
    `SELECT ${UNIT} FROM unit u LEFT JOIN unit p ON p.id = u.parent_id WHERE u.code = $1 AND u.id IN (SELECT u FROM units_in_scope() AS u) FOR NO KEY UPDATE OF u`,
    [code],
  );
  return rows[0];
}

/** Units of the subtree in the order of their codes. */
export async function listUnits(
  { prisma }: Pick<Database, 'prisma'>,
  page: { within: readonly string[]; parentCode: string | undefined; afterCode: string | undefined; limit: number },
): Promise<UnitRow[]> {
  const units = await prisma.unit.findMany({
    where: {
      ancestorIds: { hasSome: [...page.within] },
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
export async function createUnit(tx: Tx, { parentId, unit, at }: { parentId: string; unit: NewUnit; at: Date }): Promise<'created' | 'exists'> {
  await lockTree(tx);
  const { rowCount } = await tx.query(
    `INSERT INTO unit (id, code, name, name_en, region, settings, parent_id, ancestor_ids, created_at)
     SELECT made.id, $2, $3, $4, $5, $6::jsonb, p.id, p.ancestor_ids || made.id, $7
     FROM unit p, (SELECT gen_random_uuid() AS id) made WHERE p.id = $1
     ON CONFLICT (code) DO NOTHING`,
    [parentId, unit.code, unit.name, unit.nameEn, unit.region, JSON.stringify(unit.settings), at],
  );
  return rowCount === 1 ? 'created' : 'exists';
}

export type UnitChange = Pick<UnitRow, 'name' | 'nameEn' | 'region' | 'settings' | 'active' | 'parentId'>;

/**
 * Writes a locked unit as it is to be, and counts its version up; under another parent it comes with all below it. How it was called and where it stood is kept.
 * `'cycle'` where the parent lies in the unit's own subtree; then nothing was written. Whoever changes the parent has taken `lockTree` before any row.
 */
export async function changeUnit(
  tx: Tx,
  { was, change, actor, at }: { was: UnitRow; change: UnitChange; actor: Actor; at: Date },
): Promise<'changed' | 'cycle'> {
  const moves = change.parentId !== was.parentId;
  if (moves && (change.parentId === null || (await liesWithin(tx, { id: change.parentId, root: was.id })))) return 'cycle';
  if (moves || change.name !== was.name || change.nameEn !== was.nameEn) await keepAsItWas(tx, { id: was.id, actor, at });
  if (moves && change.parentId !== null) await moveSubtree(tx, { id: was.id, parentId: change.parentId });
  await tx.query('UPDATE unit SET name = $2, name_en = $3, region = $4, settings = $5::jsonb, active = $6, version = version + 1 WHERE id = $1', [
    ...[was.id, change.name, change.nameEn, change.region],
    ...[JSON.stringify(change.settings), change.active],
  ]);
  return 'changed';
}

async function liesWithin(tx: Tx, { id, root }: { id: string; root: string }): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT 1 FROM unit_ancestor WHERE unit_id = $1 AND ancestor_id = $2', [id, root]);
  return (rowCount ?? 0) > 0;
}

/** The closure in unit_ancestor follows by a trigger. */
async function moveSubtree(tx: Tx, { id, parentId }: { id: string; parentId: string }): Promise<void> {
  await tx.query(
    `UPDATE unit u SET ancestor_ids = p.ancestor_ids || u.ancestor_ids[array_position(u.ancestor_ids, $1::uuid):],
       parent_id = CASE WHEN u.id = $1 THEN p.id ELSE u.parent_id END
     FROM unit p WHERE p.id = $2 AND u.id IN (SELECT unit_id FROM unit_ancestor WHERE ancestor_id = $1)`,
    [id, parentId],
  );
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

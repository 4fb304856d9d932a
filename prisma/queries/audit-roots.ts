import type { Day } from '#domain/calendar.ts';
import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

const BATCH = 5_000;
const STARTS = (day: string): string => `(${day}::date::timestamp AT TIME ZONE 'Asia/Shanghai')`;
const ON = (day: string): string => `a.recorded_at >= ${STARTS(day)} AND a.recorded_at < ${STARTS(`(${day}::date + 1)`)}`;

/** A day's root of a unit, signed. Hashes in hex, the signature in Base64. */
export type RootRow = {
  unitId: string | null;
  day: Day;
  entries: number;
  root: string;
  statement: string;
  signature: string;
  keyId: string;
  publicKey: string;
};

const ROOT = `unit_id AS "unitId", day, entries, encode(root, 'hex') AS root, statement, replace(encode(signature, 'base64'), E'\\n', '') AS signature, key_id AS "keyId",
  public_key AS "publicKey"`;

/** The first day with entries after the last one that has roots, unless it is still today (in Shanghai, by the database's clock). */
export async function nextDayToSeal(db: Reader): Promise<Day | undefined> {
  const { rows } = await db.query<{ day: Day | null }>(
    `SELECT audit_day(min(a.recorded_at)) AS day FROM audit_entry a
     WHERE a.recorded_at >= coalesce((SELECT ${STARTS('(max(day) + 1)')} FROM audit_root), '-infinity') AND a.recorded_at < ${STARTS('audit_day(clock_timestamp())')}`,
  );
  return rows[0]?.day ?? undefined;
}

/** Waits for every transaction that wrote on this day; after it nothing more can come. Held until the transaction ends. */
export async function holdDay(tx: Tx, day: Day): Promise<void> {
  await tx.query('SELECT hold_audit_day($1::date)', [day]);
}

/** The hashes of a day's entries, unit by unit in the order in which they were written; what belongs to no unit comes last. */
export async function* readDay(tx: Tx, day: Day): AsyncGenerator<{ unitId: string | null; chain: string; no: number; hash: Buffer }> {
  await tx.query(
    `DECLARE audit_day_entries CURSOR FOR SELECT a.unit_id AS "unitId", a.chain, a.chain_no AS no, a.hash FROM audit_entry a WHERE ${ON('$1')} ORDER BY a.unit_id, a.id`,
    [day],
  );
  for (;;) {
    const { rows } = await tx.query<{ unitId: string | null; chain: string; no: number; hash: Buffer }>(`FETCH ${BATCH} FROM audit_day_entries`);
    yield* rows;
    if (rows.length < BATCH) break;
  }
  await tx.query('CLOSE audit_day_entries');
}

/** The hashes of a unit's entries of a day, in their order, each with its place in its chain. */
export async function readUnitDay(db: Reader, { unitId, day }: { unitId: string | null; day: Day }): Promise<{ chain: string; no: number; hash: Buffer }[]> {
  const { rows } = await db.query<{ chain: string; no: number; hash: Buffer }>(
    `SELECT a.chain, a.chain_no AS no, a.hash FROM audit_entry a WHERE ${ON('$2')} AND a.unit_id IS NOT DISTINCT FROM $1::uuid ORDER BY a.id`,
    [unitId, day],
  );
  return rows;
}

/** The unit's code, and its last root before this day. */
export async function readPrevious(
  tx: Tx,
  { scope, unitId, day }: { scope: string; unitId: string | null; day: Day },
): Promise<{ code: string | null; previous: { day: Day; root: string } | null }> {
  const { rows } = await tx.query<{ code: string | null; day: Day | null; root: string | null }>(
    `SELECT (SELECT code FROM unit WHERE id = $2) AS code, r.day, encode(r.root, 'hex') AS root
     FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT day, root FROM audit_root WHERE scope = $1 AND day < $3 ORDER BY day DESC LIMIT 1) r ON true`,
    [scope, unitId, day],
  );
  const [row] = rows;
  return { code: row?.code ?? null, previous: row?.day && row.root ? { day: row.day, root: row.root } : null };
}

/** Stores a root. One that is there already stays: whoever sealed the day first has signed it. */
export async function insertRoot(tx: Tx, scope: string, root: RootRow): Promise<void> {
  await tx.query(
    `INSERT INTO audit_root (scope, day, unit_id, entries, root, statement, signature, key_id, public_key, sealed_at)
     VALUES ($1, $2, $3, $4, decode($5, 'hex'), $6, decode($7, 'base64'), $8, $9, now()) ON CONFLICT DO NOTHING`,
    [scope, root.day, root.unitId, root.entries, root.root, root.statement, root.signature, root.keyId, root.publicKey],
  );
}

/** Up to `limit` roots that were not exported yet, the oldest first. */
export async function listUnexported(db: Reader, limit: number): Promise<(RootRow & { scope: string })[]> {
  const { rows } = await db.query<RootRow & { scope: string }>(`SELECT scope, ${ROOT} FROM audit_root WHERE exported_at IS NULL ORDER BY day, scope LIMIT $1`, [
    limit,
  ]);
  return rows;
}

export async function markExported(db: Reader, { scope, day }: { scope: string; day: Day }): Promise<void> {
  await db.query('UPDATE audit_root SET exported_at = now() WHERE scope = $1 AND day = $2 AND exported_at IS NULL', [scope, day]);
}

/** The roots of these days, by scope. */
export async function listRoots(db: Reader, { day, scopes }: { day: Day; scopes?: readonly string[] }): Promise<(RootRow & { scope: string })[]> {
  const { rows } = await db.query<RootRow & { scope: string }>(
    `SELECT scope, ${ROOT} FROM audit_root WHERE day = $1 AND ($2::text[] IS NULL OR scope = ANY ($2)) ORDER BY scope`,
    [day, scopes ?? null],
  );
  return rows;
}

/** First and last day for which there are entries or roots; undefined where there is neither. */
export async function auditedDays(db: Reader): Promise<{ from: Day; to: Day; sealedTo: Day | null } | undefined> {
  const { rows } = await db.query<{ from: Day | null; to: Day | null; sealedTo: Day | null }>(
    `SELECT least(audit_day((SELECT min(recorded_at) FROM audit_entry)), (SELECT min(day) FROM audit_root)) AS "from",
       greatest(audit_day((SELECT max(recorded_at) FROM audit_entry)), (SELECT max(day) FROM audit_root)) AS "to", (SELECT max(day) FROM audit_root) AS "sealedTo"`,
  );
  const [row] = rows;
  return row?.from && row.to ? { from: row.from, to: row.to, sealedTo: row.sealedTo } : undefined;
}

/** How many roots nobody outside of the database knows of yet. */
export async function countUnexported(db: Reader): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM audit_root WHERE exported_at IS NULL');
  return rows[0]?.count ?? 0;
}

/** The last day that has roots; null before the first. */
export async function lastSealedDay(db: Reader): Promise<Day | null> {
  const { rows } = await db.query<{ day: Day | null }>('SELECT max(day) AS day FROM audit_root');
  return rows[0]?.day ?? null;
}

import type { PartialUnitSettings } from '#domain/org/settings.ts';
import type { ErasureRule } from '#domain/retention/periods.ts';
import type { Tx } from '../database.ts';

/** Until when something must have ended to be due: `units` where a unit may choose, `otherwise` for what belongs to none. */
export type DueDates = { units: readonly { unitId: string; before: Date }[]; otherwise: Date };

/** Every unit with the settings of its own and of those above it, from the root down. */
export async function listUnitSettings(db: Pick<Tx, 'query'>): Promise<{ id: string; settings: PartialUnitSettings[] }[]> {
  const { rows } = await db.query<{ id: string; settings: PartialUnitSettings[] }>(
    `SELECT u.id, (SELECT json_agg(a.settings ORDER BY cardinality(a.ancestor_ids)) FROM unit a WHERE a.id = ANY (u.ancestor_ids)) AS settings FROM unit u ORDER BY u.id`,
  );
  return rows;
}

/** What a batch erased, by the unit that it belonged to. */
export type ErasedCount = { unitId: string | null; count: number };

/** While it stands, nothing of the person, or of the claim, is erased. The arguments are SQL. */
export const HELD = (employeeId: string, claimNumber = 'NULL'): string =>
  `EXISTS (SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND h.employee_id::text = (${employeeId})::text AND (h.claim_number IS NULL OR h.claim_number = ${claimNumber}))`;

/** `key` names the rows of `table`, `t`; `due` finds those whose time is over. $1, $2: units and their dates; $3: the date for what belongs to none. */
type Rule = { table: string; key: readonly string[]; unit: string; due: string };

const DATES = 'unnest($1::uuid[], $2::timestamptz[]) AS dates (unit_id, before)';
const OF_CLAIM = `LEFT JOIN claim c ON c.number = t.claim_number LEFT JOIN ${DATES} ON dates.unit_id = c.unit_id`;

const OF_NOBODY = `LEFT JOIN ${DATES} ON false`;

/** Rows that go as a whole. */
const ROWS = {
  UNATTACHED_DOCUMENTS: {
    ...{ table: 'document', key: ['id'], unit: 't.unit_id' },
    due: `JOIN ${DATES} ON dates.unit_id = t.unit_id WHERE t.created_at < coalesce(dates.before, $3) AND NOT ${HELD('t.uploaded_by')}
      AND NOT EXISTS (SELECT FROM claim_document d WHERE d.document_id = t.id) AND NOT EXISTS (SELECT FROM consent d WHERE d.document_id = t.id)
      AND NOT EXISTS (SELECT FROM erasure_request d WHERE d.document_id = t.id)`,
  },
  // the pieces go with it, and their files after them (a trigger)
  UPLOADS: {
    ...{ table: 'upload', key: ['id'], unit: 'NULL::uuid' },
    due: `${OF_NOBODY} WHERE t.expires_at < $3 AND NOT ${HELD('t.employee_id')}`,
  },
  NOTICES: {
    ...{ table: 'notice', key: ['id'], unit: 'c.unit_id' },
    due: `${OF_CLAIM} WHERE t.status <> 'PENDING' AND coalesce(t.sent_at, t.next_attempt_at) < coalesce(dates.before, $3) AND NOT ${HELD('c.employee_id', 'c.number')}`,
  },
  WEBHOOK_DELIVERIES: {
    ...{ table: 'webhook_delivery', key: ['id'], unit: 'c.unit_id' },
    due: `${OF_CLAIM} WHERE t.status <> 'PENDING' AND coalesce(t.sent_at, t.next_attempt_at) < coalesce(dates.before, $3) AND NOT ${HELD('c.employee_id', 'c.number')}`,
  },
  WORKFLOW_COMMANDS: {
    ...{ table: 'workflow_command', key: ['id'], unit: 'c.unit_id' },
    due: `${OF_CLAIM} WHERE t.status <> 'PENDING' AND coalesce(t.sent_at, t.next_attempt_at) < coalesce(dates.before, $3) AND NOT ${HELD('c.employee_id', 'c.number')}`,
  },
  IDENTITY_CHANGES: {
    ...{ table: 'identity_change', key: ['id'], unit: 'e.unit_id' },
    due: `JOIN employee e ON e.id = t.employee_id JOIN ${DATES} ON dates.unit_id = e.unit_id WHERE t.at < coalesce(dates.before, $3) AND NOT ${HELD('t.employee_id')}`,
  },
  SESSIONS: {
    ...{ table: 'session', key: ['id'], unit: 'NULL::uuid' },
    due: `${OF_NOBODY} WHERE coalesce(t.ended_at, t.expires_at) < $3 AND NOT ${HELD('t.employee_id')}`,
  },
  RATE_LIMITS: {
    ...{ table: 'rate_limit', key: ['bucket'], unit: 'NULL::uuid' },
    due: `${OF_NOBODY} WHERE t.full_at < $3`,
  },
} as const satisfies Partial<Record<ErasureRule, Rule>>;
export type RowRule = keyof typeof ROWS;
export const ROW_RULES = Object.keys(ROWS) as RowRule[];

/** Bodies that go while the row stays, so that what is repeated is still known to be repeated. */
const BODIES = {
  BUREAU_MESSAGES: {
    ...{ table: 'inbox_message', key: ['source', 'message_id'], unit: 'c.unit_id' },
    due: `${OF_CLAIM} WHERE t.type IN ('decision', 'visit') AND t.body_erased_at IS NULL AND NOT ${HELD('c.employee_id', 'c.number')}
      AND CASE WHEN c.number IS NULL THEN t.received_at < $3 ELSE c.closed_at < coalesce(dates.before, $3) END`,
  },
  STORED_ANSWERS: {
    ...{ table: 'idempotency_key', key: ['caller_id', 'route', 'key'], unit: 'NULL::uuid' },
    due: `${OF_NOBODY} WHERE t.created_at < $3 AND t.body_erased_at IS NULL`,
  },
} as const satisfies Partial<Record<ErasureRule, Rule>>;
export type BodyRule = keyof typeof BODIES;
export const BODY_RULES = Object.keys(BODIES) as BodyRule[];

const datesOf = ({ units, otherwise }: DueDates): unknown[] => [units.map(({ unitId }) => unitId), units.map(({ before }) => before), otherwise];

/** How much is due, by unit. */
export async function countDue(tx: Tx, { rule, dates }: { rule: RowRule | BodyRule; dates: DueDates }): Promise<ErasedCount[]> {
  const { table, unit, due } = ({ ...ROWS, ...BODIES } as Record<RowRule | BodyRule, Rule>)[rule];
  const { rows } = await tx.query<ErasedCount>(`SELECT ${unit} AS "unitId", count(*) AS count FROM ${table} t ${due} GROUP BY 1 ORDER BY 1`, datesOf(dates));
  return rows;
}

/** Removes up to `limit` rows that are due. The files of documents are left to `takeErasedFile`. */
export async function eraseRows(tx: Tx, { rule, dates, limit, at }: { rule: RowRule; dates: DueDates; limit: number; at: Date }): Promise<ErasedCount[]> {
  const { table, key, unit, due }: Rule = ROWS[rule];
  const columns = (from: string): string => key.map((column) => `${from}.${column}`).join(', ');
  const files =
    rule === 'UNATTACHED_DOCUMENTS' ? `, files AS (INSERT INTO erased_file (storage_key, at) SELECT storage_key, $5 FROM gone ON CONFLICT DO NOTHING)` : '';
  const { rows } = await tx.query<ErasedCount>(
    `WITH due AS MATERIALIZED (SELECT ${columns('t')}, ${unit} AS due_unit FROM ${table} t ${due} LIMIT $4),
       gone AS (DELETE FROM ${table} t USING due WHERE (${columns('t')}) = (${columns('due')}) RETURNING due.due_unit${files ? ', t.storage_key' : ''})${files}
     SELECT due_unit AS "unitId", count(*) AS count FROM gone GROUP BY 1 ORDER BY 1`,
    [...datesOf(dates), limit, ...(files ? [at] : [])],
  );
  return rows;
}

/** Rows whose body is due, up to `limit`: whoever erases a body seals what takes its place. */
export async function listDueBodies(
  tx: Tx,
  { rule, dates, limit }: { rule: BodyRule; dates: DueDates; limit: number },
): Promise<{ unitId: string | null; key: string[] }[]> {
  const { table, key, unit, due }: Rule = BODIES[rule];
  const { rows } = await tx.query<{ unitId: string | null; key: string[] }>(
    `SELECT ${unit} AS "unitId", ARRAY[${key.map((column) => `t.${column}`).join(', ')}] AS key FROM ${table} t ${due} LIMIT $4`,
    [...datesOf(dates), limit],
  );
  return rows;
}

export async function replaceBody(tx: Tx, { rule, key, body, at }: { rule: BodyRule; key: readonly string[]; body: Uint8Array; at: Date }): Promise<void> {
  const { table, key: columns }: Rule = BODIES[rule];
  const where = columns.map((column, index) => `${column} = $${index + 3}`).join(' AND ');
  await tx.query(`UPDATE ${table} SET body = $1, body_erased_at = $2 WHERE ${where}`, [body, at, ...key]);
}

/** One eraser at a time, for as long as the transaction lasts. */
export async function takeErasing(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext('retention')) AS taken`);
  return rows[0]?.taken ?? false;
}

/** Reports a batch. Append-only. */
export async function insertErasure(
  tx: Tx,
  erasure: { runId: string; at: Date; rule: string; unitId: string | null; count: number; before: Date; detail: Record<string, unknown> },
): Promise<void> {
  await tx.query('INSERT INTO erasure (run_id, at, rule, unit_id, count, before, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
    ...[erasure.runId, erasure.at, erasure.rule, erasure.unitId, erasure.count, erasure.before, JSON.stringify(erasure.detail)],
  ]);
}

/** A file whose row is gone; its name is forgotten with the transaction. False: a document that came later lies under the same name, and keeps it. */
export async function takeErasedFile(tx: Tx): Promise<{ storageKey: string; remove: boolean } | undefined> {
  const { rows } = await tx.query<{ storageKey: string; remove: boolean }>(
    `DELETE FROM erased_file f WHERE f.storage_key = (SELECT storage_key FROM erased_file ORDER BY at, storage_key LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING f.storage_key AS "storageKey", NOT EXISTS (SELECT FROM document d WHERE d.storage_key = f.storage_key) AS remove`,
  );
  return rows[0];
}

export type ErasureRow = {
  id: number;
  runId: string;
  at: Date;
  rule: string;
  unitCode: string | null;
  count: number;
  before: Date;
  detail: { claims?: string[] };
};

/** What was erased under the units, and what belongs to none, newest first. */
export async function listErasures(
  db: Pick<Tx, 'query'>,
  page: { within: readonly string[]; installation: boolean; rule: string | undefined; after: number | undefined; limit: number },
): Promise<ErasureRow[]> {
  const { rows } = await db.query<ErasureRow>(
    `SELECT x.id, x.run_id AS "runId", x.at, x.rule, u.code AS "unitCode", x.count, x.before, x.detail FROM erasure x LEFT JOIN unit u ON u.id = x.unit_id
     WHERE (x.unit_id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY ($1::uuid[])) OR $2 AND x.unit_id IS NULL)
       AND ($3::text IS NULL OR x.rule = $3) AND ($4::bigint IS NULL OR x.id < $4) ORDER BY x.id DESC LIMIT $5`,
    [page.within, page.installation, page.rule ?? null, page.after ?? null, page.limit],
  );
  return rows;
}

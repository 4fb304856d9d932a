import type { EntryColumns } from '#domain/audit/entry.ts';
import type { Database } from '../database.ts';

type Reader = Pick<Database, 'query'>;

/** What of the audit is looked at: everything, the chain of a claim, or all chains of a unit with everything below it. */
export type ChainFilter = { claimNumber?: string; unitId?: string };

const UTC = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const BELOW = (unit: string): string => `SELECT unit_id FROM unit_ancestor WHERE ancestor_id = ${unit}`;

export type ChainRow = {
  text: string;
  /** hex */
  hash: string;
  columns: EntryColumns;
  /** the claim's event with this number, as its entry must say it; null where there is none */
  event: { type: string; at: string; actor: string; detail: string } | null;
  /** the last transition of the claim whose chain this is */
  claimSeq: number | null;
};

/** Entries in the order of their chains, `limit` at a time, after the last one that was read. */
export async function readChains(db: Reader, { claimNumber, unitId }: ChainFilter, after: { chain: string; no: number }, limit: number): Promise<ChainRow[]> {
  const { rows } = await db.query<{ text: string; hash: string; event: ChainRow['event']; claimSeq: number | null } & EntryColumns>(
    `SELECT a.text, encode(a.hash, 'hex') AS hash, a.chain, a.chain_no AS no, encode(a.prev_hash, 'hex') AS prev, ${UTC('a.recorded_at')} AS recorded,
       ${UTC('a.at')} AS at, a.unit_id AS unit, a.claim_number AS claim, a.seq, a.employee_id AS employee, a.action, a.actor::text, a.detail::text,
       (SELECT c.seq FROM claim c WHERE c.number = a.chain) AS "claimSeq",
       CASE WHEN e.seq IS NOT NULL THEN json_build_object('type', e.type, 'at', ${UTC('e.at')}, 'actor', e.actor::text, 'detail',
         jsonb_build_object('from', e.from_state, 'to', e.to_state, 'remark', e.remark, 'params', e.remark_params, 'turn', e.turn, 'due', ${UTC('e.due_at')},
           'about', e.detail)::text) END AS event
     FROM audit_entry a LEFT JOIN claim_event e ON e.claim_number = a.chain AND e.seq = a.seq
     WHERE (a.chain, a.chain_no) > ($1, $2) AND ($3::text IS NULL OR a.chain = $3)
       AND ($4::uuid IS NULL OR CASE WHEN a.employee_id IS NULL THEN a.unit_id IN (${BELOW('$4')})
         ELSE EXISTS (SELECT FROM employee p WHERE p.id = a.employee_id AND p.unit_id IN (${BELOW('$4')})) END)
     ORDER BY a.chain, a.chain_no LIMIT $5`,
    [after.chain, after.no, claimNumber ?? null, unitId ?? null, limit],
  );
  return rows.map(({ text, hash, event, claimSeq, ...columns }) => ({ text, hash, event, claimSeq, columns }));
}

/** The first transition of a claim that the claim's chain does not have. */
export async function findUnaudited(db: Reader, { claimNumber, unitId }: ChainFilter): Promise<{ claimNumber: string; seq: number; type: string } | undefined> {
  const { rows } = await db.query<{ claimNumber: string; seq: number; type: string }>(
    `SELECT c.number AS "claimNumber", coalesce(e.seq, c.seq) AS seq, coalesce(e.type, '') AS type FROM claim c LEFT JOIN claim_event e ON e.claim_number = c.number
     WHERE ($1::text IS NULL OR c.number = $1) AND ($2::uuid IS NULL OR c.unit_id IN (${BELOW('$2')}))
       AND NOT EXISTS (SELECT FROM audit_entry a WHERE a.chain = c.number AND a.seq = e.seq AND a.action = e.type)
     ORDER BY c.number, e.seq LIMIT 1`,
    [claimNumber ?? null, unitId ?? null],
  );
  return rows[0];
}

/** A unit by its code, whatever the caller's scope is: of tools that run as the worker. */
export async function findUnitId(db: Reader, code: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM unit WHERE code = $1', [code]);
  return rows[0]?.id;
}

/** The ids of a unit and everything below it. */
export async function listUnitsBelow(db: Reader, unitId: string): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(`SELECT unit_id AS id FROM (${BELOW('$1')}) AS below`, [unitId]);
  return new Set(rows.map(({ id }) => id));
}

import type { ClaimKind } from '#domain/claim/completeness.ts';
import { ERASED_CODE, ERASED_TEXT } from '#domain/retention/erased.ts';
import type { Tx } from '../database.ts';
import { forgetMarks } from './duplicates.ts';
import { HELD, type DueDates } from './retention.ts';

/** A claim that has ended, whose medical content may be due. */
export type EndedClaim = {
  number: string;
  kind: ClaimKind;
  employeeId: string;
  unitId: string;
  /** the decision in force, where it can be appealed against */
  appealableSince: Date | null;
};

const ENDED = `c.closed_at IS NOT NULL AND c.medical_erased_at IS NULL AND NOT c.on_hold AND NOT ${HELD('c.employee_id', 'c.number')}`;
const COLUMNS = `c.number, c.kind, c.employee_id AS "employeeId", c.unit_id AS "unitId",
  (SELECT CASE WHEN d.outcome <> 'APPROVED' THEN d.recorded_at END FROM decision d WHERE d.claim_number = c.number ORDER BY d.no DESC LIMIT 1) AS "appealableSince"`;

/** The next claims after `after` that ended before the dates of their units, locked. */
export async function listEndedClaims(tx: Tx, { dates, after, limit }: { dates: DueDates; after: string; limit: number }): Promise<EndedClaim[]> {
  const { rows } = await tx.query<EndedClaim>(
    `SELECT ${COLUMNS} FROM claim c JOIN unnest($1::uuid[], $2::timestamptz[]) AS dates (unit_id, before) ON dates.unit_id = c.unit_id
     WHERE ${ENDED} AND c.closed_at < dates.before AND c.number > $3 ORDER BY c.number LIMIT $4 FOR UPDATE OF c SKIP LOCKED`,
    [dates.units.map(({ unitId }) => unitId), dates.units.map(({ before }) => before), after, limit],
  );
  return rows;
}

/** All of a person's claims that have ended and may be erased, locked. */
export async function listEndedClaimsOf(tx: Tx, { employeeId }: { employeeId: string }): Promise<EndedClaim[]> {
  const { rows } = await tx.query<EndedClaim>(`SELECT ${COLUMNS} FROM claim c WHERE c.employee_id = $1 AND ${ENDED} ORDER BY c.number FOR UPDATE OF c`, [
    employeeId,
  ]);
  return rows;
}

/** Words that people or bureaus wrote, in the JSON column `column`, give way to a marker; what is empty stays empty. */
const wordless = (column: string, ...names: string[]): string =>
  names.reduce((json, name) => `CASE WHEN ${json} ? '${name}' THEN jsonb_set(${json}, '{${name}}', to_jsonb($2::text)) ELSE ${json} END`, column);

/**
 * Takes from claims what says of what somebody is ill: in clear text, and the papers that were brought along. Amounts, classes, reasons by code, invoices,
 * payments, events and audit stay. `coarse`: the kinds that stand for theirs. Returns how many papers went.
 */
export async function eraseMedicalContent(
  tx: Tx,
  { claims, at }: { claims: readonly { number: string; coarse: ClaimKind }[]; at: Date },
): Promise<{ documents: number }> {
  const numbers = claims.map(({ number }) => number);
  await tx.query(`UPDATE claim_line SET item_code = $3, item_name = $2 WHERE claim_number = ANY ($1::text[])`, [numbers, ERASED_TEXT, ERASED_CODE]);
  await tx.query(
    `UPDATE decision SET remark = CASE WHEN remark = '' THEN '' ELSE $2 END,
       reasons = coalesce((SELECT jsonb_agg(CASE WHEN r ->> 'text' <> '' THEN r || jsonb_build_object('text', $2::text) ELSE r END ORDER BY n)
         FROM jsonb_array_elements(reasons) WITH ORDINALITY AS given (r, n)), '[]')
     WHERE claim_number = ANY ($1::text[])`,
    [numbers, ERASED_TEXT],
  );
  await tx.query(
    `UPDATE task SET comment = CASE WHEN comment IS NULL THEN NULL ELSE $2 END, detail = ${wordless("CASE WHEN detail ? 'written' THEN jsonb_set(detail, '{written,remark}', to_jsonb($2::text)) ELSE detail END", 'reason', 'comment')}
     WHERE claim_number = ANY ($1::text[])`,
    [numbers, ERASED_TEXT],
  );
  await tx.query(`UPDATE approval_entry SET comment = $2 WHERE claim_number = ANY ($1::text[]) AND comment IS NOT NULL`, [numbers, ERASED_TEXT]);
  await tx.query(`UPDATE claim_match SET cleared_comment = $2 WHERE claim_number = ANY ($1::text[]) AND cleared_comment IS NOT NULL`, [numbers, ERASED_TEXT]);
  // of vouchers as well: what was read of them is no voucher
  await tx.query('DELETE FROM document_reading r USING claim_document cd WHERE cd.document_id = r.document_id AND cd.claim_number = ANY ($1::text[])', [
    numbers,
  ]);
  // what it was estimated to be paid stays, and what it added to the year; the fee list and the deductions go
  await tx.query(
    `UPDATE entitlement e SET content = NULL, kind = coarse.kind FROM unnest($1::text[], $2::text[]) AS coarse (number, kind) WHERE e.claim_number = coarse.number`,
    [numbers, claims.map(({ coarse }) => coarse)],
  );
  await tx.query('UPDATE claim_finding SET detail = NULL WHERE claim_number = ANY ($1::text[]) AND detail IS NOT NULL', [numbers]);
  await tx.query(`UPDATE finding_overrule SET comment = $2 WHERE claim_number = ANY ($1::text[]) AND comment IS NOT NULL`, [numbers, ERASED_TEXT]);
  const documents = await erasePapers(tx, { numbers, at });
  await forgetMarks(tx, numbers);
  await tx.query(
    `UPDATE claim c SET kind = coarse.kind, hospital_code = $4, hospital_name = $3, visit_no = NULL, circumstances = '{}', diagnoses = NULL, medical_erased_at = $5
     FROM unnest($1::text[], $2::text[]) AS coarse (number, kind) WHERE c.number = coarse.number`,
    [numbers, claims.map(({ coarse }) => coarse), ERASED_TEXT, ERASED_CODE, at],
  );
  return { documents };
}

/**
 * The papers of these claims that are no vouchers: those under the medical key. What another claim still has stays with that one; so do the letter of a written decision, which
 * a payment rests on, and what proves a consent or a request.
 */
async function erasePapers(tx: Tx, { numbers, at }: { numbers: readonly string[]; at: Date }): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `WITH papers AS MATERIALIZED (
       SELECT DISTINCT d.id FROM document d JOIN claim_document cd ON cd.document_id = d.id AND cd.claim_number = ANY ($1::text[])
       WHERE d.key_purpose IS DISTINCT FROM 'accounting'
         AND NOT EXISTS (SELECT FROM task t WHERE t.claim_number = cd.claim_number AND t.detail -> 'written' ->> 'documentId' = d.id::text)
     ), detached AS (
       DELETE FROM claim_document cd USING papers WHERE cd.document_id = papers.id AND cd.claim_number = ANY ($1::text[]) RETURNING cd.document_id
     )
     SELECT count(*) AS count FROM detached`,
    [numbers],
  );
  await tx.query(
    `WITH gone AS (
       DELETE FROM document d WHERE d.key_employee_id IN (SELECT employee_id FROM claim WHERE number = ANY ($1::text[])) AND d.key_purpose = 'medical'
         AND NOT EXISTS (SELECT FROM claim_document o WHERE o.document_id = d.id) AND NOT EXISTS (SELECT FROM consent o WHERE o.document_id = d.id)
         AND NOT EXISTS (SELECT FROM erasure_request o WHERE o.document_id = d.id)
       RETURNING d.storage_key
     )
     INSERT INTO erased_file (storage_key, at) SELECT storage_key, $2 FROM gone ON CONFLICT DO NOTHING`,
    [numbers, at],
  );
  return rows[0]?.count ?? 0;
}

/** Of these people those who have left and of whom no claim needs the medical key any more. */
export async function listLeaversWithoutMedicalNeed(tx: Tx, { employeeIds }: { employeeIds: readonly string[] }): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT e.id FROM employee e WHERE e.id = ANY ($1::uuid[]) AND NOT e.active
       AND NOT EXISTS (SELECT FROM legal_hold h WHERE h.employee_id = e.id AND h.lifted_at IS NULL)
       AND NOT EXISTS (SELECT FROM claim c WHERE c.employee_id = e.id AND c.medical_erased_at IS NULL)
       AND EXISTS (SELECT FROM person_key k WHERE k.employee_id = e.id AND k.purpose = 'medical' AND k.destroyed_at IS NULL)
     ORDER BY e.id`,
    [employeeIds],
  );
  return rows.map(({ id }) => id);
}

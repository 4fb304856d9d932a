import type { ClaimState } from '#domain/claim/states.ts';
import type { Database, Tx } from '../database.ts';

/** A claim that has not ended, so that a workflow must run for it. */
export type OpenClaim = { claimNumber: string; workflowId: string; state: ClaimState; unitCode: string; region: string; escalationLevel: number };

/** The next `limit` claims after `after` that a workflow must run for and that have not moved for `quietMs`, in the order of their numbers. */
export async function listOpenClaims(database: Database, { after, limit, quietMs }: { after: string; limit: number; quietMs: number }): Promise<OpenClaim[]> {
  const { rows } = await database.query<OpenClaim>(
    `SELECT c.number AS "claimNumber", c.workflow_id AS "workflowId", c.state, u.code AS "unitCode", c.insured_region AS region, c.escalation_level AS "escalationLevel"
     FROM claim c JOIN unit u ON u.id = c.unit_id
     WHERE c.number > $1 AND c.closed_at IS NULL AND c.state <> 'DRAFT' AND c.updated_at <= now() - $3 * interval '1 ms'
     ORDER BY c.number LIMIT $2`,
    [after, limit, quietMs],
  );
  return rows;
}

/** Whether the sweep is this transaction's: one worker at a time, for as long as the transaction lasts. */
export async function takeSweep(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext('sweep')) AS taken`);
  return rows[0]?.taken ?? false;
}

/** Money that the statement has shown as returned for longer than `quietMs`, while its claim, closed or not, still counts it as paid. */
export async function listUnheededReturns(tx: Tx, { quietMs }: { quietMs: number }): Promise<{ claimNumber: string; reference: string }[]> {
  const { rows } = await tx.query<{ claimNumber: string; reference: string }>(
    `SELECT p.claim_number AS "claimNumber", p.reference
     FROM statement_entry e JOIN payment_instruction p ON p.reference = e.reference JOIN claim c ON c.number = p.claim_number
     WHERE e.kind = 'RETURN' AND e.result = 'MATCHED' AND e.recorded_at <= now() - $1 * interval '1 ms' AND p.status = 'SUCCEEDED' AND c.state = 'PAID'
       AND NOT EXISTS (SELECT FROM workflow_command w WHERE w.claim_number = p.claim_number AND w.status = 'PENDING' AND w.payload->>'reference' = p.reference)
     ORDER BY p.reference`,
    [quietMs],
  );
  return rows;
}

import { SYSTEM } from '#domain/claim/actor.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Database, Tx } from '../database.ts';
import { ATTEMPTS_SQL, outcomeColumns, type Leased, type Settlement } from './delivery.ts';

/** A row of workflow_command, leased to the relay that reads it. */
export type WorkflowCommand = Leased & {
  id: number;
  claimNumber: string;
  kind: 'START' | 'SIGNAL';
  signal: string | null;
  /** the signal's one argument; an empty object where the signal takes none */
  payload: Record<string, unknown>;
};

/** What the relay has to know of a claim to find or start its workflow. */
export type ClaimAddress = {
  workflowId: string;
  closed: boolean;
  state: ClaimState;
  unitCode: string;
  region: string;
  escalationLevel: number;
};

/** `claim` is null where no such claim exists. */
export type AddressedCommand = WorkflowCommand & { claim: ClaimAddress | null };

/** What Temporal has to be told of a claim, written in the transaction that makes it true. A trigger wakes the relays at its commit. */
export async function writeWorkflowCommand(
  tx: Tx,
  command: { claimNumber: string } & ({ kind: 'START' } | { kind: 'SIGNAL'; signal: string; payload?: Record<string, unknown> }),
): Promise<void> {
  const { signal, payload = {} } = command.kind === 'SIGNAL' ? command : { signal: null };
  await tx.query(`INSERT INTO workflow_command (claim_number, kind, signal, payload) VALUES ($1, $2, $3, $4)`, [
    command.claimNumber,
    command.kind,
    signal,
    payload,
  ]);
}

const ADDRESS = `
  claim.workflow_id AS "workflowId", claim.closed_at IS NOT NULL AS closed, claim.state,
  unit.code AS "unitCode", claim.insured_region AS region, claim.escalation_level AS "escalationLevel"`;

/**
 * Leases up to `limit` commands. Only the first pending command of a claim can be leased, and it stays pending until it is settled: so at most
 * one is in flight per claim, and they go out in the order of their ids.
 */
export async function leaseWorkflowCommands(database: Database, { limit, leaseMs }: { limit: number; leaseMs: number }): Promise<AddressedCommand[]> {
  // The millisecond: next_attempt_at is rounded to one, and what was notified just now must not look like the future.
  const { rows } = await database.query<WorkflowCommand & { [K in keyof ClaimAddress]: ClaimAddress[K] | null }>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM workflow_command AS command
       WHERE status = 'PENDING' AND next_attempt_at <= now() + interval '1 ms'
         AND NOT EXISTS (
           SELECT FROM workflow_command AS earlier
           WHERE earlier.claim_number = command.claim_number AND earlier.id < command.id AND earlier.status = 'PENDING')
       ORDER BY next_attempt_at, id LIMIT $1
       FOR UPDATE SKIP LOCKED
     ), leased AS (
       UPDATE workflow_command AS command
       SET next_attempt_at = now() + $2 * interval '1 ms', attempts = attempts + 1
       FROM due WHERE command.id = due.id
       RETURNING command.*
     )
     SELECT leased.id, leased.attempts, leased.claim_number AS "claimNumber", leased.kind, leased.signal, leased.payload, ${ADDRESS}
     FROM leased LEFT JOIN claim ON claim.number = leased.claim_number LEFT JOIN unit ON unit.id = claim.unit_id
     ORDER BY leased.id`,
    [limit, leaseMs],
  );
  return rows.map(({ id, attempts, claimNumber, kind, signal, payload, ...address }) => ({
    ...{ id, attempts, claimNumber, kind, signal, payload },
    claim: isComplete(address) ? address : null,
  }));
}

function isComplete(address: { [K in keyof ClaimAddress]: ClaimAddress[K] | null }): address is ClaimAddress {
  return address.workflowId !== null;
}

export async function readClaimAddress(database: Database, claimNumber: string): Promise<ClaimAddress | null> {
  const { rows } = await database.query<ClaimAddress>(`SELECT ${ADDRESS} FROM claim JOIN unit ON unit.id = claim.unit_id WHERE claim.number = $1`, [
    claimNumber,
  ]);
  return rows[0] ?? null;
}

/** Settles leases in one statement. What is ignored leaves an audit entry, so that a late message can be shown to have come. */
export async function settleWorkflowCommands(database: Database, settlements: readonly Settlement<WorkflowCommand, 'IGNORED'>[]): Promise<void> {
  await database.query(
    `WITH settled AS (
       UPDATE workflow_command AS command
       SET status = outcome.status, last_error = coalesce(outcome.error, command.last_error), attempts = ${ATTEMPTS_SQL('command')},
           sent_at = CASE WHEN outcome.status = 'SENT' THEN now() END,
           next_attempt_at = now() + outcome.delay_ms * interval '1 ms'
       FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::float8[]) AS outcome (id, attempts, status, error, delay_ms)
       WHERE command.id = outcome.id AND command.attempts = outcome.attempts AND command.status = 'PENDING'
       RETURNING command.*
     )
     INSERT INTO audit_entry (claim_number, unit_id, actor, action, detail)
     SELECT claim_number, (SELECT c.unit_id FROM claim c WHERE c.number = claim_number), $6::jsonb, 'late-message',
            jsonb_build_object('command', id, 'kind', kind, 'signal', signal, 'payload', payload, 'reason', last_error)
     FROM settled WHERE status = 'IGNORED' ORDER BY claim_number, id`,
    [settlements.map(({ item }) => item.id), ...outcomeColumns(settlements), SYSTEM],
  );
}

/** Whether the bank sent this instruction's money back. */
export async function wasReturned(database: Database, reference: string): Promise<boolean> {
  const { rows } = await database.query<{ returned: boolean }>(
    `SELECT EXISTS (SELECT FROM payment_instruction WHERE reference = $1 AND (status = 'RETURNED' OR returned_at IS NOT NULL))
         OR EXISTS (SELECT FROM statement_entry WHERE reference = $1 AND kind = 'RETURN') AS returned`,
    [reference],
  );
  return rows[0]?.returned ?? false;
}

/**
 * Names the workflow that a closed claim goes on in, before that is started: whoever dies in between finds the name, and starts it under this name
 * and no other. False where the claim has moved on meanwhile.
 */
export async function continueClosedClaim(database: Database, { claimNumber, from, to }: { claimNumber: string; from: string; to: string }): Promise<boolean> {
  const { rowCount } = await database.query(`UPDATE claim SET workflow_id = $3 WHERE number = $1 AND workflow_id = $2 AND closed_at IS NOT NULL`, [
    claimNumber,
    from,
    to,
  ]);
  return rowCount === 1;
}

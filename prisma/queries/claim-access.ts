import type { MoveType } from '#domain/claim/moves.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Database } from '../database.ts';

/** Where a claim is, whose it is, and where its workflow is: what has to be known before the workflow is asked for anything. */
export type ClaimAccess = {
  number: string;
  state: ClaimState;
  seq: number;
  closedAt: Date | null;
  workflowId: string;
  employeeId: string;
  unitCode: string;
  /** from the root to the claim's unit */
  unitAncestors: string[];
  insuredRegion: string;
  bureauCode: string;
  onHold: boolean;
  escalationLevel: number;
};

type Reader = Pick<Database, 'query'>;

/** The claim with this number, as far as the scope opens it. */
export async function findClaimAccess(db: Reader, { number }: { number: string }): Promise<ClaimAccess | undefined> {
  const { rows } = await db.query<ClaimAccess>(
    `SELECT c.number, c.state, c.seq, c.closed_at AS "closedAt", c.workflow_id AS "workflowId", c.employee_id AS "employeeId", u.code AS "unitCode",
       u.ancestor_ids AS "unitAncestors", c.insured_region AS "insuredRegion", c.bureau_code AS "bureauCode", c.on_hold AS "onHold", c.escalation_level AS "escalationLevel"
     FROM claim c JOIN unit u ON u.id = c.unit_id WHERE c.number = $1`,
    [number],
  );
  return rows[0];
}

/** The numbers of a person's claims, as far as the scope opens them. */
export async function listClaimNumbersOf(db: Reader, { employeeId }: { employeeId: string }): Promise<string[]> {
  const { rows } = await db.query<{ number: string }>('SELECT number FROM claim WHERE employee_id = $1', [employeeId]);
  return rows.map(({ number }) => number);
}

export async function countMoves(db: Reader, { number, type }: { number: string; type: MoveType }): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM claim_event WHERE claim_number = $1 AND type = $2', [number, type]);
  return rows[0]?.count ?? 0;
}

/** Names the workflow in which a closed claim may go on, before it is started: signals must find it. False where the claim is open meanwhile. */
export async function nameContinuation(db: Reader, { number, workflowId }: { number: string; workflowId: string }): Promise<boolean> {
  const { rowCount } = await db.query('UPDATE claim SET workflow_id = $2 WHERE number = $1 AND closed_at IS NOT NULL', [number, workflowId]);
  return rowCount === 1;
}

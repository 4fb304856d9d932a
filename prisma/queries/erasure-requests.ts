import type { Actor } from '#domain/claim/actor.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Tx } from '../database.ts';

type Reader = Pick<Tx, 'query'>;

export type ErasureStatus = 'REQUESTED' | 'CONFIRMED' | 'REJECTED' | 'DONE';
export type ErasureRequestRow = {
  id: string;
  employeeId: string;
  status: ErasureStatus;
  reason: string | null;
  documentId: string | null;
  requestedBy: Actor;
  requestedAt: Date;
  decidedBy: Actor | null;
  decidedAt: Date | null;
  doneAt: Date | null;
};

const REQUEST = `id, employee_id AS "employeeId", status, reason, document_id AS "documentId", requested_by AS "requestedBy", requested_at AS "requestedAt",
  decided_by AS "decidedBy", decided_at AS "decidedAt", done_at AS "doneAt"`;

/** The person's requests, newest first. */
export async function listErasureRequests(db: Reader, { employeeId }: { employeeId: string }): Promise<ErasureRequestRow[]> {
  const { rows } = await db.query<ErasureRequestRow>(`SELECT ${REQUEST} FROM erasure_request WHERE employee_id = $1 ORDER BY requested_at DESC, id`, [
    employeeId,
  ]);
  return rows;
}

/** Records a request; a person has one open one at most, which an index guarantees. */
export async function insertErasureRequest(
  tx: Tx,
  request: { employeeId: string; reason: string | null; documentId: string | null; requestedBy: Actor; at: Date },
): Promise<ErasureRequestRow> {
  const { rows } = await tx.query<ErasureRequestRow>(
    `INSERT INTO erasure_request (employee_id, reason, document_id, requested_by, requested_at) VALUES ($1, $2, $3, $4, $5) RETURNING ${REQUEST}`,
    [request.employeeId, request.reason, request.documentId, JSON.stringify(request.requestedBy), request.at],
  );
  const [made] = rows;
  if (!made) throw new Error('a request for erasure was not inserted');
  return made;
}

/** Confirms or rejects an open request. Undefined where it was decided meanwhile. */
export async function decideErasureRequest(
  tx: Tx,
  { id, status, decidedBy, at }: { id: string; status: 'CONFIRMED' | 'REJECTED'; decidedBy: Actor; at: Date },
): Promise<ErasureRequestRow | undefined> {
  const { rows } = await tx.query<ErasureRequestRow>(
    `UPDATE erasure_request SET status = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND status = 'REQUESTED' RETURNING ${REQUEST}`,
    [id, status, JSON.stringify(decidedBy), at],
  );
  return rows[0];
}

const WAITS = `r.status = 'CONFIRMED' AND NOT EXISTS (SELECT FROM legal_hold h WHERE h.employee_id = r.employee_id AND h.lifted_at IS NULL)`;

/** Confirmed requests that wait for the job; not of people whom a legal hold protects from erasure meanwhile. */
export async function listConfirmedRequests(db: Reader): Promise<{ id: string; employeeId: string }[]> {
  const { rows } = await db.query<{ id: string; employeeId: string }>(
    `SELECT r.id, r.employee_id AS "employeeId" FROM erasure_request r WHERE ${WAITS} ORDER BY r.decided_at, r.id`,
  );
  return rows;
}

/** Whether a request still waits, now that it and the person are locked: whoever places a hold locks the person first. */
export async function lockConfirmedRequest(tx: Tx, { id, employeeId }: { id: string; employeeId: string }): Promise<boolean> {
  await tx.query('SELECT FROM employee WHERE id = $1 FOR NO KEY UPDATE', [employeeId]);
  const { rowCount } = await tx.query(`SELECT FROM erasure_request r WHERE r.id = $1 AND ${WAITS} FOR UPDATE OF r`, [id]);
  return rowCount === 1;
}

/** Done is a request once no ended claim of the person is left with its medical content; until then it waits for another run. */
export async function markErasureDone(tx: Tx, { id, at }: { id: string; at: Date }): Promise<void> {
  await tx.query(
    `UPDATE erasure_request r SET status = 'DONE', done_at = $2 WHERE r.id = $1 AND r.status = 'CONFIRMED'
       AND NOT EXISTS (SELECT FROM claim c WHERE c.employee_id = r.employee_id AND c.closed_at IS NOT NULL AND c.medical_erased_at IS NULL)`,
    [id, at],
  );
}

/** What stands in the way of erasing a person's medical content. */
export type Obstacles = {
  open: { number: string; state: ClaimState }[];
  /** ended claims that may still be appealed against, by the decision's time */
  appealable: { number: string; unitId: string; since: Date }[];
  held: boolean;
};

export async function readObstacles(db: Reader, { employeeId }: { employeeId: string }): Promise<Obstacles> {
  const { rows: claims } = await db.query<{ number: string; unitId: string; state: ClaimState; open: boolean; since: Date | null }>(
    `SELECT c.number, c.unit_id AS "unitId", c.state, c.closed_at IS NULL OR c.on_hold AS open,
       (SELECT CASE WHEN d.outcome <> 'APPROVED' THEN d.recorded_at END FROM decision d WHERE d.claim_number = c.number ORDER BY d.no DESC LIMIT 1) AS since
     FROM claim c WHERE c.employee_id = $1 AND c.medical_erased_at IS NULL ORDER BY c.number`,
    [employeeId],
  );
  const { rows: holds } = await db.query('SELECT FROM legal_hold WHERE employee_id = $1 AND lifted_at IS NULL', [employeeId]);
  return {
    open: claims.filter(({ open }) => open).map(({ number, state }) => ({ number, state })),
    appealable: claims.flatMap(({ number, unitId, open, since }) => (open || since === null ? [] : [{ number, unitId, since }])),
    held: holds.length > 0,
  };
}

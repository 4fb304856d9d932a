import type { Actor } from '#domain/claim/actor.ts';
import type { Tx } from '../database.ts';

type Reader = Pick<Tx, 'query'>;

export type LegalHoldRow = {
  id: string;
  employeeId: string;
  employeeNo: string;
  /** from the root to the employee's unit */
  unitAncestors: string[];
  unitId: string;
  claimNumber: string | null;
  reason: string;
  placedBy: Actor;
  placedAt: Date;
  liftedBy: Actor | null;
  liftedAt: Date | null;
};

const HOLD = `SELECT h.id, h.employee_id AS "employeeId", e.employee_no AS "employeeNo", u.ancestor_ids AS "unitAncestors", u.id AS "unitId", h.claim_number AS "claimNumber", h.reason,
  h.placed_by AS "placedBy", h.placed_at AS "placedAt", h.lifted_by AS "liftedBy", h.lifted_at AS "liftedAt"
  FROM legal_hold h JOIN employee e ON e.id = h.employee_id JOIN unit u ON u.id = e.unit_id`;

/** All holds that the person's data were ever under, newest first. */
export async function listLegalHolds(db: Reader, { employeeId }: { employeeId: string }): Promise<LegalHoldRow[]> {
  const { rows } = await db.query<LegalHoldRow>(`${HOLD} WHERE h.employee_id = $1 ORDER BY h.placed_at DESC, h.id`, [employeeId]);
  return rows;
}

export async function findLegalHold(db: Reader, { id }: { id: string }): Promise<LegalHoldRow | undefined> {
  const { rows } = await db.query<LegalHoldRow>(`${HOLD} WHERE h.id = $1`, [id]);
  return rows[0];
}

export async function insertLegalHold(
  tx: Tx,
  hold: { employeeId: string; claimNumber: string | null; reason: string; placedBy: Actor; at: Date },
): Promise<LegalHoldRow> {
  const { rows } = await tx.query<{ id: string }>(
    'INSERT INTO legal_hold (employee_id, claim_number, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5) RETURNING id',
    [hold.employeeId, hold.claimNumber, hold.reason, JSON.stringify(hold.placedBy), hold.at],
  );
  const made = rows[0] && (await findLegalHold(tx, rows[0]));
  if (!made) throw new Error('a legal hold was not inserted');
  return made;
}

/** False where it was lifted meanwhile. */
export async function liftLegalHold(tx: Tx, { id, liftedBy, at }: { id: string; liftedBy: Actor; at: Date }): Promise<boolean> {
  const { rowCount } = await tx.query('UPDATE legal_hold SET lifted_by = $2, lifted_at = $3 WHERE id = $1 AND lifted_at IS NULL', [
    id,
    JSON.stringify(liftedBy),
    at,
  ]);
  return rowCount === 1;
}

/** Whether that claim is the person's, as far as the scope opens it. */
export async function isClaimOf(db: Reader, { claimNumber, employeeId }: { claimNumber: string; employeeId: string }): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM claim WHERE number = $1 AND employee_id = $2', [claimNumber, employeeId]);
  return rowCount === 1;
}

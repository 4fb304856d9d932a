import { fen, min, type Fen } from '#domain/money.ts';
import { availableQuota } from '#domain/claim/quota.ts';
import type { Tx } from '../database.ts';

type Holding = { amountFen: Fen; status: 'RESERVED' | 'USED' | 'RELEASED' } | undefined;

/**
 * Makes a claim hold `wantFen` of its employee's yearly quota, or as much of it as there is: at intake what was submitted, at a decision what
 * the plan pays, 0 when the claim ends unpaid. What was paid stays used. Null where the employee has no quota for the year.
 */
export async function holdQuota(
  tx: Tx,
  { claimNumber, employeeId, year, wantFen }: { claimNumber: string; employeeId: string; year: number; wantFen: Fen },
): Promise<Fen | null> {
  const quota = await tx.query<{ limitFen: Fen; reservedFen: Fen; usedFen: Fen }>(
    'SELECT limit_fen AS "limitFen", reserved_fen AS "reservedFen", used_fen AS "usedFen" FROM quota WHERE employee_id = $1 AND year = $2 FOR UPDATE',
    [employeeId, year],
  );
  const [row] = quota.rows;
  if (!row) return null;
  const held = await readHolding(tx, claimNumber);
  const holds = held && held.status !== 'RELEASED' ? held.amountFen : 0;
  const used = held?.status === 'USED';
  const grantedFen = min(wantFen, fen(availableQuota(row) + holds));
  const status = used ? 'USED' : grantedFen === 0 ? 'RELEASED' : 'RESERVED';
  await tx.query(
    `INSERT INTO quota_reservation (claim_number, employee_id, year, amount_fen, status) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (claim_number) DO UPDATE SET amount_fen = $4, status = $5`,
    [claimNumber, employeeId, year, grantedFen, status],
  );
  await tx.query(`UPDATE quota SET ${used ? 'used_fen = used_fen' : 'reserved_fen = reserved_fen'} + $3 WHERE employee_id = $1 AND year = $2`, [
    employeeId,
    year,
    grantedFen - holds,
  ]);
  return grantedFen;
}

/** Turns what a claim has reserved into use, once it is paid. */
export async function useQuota(tx: Tx, claimNumber: string): Promise<void> {
  await tx.query(
    `WITH paid AS (
       UPDATE quota_reservation SET status = 'USED' WHERE claim_number = $1 AND status = 'RESERVED' RETURNING employee_id, year, amount_fen
     )
     UPDATE quota q SET reserved_fen = q.reserved_fen - paid.amount_fen, used_fen = q.used_fen + paid.amount_fen
     FROM paid WHERE q.employee_id = paid.employee_id AND q.year = paid.year`,
    [claimNumber],
  );
}

async function readHolding(tx: Tx, claimNumber: string): Promise<Holding> {
  const { rows } = await tx.query<NonNullable<Holding>>('SELECT amount_fen AS "amountFen", status FROM quota_reservation WHERE claim_number = $1', [
    claimNumber,
  ]);
  return rows[0];
}

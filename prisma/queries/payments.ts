import { paymentReference } from '#domain/claim/number.ts';
import type { Fen } from '#domain/money.ts';
import type { TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';
import type { BankRecord } from '#domain/payout/order-check.ts';
import type { PaymentStatus } from '#domain/payout/payment.ts';
import type { Database, Tx } from '../database.ts';
import type { Vault } from '../vault.ts';
import { readPaymentResult } from './inbox.ts';
import { openAccountNo } from './sealed.ts';

const STOPPED = (ancestorIds: string): string =>
  `EXISTS (SELECT FROM payout_stop s LEFT JOIN unit u ON u.code = s.scope WHERE s.scope = '*' OR u.id = ANY (${ancestorIds}))`;

/**
 * Why an instruction may not be made now; null: it may. Stops bind the unit and everything below; the day is the bank's, in Shanghai. A limit for the day
 * is one for all units that inherit it: it is counted over the subtree of the unit that sets it, or for the claim's own unit where none does, and who
 * asks for it holds that limit until the transaction ends.
 */
export async function readPayoutBlock(
  tx: Tx,
  input: { unitAncestorIds: readonly string[]; employeeId: string; amountFen: Fen; perInstructionFen: Fen; perDayFen: Fen; limitReleased: boolean; at: Date },
): Promise<{ block: 'STOPPED' | 'NO_ACCOUNT' | 'ABOVE_LIMIT' | 'ABOVE_DAILY_LIMIT' | null; accountId: string | null }> {
  const { rows } = await tx.query<{ stopped: boolean; accountId: string | null; limitedUnit: string }>(
    `WITH limited AS (
       SELECT coalesce((SELECT u.id FROM unit u WHERE u.id = ANY ($1::uuid[]) AND u.settings #> '{payoutLimits,perDayFen}' IS NOT NULL
         ORDER BY cardinality(u.ancestor_ids) DESC LIMIT 1), $3::uuid) AS id
     )
     SELECT ${STOPPED('$1::uuid[]')} AS stopped,
       (SELECT a.id FROM bank_account a WHERE a.employee_id = $2 AND a.replaced_at IS NULL ORDER BY a.created_at DESC LIMIT 1) AS "accountId",
       limited.id AS "limitedUnit", pg_advisory_xact_lock(hashtextextended('payout-day ' || limited.id, 0)) FROM limited`,
    [input.unitAncestorIds, input.employeeId, input.unitAncestorIds.at(-1)],
  );
  const { stopped = true, accountId = null, limitedUnit = null } = rows[0] ?? {};
  if (stopped) return { block: 'STOPPED', accountId };
  if (!accountId) return { block: 'NO_ACCOUNT', accountId };
  if (input.limitReleased) return { block: null, accountId };
  if (input.amountFen > input.perInstructionFen) return { block: 'ABOVE_LIMIT', accountId };
  // A statement of its own: it sees what was committed while this one waited for the lock.
  const { rows: sums } = await tx.query<{ today: Fen }>(
    `SELECT coalesce(sum(p.amount_fen), 0)::bigint AS today FROM payment_instruction p JOIN claim c ON c.number = p.claim_number JOIN unit u ON u.id = c.unit_id
     WHERE $1 = ANY (u.ancestor_ids) AND p.status NOT IN ('FAILED', 'RETURNED')
       AND p.created_at >= (date_trunc('day', $2::timestamptz AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai')`,
    [limitedUnit, input.at],
  );
  const today = sums[0]?.today ?? 0;
  return { block: today + input.amountFen > input.perDayFen ? 'ABOVE_DAILY_LIMIT' : null, accountId };
}

/**
 * Makes the instruction of (claim, decision, attempt), or returns the one that lives already. Two living instructions for one decision cannot exist: the
 * partial unique index refuses the second.
 */
export async function orderPayment(
  tx: Tx,
  input: { claimNumber: string; decisionId: string; decisionNo: number; attempt: number; amountFen: Fen; accountId: string; bankCode: string; at: Date },
): Promise<string> {
  const reference = paymentReference({ claimNumber: input.claimNumber, decisionNo: input.decisionNo, attempt: input.attempt });
  await tx.query(
    `INSERT INTO payment_instruction (reference, claim_number, decision_id, attempt, amount_fen, account_id, bank_code, status, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'CREATED', $8) ON CONFLICT (reference) DO NOTHING`,
    [reference, input.claimNumber, input.decisionId, input.attempt, input.amountFen, input.accountId, input.bankCode, input.at],
  );
  return reference;
}

type SealedAccount = { accountId: string; employeeId: string; accountNo: Uint8Array };
type OrderRow = Omit<TransferOrder['payee'], 'accountNo'> & SealedAccount & { amountFen: Fen; claimNumber: string; sent: boolean; stopped: boolean };

const ACCOUNT_NO = 'a.id AS "accountId", a.employee_id AS "employeeId", a.account_no AS "accountNo"';
const ORDER = `p.amount_fen AS "amountFen", p.claim_number AS "claimNumber", was.sent_at IS NOT NULL AS sent, was.stopped,
       a.holder_name AS "holderName", ${ACCOUNT_NO}, a.bank_name AS "bankName", a.bank_code AS "bankCode"`;
const WAS = `SELECT p.reference, p.sent_at, p.account_id, ${STOPPED('unit.ancestor_ids')} AS stopped
     FROM payment_instruction p JOIN claim c ON c.number = p.claim_number JOIN unit ON unit.id = c.unit_id WHERE p.reference = $1`;

async function orderOf(vault: Vault, reference: string, row: OrderRow | undefined): Promise<TransferOrder> {
  if (!row) throw new Error(`no payment instruction ${reference}`);
  const { holderName, bankName, bankCode } = row;
  const accountNo = await openAccountNo(vault, row);
  return { reference, amountFen: row.amountFen, payee: { holderName, accountNo, bankName, bankCode }, purpose: `报销 ${row.claimNumber}` };
}

/** What was ordered from the bank, and whether it was ever called with it. Throws where there is no such instruction. */
export async function readOrder(database: Pick<Database, 'query' | 'vault'>, reference: string): Promise<{ order: TransferOrder; sent: boolean }> {
  const { rows } = await database.query<OrderRow>(
    `WITH was AS (${WAS}) SELECT ${ORDER} FROM was JOIN payment_instruction p USING (reference) JOIN bank_account a ON a.id = was.account_id`,
    [reference],
  );
  return { order: await orderOf(database.vault, reference, rows[0]), sent: rows[0]?.sent ?? false };
}

/**
 * The order for the bank, marked as sent, unless it never was and a stop forbids it now. `sentBefore`: somebody called the bank with it already, so it is
 * asked first. Throws where there is none.
 */
export async function markSent(
  database: Pick<Database, 'query' | 'vault'>,
  reference: string,
): Promise<{ order: TransferOrder; sentBefore: boolean; stopped: boolean }> {
  const { rows } = await database.query<OrderRow>(
    `WITH was AS (${WAS})
     UPDATE payment_instruction p SET sent_at = CASE WHEN was.stopped THEN p.sent_at ELSE coalesce(p.sent_at, now()) END
     FROM was JOIN bank_account a ON a.id = was.account_id WHERE p.reference = was.reference RETURNING ${ORDER}`,
    [reference],
  );
  return { order: await orderOf(database.vault, reference, rows[0]), sentBefore: rows[0]?.sent ?? false, stopped: rows[0]?.stopped ?? true };
}

export async function setPaymentStatus(
  tx: Tx,
  input: { reference: string; status: PaymentStatus; bankResult: string; settledAt?: Date; returnedAt?: Date },
): Promise<void> {
  await tx.query(
    `UPDATE payment_instruction SET status = $2, bank_result = $3, settled_at = coalesce($4, settled_at), returned_at = coalesce($5, returned_at) WHERE reference = $1`,
    [input.reference, input.status, input.bankResult, input.settledAt ?? null, input.returnedAt ?? null],
  );
}

/** Notes which of a claim's instructions the statement shows as debited, as ordered or as people explained it. Returns the references that are new. */
export async function setMatched(tx: Tx, { claimNumber, at }: { claimNumber: string; at: Date }): Promise<string[]> {
  const { rows } = await tx.query<{ reference: string }>(
    `UPDATE payment_instruction p SET matched_at = $2 WHERE p.claim_number = $1 AND p.matched_at IS NULL
       AND EXISTS (SELECT FROM statement_entry s WHERE s.reference = p.reference AND s.kind = 'DEBIT' AND s.result IN ('MATCHED', 'EXPLAINED'))
     RETURNING p.reference`,
    [claimNumber, at],
  );
  return rows.map(({ reference }) => reference);
}

/** What the bank said of an instruction by callback, as it was stored. */
export type StoredResult = { status: TransferStatus; record: BankRecord };

/**
 * What the bank said of an instruction by callback: its final word, else its last. Where it contradicts itself the money counts as gone, so that it
 * is not sent again. Undefined where it said nothing.
 */
export async function readLastResult(tx: Tx, { claimNumber, reference }: { claimNumber: string; reference: string }): Promise<StoredResult | undefined> {
  const told = await readPaymentResult<StoredResult>(tx, { claimNumber, reference });
  return told && { status: told.status, record: told.record };
}

/** The last four digits of the account that an instruction pays to: all that a message says of it. */
export async function readAccountTail(tx: Tx, reference: string): Promise<string> {
  const { rows } = await tx.query<SealedAccount>(
    `SELECT ${ACCOUNT_NO} FROM payment_instruction p JOIN bank_account a ON a.id = p.account_id WHERE p.reference = $1`,
    [reference],
  );
  return rows[0] ? (await openAccountNo(tx.vault, rows[0])).slice(-4) : '';
}

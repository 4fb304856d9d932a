import { paymentReference } from '#domain/claim/number.ts';
import type { Fen } from '#domain/money.ts';
import type { StatementLine, TransferOrder } from '#domain/payout/gateway.ts';
import type { PaymentStatus } from '#domain/payout/payment.ts';
import type { Database, Tx } from '../database.ts';

/** Why an instruction may not be made now; null: it may. Stops bind the unit and everything below; the day is the bank's, in Shanghai. */
export async function readPayoutBlock(
  tx: Tx,
  input: { unitAncestorIds: readonly string[]; employeeId: string; amountFen: Fen; perInstructionFen: Fen; perDayFen: Fen; limitReleased: boolean; at: Date },
): Promise<{ block: 'STOPPED' | 'NO_ACCOUNT' | 'ABOVE_LIMIT' | 'ABOVE_DAILY_LIMIT' | null; accountId: string | null }> {
  const { rows } = await tx.query<{ stopped: boolean; accountId: string | null; today: Fen }>(
    `SELECT EXISTS (SELECT 1 FROM payout_stop s LEFT JOIN unit u ON u.code = s.scope WHERE s.scope = '*' OR u.id = ANY ($1::uuid[])) AS stopped,
       (SELECT a.id FROM bank_account a WHERE a.employee_id = $2 AND a.replaced_at IS NULL ORDER BY a.created_at DESC LIMIT 1) AS "accountId",
       (SELECT coalesce(sum(p.amount_fen), 0)::bigint FROM payment_instruction p JOIN claim c ON c.number = p.claim_number
          WHERE c.unit_id = $3 AND p.status NOT IN ('FAILED', 'RETURNED')
            AND p.created_at >= (date_trunc('day', $4::timestamptz AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai')) AS today`,
    [input.unitAncestorIds, input.employeeId, input.unitAncestorIds.at(-1), input.at],
  );
  const { stopped = true, accountId = null, today = 0 } = rows[0] ?? {};
  if (stopped) return { block: 'STOPPED', accountId };
  if (!accountId) return { block: 'NO_ACCOUNT', accountId };
  if (!input.limitReleased && input.amountFen > input.perInstructionFen) return { block: 'ABOVE_LIMIT', accountId };
  if (!input.limitReleased && today + input.amountFen > input.perDayFen) return { block: 'ABOVE_DAILY_LIMIT', accountId };
  return { block: null, accountId };
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

/** The order for the bank, marked as sent. `sentBefore`: somebody called the bank with it already, so it is asked first. Throws where there is none. */
export async function markSent(database: Pick<Database, 'query'>, reference: string): Promise<{ order: TransferOrder; sentBefore: boolean }> {
  const { rows } = await database.query<TransferOrder['payee'] & { amountFen: Fen; claimNumber: string; sentBefore: boolean }>(
    `UPDATE payment_instruction p SET sent_at = coalesce(p.sent_at, now())
     FROM payment_instruction was JOIN bank_account a ON a.id = was.account_id
     WHERE p.reference = $1 AND was.reference = p.reference
     RETURNING p.amount_fen AS "amountFen", p.claim_number AS "claimNumber", was.sent_at IS NOT NULL AS "sentBefore",
       a.holder_name AS "holderName", a.account_no AS "accountNo", a.bank_name AS "bankName", a.bank_code AS "bankCode"`,
    [reference],
  );
  const [row] = rows;
  if (!row) throw new Error(`no payment instruction ${reference}`);
  const { holderName, accountNo, bankName, bankCode } = row;
  return {
    order: { reference, amountFen: row.amountFen, payee: { holderName, accountNo, bankName, bankCode }, purpose: `报销 ${row.claimNumber}` },
    sentBefore: row.sentBefore,
  };
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

/** Notes which of a claim's instructions the statement shows as debited, with the amount that was ordered. */
export async function setMatched(tx: Tx, { claimNumber, at }: { claimNumber: string; at: Date }): Promise<void> {
  await tx.query(
    `UPDATE payment_instruction p SET matched_at = $2 WHERE p.claim_number = $1 AND p.matched_at IS NULL
       AND EXISTS (SELECT FROM statement_entry s WHERE s.reference = p.reference AND s.kind = 'DEBIT' AND s.result = 'MATCHED')`,
    [claimNumber, at],
  );
}

export type StatementMatch = 'MATCHED' | 'AMOUNT_DIFFERS' | 'UNKNOWN_REFERENCE';

/** A line that was not known before, the claim it concerns and how it fits. */
export type NewStatementLine = { entryNo: string; kind: 'DEBIT' | 'RETURN'; reference: string | null; claimNumber: string | null; result: StatementMatch };

/** Records lines of a bank's statement, each once, and returns those that are new. */
export async function insertStatementLines(tx: Tx, { bankCode, lines }: { bankCode: string; lines: readonly StatementLine[] }): Promise<NewStatementLine[]> {
  const { rows } = await tx.query<NewStatementLine>(
    `WITH told AS (
       SELECT t.*, p.claim_number, CASE WHEN p.reference IS NULL THEN 'UNKNOWN_REFERENCE' WHEN p.amount_fen = t.amount THEN 'MATCHED' ELSE 'AMOUNT_DIFFERS' END AS result
       FROM jsonb_to_recordset($2::jsonb) AS t (entry_no text, reference text, kind text, amount bigint, booked_at timestamptz, remark text)
       LEFT JOIN payment_instruction p ON p.reference = t.reference
     ), new_entry AS (
       INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, remark, result)
       SELECT $1, entry_no, reference, kind, amount, booked_at, remark, result FROM told
       ON CONFLICT (bank_code, entry_no) DO NOTHING RETURNING entry_no
     )
     SELECT told.entry_no AS "entryNo", told.kind, told.reference, told.claim_number AS "claimNumber", told.result FROM told JOIN new_entry USING (entry_no)`,
    [
      bankCode,
      JSON.stringify(lines.map((line) => ({ entry_no: line.entryNo, reference: line.reference, kind: line.kind, amount: line.amountFen, booked_at: line.bookedAt, remark: line.remark }))),
    ],
  );
  return rows;
}

/** What the bank said of an instruction by callback, as it was stored: its final word, else its last. Undefined where it said nothing. */
export async function readLastResult(tx: Tx, { claimNumber, reference }: { claimNumber: string; reference: string }): Promise<unknown> {
  const { rows } = await tx.query<{ status: unknown }>(
    `SELECT body -> 'status' AS status FROM inbox_message WHERE claim_number = $1 AND type = 'payment-result' AND body ->> 'reference' = $2
     ORDER BY body -> 'status' ->> 'kind' IN ('succeeded', 'failed') DESC, received_at DESC, message_id DESC LIMIT 1`,
    [claimNumber, reference],
  );
  return rows[0]?.status;
}

/** The last four digits of the account that an instruction pays to: all that a message says of it. */
export async function readAccountTail(tx: Tx, reference: string): Promise<string> {
  const { rows } = await tx.query<{ tail: string }>(
    'SELECT right(a.account_no, 4) AS tail FROM payment_instruction p JOIN bank_account a ON a.id = p.account_id WHERE p.reference = $1',
    [reference],
  );
  return rows[0]?.tail ?? '';
}

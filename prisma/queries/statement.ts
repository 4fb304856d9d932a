import type { StatementLine } from '#domain/payout/gateway.ts';
import type { Database, Tx } from '../database.ts';
import type { PaymentRow } from './claim-context.ts';

/** EXPLAINED: two people have said what a line is that did not fit. */
export type StatementMatch = 'MATCHED' | 'AMOUNT_DIFFERS' | 'UNKNOWN_REFERENCE' | 'UNEXPECTED' | 'EXPLAINED';

/** A line that was not known before, the claim it concerns and how it fits. */
export type NewStatementLine = { entryNo: string; kind: 'DEBIT' | 'RETURN'; reference: string | null; claimNumber: string | null; result: StatementMatch };

/**
 * Records lines of a bank's statement, each once, and returns those that are new. UNEXPECTED: a movement of an instruction that came to nothing, or the
 * second of its kind.
 */
export async function insertStatementLines(tx: Tx, { bankCode, lines }: { bankCode: string; lines: readonly StatementLine[] }): Promise<NewStatementLine[]> {
  const { rows } = await tx.query<NewStatementLine>(
    `WITH told AS (
       SELECT t.*, p.claim_number, CASE WHEN p.reference IS NULL THEN 'UNKNOWN_REFERENCE'
           WHEN p.status IN ('FAILED', 'RETURNED') OR row_number() OVER (PARTITION BY t.reference, t.kind ORDER BY t.booked_at, t.entry_no) > 1
             OR EXISTS (SELECT FROM statement_entry s WHERE s.bank_code = $1 AND s.reference = t.reference AND s.kind = t.kind AND s.entry_no <> t.entry_no)
             THEN 'UNEXPECTED'
           WHEN p.amount_fen <> t.amount THEN 'AMOUNT_DIFFERS' ELSE 'MATCHED' END AS result
       FROM jsonb_to_recordset($2::jsonb) AS t (entry_no text, reference text, kind text, amount bigint, booked_at timestamptz, remark text)
       LEFT JOIN payment_instruction p ON p.reference = t.reference AND p.bank_code = $1
     ), new_entry AS (
       INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, remark, result)
       SELECT $1, entry_no, reference, kind, amount, booked_at, remark, result FROM told
       ON CONFLICT (bank_code, entry_no) DO NOTHING RETURNING entry_no
     )
     SELECT told.entry_no AS "entryNo", told.kind, told.reference, told.claim_number AS "claimNumber", told.result FROM told JOIN new_entry USING (entry_no)`,
    [
      bankCode,
      JSON.stringify(
        lines.map((line) => ({
          entry_no: line.entryNo,
          reference: line.reference,
          kind: line.kind,
          amount: line.amountFen,
          booked_at: line.bookedAt,
          remark: line.remark,
        })),
      ),
    ],
  );
  return rows;
}

/** The day, in Shanghai, of the newest line read of a bank's statement; null where none was. */
export async function readLastBooked(database: Pick<Database, 'query'>, bankCode: string): Promise<string | null> {
  const { rows } = await database.query<{ day: string | null }>(
    `SELECT (max(booked_at) AT TIME ZONE 'Asia/Shanghai')::date AS day FROM statement_entry WHERE bank_code = $1`,
    [bankCode],
  );
  return rows[0]?.day ?? null;
}

/** An instruction of which the bank's records do not fit together, and how. */
export type Doubt = { reference: string; block: 'AMOUNT_DIFFERS' | 'UNEXPECTED' | 'LATE_SUCCESS' };

/**
 * The instructions of a claim that nobody has been asked about yet: with a line that does not fit, or called paid after they had failed. The latter is
 * told until `late-payment-result` is in the audit.
 */
export async function readDoubts(tx: Tx, claimNumber: string): Promise<Doubt[]> {
  const { rows } = await tx.query<Doubt>(
    `SELECT DISTINCT ON (doubt.reference) doubt.reference, doubt.block FROM (
       SELECT s.reference, s.result AS block, s.booked_at AS at FROM statement_entry s JOIN payment_instruction p ON p.reference = s.reference AND p.bank_code = s.bank_code
         WHERE p.claim_number = $1 AND s.result NOT IN ('MATCHED', 'EXPLAINED')
       UNION ALL
       SELECT p.reference, 'LATE_SUCCESS', m.received_at FROM inbox_message m JOIN payment_instruction p ON p.reference = m.reference
         WHERE m.claim_number = $1 AND m.type = 'payment-result' AND m.result = 'succeeded' AND p.claim_number = $1 AND p.status = 'FAILED'
           AND NOT EXISTS (SELECT FROM audit_entry a WHERE a.chain = $1 AND a.action = 'late-payment-result' AND a.detail ->> 'reference' = p.reference)
     ) doubt
     WHERE NOT EXISTS (SELECT FROM task t WHERE t.claim_number = $1 AND t.status = 'OPEN' AND t.kind IN ('PAYOUT_ATTENTION', 'CONFIRM_PAYOUT')
       AND t.detail ->> 'reference' = doubt.reference)
     ORDER BY doubt.reference, doubt.at`,
    [claimNumber],
  );
  return rows;
}

/** The lines of an instruction that do not fit. */
export async function listUnexplained(tx: Tx, reference: string): Promise<string[]> {
  const { rows } = await tx.query<{ entryNo: string }>(
    `SELECT s.entry_no AS "entryNo" FROM statement_entry s JOIN payment_instruction p ON p.reference = s.reference AND p.bank_code = s.bank_code
     WHERE p.reference = $1 AND s.result NOT IN ('MATCHED', 'EXPLAINED') ORDER BY s.entry_no`,
    [reference],
  );
  return rows.map(({ entryNo }) => entryNo);
}

/** Notes that people have said what these lines of an instruction are. */
export async function explainLines(tx: Tx, { reference, entryNos }: { reference: string; entryNos: readonly string[] }): Promise<void> {
  await tx.query(`UPDATE statement_entry SET result = 'EXPLAINED' WHERE reference = $1 AND entry_no = ANY ($2::text[])`, [reference, entryNos]);
}

/** One instruction of a claim. */
export async function readPayment(tx: Tx, reference: string): Promise<PaymentRow | undefined> {
  const { rows } = await tx.query<PaymentRow>(
    `SELECT reference, decision_id AS "decisionId", attempt, amount_fen AS "amountFen", bank_code AS "bankCode", status, settled_at AS "settledAt",
       matched_at AS "matchedAt" FROM payment_instruction WHERE reference = $1`,
    [reference],
  );
  return rows[0];
}

/** How many lines of the statements nobody has explained yet, by how they do not fit. */
export async function countUnexplained(database: Pick<Database, 'query'>): Promise<{ result: StatementMatch; lines: number }[]> {
  const { rows } = await database.query<{ result: StatementMatch; lines: number }>(
    `SELECT result, count(*) AS lines FROM statement_entry WHERE result NOT IN ('MATCHED', 'EXPLAINED') GROUP BY result`,
  );
  return rows;
}

import type { Actor } from '#domain/claim/actor.ts';
import type { Adjustment, DecisionLine, FundingLine, Outcome } from '#domain/bureau/decision.ts';
import type { Fen } from '#domain/money.ts';
import type { Tx } from '../database.ts';

export type NewDecision = {
  claimNumber: string;
  /** who decided: the bureau itself, the employer, or a bureau's written decision that two people recorded */
  source: 'BUREAU' | 'EMPLOYER' | 'WRITTEN';
  /** the bureau's decision number, or what else makes the decision known again */
  sourceNo: string;
  outcome: Outcome;
  reasons: readonly { code: string; text: string }[];
  remark: string;
  lines: readonly DecisionLine[];
  funding: readonly FundingLine[];
  submittedFen: Fen;
  benefitFen: Fen;
  payableFen: Fen;
  decidedBy: Actor & { employeeId?: string };
  decidedAt: Date;
  recordedAt: Date;
};

/** Appends a decision; undefined where it was recorded before. */
export async function insertDecision(tx: Tx, decision: NewDecision): Promise<{ id: string; no: number } | undefined> {
  const { rows } = await tx.query<{ id: string; no: number }>(
    `INSERT INTO decision (claim_number, no, source, source_no, outcome, reasons, remark, lines, funding, submitted_fen, benefit_fen, payable_fen,
       decided_by, decided_at, recorded_at)
     VALUES ($1, (SELECT coalesce(max(no), 0) + 1 FROM decision WHERE claim_number = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (claim_number, source, source_no) DO NOTHING RETURNING id, no`,
    [
      ...[decision.claimNumber, decision.source, decision.sourceNo, decision.outcome, JSON.stringify(decision.reasons), decision.remark],
      ...[JSON.stringify(decision.lines), JSON.stringify(decision.funding), decision.submittedFen, decision.benefitFen, decision.payableFen],
      ...[JSON.stringify(decision.decidedBy), decision.decidedAt, decision.recordedAt],
    ],
  );
  return rows[0];
}

export async function readClaimLines(tx: Tx, claimNumber: string): Promise<{ lineNo: number; amountFen: Fen }[]> {
  const { rows } = await tx.query<{ lineNo: number; amountFen: Fen }>(
    'SELECT line_no AS "lineNo", amount_fen AS "amountFen" FROM claim_line WHERE claim_number = $1 ORDER BY line_no',
    [claimNumber],
  );
  return rows;
}

/** The most that any decision gave; a later answer that gives no more upholds it. */
export async function readBestBenefit(tx: Tx, claimNumber: string): Promise<Fen | 0> {
  const { rows } = await tx.query<{ best: Fen | null }>('SELECT max(benefit_fen) AS best FROM decision WHERE claim_number = $1', [claimNumber]);
  return rows[0]?.best ?? 0;
}

/** What a decision took from the lines, for the message to the employee. */
export function cutsOf(lines: readonly DecisionLine[]): { lineNo: number; adjustment: Adjustment }[] {
  return lines.flatMap((line) => line.adjustments.filter(({ amountFen }) => amountFen > 0).map((adjustment) => ({ lineNo: line.lineNo, adjustment })));
}

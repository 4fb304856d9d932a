import type { Fen } from '../money.ts';

/** Who bears a part of the cost (资金渠道). `bureau_fund` pooled fund, `large_amount` large-amount fund, `employer_plan` employer's supplementary plan. */
export const FUNDING_SOURCES = ['bureau_fund', 'large_amount', 'employer_plan'] as const;
export type FundingSource = (typeof FUNDING_SOURCES)[number];
export type FundingLine = { source: FundingSource; amountFen: Fen };

export type Outcome = 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';

/** `code` is a ReasonCode where it is one of ours, else the bureau's own. */
export type Adjustment = { code: string; amountFen: Fen };

/** One line decided. Always `submittedFen − benefitFen = Σ adjustments`. */
export type DecisionLine = {
  lineNo: number;
  submittedFen: Fen;
  eligibleFen: Fen;
  deductibleFen: Fen;
  benefitFen: Fen;
  adjustments: Adjustment[];
};

/** What a bureau answered, in our words. */
export type BureauAnswer =
  | {
      kind: 'decision';
      decisionNo: string;
      claimNumber: string;
      answersMessageId: string;
      outcome: Outcome;
      decidedAt: string;
      remark: string;
      reasons: { code: string; text: string }[];
      lines: DecisionLine[];
      funding: FundingLine[];
    }
  | {
      kind: 'information-needed';
      decisionNo: string;
      claimNumber: string;
      answersMessageId: string;
      decidedAt: string;
      remark: string;
      missing: { documentKind: string; remark: string }[];
    };

export type DecisionFault = 'LINES_DO_NOT_ADD_UP' | 'FUNDING_DOES_NOT_ADD_UP' | 'LINES_DIFFER_FROM_CLAIM' | 'NEGATIVE_AMOUNT' | 'OUTCOME_CONTRADICTS_AMOUNTS';

/**
 * Checks a decision against the claim's own lines, to the fen. A decision with a fault is never paid: it becomes a task for a person.
 * `claimLines` as submitted.
 */
export function findDecisionFault(
  answer: Extract<BureauAnswer, { kind: 'decision' }>,
  claimLines: readonly { lineNo: number; amountFen: Fen }[],
): DecisionFault | null {
  const amounts = answer.lines.flatMap((line) => [
    ...[line.submittedFen, line.eligibleFen, line.deductibleFen, line.benefitFen],
    // a negative adjustment would let a line be paid above its price
    ...line.adjustments.map((adjustment) => adjustment.amountFen),
  ]);
  if ([...amounts, ...answer.funding.map((line) => line.amountFen)].some((amount) => amount < 0)) return 'NEGATIVE_AMOUNT';
  const submitted = new Map(claimLines.map((line) => [line.lineNo, line.amountFen]));
  const decided = new Map(answer.lines.map((line) => [line.lineNo, line.submittedFen]));
  if (decided.size !== answer.lines.length || decided.size !== submitted.size) return 'LINES_DIFFER_FROM_CLAIM';
  for (const [lineNo, amount] of submitted) if (decided.get(lineNo) !== amount) return 'LINES_DIFFER_FROM_CLAIM';
  for (const line of answer.lines) {
    const adjusted = line.adjustments.reduce((total, adjustment) => total + adjustment.amountFen, 0);
    if (line.submittedFen - line.benefitFen !== adjusted) return 'LINES_DO_NOT_ADD_UP';
  }
  const benefit = answer.lines.reduce((total, line) => total + line.benefitFen, 0);
  const total = answer.lines.reduce((all, line) => all + line.submittedFen, 0);
  if (answer.funding.reduce((all, line) => all + line.amountFen, 0) !== benefit) return 'FUNDING_DOES_NOT_ADD_UP';
  // A fund pays less than was submitted even where it approves everything (deductible, ratio), so only the extremes contradict.
  if ((answer.outcome === 'DENIED') !== (benefit === 0) || benefit > total) return 'OUTCOME_CONTRADICTS_AMOUNTS';
  return null;
}

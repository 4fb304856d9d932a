import type { Fen } from '../money.ts';
import type { Outcome } from './decision.ts';

export type WrittenFault = { fault: 'LINES_DIFFER_FROM_CLAIM' | 'BENEFIT_ABOVE_LINE' | 'OUTCOME_CONTRADICTS_AMOUNTS'; lineNo?: number };

/**
 * Checks a bureau's written decision, as somebody typed it in, against the claim's own lines: every line once, none paid above its amount, and
 * nothing paid exactly where it is a denial. Undefined where nothing is wrong.
 */
export function findWrittenFault(
  written: { outcome: Outcome; lines: readonly { lineNo: number; benefitFen: Fen }[] },
  claimLines: readonly { lineNo: number; amountFen: Fen }[],
): WrittenFault | undefined {
  const amounts = new Map(claimLines.map((line) => [line.lineNo, line.amountFen]));
  const named = new Set(written.lines.map((line) => line.lineNo));
  if (named.size !== written.lines.length || named.size !== amounts.size) return { fault: 'LINES_DIFFER_FROM_CLAIM' };
  for (const { lineNo, benefitFen } of written.lines) {
    const amount = amounts.get(lineNo);
    if (amount === undefined) return { fault: 'LINES_DIFFER_FROM_CLAIM', lineNo };
    if (benefitFen < 0 || benefitFen > amount) return { fault: 'BENEFIT_ABOVE_LINE', lineNo };
  }
  const nothing = written.lines.every((line) => line.benefitFen === 0);
  return nothing === (written.outcome === 'DENIED') ? undefined : { fault: 'OUTCOME_CONTRADICTS_AMOUNTS' };
}

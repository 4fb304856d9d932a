import { FUNDING_SOURCES, type DecisionLine, type FundingLine, type FundingSource } from '../bureau/decision.ts';
import { fen, subtract, sum, type Fen } from '../money.ts';
import type { NotCovered, Settlement } from './settle.ts';

/** `differenceFen = decidedFen − estimatedFen` */
export type Compared = { estimatedFen: Fen; decidedFen: Fen; differenceFen: Fen };
export type Comparison = { benefit: Compared; reasons: (Compared & { code: string })[]; funding: (Compared & { source: FundingSource })[] };

/**
 * An estimate beside the decision: benefit, what each reason took, what each fund pays. The differences of the reasons add up to that of the benefit, with the other sign. What was
 * not estimated counts as nothing.
 */
export function compare(result: Settlement | NotCovered, decision: { lines: readonly DecisionLine[]; funding: readonly FundingLine[] }): Comparison {
  const estimated = result.covered ? result : { benefitFen: fen(0), deductions: [], funding: [] };
  const taken = decision.lines.flatMap(({ adjustments }) => adjustments);
  const codes = new Set([...estimated.deductions.map(({ code }) => code), ...taken.map(({ code }) => code)]);
  return {
    benefit: compared(estimated.benefitFen, sum(decision.lines.map(({ benefitFen }) => benefitFen))),
    reasons: [...codes].map((code) => ({
      code,
      ...compared(
        totalOf(estimated.deductions, (one) => one.code === code),
        totalOf(taken, (one) => one.code === code),
      ),
    })),
    funding: FUNDING_SOURCES.map((source) => ({
      source,
      ...compared(
        totalOf(estimated.funding, (line) => line.source === source),
        totalOf(decision.funding, (line) => line.source === source),
      ),
    })).filter(({ estimatedFen, decidedFen }) => estimatedFen > 0 || decidedFen > 0),
  };
}

const compared = (estimatedFen: Fen, decidedFen: Fen): Compared => ({ estimatedFen, decidedFen, differenceFen: subtract(decidedFen, estimatedFen) });

function totalOf<Part extends { amountFen: Fen }>(parts: readonly Part[], which: (part: Part) => boolean): Fen {
  return sum(parts.filter(which).map(({ amountFen }) => amountFen));
}

import type { ClaimKind } from '../claim/completeness.ts';
import { fen, type Fen } from '../money.ts';
import type { EmployerPlan, Rulebook } from './rulebook.ts';
import type { SoFar } from './settle.ts';

/** What an earlier claim of the calendar year added to it, and by which rulebook and plan. */
export type Counted = { kind: ClaimKind; rulebookId: string | null; planId: string | null; adds: SoFar };

/** A year in which nothing was claimed yet. */
export const NOTHING: SoFar = { deductibleFen: fen(0), scopeFen: fen(0), pooledFen: fen(0), largeAmountFen: fen(0), planFen: fen(0), stays: 0 };

/**
 * What counts for a claim of `kind`: of the scheme what other claims of the same benefit had under the same rulebook (somebody who moved to another city begins anew there), of
 * the plan what those of its benefit had under the same plan.
 */
export function soFarOf(earlier: readonly Counted[], { kind, rulebook, plan }: { kind: ClaimKind; rulebook: Rulebook; plan: EmployerPlan | undefined }): SoFar {
  const scheme = rulebook.benefits.find(({ kinds }) => kinds.includes(kind))?.kinds ?? [];
  const topUp = plan?.benefits.find(({ kinds }) => kinds.includes(kind))?.kinds ?? [];
  const year = { ...NOTHING };
  for (const { kind: of, rulebookId, planId, adds } of earlier) {
    if (rulebookId === rulebook.id && scheme.includes(of)) {
      year.deductibleFen = add(year.deductibleFen, adds.deductibleFen);
      year.scopeFen = add(year.scopeFen, adds.scopeFen);
      year.pooledFen = add(year.pooledFen, adds.pooledFen);
      year.largeAmountFen = add(year.largeAmountFen, adds.largeAmountFen);
      year.stays += adds.stays;
    }
    if (planId === plan?.id && topUp.includes(of)) year.planFen = add(year.planFen, adds.planFen);
  }
  return year;
}

const add = (a: Fen, b: Fen): Fen => fen(a + b);

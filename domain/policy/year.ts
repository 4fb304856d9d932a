import type { ClaimKind } from '../claim/completeness.ts';
import { fen } from '../money.ts';
import type { Quantities } from './limits.ts';
import type { EmployerPlan, Rulebook } from './rulebook.ts';
import { addSoFar, type SoFar } from './settle.ts';

/** What an earlier claim of the calendar year added to it, and by which rulebook and plan. */
export type Counted = { kind: ClaimKind; rulebookId: string | null; planId: string | null; adds: SoFar };

/** A year in which nothing was claimed yet. */
export const NOTHING: SoFar = { deductibleFen: fen(0), scopeFen: fen(0), pooledFen: fen(0), largeAmountFen: fen(0), planFen: fen(0), stays: 0 };

/**
 * What counts for a claim of `kind`: of the scheme what other claims of the same benefit had under the same rulebook (somebody who moved to another city begins anew there), of
 * the plan what those of its benefit had under the same plan, and of items with a treatment limit what was paid for under the same rulebook, whatever the benefit.
 */
export function soFarOf(earlier: readonly Counted[], { kind, rulebook, plan }: { kind: ClaimKind; rulebook: Rulebook; plan: EmployerPlan | undefined }): SoFar {
  const scheme = rulebook.benefits.find(({ kinds }) => kinds.includes(kind))?.kinds ?? [];
  const topUp = plan?.benefits.find(({ kinds }) => kinds.includes(kind))?.kinds ?? [];
  return earlier.reduce<SoFar>((year, { kind: of, rulebookId, planId, adds }) => {
    const sameRules = rulebookId === rulebook.id;
    return addSoFar(year, {
      ...(sameRules && scheme.includes(of) ? adds : NOTHING),
      planFen: planId === plan?.id && topUp.includes(of) ? adds.planFen : NOTHING.planFen,
      quantities: (sameRules && adds.quantities) || {},
    });
  }, NOTHING);
}

/** Of items with a treatment limit: what was paid for in the year under the rulebook. */
export function quantitiesSoFar(earlier: readonly Counted[], { id }: Pick<Rulebook, 'id'>): Quantities {
  return (
    earlier.filter(({ rulebookId }) => rulebookId === id).reduce((year, { adds }) => addSoFar(year, { ...NOTHING, quantities: adds.quantities ?? {} }), NOTHING)
      .quantities ?? {}
  );
}

import type { Day } from '../calendar.ts';
import type { ClaimKind } from '../claim/completeness.ts';
import { allocate, fen, min, share, subtract, sum, type Fen } from '../money.ts';
import type { ScopedLine } from './lines.ts';
import { inForce, type EmployerPlan } from './rulebook.ts';
import type { SoFar } from './settle.ts';

/**
 * What the employer adds: as much as raises the funds' part of the costs in scope above the deductible to the plan's ratio, within what is left of the person's quota of the
 * year. Items that the plan excludes are not raised.
 */
export function payByPlan(
  plan: EmployerPlan | undefined,
  about: { kind: ClaimKind; day: Day; scoped: readonly ScopedLine[]; deductibleFen: Fen; soFar: SoFar; paidFen: Fen },
): Fen {
  const { kind, day, scoped, deductibleFen, soFar, paidFen } = about;
  const terms = planTerms(plan, kind, day);
  if (!terms) return fen(0);
  const { raise, quota, excludes } = terms;
  const excluded = new Set(excludes?.value.itemCodes);
  const inScope = scoped.map((line) => line.inScopeFen);
  const restFen = subtract(sum(inScope), deductibleFen);
  if (restFen === 0) return fen(0);
  // of each line what is above the deductible, and what the funds pay of that
  const deducted = allocate(deductibleFen, inScope);
  const above = inScope.map((amount, index) => subtract(amount, deducted[index] ?? fen(0)));
  const paid = allocate(paidFen, above);
  const raised = scoped.map(({ line }, index) => !excluded.has(line.itemCode) && index);
  const costFen = sum(raised.map((index) => (index === false ? fen(0) : (above[index] ?? fen(0)))));
  const haveFen = sum(raised.map((index) => (index === false ? fen(0) : (paid[index] ?? fen(0)))));
  const wantedFen = fen(Math.max(0, share(costFen, raise.value.toBp) - haveFen));
  return min(wantedFen, fen(Math.max(0, quota.value.fen - soFar.planFen)));
}

/** What a plan says of a kind of treatment on `day`; undefined where it adds nothing to it. */
export function planTerms(plan: EmployerPlan | undefined, kind: ClaimKind, day: Day) {
  const benefit = plan?.benefits.find(({ kinds }) => kinds.includes(kind));
  const raise = benefit && inForce(benefit.raise, day);
  const quota = benefit && inForce(benefit.quota, day);
  return plan && raise && quota ? { raise, quota, excludes: inForce(plan.excludes, day) } : undefined;
}

import type { SettlementMode } from './catalogue.ts';
import type { EmployerPlan, Rulebook } from './rulebook.ts';
import { settle, type NotCovered, type Settlement, type Treatment } from './settle.ts';
import { soFarOf, type Counted } from './year.ts';

/** What is known of a stored claim; null where nobody knows. */
export type KnownClaim = Omit<Treatment, 'hospital' | 'age' | 'soFar' | 'settlement'> & {
  scheme: string;
  hospital: Treatment['hospital'] | null;
  age: number | null;
  /** of its invoices; claimed afterwards where it is absent */
  settlement?: Settlements;
};

/** How the invoices of a claim were settled. `mixed`: some on the spot and others not, and no line says which it belongs to. */
export type Settlements = SettlementMode | 'mixed';

/** `plan`: undefined where the unit names one that does not exist. */
export type Policy = { rulebook: Rulebook | undefined; plan: EmployerPlan | null | undefined };

/** What a stored claim is entitled to after the earlier ones of its year. Nothing is guessed: what is not known leaves the amount open, and says so. */
export function entitle(claim: KnownClaim, { rulebook, plan }: Policy, earlier: readonly Counted[]): Settlement | NotCovered {
  if (!rulebook) return { covered: false, why: 'NO_RULEBOOK' };
  if (plan === undefined) return { covered: false, why: 'PLAN_UNKNOWN' };
  const { scheme: _, hospital, age, settlement, ...rest } = claim;
  if (settlement === 'mixed') return { covered: false, why: 'SETTLEMENT_MIXED' };
  if (!hospital) return { covered: false, why: 'HOSPITAL_UNKNOWN' };
  if (age === null) return { covered: false, why: 'AGE_UNKNOWN' };
  const soFar = soFarOf(earlier, { kind: claim.kind, rulebook, plan: plan ?? undefined });
  return settle({ ...rest, hospital, age, soFar, ...(settlement && { settlement }) }, rulebook, plan ?? undefined);
}

/** What is kept of an assessment: what went in, and what came out. */
export type Assessed = { claim: KnownClaim; result: Settlement | NotCovered };

import type { FundingSource } from '../bureau/decision.ts';
import { fen, sum, type Fen } from '../money.ts';
import type { KnownClaim, Policy } from '../policy/entitle.ts';
import { entitle } from '../policy/entitle.ts';
import { NOT_COVERED } from '../policy/settle.ts';
import type { Counted } from '../policy/year.ts';

/** Why a claim has no amount: no rules, or nothing of it can be settled anew, because what it was assessed by was erased or never was. */
export const UNCOVERED = [...NOT_COVERED, 'ERASED', 'NOT_ASSESSED'] as const;
export type Uncovered = (typeof UNCOVERED)[number];

/** What claims come to together. Amounts in fen; `people` are those who have a claim among them. */
export type Totals = {
  people: number;
  claims: number;
  submittedFen: Fen;
  covered: number;
  /** of those covered */
  eligibleFen: Fen;
  pooledFen: Fen;
  largeAmountFen: Fen;
  planFen: Fen;
  uncovered: Partial<Record<Uncovered, { claims: number; submittedFen: Fen }>>;
};

export const noTotals = (): Totals => ({
  ...{ people: 0, claims: 0, submittedFen: fen(0), covered: 0 },
  ...{ eligibleFen: fen(0), pooledFen: fen(0), largeAmountFen: fen(0), planFen: fen(0), uncovered: {} },
});

export const benefitOf = ({ pooledFen, largeAmountFen, planFen }: Totals): Fen => fen(pooledFen + largeAmountFen + planFen);

export function addTotals(a: Totals, b: Totals): Totals {
  const uncovered: Totals['uncovered'] = { ...a.uncovered };
  for (const why of UNCOVERED) {
    const [one, other] = [a.uncovered[why], b.uncovered[why]];
    if (other) uncovered[why] = { claims: (one?.claims ?? 0) + other.claims, submittedFen: fen((one?.submittedFen ?? 0) + other.submittedFen) };
  }
  const total = (name: 'submittedFen' | 'eligibleFen' | 'pooledFen' | 'largeAmountFen' | 'planFen'): Fen => fen(a[name] + b[name]);
  return {
    ...{ people: a.people + b.people, claims: a.claims + b.claims, covered: a.covered + b.covered, uncovered },
    ...{ submittedFen: total('submittedFen'), eligibleFen: total('eligibleFen') },
    ...{ pooledFen: total('pooledFen'), largeAmountFen: total('largeAmountFen'), planFen: total('planFen') },
  };
}

/** A claim of a person's year. `known`: null where it was erased, undefined where it never was assessed. `counts`: it is among those that are asked about. */
export type YearClaim = { unitId: string; counts: boolean; submittedFen: Fen; known: KnownClaim | null | undefined; policy: Policy };

/** Settles a person's claims of a year in the order in which they were assessed, and adds each to its unit's totals. */
export function settleYear(claims: readonly YearClaim[], units: Map<string, Totals>): void {
  const earlier: Counted[] = [];
  const seen = new Set<string>();
  for (const { unitId, counts, submittedFen, known, policy } of claims) {
    const result = known ? entitle(known, policy, earlier) : ({ covered: false, why: known === null ? 'ERASED' : 'NOT_ASSESSED' } as const);
    if (known && result.covered)
      earlier.push({ kind: known.kind, rulebookId: policy.rulebook?.id ?? null, planId: policy.plan?.id ?? null, adds: result.adds });
    if (!counts) continue;
    const one: Totals = { ...noTotals(), people: seen.has(unitId) ? 0 : 1, claims: 1, submittedFen };
    seen.add(unitId);
    if (result.covered) {
      // what was settled on the spot uses up caps, and is nothing that the claim is paid
      const from = (source: FundingSource): Fen => sum(result.funding.filter((line) => line.source === source).map(({ amountFen }) => amountFen));
      const funding = { pooledFen: from('bureau_fund'), largeAmountFen: from('large_amount'), planFen: from('employer_plan') };
      Object.assign(one, { covered: 1, eligibleFen: result.eligibleFen, ...funding });
    } else one.uncovered = { [result.why]: { claims: 1, submittedFen } };
    units.set(unitId, addTotals(units.get(unitId) ?? noTotals(), one));
  }
}

import type { FundingSource } from '../bureau/decision.ts';
import { isMainland, isSameCity } from '../bureau/region.ts';
import type { Day } from '../calendar.ts';
import type { Circumstance, ClaimKind } from '../claim/completeness.ts';
import type { ReasonCode } from '../claim/reasons.ts';
import { fen, min, share, subtract, sum, type Fen } from '../money.ts';
import type { SettlementMode } from './catalogue.ts';
import { doubtsOf, type Doubt } from './doubts.ts';
import { allowancesOf, quantitiesUsed, type Quantities } from './limits.ts';
import { allocateOver, scopeOf, type CostLine } from './lines.ts';
import { payByPlan, planTerms } from './plan.ts';
import {
  inForce,
  rowFor,
  type Benefit,
  type Case,
  type CrossRegion,
  type EmployerPlan,
  type Entry,
  type PersonType,
  type Rulebook,
  type Segment,
} from './rulebook.ts';

/** What a settlement is asked about. Amounts in fen, days `yyyy-MM-dd`. */
export type Treatment = {
  insuredRegion: string;
  treatedRegion: string;
  kind: ClaimKind;
  visitStart: Day;
  personType: PersonType;
  age: number;
  hospital: { grade: Case['grade']; tier?: Case['tier'] };
  circumstances: readonly Circumstance[];
  /** direct: the hospital has settled with the funds, and only the personal part is left to claim; claimed afterwards where it is absent */
  settlement?: SettlementMode;
  lines: readonly CostLine[];
  soFar: SoFar;
};

/** What the person has had in this calendar year before, of the same kind of benefit. */
export type SoFar = {
  /** of a deductible that is asked once a year */
  deductibleFen: Fen;
  /** costs in scope */
  scopeFen: Fen;
  pooledFen: Fen;
  largeAmountFen: Fen;
  planFen: Fen;
  stays: number;
  /** of items with a treatment limit, what was paid for */
  quantities?: Quantities;
};

/** Where a rule comes from: shown with everything that it takes away. */
export type Origin = { rulebook: string; source: string; confirmed: boolean };
export const RULES = [
  'catalogue',
  'restricted-use',
  'treatment-limit',
  'price-limit',
  'pre-self-pay',
  'deductible',
  'ratio',
  'annual-cap',
  'on-the-spot',
] as const;
export type Rule = (typeof RULES)[number];
export type Deduction = { code: ReasonCode; rule: Rule; amountFen: Fen; origin: Origin };

export type SettledLine = { lineNo: number; submittedFen: Fen; eligibleFen: Fen; deductions: Deduction[]; benefitFen: Fen };
/** A part of the costs in scope with the ratio that it was paid at. */
export type Step = { fromFen: Fen; toFen: Fen; bp: number; costFen: Fen; benefitFen: Fen; fund: Segment['fund'] };

/** `submittedFen − benefitFen = Σ deductions`, of each line and of all. */
export type Settlement = {
  covered: true;
  submittedFen: Fen;
  eligibleFen: Fen;
  benefitFen: Fen;
  lines: SettledLine[];
  deductions: Deduction[];
  funding: { source: FundingSource; amountFen: Fen }[];
  steps: Step[];
  /** what it came from without a primary source; settlements that were stored before do not say so */
  doubts?: Doubt[];
  /** points that were taken from the ratios because of where the treatment was */
  lessBp: number;
  /** what this adds to the year, whoever was paid it and where */
  adds: SoFar;
};
/** Nothing is guessed: a person decides. */
export type NotCovered = { covered: false; why: (typeof NOT_COVERED)[number] };
/** The law excludes it, there are no rules for it, or (of a stored claim) nobody knows what they ask for. */
export const NOT_COVERED = [
  'TREATED_ABROAD',
  ...(['NO_RULEBOOK', 'NOT_IN_FORCE', 'KIND_NOT_COVERED', 'CASE_NOT_COVERED'] as const),
  ...(['HOSPITAL_UNKNOWN', 'AGE_UNKNOWN', 'PLAN_UNKNOWN', 'SETTLEMENT_MIXED'] as const),
] as const;

/**
 * What a claim is paid: each line's part in scope, then the deductible, the ratios by segment, the year's cap, the large-amount fund, and the employer's plan on top
 * (domain.md § 2; every line and every share is rounded half up to the fen). Amounts of the claim are allocated to its lines by largest remainder, in line order.
 * What was settled on the spot used up deductible and caps in the same way, but the funds' part was paid at the hospital: it is no benefit of the claim, and the plan's part is all.
 */
export function settle(treatment: Treatment, rulebook: Rulebook, plan?: EmployerPlan): Settlement | NotCovered {
  const day = treatment.visitStart;
  if (!isMainland(treatment.treatedRegion)) return { covered: false, why: 'TREATED_ABROAD' };
  const benefit = rulebook.benefits.find(({ kinds }) => kinds.includes(treatment.kind));
  if (!benefit) return { covered: false, why: 'KIND_NOT_COVERED' };
  const { soFar } = treatment;
  const about: Case = {
    ...{ personType: treatment.personType, age: treatment.age, grade: treatment.hospital.grade, tier: treatment.hospital.tier ?? 'provincial' },
    stay: soFar.stays === 0 ? 'first' : 'later',
  };
  const rules = rulesFor(rulebook, benefit, about, day);
  if (!rules.covered) return rules;
  const origin = ({ source, confirmed }: Pick<Entry<unknown>, 'source' | 'confirmed'>): Origin => ({ rulebook: rulebook.id, source, confirmed });

  const allowances = allowancesOf(treatment.lines, rulebook.limits, { day, used: soFar.quantities ?? {} });
  const scoped = treatment.lines.map((line, index) => scopeOf(line, rulebook.id, allowances[index]));
  const scopeFen = sum(scoped.map((line) => line.inScopeFen));
  const { per, fen: wholeDeductible } = rules.deductible.value;
  const dueFen = per === 'stay' ? wholeDeductible : fen(Math.max(0, wholeDeductible - soFar.deductibleFen));
  const deductibleFen = min(dueFen, scopeFen);

  const lessBp = lessFor(treatment, rules.crossRegion.value);
  const startFen = per === 'stay' ? fen(0) : soFar.scopeFen;
  const steps = stepsOf(rules.segments.value, { fromFen: fen(startFen + deductibleFen), toFen: fen(startFen + scopeFen), lessBp });
  const paid = capped(steps, { capFen: rules.cap.value, largeAmount: rules.largeAmount?.value, soFar });
  const fromPlan = payByPlan(plan, { ...{ kind: treatment.kind, day, scoped, deductibleFen, soFar }, paidFen: fen(paid.pooledFen + paid.largeAmountFen) });

  const paidBefore = treatment.settlement === 'direct';
  const fundsFen = fen(paid.pooledFen + paid.largeAmountFen);
  const cutFen = fen(Math.max(0, Math.min(paid.cutFen, scopeFen - deductibleFen - fundsFen - fromPlan)));
  const lines = allocateOver(scoped, [
    { code: 'DEDUCTIBLE', rule: 'deductible', amountFen: deductibleFen, origin: origin(rules.deductible) },
    { code: 'QUOTA_USED', rule: 'annual-cap', amountFen: cutFen, origin: origin(rules.cap) },
    {
      ...{ code: 'COINSURANCE', rule: 'ratio', origin: origin(rules.segments) },
      amountFen: fen(scopeFen - deductibleFen - cutFen - fundsFen - fromPlan),
    },
    { code: 'PAID_ON_THE_SPOT', rule: 'on-the-spot', amountFen: paidBefore ? fundsFen : fen(0), origin: origin(rules.segments) },
  ]);
  return {
    covered: true,
    submittedFen: sum(lines.map((line) => line.submittedFen)),
    eligibleFen: scopeFen,
    benefitFen: paidBefore ? fromPlan : fen(fundsFen + fromPlan),
    lines,
    deductions: total(lines),
    funding: [
      { source: 'bureau_fund' as const, amountFen: paidBefore ? fen(0) : paid.pooledFen },
      { source: 'large_amount' as const, amountFen: paidBefore ? fen(0) : paid.largeAmountFen },
      { source: 'employer_plan' as const, amountFen: fromPlan },
    ].filter(({ amountFen }) => amountFen > 0),
    steps,
    doubts: doubtsOf({ ...treatment, allowances }, scopeFen === 0 ? {} : rulesAsked(treatment, rules, { overCap: paid.overCap, plan })),
    lessBp,
    adds: {
      ...{ deductibleFen, scopeFen, pooledFen: paid.pooledFen, largeAmountFen: paid.largeAmountFen, planFen: fromPlan },
      ...{ stays: benefit.kinds.includes('INPATIENT') ? 1 : 0, quantities: quantitiesUsed(treatment.lines, allowances) },
    },
  };
}

/** What a person has had after another claim. */
export function addSoFar(before: SoFar, adds: SoFar): SoFar {
  const quantities: Record<string, number> = { ...before.quantities };
  for (const [code, quantity] of Object.entries(adds.quantities ?? {})) quantities[code] = (quantities[code] ?? 0) + quantity;
  return {
    deductibleFen: sum([before.deductibleFen, adds.deductibleFen]),
    scopeFen: sum([before.scopeFen, adds.scopeFen]),
    pooledFen: sum([before.pooledFen, adds.pooledFen]),
    largeAmountFen: sum([before.largeAmountFen, adds.largeAmountFen]),
    planFen: sum([before.planFen, adds.planFen]),
    stays: before.stays + adds.stays,
    quantities,
  };
}

function rulesFor(rulebook: Rulebook, benefit: Benefit, about: Case, day: Day) {
  const deductible = inForce(benefit.deductible, day);
  const ratio = inForce(benefit.ratio, day);
  const cap = inForce(benefit.cap, day);
  const crossRegion = inForce(rulebook.crossRegion, day);
  if (!deductible || !ratio || !cap || !crossRegion) return { covered: false, why: 'NOT_IN_FORCE' } as const;
  const due = rowFor(deductible.value.table, about);
  const segments = rowFor(ratio.value.table, about);
  const limit = rowFor(cap.value.table, about);
  if (!due || !segments || !limit) return { covered: false, why: 'CASE_NOT_COVERED' } as const;
  return {
    covered: true,
    deductible: { ...deductible, value: { per: deductible.value.per, fen: due.fen } },
    segments: { ...ratio, value: segments.segments },
    cap: { ...cap, value: limit.fen },
    largeAmount: inForce(benefit.largeAmount, day),
    crossRegion,
  } as const;
}

/** Points that the ratios lose. An emergency rescue counts as filed; somebody who lives there is paid as at home. */
function lessFor({ insuredRegion, treatedRegion, circumstances }: Treatment, { countsAsFiled, lessBp }: CrossRegion): number {
  if (isSameCity(insuredRegion, treatedRegion)) return 0;
  if (circumstances.includes('LONG_TERM_RESIDENT')) return lessBp.longTermResident;
  if (circumstances.includes('EMERGENCY')) return lessBp.emergency;
  if (circumstances.includes('NO_REFERRAL')) return lessBp.unfiled;
  const filed = circumstances.includes('REFERRAL_FILED') || countsAsFiled.some((digits) => treatedRegion.startsWith(digits));
  return filed ? lessBp.filed : lessBp.unfiled;
}

/** The costs between `fromFen` and `toFen`, cut at the bounds of the segments. */
function stepsOf(segments: readonly Segment[], { fromFen, toFen, lessBp }: { fromFen: Fen; toFen: Fen; lessBp: number }): Step[] {
  return segments.flatMap(({ overFen, bp, fund }, index) => {
    const start = Math.max(overFen, fromFen);
    const end = Math.min(segments[index + 1]?.overFen ?? Number.MAX_SAFE_INTEGER, toFen);
    if (end <= start) return [];
    const paidBp = Math.max(0, bp - lessBp);
    const costFen = fen(end - start);
    return [{ fromFen: fen(start), toFen: fen(end), bp: paidBp, costFen, benefitFen: share(costFen, paidBp), fund }];
  });
}

/** What the funds pay under the year's caps. `cutFen`: what a cap keeps back; `overCap`: the large-amount fund was asked. */
function capped(
  steps: readonly Step[],
  { capFen, largeAmount, soFar }: { capFen: Fen; largeAmount: { bp: number; capFen: Fen } | undefined; soFar: SoFar },
): { overCap: boolean; pooledFen: Fen; largeAmountFen: Fen; cutFen: Fen } {
  const of = (fund: Segment['fund']): Fen => sum(steps.filter((step) => step.fund === fund).map((step) => step.benefitFen));
  const wantedFen = of('bureau_fund');
  const pooledFen = min(wantedFen, fen(Math.max(0, capFen - soFar.pooledFen)));
  const overFen = subtract(wantedFen, pooledFen);
  const large = fen(of('large_amount') + (largeAmount ? share(overFen, largeAmount.bp) : 0));
  const largeAmountFen = largeAmount ? min(large, fen(Math.max(0, largeAmount.capFen - soFar.largeAmountFen))) : large;
  return { overCap: overFen > 0 || large > 0, pooledFen, largeAmountFen, cutFen: fen(overFen + of('large_amount') - largeAmountFen) };
}

/** The rules that costs in scope were settled by. */
function rulesAsked(
  { insuredRegion, treatedRegion, kind, visitStart }: Treatment,
  { deductible, segments, crossRegion, cap, largeAmount }: Extract<ReturnType<typeof rulesFor>, { covered: true }>,
  { overCap, plan }: { overCap: boolean; plan: EmployerPlan | undefined },
): Parameters<typeof doubtsOf>[1] {
  return {
    ...{ deductible, ratio: segments, 'annual-cap': cap, 'employer-plan': Object.values(planTerms(plan, kind, visitStart) ?? {}) },
    ...(!isSameCity(insuredRegion, treatedRegion) && { 'cross-region': crossRegion }),
    ...(overCap && { 'large-amount': largeAmount }),
  };
}

/** One deduction for each rule, in the order in which they come first. */
function total(lines: readonly SettledLine[]): Deduction[] {
  const all = new Map<Rule, Deduction>();
  for (const { deductions } of lines)
    for (const deduction of deductions) {
      const before = all.get(deduction.rule);
      if (before) before.amountFen = fen(before.amountFen + deduction.amountFen);
      else all.set(deduction.rule, { ...deduction });
    }
  return [...all.values()];
}

import type { Day } from '#domain/calendar.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { fen, formatYuan, parseYuan, sum, type Fen } from '#domain/money.ts';
import { completeLines, type StatedLine } from '#domain/policy/catalogue.ts';
import type { Versioned } from '#domain/policy/edition.ts';
import { explain, explainLine } from '#domain/policy/explain.ts';
import { completeHospital } from '#domain/policy/hospitals.ts';
import type { Policies } from '#domain/policy/policies.ts';
import type { Quantities } from '#domain/policy/limits.ts';
import { quantityOf } from '#domain/policy/quantity.ts';
import { review } from '#domain/policy/pre-review.ts';
import { isFor, type EmployerPlan, type PersonType, type Rulebook } from '#domain/policy/rulebook.ts';
import { settle, type Deduction, type NotCovered, type Settlement, type SoFar, type Treatment } from '#domain/policy/settle.ts';
import { quantitiesSoFar, soFarOf as yearSoFar, type Counted } from '#domain/policy/year.ts';
import type { Estimate, EstimateRequest, PersonEstimateRequest } from './contract/estimates.ts';
import { AMOUNT_LIMIT_FEN } from './limits.ts';

/** Who is treated, and what the year has used up before. `age`: null where nobody knows. */
type Person = {
  insuredRegion: string;
  scheme: string;
  personType: PersonType;
  age: number | null;
  onFile: { identity: boolean; account: boolean };
  soFar: (rules: { rulebook: Rulebook; plan: EmployerPlan | undefined }) => SoFar;
  quantities: (rulebook: Rulebook) => Quantities;
};
type Told = { ok: true; estimate: Estimate } | Refusal;

/** What would be paid, what would be refused and why, and what is missing. `today`: the day of Shanghai. */
export function estimateOf(request: EstimateRequest, policies: Policies, today: Day): Told {
  const plan = planOf(request.plan, policies);
  if (plan === undefined) return refuse('PLAN_UNKNOWN');
  const soFar = soFarOf(request.soFar);
  const person = { ...request, onFile: { identity: true, account: true }, soFar: () => soFar, quantities: () => soFar.quantities };
  return estimate(request, person, { policies, plan, today: request.submittedOn ?? today });
}

/** What is on file of somebody. `earlier`: what the other claims of the year have added to it. */
export type KnownPerson = Omit<Person, 'soFar' | 'quantities'> & { plan: string | null; earlier: readonly Counted[] };

/** The same for somebody whom we know: as intake would settle it today (`activities/claim/entitlement.ts`). */
export function estimateFor(request: PersonEstimateRequest, { plan: planId, earlier, ...known }: KnownPerson, policies: Policies, today: Day): Told {
  const plan = planOf(planId ?? undefined, policies);
  // a plan that there is none of is the unit's mistake: a person decides, and nothing is guessed
  if (plan === undefined) return refuse('PLAN_UNKNOWN');
  const person: Person = {
    ...known,
    soFar: (rules) => yearSoFar(earlier, { kind: request.kind, ...rules }),
    quantities: (rulebook) => quantitiesSoFar(earlier, rulebook),
  };
  return estimate(request, person, { policies, plan, today });
}

/** null: none is named; undefined: there is no such plan */
const planOf = (id: string | undefined, { plans }: Policies) => (id === undefined ? null : plans.find(({ value }) => value.id === id));

function estimate(
  request: PersonEstimateRequest,
  person: Person,
  { policies, plan, today }: { policies: Policies; plan: Versioned<EmployerPlan> | null; today: Day },
): Told {
  if (request.visit.start > request.visit.end) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'visit' } });
  const asked = { ...request, ...person };
  const rulebook = policies.rulebooks.find(({ value }) => isFor(value, asked));
  const stated = request.lines.map(statedLineOf);
  const submittedFen = sum(stated.map((line) => line.amountFen));
  if (submittedFen > AMOUNT_LIMIT_FEN) return refuse('AMOUNT_INVALID', { params: { path: 'lines' } });

  const about = { ...asked, ...policies, rulebook: rulebook?.value, day: request.visit.start };
  const where = completeHospital(request.hospital, about);
  if (!where.ok && where.why === 'GRADE_UNKNOWN') return refuse('HOSPITAL_UNKNOWN', { params: { path: 'hospital.grade' } });
  const completed = completeLines(stated, { ...about, grade: where.ok ? where.hospital.grade : undefined });
  if (!completed.ok) {
    const paths = completed.unclassified.map((lineNo) => `lines.${lineNo - 1}.itemClass`);
    return refuse('ITEM_CLASS_REQUIRED', { params: { path: paths[0] ?? 'lines', paths } });
  }

  const { lines } = completed;
  const treatment = { ...asked, visitStart: request.visit.start, hospital: where.ok ? where.hospital : null, lines };
  const result = settledBy({ rulebook: rulebook?.value, plan: plan?.value }, treatment);
  const used = rulebook ? person.quantities(rulebook.value) : {};
  const findings = [...review({ ...asked, lines, used, today }, rulebook?.value), ...where.findings, ...completed.findings];
  const told = {
    ...amountsOf(result, submittedFen),
    findings: findings.map(({ lineNo = null, document = null, ...finding }) => ({ ...finding, lineNo, document })),
    rulebook: rulebook ? { id: rulebook.value.id, version: rulebook.version } : null,
    plan: plan ? { id: plan.value.id, version: plan.version } : null,
  };
  return { ok: true, estimate: told };
}

type Unsettled = Omit<Treatment, 'hospital' | 'age' | 'soFar'> & Pick<Person, 'age' | 'soFar'> & { hospital: Treatment['hospital'] | null };

function settledBy({ rulebook, plan }: { rulebook: Rulebook | undefined; plan: EmployerPlan | undefined }, treatment: Unsettled): Settlement | NotCovered {
  if (!rulebook) return { covered: false, why: 'NO_RULEBOOK' };
  const { hospital, age, soFar, ...rest } = treatment;
  if (!hospital) return { covered: false, why: 'HOSPITAL_UNKNOWN' };
  if (age === null) return { covered: false, why: 'AGE_UNKNOWN' };
  return settle({ ...rest, hospital, age, soFar: soFar({ rulebook, plan }) }, rulebook, plan);
}

/** A settlement in yuan and in words; amounts that nobody can know are null. */
export function amountsOf(result: Settlement | NotCovered, submittedFen: Fen): Omit<Estimate, 'findings' | 'rulebook' | 'plan'> {
  const { zh, en, steps, unconfirmed } = explain(result);
  const told = { submitted: formatYuan(submittedFen), explanation: { zh, en }, steps, unconfirmed };
  if (!result.covered) return { covered: false, ...told, eligible: null, benefit: null, deductions: [], funding: [], lines: [] };
  return {
    ...{ covered: true, ...told, eligible: formatYuan(result.eligibleFen), benefit: formatYuan(result.benefitFen) },
    deductions: result.deductions.map(deductionToJson),
    funding: result.funding.map(({ source, amountFen }) => ({ source, amount: formatYuan(amountFen) })),
    lines: result.lines.map((line) => ({
      ...{ lineNo: line.lineNo, submitted: formatYuan(line.submittedFen), eligible: formatYuan(line.eligibleFen), benefit: formatYuan(line.benefitFen) },
      ...{ deductions: line.deductions.map(deductionToJson), explanation: explainLine(line) },
    })),
  };
}

function deductionToJson({ code, rule, amountFen, origin }: Deduction): Estimate['deductions'][number] {
  return { code, rule, amount: formatYuan(amountFen), source: origin.source, confirmed: origin.confirmed };
}

function soFarOf({ deductible, scope, pooled, largeAmount, plan, stays, quantities }: EstimateRequest['soFar']) {
  const used = new Map<string, number>();
  for (const { itemCode, quantity } of quantities) used.set(itemCode, (used.get(itemCode) ?? 0) + quantityOf(quantity));
  return {
    ...{ deductibleFen: amountOf(deductible), scopeFen: amountOf(scope), pooledFen: amountOf(pooled) },
    ...{ largeAmountFen: amountOf(largeAmount), planFen: amountOf(plan), stays, quantities: Object.fromEntries(used) },
  };
}

function statedLineOf({ amount, priceLimit, preSelfPay, ...line }: EstimateRequest['lines'][number], index: number): StatedLine {
  return {
    ...{ ...line, lineNo: index + 1, amountFen: amountOf(amount) },
    ...(priceLimit !== undefined && { priceLimitFen: amountOf(priceLimit) }),
    ...(preSelfPay !== undefined && { preSelfPayBp: amountOf(preSelfPay) }),
  };
}

/** The contract has matched the text already. A percentage with two places is as many basis points as a yuan has fen. */
function amountOf(text: string): Fen {
  return parseYuan(text) ?? fen(Number.NaN);
}

import type { Day } from '#domain/calendar.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { fen, formatYuan, parseYuan, sum, type Fen } from '#domain/money.ts';
import { completeLines, type StatedLine } from '#domain/policy/catalogue.ts';
import type { Versioned } from '#domain/policy/edition.ts';
import { explain, explainLine } from '#domain/policy/explain.ts';
import { completeHospital } from '#domain/policy/hospitals.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { quantityOf } from '#domain/policy/quantity.ts';
import { review } from '#domain/policy/pre-review.ts';
import { isFor, type EmployerPlan, type Rulebook } from '#domain/policy/rulebook.ts';
import { settle, type Deduction, type NotCovered, type Settlement, type Treatment } from '#domain/policy/settle.ts';
import type { Estimate, EstimateRequest } from './contract/estimates.ts';
import { AMOUNT_LIMIT_FEN } from './limits.ts';

/** What would be paid, what would be refused and why, and what is missing. `today`: the day of Shanghai. */
export function estimateOf(request: EstimateRequest, policies: Policies, today: Day): { ok: true; estimate: Estimate } | Refusal {
  if (request.visit.start > request.visit.end) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'visit' } });
  const rulebook = policies.rulebooks.find(({ value }) => isFor(value, request));
  const plan = request.plan === undefined ? undefined : policies.plans.find(({ value }) => value.id === request.plan);
  if (request.plan !== undefined && !plan) return refuse('PLAN_UNKNOWN');
  const stated = request.lines.map(statedLineOf);
  const submittedFen = sum(stated.map((line) => line.amountFen));
  if (submittedFen > AMOUNT_LIMIT_FEN) return refuse('AMOUNT_INVALID', { params: { path: 'lines' } });

  const about = { ...request, ...policies, rulebook: rulebook?.value, day: request.visit.start };
  const where = completeHospital(request.hospital, about);
  if (!where.ok && where.why === 'GRADE_UNKNOWN') return refuse('HOSPITAL_UNKNOWN', { params: { path: 'hospital.grade' } });
  const completed = completeLines(stated, { ...about, grade: where.ok ? where.hospital.grade : undefined });
  if (!completed.ok) {
    const paths = completed.unclassified.map((lineNo) => `lines.${lineNo - 1}.itemClass`);
    return refuse('ITEM_CLASS_REQUIRED', { params: { path: paths[0] ?? 'lines', paths } });
  }

  const { lines } = completed;
  const soFar = soFarOf(request.soFar);
  const treatment = where.ok ? { ...request, visitStart: request.visit.start, hospital: where.hospital, lines, soFar } : undefined;
  const result = settledBy(rulebook?.value, plan?.value, treatment);
  const claim = { ...request, lines, used: soFar.quantities, onFile: { identity: true, account: true }, today: request.submittedOn ?? today };
  const findings = [...review(claim, rulebook?.value), ...where.findings, ...completed.findings];
  const estimate = {
    ...amountsOf(result, submittedFen),
    findings: findings.map(({ lineNo = null, document = null, ...finding }) => ({ ...finding, lineNo, document })),
    rulebook: rulebook ? { id: rulebook.value.id, version: rulebook.version } : null,
    plan: namedPlan(plan),
  };
  return { ok: true, estimate };
}

function settledBy(rulebook: Rulebook | undefined, plan: EmployerPlan | undefined, treatment: Treatment | undefined): Settlement | NotCovered {
  if (!rulebook) return { covered: false, why: 'NO_RULEBOOK' };
  return treatment ? settle(treatment, rulebook, plan) : { covered: false, why: 'HOSPITAL_UNKNOWN' };
}

const namedPlan = (plan: Versioned<EmployerPlan> | undefined): Estimate['plan'] => (plan ? { id: plan.value.id, version: plan.version } : null);

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

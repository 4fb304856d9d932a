import { fen, min, subtract, sum, type Fen } from '../money.ts';
import type { FundingLine, FundingSource } from '../bureau/decision.ts';

/** What the employer's plan pays one employee in one calendar year, what open claims hold of it, and what was paid. */
export type Quota = { limitFen: Fen; reservedFen: Fen; usedFen: Fen };

const NONE = fen(0);

/** What is left; 0 where the limit was lowered below what is held. */
export function availableQuota(quota: Quota): Fen {
  const left = quota.limitFen - quota.usedFen - quota.reservedFen;
  return left > 0 ? fen(left) : NONE;
}

/**
 * What we pay of a decision: the lines that the unit declares we pay, the plan's own line at most as far as the claim's reservation goes
 * (`null`: the employee has no limit), less what earlier decisions of the claim have paid. Never negative: money back is a reversal, not a payment.
 * `planFen` is the part that uses up the quota, `cutFen` what the quota took away (QUOTA_USED).
 */
export function payableOf(input: { funding: readonly FundingLine[]; pays: readonly FundingSource[]; reservedFen: Fen | null; alreadyPaidFen: Fen }): {
  payableFen: Fen;
  planFen: Fen;
  cutFen: Fen;
} {
  const total = (wanted: (source: FundingSource) => boolean): Fen =>
    sum(input.funding.filter(({ source }) => input.pays.includes(source) && wanted(source)).map(({ amountFen }) => amountFen));
  const funds = total((source) => source !== 'employer_plan');
  const plan = total((source) => source === 'employer_plan');
  const planFen = input.reservedFen === null ? plan : min(plan, input.reservedFen);
  const owed = subtract(sum([funds, planFen]), input.alreadyPaidFen);
  return { payableFen: owed > 0 ? owed : NONE, planFen, cutFen: subtract(plan, planFen) };
}

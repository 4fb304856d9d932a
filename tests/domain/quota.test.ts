import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { availableQuota, payableOf, type Quota } from '#domain/claim/quota.ts';
import { fen, sum } from '#domain/money.ts';

const quota = (limit: number, reserved = 0, used = 0): Quota => ({ limitFen: fen(limit), reservedFen: fen(reserved), usedFen: fen(used) });

test('what is left of a quota is never negative', () => {
  expect(availableQuota(quota(10_000, 2_000, 3_000))).toBe(5_000);
  expect(availableQuota(quota(1_000, 400, 600))).toBe(0);
  expect(availableQuota(quota(1_000, 700, 700))).toBe(0); // the limit was lowered
});

describe('what we pay of a decision', () => {
  const funding = [
    { source: 'bureau_fund' as const, amountFen: fen(30_000) },
    { source: 'large_amount' as const, amountFen: fen(5_000) },
    { source: 'employer_plan' as const, amountFen: fen(2_000) },
  ];
  const ALL = ['bureau_fund', 'large_amount', 'employer_plan'] as const;
  const of = (change: Partial<Parameters<typeof payableOf>[0]>) => payableOf({ funding, pays: ALL, reservedFen: null, alreadyPaidFen: fen(0), ...change });

  test('all lines, where the employer advances the fund’s part', () => expect(of({})).toEqual({ payableFen: 37_000, planFen: 2_000, cutFen: 0 }));
  test('the plan alone, where the bureau pays its own', () => expect(of({ pays: ['employer_plan'] }).payableFen).toBe(2_000));
  test('nothing, where the bureau pays all', () => expect(of({ pays: [] })).toEqual({ payableFen: 0, planFen: 0, cutFen: 0 }));
  test('the plan as far as the quota was held', () => expect(of({ reservedFen: fen(500) })).toEqual({ payableFen: 35_500, planFen: 500, cutFen: 1_500 }));
  test('a supplement is the difference', () => expect(of({ alreadyPaidFen: fen(30_000) }).payableFen).toBe(7_000));
  test('a smaller decision is no negative payment', () => expect(of({ alreadyPaidFen: fen(40_000) }).payableFen).toBe(0));
  test('is never more than the decision', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000_000), { minLength: 3, maxLength: 3 }),
        fc.subarray([...ALL]),
        fc.nat(1_000_000),
        fc.nat(3_000_000),
        (amounts, pays, held, paid) => {
          const lines = ALL.map((source, index) => ({ source, amountFen: fen(amounts[index] ?? 0) }));
          const { payableFen, planFen, cutFen } = payableOf({ funding: lines, pays, reservedFen: fen(held), alreadyPaidFen: fen(paid) });
          expect(payableFen).toBeGreaterThanOrEqual(0);
          expect(payableFen).toBeLessThanOrEqual(Math.max(0, sum(lines.map((line) => line.amountFen)) - paid));
          expect(planFen + cutFen).toBe(pays.includes('employer_plan') ? amounts[2] : 0);
          expect(planFen).toBeLessThanOrEqual(held);
        },
      ),
    );
  });
});

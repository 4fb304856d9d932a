import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CIRCUMSTANCE_CODES, CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { fen, sum } from '#domain/money.ts';
import type { CostLine } from '#domain/policy/lines.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { addSoFar, settle, type Settlement, type SoFar, type Treatment } from '#domain/policy/settle.ts';
import { addsUp, groupPlan, NOTHING_SO_FAR, rulebook } from './books.ts';

const BOOKS: Rulebook[] = ['130100-310', '131000-310', '110000-310'].map(rulebook);
/** All three books limit this item: 30 or 40 in a stay, 90 in a year. */
const LIMITED = '340200020';
const PLAN: EmployerPlan = groupPlan();

const amount = (max: number) => fc.integer({ min: 0, max }).map(fen);
const line = fc.record({
  itemClass: fc.constantFrom('01', '02', '03' as const),
  quantity: fc.constantFrom('1', '2', '0.5', '3.3333', '12', '45'),
  amountFen: amount(5_000_000),
  limited: fc.option(amount(2_000_000)),
  preSelfPayBp: fc.integer({ min: 0, max: 10_000 }),
  outsideRestriction: fc.boolean(),
});
const soFar = fc.record<SoFar>({
  ...{ deductibleFen: amount(200_000), scopeFen: amount(60_000_000), pooledFen: amount(40_000_000), largeAmountFen: amount(60_000_000) },
  ...{ planFen: amount(2_500_000), stays: fc.integer({ min: 0, max: 5 }) },
  quantities: fc.record({ [LIMITED]: fc.integer({ min: 0, max: 1_200_000 }) }),
});
const lines = fc.array(line, { minLength: 1, maxLength: 12 }).map((all) =>
  all.map(({ limited, ...each }, index): CostLine => ({
    ...{ lineNo: index + 1, itemCode: index % 3 === 0 ? LIMITED : `C${index % 4}`, itemName: '项目', ...each },
    ...(limited !== null && { priceLimitFen: limited }),
  })),
);
const about = fc.record({
  ...{ kind: fc.constantFrom(...CLAIM_KIND_CODES), personType: fc.constantFrom('11', '12' as const), age: fc.integer({ min: 0, max: 110 }) },
  ...{ grade: fc.constantFrom('community', '1', '2', '3' as const), tier: fc.constantFrom('municipal', 'provincial' as const) },
  settlement: fc.constantFrom('direct', 'manual' as const),
  ...{ circumstances: fc.subarray(CIRCUMSTANCE_CODES), treatedRegion: fc.constantFrom('110000', '130100', '131000', '310000') },
});
const treatment = fc.record({ about, lines, soFar }).map(({ about: { grade, tier, ...rest }, ...more }): Omit<Treatment, 'insuredRegion'> => ({
  ...rest,
  ...more,
  visitStart: '2026-05-06',
  hospital: { grade, tier },
}));
const book = fc.constantFrom(...BOOKS);
const plan = fc.option(fc.constant(PLAN), { nil: undefined });

const IN_HOSPITAL = {
  ...{ kind: 'INPATIENT' as const, personType: '11' as const, age: 50, hospital: { grade: '3' as const }, circumstances: [], visitStart: '2026-05-06' },
};

function settled(of: Omit<Treatment, 'insuredRegion'>, rules: Rulebook, withPlan?: EmployerPlan): Settlement {
  const result = settle({ ...of, insuredRegion: `${rules.insuredRegions[0]}0000`.slice(0, 6) }, rules, withPlan);
  // the rulebooks have no gaps
  if (!result.covered) throw new Error(result.why);
  return result;
}

describe('whatever is claimed', () => {
  test('no fen is lost and none is made, on a line or on the claim', () => {
    fc.assert(
      fc.property(treatment, book, plan, (of, rules, withPlan) => {
        const result = settled(of, rules, withPlan);
        for (const each of result.lines) {
          expect(addsUp(each)).toBe(true);
          expect(each.benefitFen).toBeGreaterThanOrEqual(0);
          expect(each.benefitFen).toBeLessThanOrEqual(each.eligibleFen);
          for (const { amountFen } of each.deductions) expect(amountFen).toBeGreaterThan(0);
        }
        expect(addsUp(result)).toBe(true);
        expect(sum(result.lines.map((each) => each.benefitFen))).toBe(result.benefitFen);
        expect(sum(result.funding.map(({ amountFen }) => amountFen))).toBe(result.benefitFen);
        expect(result.submittedFen).toBe(sum(of.lines.map((each) => each.amountFen)));
      }),
      { numRuns: 500 },
    );
  });

  test('no cap is passed', () => {
    fc.assert(
      fc.property(treatment, book, plan, (of, rules, withPlan) => {
        const { adds } = settled(of, rules, withPlan);
        // the largest cap of each book: 350 000.00, 200 000.00 and 500 000.00 more, none
        if (rules.id === '130100-310') expect(adds.pooledFen === 0 || of.soFar.pooledFen + adds.pooledFen <= 35_000_000).toBe(true);
        if (rules.id === '131000-310') expect(adds.largeAmountFen === 0 || of.soFar.largeAmountFen + adds.largeAmountFen <= 50_000_000).toBe(true);
        expect(adds.planFen === 0 || of.soFar.planFen + adds.planFen <= 2_000_000).toBe(true);
        const quantity = adds.quantities?.[LIMITED] ?? 0;
        expect(quantity).toBeLessThanOrEqual(rules.id === '110000-310' ? 400_000 : 300_000);
        expect(quantity === 0 || (of.soFar.quantities?.[LIMITED] ?? 0) + quantity <= 900_000).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('more cost in scope never means less benefit, and at most one fen of rounding for each segment', () => {
    fc.assert(
      fc.property(treatment, book, plan, amount(1_000_000), (of, rules, withPlan, more) => {
        const item: CostLine = { lineNo: 99, itemCode: 'M', itemName: '项目', itemClass: '01', quantity: '1', amountFen: more };
        // with what the fund paid at the hospital: where that pays more of it, a plan that fills up to a ratio of its own has less to do
        const received = ({ adds }: Settlement) => adds.pooledFen + adds.largeAmountFen + adds.planFen;
        const before = received(settled(of, rules, withPlan));
        const after = received(settled({ ...of, lines: [...of.lines, item] }, rules, withPlan));
        expect(after).toBeGreaterThanOrEqual(before - 6);
        expect(after - before).toBeLessThanOrEqual(more + 6);
      }),
      { numRuns: 500 },
    );
  });

  test('outpatient claims of a year give the same in whatever order they come, to a fen of rounding for each share', () => {
    const claims = fc.array(fc.array(amount(900_000), { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(claims, book, (year, rules) => {
        const inOrder = (order: typeof year): number => {
          let used = NOTHING_SO_FAR;
          let benefit = 0;
          for (const amounts of order) {
            const result = settled(
              {
                ...{
                  kind: 'OUTPATIENT',
                  personType: '11',
                  age: 50,
                  hospital: { grade: '3' },
                  treatedRegion: rules.id.slice(0, 6),
                  circumstances: [],
                  visitStart: '2026-05-06',
                },
                lines: amounts.map((amountFen, index) => ({ lineNo: index, itemCode: 'A', itemName: '项目', itemClass: '01', quantity: '1', amountFen })),
                soFar: used,
              },
              rules,
            );
            benefit += result.benefitFen;
            used = addSoFar(used, result.adds);
          }
          return benefit;
        };
        expect(Math.abs(inOrder(year) - inOrder(year.toReversed()))).toBeLessThanOrEqual(2 * year.length);
      }),
      { numRuns: 200 },
    );
  });

  test('more of a limited item never means less benefit, and what is beyond the limit means no more', () => {
    const quantities = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }));
    fc.assert(
      fc.property(book, quantities, fc.integer({ min: 100, max: 50_000 }), (rules, [some, more, before], priceFen) => {
        const of = (quantity: number) => {
          const item: CostLine = {
            lineNo: 1,
            itemCode: LIMITED,
            itemName: '项目',
            itemClass: '01',
            quantity: `${quantity}`,
            amountFen: fen(quantity * priceFen),
          };
          const soFar: SoFar = { ...NOTHING_SO_FAR, quantities: { [LIMITED]: before * 10_000 } };
          return settled({ ...IN_HOSPITAL, treatedRegion: rules.id.slice(0, 6), lines: [item], soFar }, rules);
        };
        const allowed = Math.min(rules.id === '110000-310' ? 40 : 30, Math.max(0, 90 - before));
        expect(of(some + more).benefitFen).toBeGreaterThanOrEqual(of(some).benefitFen);
        expect(of(some).eligibleFen).toBe(Math.min(some, allowed) * priceFen);
      }),
      { numRuns: 300 },
    );
  });

  test('claims of a year with an item that is limited by the year give the same quantity in whatever order they come', () => {
    fc.assert(
      fc.property(book, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 }), (rules, year) => {
        const inOrder = (order: readonly number[]): SoFar => {
          let used = NOTHING_SO_FAR;
          for (const quantity of order) {
            const item: CostLine = {
              lineNo: 1,
              itemCode: LIMITED,
              itemName: '项目',
              itemClass: '01',
              quantity: `${quantity}`,
              amountFen: fen(quantity * 4_000),
            };
            used = addSoFar(used, settled({ ...IN_HOSPITAL, kind: 'OUTPATIENT', treatedRegion: rules.id.slice(0, 6), lines: [item], soFar: used }, rules).adds);
          }
          return used;
        };
        const [forwards, backwards] = [inOrder(year), inOrder(year.toReversed())];
        expect(forwards.quantities).toEqual(backwards.quantities);
        expect(forwards.scopeFen).toBe(backwards.scopeFen);
      }),
      { numRuns: 200 },
    );
  });
});

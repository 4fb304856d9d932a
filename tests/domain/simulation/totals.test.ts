import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen, sum } from '#domain/money.ts';
import { entitle, type KnownClaim } from '#domain/policy/entitle.ts';
import type { Counted } from '#domain/policy/year.ts';
import { shownTotals, SMALLEST_GROUP, smallestSizes, type UnitTotals } from '#domain/simulation/shown.ts';
import { addTotals, benefitOf, noTotals, settleYear, type Totals, type YearClaim } from '#domain/simulation/totals.ts';
import { testPolicies } from '../../setup/policies.ts';

const { rulebooks, plans } = testPolicies();
const [plan] = plans;

const aClaim = fc.record({
  kind: fc.constantFrom<KnownClaim['kind'][]>('OUTPATIENT', 'CHRONIC', 'INPATIENT', 'TRAUMA'),
  city: fc.constantFrom('110000', '130100', '131000', '130700'),
  lines: fc.array(fc.record({ itemClass: fc.constantFrom<('01' | '02' | '03')[]>('01', '02', '03'), amount: fc.integer({ min: 1, max: 30_000_000 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  unitId: fc.constantFrom('A', 'B'),
  counts: fc.boolean(),
  fate: fc.constantFrom('known', 'known', 'known', 'erased', 'never assessed'),
  withPlan: fc.boolean(),
});

describe('a year settled anew under the rules that it was assessed by', () => {
  test('comes to what its assessments came to, one after the other, for whatever claims', () => {
    fc.assert(
      fc.property(fc.array(aClaim, { maxLength: 12 }), (drafts) => {
        const earlier: Counted[] = [];
        const stored = new Map<string, { benefitFen: number; covered: number; claims: number }>();
        const claims = drafts.map(({ kind, city, lines, unitId, counts, fate, withPlan }, index): YearClaim => {
          const known: KnownClaim = {
            ...{ insuredRegion: city, treatedRegion: city, scheme: '310', kind, visitStart: `2026-0${1 + (index % 9)}-11`, personType: '11', age: 40 },
            ...{ hospital: { grade: '3', tier: 'municipal' }, circumstances: [] },
            lines: lines.map(({ itemClass, amount }, n) => ({
              ...{ lineNo: n + 1, itemCode: 'X', itemName: 'x', itemClass, quantity: '1', amountFen: fen(amount) },
            })),
          };
          const rulebook = rulebooks.find(({ value }) => value.insuredRegions.some((digits) => city.startsWith(digits)))?.value;
          const policy = { rulebook, plan: withPlan ? (plan?.value ?? null) : null };
          if (fate === 'known') {
            const result = entitle(known, policy, earlier);
            if (result.covered) earlier.push({ kind, rulebookId: rulebook?.id ?? null, planId: policy.plan?.id ?? null, adds: result.adds });
            const before = stored.get(unitId) ?? { benefitFen: 0, covered: 0, claims: 0 };
            if (counts)
              stored.set(unitId, {
                benefitFen: before.benefitFen + (result.covered ? result.benefitFen : 0),
                covered: before.covered + (result.covered ? 1 : 0),
                claims: before.claims + 1,
              });
          }
          const submittedFen = sum(known.lines.map(({ amountFen }) => amountFen));
          return { unitId, counts, submittedFen, policy, known: fate === 'known' ? known : fate === 'erased' ? null : undefined };
        });
        const units = new Map<string, Totals>();
        settleYear(claims, units);
        for (const unitId of ['A', 'B']) {
          const totals = units.get(unitId) ?? noTotals();
          const { ERASED, NOT_ASSESSED } = totals.uncovered;
          const told = { benefitFen: benefitOf(totals), covered: totals.covered, claims: totals.claims - (ERASED?.claims ?? 0) - (NOT_ASSESSED?.claims ?? 0) };
          expect(told).toEqual(stored.get(unitId) ?? { benefitFen: 0, covered: 0, claims: 0 });
          const own = claims.filter((claim) => claim.counts && claim.unitId === unitId);
          expect(totals).toMatchObject({ claims: own.length, submittedFen: sum(own.map(({ submittedFen }) => submittedFen)), people: own.length > 0 ? 1 : 0 });
          const uncovered = Object.values(totals.uncovered).reduce((all, one) => all + one.claims, 0);
          expect(totals.covered + uncovered).toBe(totals.claims);
        }
      }),
    );
  });
});

test('what was settled on the spot uses up the year and is nothing that the claim is paid', () => {
  const rulebook = rulebooks.find(({ value }) => value.id === '130100-310')?.value;
  const outpatient = (settlement?: KnownClaim['settlement']): YearClaim => ({
    ...{ unitId: 'A', counts: true, submittedFen: fen(400_000), policy: { rulebook, plan: plan?.value ?? null } },
    known: {
      ...{ insuredRegion: '130100', treatedRegion: '130100', scheme: '310', kind: 'OUTPATIENT', visitStart: '2026-03-11', personType: '11', age: 40 },
      ...{ hospital: { grade: '3', tier: 'municipal' }, circumstances: [], ...(settlement && { settlement }) },
      lines: [{ lineNo: 1, itemCode: 'X', itemName: 'x', itemClass: '01', quantity: '1', amountFen: fen(400_000) }],
    },
  });
  const units = new Map<string, Totals>();
  settleYear([outpatient('direct'), outpatient(), outpatient('mixed')], units);
  // at the hospital (4 000 − 100) × 60 % = 2 340.00, and the plan adds 3 120.00 − 2 340.00 = 780.00; then of 2 400.00 the 1 160.00 that 3 500.00 leave, and 3 200.00 − 1 160.00 = 2 040.00
  expect(units.get('A')).toMatchObject({
    ...{ claims: 3, covered: 2, pooledFen: 116_000, planFen: 282_000 },
    uncovered: { SETTLEMENT_MIXED: { claims: 1, submittedFen: 400_000 } },
  });
});

const unit = (unitCode: string, people: number): UnitTotals => ({
  unitCode,
  totals: { ...noTotals(), people, claims: people, submittedFen: fen(people * 100) },
});

describe('of small groups nothing is told', () => {
  test.each([
    ['nobody', [], { total: null, units: [], others: null }],
    ['four in all', [unit('A', 4)], { total: null, units: [], others: null }],
    ['four, from three units', [unit('A', 2), unit('B', 1), unit('C', 1)], { total: null, units: [], others: null }],
    ['five', [unit('A', 5)], { total: 5, units: ['A'], others: null }],
    // or B would be the total less A
    ['five and one', [unit('A', 5), unit('B', 1)], { total: 6, units: [], others: 6 }],
    ['the small ones are enough together', [unit('A', 9), unit('B', 3), unit('C', 2)], { total: 14, units: ['A'], others: 5 }],
    ['the smallest of the others joins them', [unit('A', 9), unit('B', 1), unit('C', 6), unit('D', 7)], { total: 23, units: ['A', 'D'], others: 7 }],
  ])('%s', (_, units, shown) => {
    const { total, others, ...rest } = shownTotals(units);
    expect({ total: total?.people ?? null, units: rest.units.map(({ unitCode }) => unitCode), others: others?.people ?? null }).toEqual(shown);
  });

  test('whatever units there are: every group has five people, and all groups together are the total', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }), (sizes) => {
        const units = sizes.map((people, index) => unit(`U${index}`, people));
        const { total, units: shown, others } = shownTotals(units);
        const groups = [...shown.map(({ totals }) => totals), ...(others ? [others] : [])];
        for (const { people } of groups) expect(people).toBeGreaterThanOrEqual(SMALLEST_GROUP);
        if (total) expect(groups.reduce(addTotals, noTotals())).toEqual(total);
        else expect(groups).toEqual([]);
      }),
    );
  });

  test('beside another run the fewer people count', () => {
    const [one, other] = [
      [unit('A', 9), unit('B', 6)],
      [unit('A', 9), unit('B', 1), unit('C', 8)],
    ];
    const sizes = smallestSizes(one, other);
    expect([...sizes]).toEqual([
      ['A', 9],
      ['B', 1],
      ['C', 0],
    ]);
    // B and C together have one person for sure: A joins them
    expect(shownTotals(one, sizes)).toMatchObject({ units: [], others: { people: 15 } });
  });
});

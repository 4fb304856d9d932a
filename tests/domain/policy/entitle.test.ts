import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { ageOn } from '#domain/policy/age.ts';
import { soFarOf, type Counted } from '#domain/policy/year.ts';
import { testPolicies } from '../../setup/policies.ts';

describe('age by identity number', () => {
  test.each([
    ['130102199003070011', '2026-03-06', 35],
    ['130102199003070011', '2026-03-07', 36],
    ['13010220000229001X', '2026-02-28', 25],
    ['130102200002290018', '2026-03-01', 26],
    // of before 1999: 1945-10-01
    ['130102451001001', '2026-10-01', 81],
    [' 130102199003070011 ', '2026-12-31', 36],
    ['130102199002300011', '2026-12-31', undefined],
    ['130102203001010011', '2026-12-31', undefined],
    ['G12345678', '2026-12-31', undefined],
    ['', '2026-12-31', undefined],
  ])('%s on %s: %s', (identityNo, day, age) => {
    expect(ageOn(identityNo, day)).toBe(age);
  });
});

describe('what counts of the year', () => {
  const { rulebooks, plans } = testPolicies();
  const langfang = rulebooks.find(({ value }) => value.id === '131000-310')?.value;
  const plan = plans[0]?.value;
  if (!langfang || !plan) throw new Error('not there');
  const had = (kind: Counted['kind'], rulebookId: string, planId: string | null, amount: number, stays = 0): Counted => ({
    ...{ kind, rulebookId, planId },
    adds: {
      deductibleFen: fen(amount),
      scopeFen: fen(amount + 1),
      pooledFen: fen(amount + 2),
      largeAmountFen: fen(amount + 3),
      planFen: fen(amount + 4),
      stays,
    },
  });
  const year = [
    had('OUTPATIENT', '131000-310', 'group-plan', 100),
    had('EMERGENCY', '131000-310', null, 200),
    // a benefit of its own in Langfang
    had('CHRONIC', '131000-310', 'group-plan', 1_000),
    had('INPATIENT', '131000-310', 'other-plan', 10_000, 1),
    // before she moved
    had('OUTPATIENT', '130100-310', 'group-plan', 100_000),
  ];

  test.each([
    ['OUTPATIENT', 300, 302, 304, 306, 0],
    ['CHRONIC', 1_000, 1_001, 1_002, 1_003, 0],
    ['TRAUMA', 10_000, 10_001, 10_002, 10_003, 1],
  ] as const)('of the scheme: the same benefit under the same rulebook: %s', (kind, deductible, scope, pooled, large, stays) => {
    expect(soFarOf(year, { kind, rulebook: langfang, plan })).toMatchObject({
      ...{ deductibleFen: deductible, scopeFen: scope, pooledFen: pooled, largeAmountFen: large, stays },
    });
  });

  test('of the plan: everything that it paid, wherever; nothing without one', () => {
    // 104 + 1 004 + 100 004
    expect(soFarOf(year, { kind: 'OUTPATIENT', rulebook: langfang, plan }).planFen).toBe(101_112);
    expect(soFarOf(year, { kind: 'OUTPATIENT', rulebook: langfang, plan: undefined }).planFen).toBe(0);
  });

  test('of an item with a treatment limit: what was paid for under the same rulebook, whatever the benefit', () => {
    const limited = (one: Counted, quantity: number): Counted => ({ ...one, adds: { ...one.adds, quantities: { '340200020': quantity } } });
    const [first, , third, , before] = year;
    if (!first || !third || !before) throw new Error('not there');
    const { quantities } = soFarOf([limited(first, 300_000), limited(third, 250_000), limited(before, 70_000)], {
      ...{ kind: 'OUTPATIENT', rulebook: langfang, plan },
    });
    expect(quantities).toEqual({ '340200020': 550_000 });
  });
});

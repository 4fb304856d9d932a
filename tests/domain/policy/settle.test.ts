import { describe, expect, test } from 'vitest';
import { fen, formatYuan, parseYuan, type Fen } from '#domain/money.ts';
import { explain, explainLine } from '#domain/policy/explain.ts';
import type { CostLine } from '#domain/policy/lines.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { settle, type Settlement, type Treatment } from '#domain/policy/settle.ts';
import { addsUp, groupPlan, NOTHING_SO_FAR, rulebook } from './books.ts';

const yuan = (text: string): Fen => parseYuan(text) ?? fen(Number.NaN);
let lineNo = 0;
const line = (itemClass: CostLine['itemClass'], amount: string, more: Partial<CostLine> = {}): CostLine => ({
  ...{ lineNo: (lineNo += 1), itemCode: `X${lineNo}`, itemName: '项目', itemClass, quantity: '1', amountFen: yuan(amount) },
  ...more,
});
const inShijiazhuang: Omit<Treatment, 'lines'> = {
  ...{ insuredRegion: '130100', treatedRegion: '110000', kind: 'INPATIENT', visitStart: '2026-03-02', personType: '11', age: 40 },
  ...{ hospital: { grade: '3', tier: 'provincial' }, circumstances: ['REFERRAL_FILED'], soFar: NOTHING_SO_FAR },
};

function settled(treatment: Treatment, rules: Rulebook, withPlan?: EmployerPlan): Settlement {
  const result = settle(treatment, rules, withPlan);
  if (!result.covered) throw new Error(result.why);
  return result;
}

describe('the examples of the policy, to the fen', () => {
  const workedA = [
    line('03', '4000.00'),
    // 1 000.00 above the highest price: 3 × 2 000.00
    line('01', '7000.00', { quantity: '3', priceLimitFen: yuan('2000.00') }),
    line('02', '20000.00', { preSelfPayBp: 1_000 }),
    line('01', '19000.00'),
  ];

  test('worked A: insured in Shijiazhuang, in service, grade 3 in Beijing: (50 000 − 4 000 − 1 000 − 2 000 − 900) × 82 % = 34 522.00', () => {
    const result = settled({ ...inShijiazhuang, lines: workedA }, rulebook('130100-310'));
    expect(formatYuan(result.eligibleFen)).toBe('43000.00');
    expect(formatYuan(result.benefitFen)).toBe('34522.00');
    expect(result.deductions.map(({ code, rule, amountFen }) => [code, rule, formatYuan(amountFen)])).toEqual([
      ['NOT_IN_CATALOGUE', 'catalogue', '4000.00'],
      ['ABOVE_TARIFF', 'price-limit', '1000.00'],
      ['DEDUCTIBLE', 'deductible', '900.00'],
      ['COINSURANCE', 'ratio', '7578.00'],
      ['COINSURANCE', 'pre-self-pay', '2000.00'],
    ]);
    // 15 478.00 = 4 000 + 1 000 + 2 000 + 900 + 7 578
    expect(result.submittedFen - result.benefitFen).toBe(1_547_800);
  });

  test('worked A without filing, ten points less: 42 100 × 72 % = 30 312.00', () => {
    const unfiled: Treatment = { ...inShijiazhuang, circumstances: ['NO_REFERRAL'], lines: workedA };
    expect(formatYuan(settled(unfiled, rulebook('130100-310')).benefitFen)).toBe('30312.00');
  });

  test('worked B: Beijing, in service, grade 3, 45 000.00 in scope, first stay: 28 700 × 85 % + 10 000 × 90 % + 5 000 × 95 % = 38 145.00', () => {
    const treatment: Treatment = { ...inShijiazhuang, insuredRegion: '110000', circumstances: [], lines: [line('01', '45000.00')] };
    const result = settled(treatment, rulebook('110000-310'));
    expect(formatYuan(result.benefitFen)).toBe('38145.00');
    expect(result.steps.map(({ costFen, bp, benefitFen }) => [formatYuan(costFen), bp, formatYuan(benefitFen)])).toEqual([
      ['28700.00', 8_500, '24395.00'],
      ['10000.00', 9_000, '9000.00'],
      ['5000.00', 9_500, '4750.00'],
    ]);
  });

  test('published: a Langfang retiree in Beijing, chronic: 64.29 = 32.52 甲 + 31.77 乙, of which 3.18 beforehand; 61.11 × 80 % = 48.89', () => {
    const treatment: Treatment = {
      ...inShijiazhuang,
      ...{ insuredRegion: '131000', kind: 'CHRONIC', personType: '12', age: 66, circumstances: ['LONG_TERM_RESIDENT'] },
      lines: [line('01', '32.52'), line('02', '31.77', { preSelfPayBp: 1_000 })],
    };
    const result = settled(treatment, rulebook('131000-310'));
    expect(result.lines.map((each) => formatYuan(each.eligibleFen))).toEqual(['32.52', '28.59']);
    expect(formatYuan(result.benefitFen)).toBe('48.89');
  });
});

describe('in words', () => {
  test('every yuan of a claim, in both languages', () => {
    const result = settled({ ...inShijiazhuang, lines: [line('01', '10000.00'), line('03', '2000.00')] }, rulebook('130100-310'));
    // (10 000 − 900) × 82 % = 7 462.00; 9 100 − 7 462 = 1 638.00
    const { zh, en, steps, unconfirmed } = explain(result);
    expect(zh).toBe('12 000.00 = 7 462.00 医保统筹报销 + 900.00 起付线 + 1 638.00 按比例自付 + 2 000.00 目录外自费');
    expect(en).toBe('12 000.00 = 7 462.00 paid by the pooled fund + 900.00 deductible + 1 638.00 your share + 2 000.00 not in the catalogue');
    expect(steps.map((step) => step.zh)).toEqual(['9 100.00 × 82% = 7 462.00']);
    expect(unconfirmed.map((text) => text.en)).toEqual(['deductible', 'the ratio', 'the rule for treatment elsewhere', "the year's limit"]);
    expect(result.lines.map((each) => explainLine(each).zh)).toEqual([
      '10 000.00 = 7 462.00 报销 + 900.00 起付线 + 1 638.00 按比例自付',
      '2 000.00 = 2 000.00 目录外自费',
    ]);
  });
});

describe('what no primary source confirms is told where it decided the amount, also where it took nothing away', () => {
  /** Shijiazhuang's rules, all of them confirmed but those of one name; whoever is treated in a hospital pays no share. */
  const allBut = (name: string): Rulebook => {
    const confirm = (node: unknown, under: string): unknown => {
      if (Array.isArray(node)) return node.map((each) => confirm(each, under));
      if (typeof node !== 'object' || node === null) return node;
      const fields = Object.entries(node).map(([key, value]) => [
        key,
        key === 'confirmed' ? under !== name : key === 'bp' ? 10_000 : confirm(value, keyOf(key, under)),
      ]);
      return Object.fromEntries(fields);
    };
    return confirm(rulebook('130100-310'), '') as Rulebook;
  };
  const keyOf = (key: string, under: string): string => (['deductible', 'ratio', 'cap', 'crossRegion', 'limits', 'largeAmount'].includes(key) ? key : under);
  const therapy = line('01', '100.00', { itemCode: '340200020', quantity: '2' });
  const listed = (confirmed: boolean): CostLine => line('01', '100.00', { catalogue: { source: 'list', confirmed, hasLimit: false } });

  test.each<[string, Partial<Treatment>, string[]]>([
    ['none', {}, []],
    // a ratio of 100 % leaves no share
    ['ratio', {}, ['ratio']],
    // 350 000.00 a year are far away
    ['cap', {}, ['annual-cap']],
    // used up by an earlier one
    ['deductible', { kind: 'OUTPATIENT', soFar: { ...NOTHING_SO_FAR, deductibleFen: yuan('100.00') } }, ['deductible']],
    // Beijing counts as filed: no points less, by that rule
    ['crossRegion', {}, ['cross-region']],
    ['crossRegion', { treatedRegion: '130102' }, []],
    // 2 of 30
    ['limits', { lines: [therapy] }, ['treatment-limit']],
    ['limits', {}, []],
    ['none', { lines: [listed(true), listed(false)] }, ['catalogue']],
    ['none', { lines: [listed(true)] }, []],
    // nothing in scope, so nothing of the rulebook was asked
    ['ratio', { lines: [line('03', '100.00')] }, []],
  ])('unconfirmed: %s', (name, about, doubts) => {
    const result = settled({ ...inShijiazhuang, lines: [line('01', '10000.00')], ...about }, allBut(name));
    expect(result.doubts).toEqual(doubts);
    expect(result.deductions.some(({ rule }) => doubts.some((doubt) => doubt === rule))).toBe(false);
    expect(explain(result).unconfirmed).toHaveLength(doubts.length);
  });

  test("the large-amount fund's rule once it is asked, and the employer's plan once there is one", () => {
    const plan = groupPlan();
    const [benefit] = plan.benefits;
    const unconfirmed = {
      ...plan,
      benefits: [{ ...benefit, kinds: ['INPATIENT'], quota: benefit?.quota.map((entry) => ({ ...entry, confirmed: false })) }],
    } as EmployerPlan;
    expect(settled({ ...inShijiazhuang, lines: [line('01', '10000.00')] }, allBut('none'), unconfirmed).doubts).toEqual(['employer-plan']);
    const langfang = (amount: string): Treatment => ({ ...inShijiazhuang, insuredRegion: '131000', treatedRegion: '131000', lines: [line('01', amount)] });
    const doubtsAt = (amount: string) => settled(langfang(amount), rulebook('131000-310')).doubts;
    // (200 000 − 800) × 85 % are below 200 000.00, (300 000 − 800) × 85 % = 254 320.00 are not
    expect(doubtsAt('200000.00')).not.toContain('large-amount');
    expect(doubtsAt('300000.00')).toContain('large-amount');
  });

  test('of what was stored before it was kept, what took something away', () => {
    const { doubts: _, ...stored } = settled({ ...inShijiazhuang, lines: [line('01', '10000.00')] }, rulebook('130100-310'));
    expect(explain(stored).unconfirmed.map(({ en }) => en)).toEqual(['deductible', 'your share']);
  });
});

test('the employer raises 70 % to 80 %: 8 200.00 above the deductible in Beijing, outpatient: 5 740.00 from the fund and 820.00 from the plan', () => {
  const treatment: Treatment = {
    ...inShijiazhuang,
    ...{ insuredRegion: '110000', kind: 'OUTPATIENT', circumstances: [], lines: [line('01', '10000.00')] },
  };
  const result = settled(treatment, rulebook('110000-310'), groupPlan());
  expect(result.funding.map(({ source, amountFen }) => [source, formatYuan(amountFen)])).toEqual([
    ['bureau_fund', '5740.00'],
    ['employer_plan', '820.00'],
  ]);
  expect(result.lines.every(addsUp)).toBe(true);
  const used = { ...NOTHING_SO_FAR, planFen: yuan('19900.00') };
  const nearly = settled({ ...treatment, soFar: used }, rulebook('110000-310'), groupPlan());
  expect(nearly.funding.at(-1)).toEqual({ source: 'employer_plan', amountFen: yuan('100.00') });
});

describe('settled on the spot: the funds have paid at the hospital, and the personal part is all that is left to claim', () => {
  const outpatient: Treatment = {
    ...inShijiazhuang,
    ...{ insuredRegion: '110000', kind: 'OUTPATIENT', circumstances: [], lines: [line('01', '8000.00'), line('01', '2000.00'), line('03', '500.00')] },
  };

  test('of 10 500.00 the fund paid 8 200.00 × 70 % = 5 740.00 there; the plan raises that to 80 %: 6 560.00 − 5 740.00 = 820.00', () => {
    const rules = rulebook('110000-310');
    const result = settled({ ...outpatient, settlement: 'direct' }, rules, groupPlan());
    const afterwards = settled(outpatient, rules, groupPlan());
    expect(result.funding).toEqual([{ source: 'employer_plan', amountFen: yuan('820.00') }]);
    expect([result, afterwards].map(({ benefitFen }) => formatYuan(benefitFen))).toEqual(['820.00', '6560.00']);
    expect(result.deductions.find(({ rule }) => rule === 'on-the-spot')).toMatchObject({ code: 'PAID_ON_THE_SPOT', amountFen: yuan('5740.00') });
    expect([...result.lines, result].every(addsUp)).toBe(true);
    // what it uses up of the year is the same
    expect(result.adds).toEqual(afterwards.adds);
    const { zh, en, steps } = explain(result);
    expect(zh).toBe('10 500.00 = 820.00 单位补充报销 + 1 800.00 起付线 + 1 640.00 按比例自付 + 5 740.00 基金已在医院直接结算 + 500.00 目录外自费');
    expect(en).toContain("= 820.00 paid by the employer's plan + 1 800.00 deductible + 1 640.00 your share + 5 740.00 paid by the funds at the hospital +");
    expect(steps).toEqual([{ zh: '8 200.00 × 70% = 5 740.00，已在医院直接结算', en: '8 200.00 × 70% = 5 740.00, paid at the hospital' }]);
  });

  test('without a plan there is nothing left to pay; what a cap kept back at the hospital is still said to be that', () => {
    expect(formatYuan(settled({ ...outpatient, settlement: 'direct' }, rulebook('110000-310')).benefitFen)).toBe('0.00');
    // (9 000 − 100) × 60 % = 5 340.00, of which 3 500.00 are paid in a year
    const capped: Treatment = { ...inShijiazhuang, treatedRegion: '130100', kind: 'OUTPATIENT', settlement: 'direct', lines: [line('01', '9000.00')] };
    const { deductions } = settled(capped, rulebook('130100-310'));
    expect(deductions.map(({ rule, amountFen }) => [rule, formatYuan(amountFen)])).toEqual([
      ['deductible', '100.00'],
      ['annual-cap', '1840.00'],
      ['ratio', '3560.00'],
      ['on-the-spot', '3500.00'],
    ]);
  });
});

test.each(['810000', '820000', '710000', '990000'])('treated in %s, which is abroad, nothing is computed: the law pays nothing for it', (treatedRegion) => {
  const result = settle({ ...inShijiazhuang, treatedRegion, lines: [line('01', '10000.00')] }, rulebook('130100-310'));
  expect(result).toEqual({ covered: false, why: 'TREATED_ABROAD' });
  expect(explain(result)).toMatchObject({ en: 'Treated abroad, which the scheme does not pay for: a person decides', steps: [] });
});

test('a highest price beyond all amounts limits nothing', () => {
  const dear = line('01', '1000.00', { quantity: '99999999.9999', priceLimitFen: yuan('9999999999.00') });
  expect(settled({ ...inShijiazhuang, lines: [dear] }, rulebook('130100-310')).eligibleFen).toBe(100_000);
});

test('a year’s cap: 3 500.00 for who is below 45, 4 500.00 from 45 on; what is above is nobody’s but the person’s', () => {
  const of = (age: number) =>
    settled({ ...inShijiazhuang, treatedRegion: '130100', kind: 'OUTPATIENT', age, lines: [line('01', '9000.00')] }, rulebook('130100-310'));
  expect([of(44), of(45)].map((result) => formatYuan(result.benefitFen))).toEqual(['3500.00', '4500.00']);
  // (9 000 − 100) × 60 % = 5 340.00
  expect(of(44).deductions.find(({ rule }) => rule === 'annual-cap')?.amountFen).toBe(yuan('1840.00'));
});

describe('a treatment limit: of exercise therapy 30 in a stay and 90 in a year', () => {
  const therapy = (quantity: string, amount: string, more: Partial<CostLine> = {}): CostLine =>
    line('01', amount, { itemCode: '340200020', quantity, ...more });
  const deducted = (lines: CostLine[], used = 0) => {
    const soFar = { ...NOTHING_SO_FAR, quantities: { '340200020': used * 10_000 } };
    const result = settled({ ...inShijiazhuang, treatedRegion: '130100', lines, soFar }, rulebook('130100-310'));
    expect(result.lines.every(addsUp)).toBe(true);
    return {
      limited: result.lines.map(({ deductions }) => formatYuan(deductions.find(({ rule }) => rule === 'treatment-limit')?.amountFen ?? fen(0))),
      eligible: formatYuan(result.eligibleFen),
      used: result.adds.quantities,
    };
  };

  test('40 for 1 800.00: ten of them, 450.00, are not paid for; the next line has none left', () => {
    const first = therapy('40', '1800.00');
    expect(deducted([first])).toEqual({ limited: ['450.00'], eligible: '1350.00', used: { 340200020: 300_000 } });
    expect(deducted([therapy('20.5', '922.50'), therapy('20', '900.00')])).toEqual({
      limited: ['0.00', '472.50'],
      eligible: '1350.00',
      used: { 340200020: 300_000 },
    });
    const result = settled({ ...inShijiazhuang, treatedRegion: '130100', lines: [first] }, rulebook('130100-310'));
    // (1 350 − 900) × 82 % = 369.00
    expect(explain(result).zh).toBe('1 800.00 = 369.00 医保统筹报销 + 450.00 超限量限次 + 900.00 起付线 + 81.00 按比例自付');
    expect(result.deductions[0]).toMatchObject({ code: 'QUOTA_USED', rule: 'treatment-limit', origin: { confirmed: false } });
  });

  test('what the year has left counts: after 75 there are 15, after 90 or more none', () => {
    expect(deducted([therapy('20', '900.00')], 75)).toEqual({ limited: ['225.00'], eligible: '675.00', used: { 340200020: 150_000 } });
    expect(deducted([therapy('20', '900.00')], 90)).toMatchObject({ limited: ['900.00'], eligible: '0.00' });
    expect(deducted([therapy('20', '900.00')], 200)).toMatchObject({ limited: ['900.00'], eligible: '0.00' });
  });

  test('the price limit holds for what is paid for: 30 × 40.00 = 1 200.00 of 1 350.00', () => {
    expect(deducted([therapy('40', '1800.00', { priceLimitFen: yuan('40.00') })])).toMatchObject({ limited: ['450.00'], eligible: '1200.00' });
  });

  test('what is not covered at all uses nothing up', () => {
    const outside = therapy('30', '1350.00', { outsideRestriction: true });
    expect(deducted([outside, therapy('30', '1350.00')])).toMatchObject({ limited: ['0.00', '0.00'], eligible: '1350.00' });
  });

  test('before it was in force there is none', () => {
    const rules = rulebook('130100-310');
    const later = { ...rules, limits: rules.limits.map((limit) => ({ ...limit, allowed: limit.allowed.map((entry) => ({ ...entry, from: '2026-03-03' })) })) };
    const lines = [therapy('40', '1800.00')];
    expect(settled({ ...inShijiazhuang, treatedRegion: '130100', lines }, later).eligibleFen).toBe(180_000);
  });
});

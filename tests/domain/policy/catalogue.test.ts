import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { completeLines, type CatalogueQuestion, type StatedLine } from '#domain/policy/catalogue.ts';
import { settle } from '#domain/policy/settle.ts';
import { addsUp, NOTHING_SO_FAR, rulebook } from './books.ts';
import { asked, catalogue, catalogueFaults, line } from './lists.ts';

const A = { code: 'XA01', name: '甲药', class: '01' };
const B = { code: 'XB01', name: '乙药', class: '02', preSelfPay: '10', priceLimit: '40.00' };
const C = { code: 'XC01', name: '丙药', class: '03' };
const EMERGENCY_ONLY = { ...B, restricted: { text: '限急救、抢救', kinds: ['EMERGENCY'], circumstances: ['EMERGENCY'] } };

function completed(stated: StatedLine[], question: CatalogueQuestion) {
  const result = completeLines(stated, question);
  if (!result.ok) throw new Error(`unclassified: ${result.unclassified.join()}`);
  return result;
}
const first = (stated: StatedLine, question: CatalogueQuestion) => completed([stated], question).lines[0];
const said = (stated: StatedLine, question: CatalogueQuestion): string[] =>
  completed([stated], question).findings.map(({ code, blocking, lineNo, text }) => `${code} ${lineNo} ${blocking} ${text.en}`);

describe('a line is completed from the catalogue', () => {
  test('class, ratio and limit, with the catalogue and its version: 3 for 150.00, at most 40.00 each, 10 % beforehand: 30.00 + 12.00 + 108.00', () => {
    const { lines, findings } = completed([line('XB01', { quantity: '3', amountFen: fen(15_000) })], asked([catalogue([A, B])]));
    expect(findings).toEqual([]);
    const result = settle(
      {
        ...{ insuredRegion: '130100', treatedRegion: '130100', kind: 'INPATIENT', visitStart: '2026-03-02', personType: '11', age: 40 },
        ...{ hospital: { grade: '3' }, circumstances: [], lines, soFar: NOTHING_SO_FAR },
      },
      rulebook('130100-310'),
    );
    if (!result.covered) throw new Error(result.why);
    expect(result.eligibleFen).toBe(10_800);
    const source = '130000-drugs 2024-01-01 (ffffffffffff): somewhere';
    expect(result.deductions.slice(0, 2)).toEqual([
      { code: 'ABOVE_TARIFF', rule: 'price-limit', amountFen: 3_000, origin: { rulebook: '130100-310', source, confirmed: true } },
      { code: 'COINSURANCE', rule: 'pre-self-pay', amountFen: 1_200, origin: { rulebook: '130100-310', source, confirmed: true } },
    ]);
    expect(addsUp(result)).toBe(true);
  });

  test('what it says wins over the line, and the difference is said', () => {
    const stated = line('XB01', { itemClass: '01', priceLimitFen: fen(9_000) });
    expect(first(stated, asked([catalogue([B])]))).toMatchObject({ itemClass: '02', preSelfPayBp: 1_000, priceLimitFen: 4_000 });
    expect(said(stated, asked([catalogue([B])]))).toEqual([
      'DATA_ERROR 1 false Stated: class 甲、at most 90.00 each. The list: class 乙、at most 40.00 each, and that counts',
    ]);
    expect(said(line('XB01', { itemClass: '02', preSelfPayBp: 1_000, priceLimitFen: fen(4_000) }), asked([catalogue([B])]))).toEqual([]);
  });

  test('where it knows no price limit that of the line counts, and is said to be the line’s', () => {
    const stated = line('XA01', { priceLimitFen: fen(6_000) });
    expect(first(stated, asked([catalogue([A])]))).toMatchObject({ itemClass: '01', priceLimitFen: 6_000, catalogue: { hasLimit: false } });
  });

  test('lines whose class nobody knows are named, all of them', () => {
    const unknown = [line('XZ', { lineNo: 1 }), line('XA01', { lineNo: 2 }), line('Q', { lineNo: 3 })];
    expect(completeLines(unknown, asked([catalogue([A])]))).toEqual({ ok: false, unclassified: [1, 3] });
  });
});

describe('an item that the catalogue does not have', () => {
  test('in an extract keeps what the line states, and that is said', () => {
    expect(first(line('XZ', { itemClass: '02' }), asked([catalogue([A])]))).toEqual({ ...line('XZ'), itemClass: '02' });
    expect(said(line('XZ', { itemClass: '02' }), asked([catalogue([A])]))).toEqual([
      'DATA_ERROR 1 false The list is an extract without this item: what the line states counts',
    ]);
  });

  test('in a complete one is not covered, whatever the line states', () => {
    const whole = asked([catalogue([A], { complete: true })]);
    expect(first(line('XZ'), whole)).toMatchObject({ itemClass: '03' });
    expect(said(line('XZ'), whole)).toEqual([]);
    expect(said(line('XZ', { itemClass: '01' }), whole)).toEqual(['DATA_ERROR 1 false Stated: class 甲. The list: it does not have the item, and that counts']);
  });

  test('with a code that no list is about, is as stated and nothing is said', () => {
    expect(said(line('A', { itemClass: '01' }), asked([catalogue([A], { complete: true })]))).toEqual([]);
  });
});

describe('which catalogue', () => {
  const ofCity = catalogue([{ ...A, class: '03' }], { id: '130100-drugs', region: '130100' });
  const ofProvince = catalogue([A, B]);
  const beijing = catalogue([{ ...A, class: '02', preSelfPay: '5' }], { id: '110000-drugs', region: '110000' });

  test('the city’s before the province’s, which still counts for what the city does not name', () => {
    const both = asked([ofProvince, ofCity]);
    expect([first(line('XA01'), both)?.itemClass, first(line('XB01'), both)?.itemClass]).toEqual(['03', '02']);
    expect(first(line('XA01'), { ...both, treatedRegion: '131000' })?.itemClass).toBe('01');
  });

  test('a complete one of the city is not asked past', () => {
    const whole = catalogue([{ ...A, class: '03' }], { id: '130100-drugs', region: '130100', complete: true });
    expect(first(line('XB01'), asked([ofProvince, whole]))?.itemClass).toBe('03');
  });

  test('that of the region which the rulebook names for the way of settling', () => {
    const rules = rulebook('130100-310');
    const [entry] = rules.crossRegion;
    if (!entry) throw new Error('no entry');
    const split = { ...rules, crossRegion: [{ ...entry, value: { ...entry.value, catalogue: { direct: 'treated', manual: 'insured' } as const } }] };
    const away = asked([ofProvince, beijing], { treatedRegion: '110105', rulebook: split });
    expect(first(line('XA01'), { ...away, settlement: 'direct' })).toMatchObject({ itemClass: '02', preSelfPayBp: 500 });
    expect(first(line('XA01'), { ...away, settlement: 'manual' })?.itemClass).toBe('01');
    expect(first(line('XA01'), { ...away, rulebook: undefined })?.itemClass).toBe('02');
  });

  test('the edition, and the entry, of the first day of treatment', () => {
    const old = catalogue([{ ...A, class: '03' }], { to: '2025-12-31' });
    const entries = [
      { ...A, to: '2026-05-31' },
      { ...A, class: '02', preSelfPay: '20', from: '2026-06-01', to: '2026-09-30' },
    ];
    const on = (day: string) => first(line('XA01', { itemClass: '01' }), asked([old, catalogue(entries, { from: '2026-01-01' })], { day }));
    expect(['2023-12-31', '2024-01-01', '2025-12-31', '2026-01-01', '2026-05-31', '2026-06-01'].map((day) => on(day)?.itemClass)).toEqual([
      ...['01', '03', '03', '01', '01', '02'],
    ]);
    // taken out of the list: known, and no longer paid for
    expect(on('2026-10-01')?.itemClass).toBe('03');
  });
});

test('a term of the city that is over leaves the item to the province', () => {
  const city = catalogue([{ ...A, class: '03', to: '2026-01-31' }], { id: '130100-drugs', region: '130100' });
  expect(first(line('XA01'), asked([catalogue([A]), city]))?.itemClass).toBe('01');
  expect(first(line('XA01'), asked([catalogue([B]), city]))?.itemClass).toBe('03');
});

describe('restricted use', () => {
  const question = (more: Partial<CatalogueQuestion> = {}) => asked([catalogue([EMERGENCY_ONLY])], more);

  test('what can be checked decides: an emergency, by kind or as declared', () => {
    const outside = (more: Partial<CatalogueQuestion>) => first(line('XB01'), question(more))?.outsideRestriction ?? false;
    expect(outside({})).toBe(true);
    expect(outside({ kind: 'EMERGENCY' })).toBe(false);
    expect(outside({ circumstances: ['EMERGENCY'] })).toBe(false);
    expect(said(line('XB01'), question({ kind: 'EMERGENCY' }))).toEqual([]);
  });

  test('the grade of the hospital, where it is known', () => {
    const graded = asked([catalogue([{ ...A, restricted: { text: '限二级及以上医疗机构', grades: ['2', '3'] } }])]);
    const outside = (grade: CatalogueQuestion['grade']) => first(line('XA01'), { ...graded, grade })?.outsideRestriction;
    expect([outside('1'), outside('2'), outside(undefined)]).toEqual([true, undefined, undefined]);
    expect(said(line('XA01'), { ...graded, grade: undefined })).toHaveLength(1);
  });

  test('what nothing here can check is said and left to people', () => {
    const vague = asked([catalogue([{ ...A, restricted: { text: '限确诊的恶性肿瘤患者' } }])]);
    expect(first(line('XA01'), vague)?.outsideRestriction).toBeUndefined();
    expect(said(line('XA01'), vague)).toEqual(['NOT_IN_CATALOGUE 1 false The list pays for it only within its restriction: 限确诊的恶性肿瘤患者']);
    expect(first(line('XA01', { outsideRestriction: true }), vague)?.outsideRestriction).toBe(true);
  });
});

describe('refused, with the place and the reason', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an item twice', { items: [A, B, A] }, 'items.2.code: XA01 is there already for the same days'],
    [
      'terms that overlap',
      {
        items: [
          { ...A, to: '2026-05-31' },
          { ...A, class: '03', from: '2026-05-31' },
        ],
      },
      'items.1.code: XA01 is there already for the same days',
    ],
    ['more than 100 %', { items: [{ ...B, preSelfPay: '100.01' }] }, 'items.0.preSelfPay: more than 100 %'],
    ['class 乙 without its ratio', { items: [{ ...A, class: '02' }] }, 'items.0.preSelfPay: an item of class 02 says what is paid beforehand'],
    ['a ratio of class 甲', { items: [{ ...A, preSelfPay: '10' }] }, 'items.0.preSelfPay: only an item of class 02 is paid for beforehand'],
    ['an unknown class', { items: [{ ...A, class: '04' }] }, 'items.0.class: '],
    ['a code that the list is not about', { items: [{ ...A, code: 'C1' }] }, 'items.0.code: C1 begins with none of X'],
    ['an unknown kind', { items: [{ ...A, restricted: { text: '限', kinds: ['SPA'] } }] }, 'items.0.restricted.kinds.0: '],
    ['a term that ends before it begins', { items: [{ ...A, from: '2026-02-01', to: '2026-01-31' }] }, 'items.0.to: ends before it begins'],
    ['a term before the edition', { items: [{ ...A, to: '2023-12-31' }] }, 'items.0.to: ended before this edition'],
    ['a term after the edition', { to: '2024-12-31', items: [{ ...A, from: '2025-01-01' }] }, 'items.0.from: begins after this edition'],
    ['an edition that ends before it begins', { to: '2023-12-31', items: [A] }, 'to: ends before it begins'],
    ['a value without a source', { source: '', items: [A] }, 'source: '],
    ['a property that nobody reads', { items: [{ ...C, price: '1.00' }] }, 'items.0: '],
  ])('%s', (_, change, expected) => {
    expect(catalogueFaults(change).join('\n')).toContain(expected);
  });
});

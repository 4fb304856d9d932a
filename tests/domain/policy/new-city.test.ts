import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RULEBOOKS_DIR } from '#platform/policy/load.ts';

/** A fourth city with values that nobody has but this test. It is three files beside those of the product, and no code knows of it. */
const SAID = { source: 'Invented for a test', checked: '2026-11-18', confirmed: false };
const since = (value: unknown): unknown[] => [{ from: '2026-01-01', value, ...SAID }];
const inpatient = (ratio: unknown[]): unknown => ({
  kinds: ['INPATIENT'],
  deductible: since({
    per: 'stay',
    table: [
      { when: { stay: 'first' }, yuan: '1000.00' },
      { when: { stay: 'later' }, yuan: '500.00' },
    ],
  }),
  ratio: since({ table: ratio }),
  cap: since({ table: [{ when: {}, yuan: '100000.00' }] }),
});
const RATIO = [
  {
    when: { personType: '11' },
    segments: [
      { over: '0.00', percent: '75' },
      { over: '20000.00', percent: '80' },
    ],
  },
  { when: { personType: '12' }, segments: [{ over: '0.00', percent: '90' }] },
];
const rulebook = (ratio: unknown[]): unknown => ({
  ...{ id: '130200-310', insuredRegions: ['1302'], scheme: '310', name: { zh: '唐山市职工基本医疗保险', en: "Tangshan employees' basic medical insurance" } },
  ...{ benefits: [inpatient(ratio)], filing: since({ months: 6 }) },
  crossRegion: since({
    ...{ countsAsFiled: ['13'], points: { filed: '0', emergency: '0', longTermResident: '0', unfiled: '20' } },
    catalogue: { direct: 'treated', manual: 'insured' },
  }),
});
const LIST = { region: '130200', complete: false, from: '2026-01-01', ...SAID };
const CATALOGUE = {
  ...{ id: '130200-items', list: 'items', name: { zh: '唐山市诊疗项目目录', en: "Tangshan's catalogue of services" }, codes: ['2'] },
  ...{ ...LIST, items: [{ code: '250999001', name: '特殊检查', class: '02', preSelfPay: '8', priceLimit: '120.00' }] },
};
const HOSPITALS = {
  ...{ id: '130200-hospitals', name: { zh: '唐山市定点医药机构', en: "Tangshan's designated hospitals" }, ...LIST },
  hospitals: [{ code: 'H13020000001', names: ['唐山示范医院'], region: '130200', grade: '3', tier: 'municipal', designated: [{ from: '2026-01-01' }] }],
};

let dir = '';
const write = (name: string, content: unknown): void => writeFileSync(join(dir, name), JSON.stringify(content, null, 2));
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'daozhang-new-city-'));
  cpSync(RULEBOOKS_DIR, dir, { recursive: true });
  write('130200-310.json', rulebook(RATIO));
  write('catalogues/130200-items-2026-01-01.json', CATALOGUE);
  write('hospitals/130200-hospitals-2026-01-01.json', HOSPITALS);
});
afterAll(() => rmSync(dir, { recursive: true }));

function run(command: string, args: readonly string[], { input = '', rulebooks = dir } = {}): { code: number | null; out: string; err: string } {
  const entry = fileURLToPath(new URL(`../../../dev/${command}.ts`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
    ...{ input, encoding: 'utf8' },
    env: { ...process.env, RULEBOOKS_DIR: rulebooks },
  });
  return { code: status, out: stdout, err: stderr };
}

const BODY = {
  ...{ insuredRegion: '130203', treatedRegion: '130200', kind: 'INPATIENT', age: 40, hospital: { name: '唐山示范医院' }, submittedOn: '2026-09-10' },
  ...{ visit: { start: '2026-03-02', end: '2026-03-09' }, documents: ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY'] },
  lines: [
    { itemCode: '250999001', itemName: '特殊检查', quantity: '100', amount: '15000.00' },
    { itemCode: 'XJ01', itemName: '药', itemClass: '01', amount: '28960.00' },
  ],
};

test('a fourth city is files and no code: it is checked, estimated with, and its deadline known', () => {
  const checked = run('rulebook-check', []);
  expect([checked.code, checked.err]).toEqual([0, '']);
  expect(checked.out).toMatch(/^130200-310 {2}[0-9a-f]{12} {2}Tangshan/m);
  expect(checked.out).toMatch(/^130200-items 2026-01-01 .*1 items, an extract$/m);

  /*
   * 15 000.00 for 100 at 120.00 at most: 3 000.00 above; 12 000.00 × 8 % = 960.00 beforehand; 11 040.00 + 28 960.00 = 40 000.00 in scope.
   * Deductible 1 000.00; 19 000.00 × 75 % = 14 250.00 up to 20 000.00, 20 000.00 × 80 % = 16 000.00 above: 30 250.00, and 4 750.00 + 4 000.00 are the person's.
   */
  const estimated = run('estimate', ['-'], { input: JSON.stringify(BODY) });
  expect([estimated.code, estimated.err]).toEqual([0, '']);
  const answer = JSON.parse(estimated.out);
  expect(answer).toMatchObject({ covered: true, submitted: '43960.00', eligible: '40000.00', benefit: '30250.00', rulebook: { id: '130200-310' } });
  expect(answer.deductions.map(({ rule, amount }: Record<string, string>) => [rule, amount])).toEqual([
    ...[
      ['price-limit', '3000.00'],
      ['pre-self-pay', '960.00'],
    ],
    ...[
      ['deductible', '1000.00'],
      ['ratio', '8750.00'],
    ],
  ]);
  // six months after the last day are over on the 9th of September; the province's extract of drugs, which counts for its cities, does not have the drug
  expect(answer.findings.map(({ code }: { code: string }) => code)).toEqual(['LATE_FILING', 'DATA_ERROR']);
  // the product as it comes knows nothing of it
  const without = run('estimate', ['-'], {
    input: JSON.stringify({ ...BODY, hospital: { grade: '3' } }).replace('"amount":"15000.00"', '"itemClass":"02","amount":"15000.00"'),
    rulebooks: RULEBOOKS_DIR,
  });
  expect(JSON.parse(without.out)).toMatchObject({ covered: false, benefit: null, rulebook: null });
});

test('and a gap in its file is told with file, line and reason, before anybody is estimated by it', () => {
  write('130200-310.json', rulebook(RATIO.slice(0, 1)));
  const { code, err } = run('rulebook-check', []);
  expect(code).toBe(1);
  expect(err).toMatch(/130200-310\.json:\d+: benefits\.0\.ratio\.0\.value\.table: no row for retired, grade community, first stay, age 0\n$/);
  expect(run('estimate', ['-'], { input: JSON.stringify(BODY) })).toMatchObject({ code: 2, out: '' });
});

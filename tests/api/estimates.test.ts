import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const ASKED = {
  ...{ insuredRegion: '130100', treatedRegion: '110000', kind: 'INPATIENT', personType: '11', age: 40, hospital: { grade: '3' } },
  ...{ visit: { start: '2026-03-02', end: '2026-03-09' }, circumstances: ['REFERRAL_FILED'], documents: ['INVOICE', 'FEE_LIST'] },
  lines: [
    { itemCode: 'A', itemName: '药', itemClass: '01', amount: '10000.00' },
    { itemCode: 'B', itemName: '自费药', itemClass: '03', amount: '2000.00' },
  ],
};
const ask = (change: Record<string, unknown> = {}) => api.call({ method: 'POST', url: '/v1/estimates', body: { ...ASKED, ...change }, key: null });

test('what would be paid, every yuan of it, and what is missing: (10 000 − 900) × 82 % = 7 462.00', async () => {
  const { rate_limit: _, ...before } = await api.countRows();
  const answer = await ask();
  expect(answer.statusCode, answer.body).toBe(200);
  expect(answer.json()).toMatchObject({
    ...{ covered: true, submitted: '12000.00', eligible: '10000.00', benefit: '7462.00' },
    explanation: { zh: '12 000.00 = 7 462.00 医保统筹报销 + 900.00 起付线 + 1 638.00 按比例自付 + 2 000.00 目录外自费' },
    rulebook: { id: '130100-310', version: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  const { findings } = answer.json<{ findings: { code: string; document: string | null; lineNo: number | null; blocking: boolean }[] }>();
  expect(findings.map(({ code, document, lineNo, blocking }) => [code, document ?? lineNo, blocking])).toEqual([
    ['DOC_REQUIRED', 'DIAGNOSIS_CERTIFICATE', true],
    ['DOC_REQUIRED', 'DISCHARGE_SUMMARY', true],
    ['DOC_REQUIRED', 'REFERRAL_PROOF', true],
    ['NOT_IN_CATALOGUE', 2, false],
  ]);
  expect(await api.countRows()).toMatchObject(before);
});

test('settled on the spot: the fund has paid 9 100 × 82 % = 7 462.00 at the hospital, and the estimate grants it to nobody again', async () => {
  expect((await ask({ settlement: 'direct' })).json()).toMatchObject({
    ...{ benefit: '0.00', funding: [] },
    explanation: { zh: '12 000.00 = 900.00 起付线 + 1 638.00 按比例自付 + 7 462.00 基金已在医院直接结算 + 2 000.00 目录外自费' },
  });
});

test('the deadline: a year after the last day, and not a day more', async () => {
  const late = async (submittedOn: string) =>
    (await ask({ submittedOn })).json<{ findings: { code: string }[] }>().findings.some(({ code }) => code === 'LATE_FILING');
  expect([await late('2027-03-09'), await late('2027-03-10')]).toEqual([false, true]);
});

test('a stay over New Year belongs to two years', async () => {
  const { findings } = (await ask({ visit: { start: '2025-12-30', end: '2026-01-03' } })).json<{ findings: { code: string }[] }>();
  expect(findings.map(({ code }) => code)).toContain('SPANS_YEARS');
});

test('where no rulebook answers, nothing is guessed', async () => {
  const answer = (await ask({ insuredRegion: '650100' })).json();
  expect(answer).toMatchObject({ covered: false, benefit: null, rulebook: null, lines: [] });
  expect(answer.explanation.zh).toContain('人工核定');
  expect((await ask({ visit: { start: '2023-12-31', end: '2023-12-31' } })).json()).toMatchObject({ covered: false, benefit: null });
});

test('a plan that there is none of, and what the contract does not know, are refused', async () => {
  expect((await ask({ plan: 'gold' })).json().code).toBe('PLAN_UNKNOWN');
  const most = { ...ASKED.lines[0], amount: '9999999999.99' };
  expect((await ask({ lines: [most, most] })).json().code).toBe('AMOUNT_INVALID');
  expect((await ask({ visit: { start: '2026-03-09', end: '2026-03-02' } })).json().code).toBe('DATES_OUT_OF_ORDER');
  expect((await ask({ ratio: '100' })).json().code).toBe('VALIDATION_FAILED');
  expect((await ask({ lines: [{ ...ASKED.lines[0], preSelfPay: '100.01' }] })).json().code).toBe('VALIDATION_FAILED');
});

test('what the catalogue of the region of treatment knows of an item nobody has to state: Beijing asks 10 % of 1 000.00 beforehand', async () => {
  const known = { itemCode: 'XB01ACX002', itemName: '氯吡格雷片', amount: '1000.00' };
  const answer = (await ask({ lines: [known, { ...known, itemClass: '01' }] })).json();
  expect(answer).toMatchObject({ submitted: '2000.00', eligible: '1800.00' });
  const [stated] = answer.deductions;
  expect(stated).toMatchObject({
    rule: 'pre-self-pay',
    amount: '200.00',
    confirmed: false,
    source: expect.stringMatching(/^110000-drugs 2024-01-01 \([0-9a-f]{12}\): /),
  });
  expect(answer.findings.filter(({ code }: { code: string }) => code === 'DATA_ERROR')).toMatchObject([{ lineNo: 2, blocking: false, document: null }]);

  const unknown = await ask({ lines: [known, { itemCode: 'X9', itemName: '药', amount: '1.00' }] });
  expect([unknown.statusCode, unknown.json().code, unknown.json().params]).toEqual([
    422,
    'ITEM_CLASS_REQUIRED',
    { path: 'lines.1.itemClass', paths: ['lines.1.itemClass'] },
  ]);
});

test('a hospital by its code or its name instead of its grade', async () => {
  // a hospital of Beijing of grade 3, of the city of Shijiazhuang of grade 3 (municipal: 600.00 and 85 %): (10 000 − 600) × 85 % = 7 990.00
  expect((await ask({ hospital: { code: 'H11010100001' } })).json()).toMatchObject({ benefit: '7462.00' });
  expect((await ask({ hospital: { name: '石家庄市第一医院' }, treatedRegion: '130100' })).json()).toMatchObject({ benefit: '7990.00' });
  const closed = (await ask({ hospital: { code: 'H11010500207' } })).json();
  expect(closed.findings.map(({ code }: { code: string }) => code)).toContain('NOT_DESIGNATED_HOSPITAL');

  const unknown = await ask({ hospital: { name: '无名医院' } });
  expect([unknown.statusCode, unknown.json().code]).toEqual([422, 'HOSPITAL_UNKNOWN']);
  expect((await ask({ hospital: { name: '无名医院', grade: '3' } })).json()).toMatchObject({ benefit: '7462.00' });
  expect((await ask({ hospital: { tier: 'provincial' } })).json().code).toBe('VALIDATION_FAILED');
});

test('a treatment limit, with what the year has used: after 85 of 90, five of ten are paid for', async () => {
  const therapy = { itemCode: '340200020', itemName: '运动疗法', quantity: '10', amount: '450.00' };
  const quantities = [
    { itemCode: '340200020', quantity: '80' },
    { itemCode: '340200020', quantity: '5' },
  ];
  const answer = (await ask({ treatedRegion: '130100', lines: [therapy], soFar: { quantities } })).json();
  expect(answer.deductions[0]).toMatchObject({ code: 'QUOTA_USED', rule: 'treatment-limit', amount: '225.00' });
  expect(answer.findings.filter(({ code }: { code: string }) => code === 'QUOTA_USED')).toMatchObject([{ lineNo: 1, blocking: false, mendedBy: 'nobody' }]);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities, type Activities } from '#activities/index.ts';
import { fen } from '#domain/money.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { insertDecision } from '#prisma/queries/decisions.ts';
import { sealEmployee } from '#prisma/queries/employees.ts';
import { lockYear } from '#prisma/queries/entitlements.ts';
import { eraseMedicalContent } from '#prisma/queries/medical-erasure.ts';
import { testAudit } from '../setup/audit.ts';
import { testVault } from '../setup/vault.ts';
import { eventually } from '../stack/eventually.ts';
import { insertDocument } from '../workflows/seed.ts';
import { claimBody, invoice, startTestApi, type TestApi } from './support.ts';

/*
 * Shijiazhuang, in service, 36 years old, outpatient: 100.00 deductible a year, then 60 %, at most 3 500.00 a year; the group's plan raises it to 80 %. Claims are of 500.00 (甲)
 * and 26.00 (乙, nothing beforehand).
 */
let api: TestApi;
let worker: Database;
let activities: Activities;
const UNKNOWN_HOSPITAL = 'H13019999999';

beforeAll(async () => {
  api = await startTestApi();
  worker = openDatabase({ url: api.workerUrl, vault: testVault() });
  activities = createActivities({
    ...{ database: worker, bureaus: new Map(), banks: new Map(), institutionCode: api.deps.gateways.institution.code, clockwork: api.deps.clockwork },
    ...{ audit: await testAudit(), documents: api.deps.documents, policies: api.deps.policies },
  });
  await api.database.query(`UPDATE unit SET settings = '{"plan": "group-plan"}' WHERE code = 'SJZ'`);
  for (const role of ['hr', 'operator'] as const) await api.giveRole({ employee: role === 'hr' ? 'E4' : 'E3', unit: 'SJZ', role });
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

const omit = (rows: Record<string, number>, names: readonly string[]) => Object.fromEntries(Object.entries(rows).filter(([name]) => !names.includes(name)));
const COUNTED_APART = ['audit_entry', 'audit_chain', 'rate_limit'];

let visits = 0;
/** A claim that intake has still to look at: of E1, a day each. */
async function submit(body: Record<string, unknown> = {}): Promise<string> {
  visits += 1;
  const documents = [];
  for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD', 'IDENTITY_CARD'])
    documents.push({ documentId: await insertDocument(api.database, { unitId: api.unitIds['SJZ-01'] }), kind });
  const day = `2026-0${1 + (visits % 9)}-1${visits % 10}`;
  const answer = await api.call({
    method: 'POST',
    url: '/v1/claims',
    body: claimBody({ documents, treatedRegion: '130102', circumstances: [], visit: { no: `V${visits}`, start: day, end: day }, ...body }),
  });
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return answer.json<{ number: string }>().number;
}

const intakeTo = async (number: string, state: string) => {
  const { view } = await activities.runIntake({ claimNumber: number, seq: 1, at: api.time.now.toISOString() });
  expect(view.state).toBe(state);
};
const intake = (number: string) => intakeTo(number, 'SENT_TO_BUREAU');
const read = (number: string, as = 'E1') => api.call({ url: `/v1/claims/${number}/entitlement`, token: api.tokens.SJZ, as });
/** Intake looks at it once more, as when something was handed in later. */
async function assessAgain(number: string): Promise<void> {
  const { rows } = await worker.query<{ seq: number }>('SELECT seq FROM claim WHERE number = $1', [number]);
  await api.database.query(`UPDATE claim SET state = 'SUBMITTED' WHERE number = $1`, [number]);
  await activities.runIntake({ claimNumber: number, seq: rows[0]?.seq ?? 0, at: api.time.now.toISOString() });
}
/** Every claim so far is out of the year. */
const newYear = () => api.database.query(`UPDATE claim SET state = 'WITHDRAWN'`);

async function stored(number: string): Promise<Record<string, unknown>[]> {
  const { rows } = await worker.query(
    `SELECT no, why, benefit_fen AS benefit, deductible_fen AS deductible, pooled_fen AS pooled, plan_fen AS plan FROM entitlement WHERE claim_number = $1 ORDER BY no`,
    [number],
  );
  return rows;
}

test('what a claim is entitled to is stored when it passes intake, and every yuan of it explained', async () => {
  const number = await submit();
  expect((await read(number)).statusCode).toBe(404);
  await intake(number);
  // (526.00 − 100.00) × 60 % = 255.60; 426.00 × 80 % = 340.80, less 255.60
  expect(await stored(number)).toEqual([{ no: 1, why: null, benefit: 34_080, deductible: 10_000, pooled: 25_560, plan: 8_520 }]);
  const told = (await read(number)).json();
  expect(told).toMatchObject({
    ...{ no: 1, covered: true, why: null, submitted: '526.00', eligible: '526.00', benefit: '340.80', decided: null },
    explanation: {
      zh: '526.00 = 255.60 医保统筹报销 + 85.20 单位补充报销 + 100.00 起付线 + 85.20 按比例自付',
      en: "526.00 = 255.60 paid by the pooled fund + 85.20 paid by the employer's plan + 100.00 deductible + 85.20 your share",
    },
    steps: [{ zh: '426.00 × 60% = 255.60', en: '426.00 × 60% = 255.60' }],
    rulebook: { id: '130100-310', version: expect.stringMatching(/^[0-9a-f]{64}$/) },
    plan: { id: 'group-plan', version: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(told.lines).toHaveLength(2);
});

describe('invoices that were settled on the spot', () => {
  test('only the personal part is left to claim, and the year knows what the fund paid', async () => {
    await newYear();
    const [first, second] = [await submit({ invoices: [invoice({ settlement: '1' })] }), await submit()];
    await intake(first);
    await intake(second);
    // as above, but the 255.60 were paid at the hospital: 340.80 − 255.60 = 85.20
    expect(await stored(first)).toEqual([{ no: 1, why: null, benefit: 8_520, deductible: 10_000, pooled: 25_560, plan: 8_520 }]);
    expect((await read(first)).json()).toMatchObject({
      funding: [{ source: 'employer_plan', amount: '85.20' }],
      explanation: { zh: '526.00 = 85.20 单位补充报销 + 100.00 起付线 + 85.20 按比例自付 + 255.60 基金已在医院直接结算' },
    });
    // the deductible is used up: 526.00 × 60 % = 315.60, × 80 % = 420.80
    expect(await stored(second)).toMatchObject([{ benefit: 42_080, deductible: 0 }]);
  });

  test('beside others in one claim: no line says which it belongs to, and a person decides', async () => {
    await newYear();
    const number = await submit({ invoices: [invoice({ settlement: '1', amount: '500.00' }), invoice({ amount: '26.00' })] });
    await intakeTo(number, 'SUBMITTED');
    expect(await stored(number)).toEqual([{ no: 1, why: 'SETTLEMENT_MIXED', benefit: null, deductible: 0, pooled: 0, plan: 0 }]);
    const { rows } = await worker.query('SELECT detail FROM task WHERE claim_number = $1', [number]);
    expect(rows).toMatchObject([{ detail: { findings: [{ code: 'NO_RULE', about: 'SETTLEMENT_MIXED' }] } }]);
  });
});

test('what somebody is told before submitting is what intake settles: with the record’s age and plan, and with what the year has used up', async () => {
  await newYear();
  const { lines, kind, hospital } = claimBody() as { lines: Record<string, unknown>[]; kind: string; hospital: { name: string } };
  const body = {
    ...{ treatedRegion: '130102', kind, hospital, visit: { start: '2026-03-12', end: '2026-03-12' }, documents: ['INVOICE'] },
    lines: lines.map(({ unitPrice: _, ...line }) => line),
  };
  const ask = (as: string, change: Record<string, unknown> = {}) =>
    api.call({ method: 'POST', url: '/v1/employees/E1/estimates', body: { ...body, ...change }, key: null, token: api.tokens.SJZ, as });
  const told = (await ask('E1')).json();
  expect(told).toMatchObject({ covered: true, benefit: '340.80', plan: { id: 'group-plan' }, rulebook: { id: '130100-310' } });
  // the identity number is on file, an account is not
  expect(told.findings.flatMap(({ document }: { document: string | null }) => document ?? [])).toEqual(['FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD']);

  const number = await submit({ hospital });
  await intake(number);
  expect((await read(number)).json()).toMatchObject({ benefit: told.benefit, deductions: told.deductions });
  // the year's deductible is used up: 526.00 × 80 %
  const [before, next] = [await api.countRows(), (await ask('E4')).json()];
  expect(next).toMatchObject({ benefit: '420.80', explanation: { zh: '526.00 = 315.60 医保统筹报销 + 105.20 单位补充报销 + 105.20 按比例自付' } });
  // nothing is stored but that HR has looked
  const after = await api.countRows();
  expect(after['audit_entry']).toBe((before['audit_entry'] ?? 0) + 1);
  expect(omit(after, COUNTED_APART)).toEqual(omit(before, COUNTED_APART));

  expect((await ask('E3')).json()).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  expect((await ask('E1', { age: 40 })).json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  expect((await ask('E1', { hospital: { name: '无名医院' } })).json()).toMatchObject({ status: 422, code: 'HOSPITAL_UNKNOWN' });
  const { rows } = await api.database.query<{ sealed: Buffer }>(`SELECT identity_no AS sealed FROM employee WHERE employee_no = 'E1'`);
  await api.database.query(`UPDATE employee SET identity_no = NULL WHERE employee_no = 'E1'`);
  expect((await ask('E1')).json()).toMatchObject({ covered: false, benefit: null, explanation: { zh: expect.stringContaining('年龄') } });
  await api.database.query(`UPDATE employee SET identity_no = $1 WHERE employee_no = 'E1'`, [rows[0]?.sealed]);
});

test('what nobody knows is left empty: a hospital is found by its name, and an item without a code is as stated', async () => {
  await newYear();
  const plain = (claimBody()['lines'] as Record<string, unknown>[]).map(({ itemCode: _, ...line }) => line);
  const hospitalOf = async (name: string) => {
    const number = await submit({ hospital: { name }, lines: plain });
    return (await api.call({ url: `/v1/claims/${number}`, as: 'E1' })).json<{ hospital: unknown; lines: { itemCode: string }[] }>();
  };
  const known = await hospitalOf('石家庄市长安康宁医院');
  expect([known.hospital, known.lines.map(({ itemCode }) => itemCode)]).toEqual([{ code: 'H13010200017', name: '石家庄市长安康宁医院' }, ['', '']]);
  expect((await hospitalOf('无名医院')).hospital).toEqual({ code: '', name: '无名医院' });
});

test('two claims of one person at once share the deductible and the caps of the year', async () => {
  await newYear();
  const numbers = [await submit(), await submit(), await submit()];
  await Promise.all(numbers.map(intake));
  const rows = (await Promise.all(numbers.map(stored))).flat();
  expect(rows.map(({ deductible }) => deductible).toSorted()).toEqual([0, 0, 10_000]);
  // (3 × 526.00 − 100.00) × 60 % = 886.80, × 80 % = 1 182.40
  expect(rows.reduce((total, { pooled }) => total + Number(pooled), 0)).toBe(88_680);
  expect(rows.reduce((total, { benefit }) => total + Number(benefit), 0)).toBe(118_240);
});

test('a year is locked until the assessment is committed, whatever else intake locks', async () => {
  await newYear();
  const number = await submit();
  const year = { employeeId: api.employeeIds.E1, year: 2026, except: '' };
  const waits = async () => (await api.database.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rowCount === 1;
  let second: Promise<unknown[]> | undefined;
  await worker.write(async (tx) => {
    await lockYear(tx, year);
    second = worker.write((other) => lockYear(other, year));
    await Promise.race([second, eventually(waits)]);
    await tx.query(
      `INSERT INTO entitlement (claim_number, no, employee_id, year, at, kind, why, submitted_fen) VALUES ($1, 1, $2, 2026, now(), 'OUTPATIENT', 'NO_RULEBOOK', 0)`,
      [number, year.employeeId],
    );
  });
  expect(await second).toHaveLength(1);
});

test('a cap of the year is used up once', async () => {
  await newYear();
  const big = {
    lines: [{ itemCode: 'A', itemName: '药', itemClass: '01', quantity: '1', unitPrice: '4000.00', amount: '4000.00' }],
  };
  const numbers = [await submit({ ...big, invoices: [invoice({ amount: '4000.00' })] }), await submit({ ...big, invoices: [invoice({ amount: '4000.00' })] })];
  await Promise.all(numbers.map(intake));
  const pooled = (await Promise.all(numbers.map(stored))).flat().map((row) => Number(row['pooled']));
  // 3 900.00 × 60 % = 2 340.00, and of 4 000.00 × 60 % = 2 400.00 what the 3 500.00 leave; or the other way round
  expect(pooled.toSorted((a, b) => a - b)).toEqual([116_000, 234_000]);
});

test('a treatment limit of the year is used up once', async () => {
  await newYear();
  // 30 are paid for in a visit and 90 in a year, at most 45.00 each
  const therapy = { lines: [{ itemCode: '340200020', itemName: '运动疗法', itemClass: '01', quantity: '40', unitPrice: '10.00', amount: '400.00' }] };
  const eligible: string[] = [];
  const said: unknown[] = [];
  for (let n = 0; n < 4; n += 1) {
    const number = await submit({ ...therapy, invoices: [invoice({ amount: '400.00' })] });
    await intake(number);
    eligible.push((await read(number)).json<{ eligible: string }>().eligible);
    const { items } = (await api.call({ url: `/v1/claims/${number}/findings`, as: 'E1' })).json<{ items: { code: string; text: { en: string } }[] }>();
    said.push(items.flatMap(({ code, text }) => (code === 'QUOTA_USED' ? [text.en] : [])));
  }
  // what the review says beforehand is what is then paid for
  expect(said).toEqual([30, 30, 30, 0].map((paid) => [`运动疗法: only ${paid} of it is paid for`]));
  expect(eligible).toEqual(['300.00', '300.00', '300.00', '0.00']);
});

test('a first stay is the first one of the year, also when it is assessed again after the second', async () => {
  await newYear();
  const lines = [{ itemCode: 'A', itemName: '药', itemClass: '01', quantity: '1', unitPrice: '4000.00', amount: '4000.00' }];
  const stay = async () => {
    const documents = [];
    for (const kind of ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'BANK_CARD', 'IDENTITY_CARD'])
      documents.push({ documentId: await insertDocument(api.database, { unitId: api.unitIds['SJZ-01'] }), kind });
    const number = await submit({
      kind: 'INPATIENT',
      diagnoses: [{ code: 'J18.900', name: '肺炎' }],
      documents,
      lines,
      invoices: [invoice({ amount: '4000.00' })],
    });
    await api.database.query(`UPDATE claim SET insured_region = '110000', treated_region = '110000' WHERE number = $1`, [number]);
    // settled before anybody is asked for what is missing
    await activities.runIntake({ claimNumber: number, seq: 1, at: api.time.now.toISOString() });
    return number;
  };
  const [first, second] = [await stay(), await stay()];
  await assessAgain(first);
  // Beijing: 1 300.00, and 650.00 from the second on
  expect(await stored(first)).toMatchObject([{ no: 1, deductible: 130_000 }]);
  expect(await stored(second)).toMatchObject([{ no: 1, deductible: 65_000 }]);
});

test('what was denied or withdrawn has nothing of the year', async () => {
  await newYear();
  const [first, second] = [await submit(), await submit()];
  await intake(first);
  await api.database.query(`UPDATE claim SET state = 'DENIED' WHERE number = $1`, [first]);
  await intake(second);
  expect(await stored(second)).toMatchObject([{ deductible: 10_000, benefit: 34_080 }]);
});

test('assessed again it is another version, where something has changed, and never changed itself', async () => {
  await newYear();
  const number = await submit();
  await intake(number);
  const again = () => assessAgain(number);
  await again();
  expect(await stored(number)).toHaveLength(1);
  await api.database.query(`UPDATE unit SET settings = '{"plan": null}' WHERE code = 'SJZ-01'`);
  await again();
  // without the plan
  expect(await stored(number)).toMatchObject([
    { no: 1, benefit: 34_080 },
    { no: 2, benefit: 25_560, plan: 0 },
  ]);
  await api.database.query(`UPDATE unit SET settings = '{}' WHERE code = 'SJZ-01'`);
  await expect(worker.query(`UPDATE entitlement SET benefit_fen = 1`)).rejects.toMatchObject({ code: '42501' });
  await expect(worker.query(`DELETE FROM entitlement`)).rejects.toMatchObject({ code: '42501' });
  await expect(worker.query(`UPDATE entitlement SET content = 'x'`)).rejects.toMatchObject({ constraint: 'entitlement_append_only' });
});

describe('nothing is guessed', () => {
  test.each([
    ['the grade of the hospital is unknown', { hospital: { code: UNKNOWN_HOSPITAL, name: '某医院' } }, 'HOSPITAL_UNKNOWN'],
    ['the age is unknown', {}, 'AGE_UNKNOWN'],
    ['the plan does not exist', {}, 'PLAN_UNKNOWN'],
    ['no rulebook is for the insured region', {}, 'NO_RULEBOOK'],
  ])('where %s', async (_, body, why) => {
    await newYear();
    if (why === 'AGE_UNKNOWN') await identity(null);
    if (why === 'PLAN_UNKNOWN') await api.database.query(`UPDATE unit SET settings = '{"plan": "gone"}' WHERE code = 'SJZ-01'`);
    const number = await submit(body);
    if (why === 'NO_RULEBOOK') await api.database.query(`UPDATE claim SET insured_region = '130700', treated_region = '130700' WHERE number = $1`, [number]);
    // what no rulebook covers waits for HR
    await intakeTo(number, why === 'NO_RULEBOOK' ? 'SUBMITTED' : 'SENT_TO_BUREAU');
    expect(await stored(number)).toEqual([{ no: 1, why, benefit: null, deductible: 0, pooled: 0, plan: 0 }]);
    expect((await read(number)).json()).toMatchObject({ covered: false, why, submitted: '526.00', benefit: null, lines: [], deductions: [] });
    await api.database.query(`UPDATE unit SET settings = '{}' WHERE code = 'SJZ-01'`);
    await identity('130102199003070011');
  });
});

const identity = (identityNo: string | null) => api.database.write((tx) => sealEmployee(tx, { id: api.employeeIds.E1, identityNo, phone: null }));

test('beside the decision it says what differs, by which reason and which fund', async () => {
  await newYear();
  const number = await submit();
  await intake(number);
  const line = (lineNo: number, submitted: number, benefit: number, adjustments: [string, number][]) => ({
    ...{ lineNo, submittedFen: fen(submitted), eligibleFen: fen(submitted), deductibleFen: fen(0), benefitFen: fen(benefit) },
    adjustments: adjustments.map(([code, amount]) => ({ code, amountFen: fen(amount) })),
  });
  await worker.write((tx) =>
    insertDecision(tx, {
      ...{ claimNumber: number, source: 'BUREAU', sourceNo: 'D-1', outcome: 'PARTIALLY_APPROVED', reasons: [], remark: '' },
      lines: [
        line(1, 50_000, 30_000, [
          ['DEDUCTIBLE', 10_000],
          ['COINSURANCE', 10_000],
        ]),
        // the bureau says: not in the catalogue
        line(2, 2_600, 0, [['NOT_IN_CATALOGUE', 2_600]]),
      ],
      funding: [
        { source: 'bureau_fund', amountFen: fen(24_000) },
        { source: 'employer_plan', amountFen: fen(6_000) },
      ],
      ...{ submittedFen: fen(52_600), benefitFen: fen(30_000), payableFen: fen(30_000), decidedBy: { type: 'bureau', id: '130100' } },
      ...{ decidedAt: api.time.now, recordedAt: api.time.now },
    }),
  );
  const { decided } = (await read(number)).json();
  // 300.00 − 340.80; of the reasons 26.00 + 0.00 + 14.80 = 40.80
  expect(decided).toMatchObject({ decisionNo: 1, estimated: '340.80', decided: '300.00', difference: '-40.80' });
  expect(decided.reasons.map(({ code, difference }: Record<string, string>) => [code, difference])).toEqual([
    ['DEDUCTIBLE', '0.00'],
    ['COINSURANCE', '14.80'],
    ['NOT_IN_CATALOGUE', '26.00'],
  ]);
  expect(decided.funding).toEqual([
    { source: 'bureau_fund', estimated: '255.60', decided: '240.00', difference: '-15.60' },
    { source: 'employer_plan', estimated: '85.20', decided: '60.00', difference: '-25.20' },
  ]);
});

describe('what is medical of it', () => {
  test('is shown to whom decisions are shown', async () => {
    await newYear();
    const number = await submit();
    await intake(number);
    expect((await read(number, 'E1')).statusCode).toBe(200);
    expect((await read(number, 'E4')).statusCode).toBe(200);
    expect((await read(number, 'E3')).statusCode).toBe(403);
    const foreign = await api.call({ url: `/v1/claims/${number}/entitlement`, token: api.tokens.BJ });
    expect([foreign.statusCode, foreign.json().code]).toEqual([404, 'NOT_FOUND']);
    const { rows } = await worker.query(`SELECT detail ->> 'what' AS what FROM audit_entry WHERE employee_id = $1 ORDER BY id DESC LIMIT 1`, [
      api.employeeIds.E1,
    ]);
    expect(rows).toEqual([{ what: 'claim.entitlement' }]);
  });

  test('is sealed, and goes with the claim’s medical content while the amounts stay', async () => {
    await newYear();
    const number = await submit({ kind: 'CHRONIC', diagnoses: [{ code: 'I10.x00', name: '高血压' }] });
    await intake(number);
    const { rows } = await worker.query<{ content: Buffer; kind: string }>('SELECT content, kind FROM entitlement WHERE claim_number = $1', [number]);
    expect(rows[0]?.content.includes('葡萄糖')).toBe(false);
    expect(rows[0]?.kind).toBe('CHRONIC');
    await worker.write((tx) => eraseMedicalContent(tx, { claims: [{ number, coarse: 'OUTPATIENT' }], at: api.time.now }));
    const gone = await worker.query('SELECT content, kind, benefit_fen AS benefit FROM entitlement WHERE claim_number = $1', [number]);
    expect(gone.rows).toEqual([{ content: null, kind: 'OUTPATIENT', benefit: 34_080 }]);
    expect((await read(number)).json()).toMatchObject({ status: 410, code: 'ERASED' });
  });
});

test('a unit names a plan that exists, or none', async () => {
  const set = async (plan: unknown) => {
    const unit = await api.call({ url: '/v1/units/BJ' });
    const headers = { 'if-match': unit.headers.etag as string };
    const answer = await api.call({ method: 'PATCH', url: '/v1/units/BJ', body: { settings: { plan } }, headers });
    return answer.json<{ code: string; settings?: { plan?: string | null } }>();
  };
  expect(await set('no-such-plan')).toMatchObject({ code: 'PLAN_UNKNOWN' });
  expect((await set('group-plan')).settings).toEqual({ plan: 'group-plan' });
  expect((await set(null)).settings).toEqual({ plan: null });
});

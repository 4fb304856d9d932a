import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities } from '#activities/index.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { testAudit } from '../setup/audit.ts';
import { testVault } from '../setup/vault.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

/** Two claims over one photographed invoice: of E1 in Shijiazhuang, and then of E2 in Beijing. The worker sees both, each branch its own. */
let api: TestApi;
let worker: Database;
let ours: string;
let theirs: string;
const HOSPITAL = '石家庄神经科医院';

beforeAll(async () => {
  api = await startTestApi();
  worker = openDatabase({ url: api.workerUrl, vault: testVault() });
  const activities = createActivities({
    policies: api.deps.policies,
    ...{ database: worker, bureaus: new Map(), banks: new Map(), institutionCode: api.deps.gateways.institution.code, clockwork: api.deps.clockwork },
    ...{ audit: await testAudit(), documents: api.deps.documents },
  });
  const arrive = async (employeeNo: string, unitCode: 'SJZ-01' | 'BJ', photo: Uint8Array, body: Record<string, unknown>): Promise<string> => {
    const documents = [];
    for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD']) {
      const content = kind === 'INVOICE' ? photo : picture(`${employeeNo} ${kind}`, documents.length * 90);
      const answer = await api.upload({ content, unitCode });
      expect(answer.statusCode).toBe(201);
      documents.push({ documentId: answer.json().id, kind });
    }
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, documents, ...body }) })).json();
    await activities.runIntake({ claimNumber: number, seq: 1, at: api.time.now.toISOString() });
    return number;
  };
  theirs = await arrive('E1', 'SJZ-01', picture('发票 88012345', 0), {
    treatedRegion: '130102',
    hospital: { code: 'H13010099999', name: HOSPITAL },
    visit: { no: 'V-A', start: '2026-11-09', end: '2026-11-09' },
  });
  // the same photograph, made smaller and compressed again
  ours = await arrive('E2', 'BJ', picture('发票 88012345', 0, 0.6), { treatedRegion: '110000', visit: { no: 'V-B', start: '2026-11-10', end: '2026-11-10' } });
  for (const [employee, unit] of [
    ['E4', 'SJZ'],
    ['E2', 'BJ'],
    ['E3', 'HQ'],
  ] as const)
    await api.giveRole({ employee, unit, role: 'hr' });
});
afterAll(async () => {
  await worker.close();
  await api.close();
});

/** A JPEG of a paper with a table and a title on it. */
function picture(title: string, shift: number, scale = 1): Uint8Array {
  const canvas = createCanvas(900 * scale, 1_200 * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  context.fillStyle = '#776655';
  context.fillRect(0, 0, 900, 1_200);
  context.fillStyle = 'white';
  context.fillRect(60 + shift, 90, 700 - shift, 1_000 - 2 * shift);
  context.fillStyle = 'black';
  context.font = '40px sans-serif';
  context.fillText(title, 120 + shift, 200);
  for (let row = 0; row < 6; row += 1) context.fillRect(100 + shift, 300 + row * 90, 400 + ((row * 97 + shift) % 200), 24);
  return canvas.toBuffer('image/jpeg', scale === 1 ? 92 : 60);
}

const matches = async (number: string, { unit, as }: { unit: 'HQ' | 'SJZ' | 'BJ'; as?: string }) =>
  api.call({ url: `/v1/claims/${number}/matches`, token: api.tokens[unit], ...(as !== undefined && { as }) });

test('another branch learns that there is a match, and nothing of whose, where or what', async () => {
  const answer = await matches(ours, { unit: 'BJ', as: 'E2' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    items: [
      {
        ...{ kind: 'SAME_PICTURE', label: { zh: '图片相似', en: 'A picture that was seen before' } },
        ...{ grade: 'HOLD', gradeLabel: { zh: '疑似重复，须人工核实', en: 'Suspicious: stopped until a person has looked' } },
        ...{ reason: null, foundAt: '2026-11-18T01:30:00.000Z', other: null, where: { zh: '另一单位', en: 'Another unit' }, cleared: null },
      },
    ],
  });
  // and so of the task, and of everything else that the branch may read of its claim
  const paths = [`/v1/tasks?claimNumber=${ours}`, ...['', '/progress', '/history', '/messages', '/matches'].map((path) => `/v1/claims/${ours}${path}`)];
  for (const url of paths) {
    const { statusCode, body } = await api.call({ url, token: api.tokens.BJ });
    expect([url, statusCode]).toEqual([url, 200]);
    for (const secret of [theirs, HOSPITAL, 'H13010099999', 'E1', '员工E1', 'SJZ', 'V-A', api.employeeIds.E1]) expect(body).not.toContain(`"${secret}"`);
    expect(body).not.toContain(theirs);
  }
  expect((await api.call({ url: `/v1/tasks?claimNumber=${ours}`, token: api.tokens.BJ })).json().items[0]).toMatchObject({
    ...{ kind: 'DUPLICATE_REVIEW', detail: { matches: [{ kind: 'SAME_PICTURE', grade: 'HOLD' }] } },
  });
});

test('the branch of the first claim sees no match of its own, and of the other claim nothing', async () => {
  expect((await matches(theirs, { unit: 'SJZ', as: 'E4' })).json()).toEqual({ items: [] });
  expect((await matches(ours, { unit: 'SJZ', as: 'E4' })).statusCode).toBe(404);
  expect((await matches(theirs, { unit: 'BJ', as: 'E2' })).statusCode).toBe(404);
});

test('head office sees both, with why', async () => {
  const { items } = (await matches(ours, { unit: 'HQ' })).json();
  expect(items).toMatchObject([
    {
      other: { claimNumber: theirs, unitCode: 'SJZ-01' },
      reason: { zh: '相似图片出现在他人的申请中', en: "The picture looks like one of another person's claim" },
      where: { zh: '可见单位', en: 'A unit that you see' },
    },
  ]);
});

test('who said that it is none, and why, is shown', async () => {
  await worker.query('UPDATE claim_match SET cleared_at = $2, cleared_by = $3, cleared_comment = $4 WHERE claim_number = $1', [
    ...[ours, api.time.now, JSON.stringify({ type: 'person', id: api.employeeIds.E2 }), '票据号不同，已电话核实'],
  ]);
  const { items } = (await matches(ours, { unit: 'BJ', as: 'E2' })).json();
  expect(items[0].cleared).toMatchObject({ at: '2026-11-18T01:30:00.000Z', comment: '票据号不同，已电话核实' });
});

test('those who do not decide are refused: without a role, or as the claimant alone', async () => {
  expect((await matches(theirs, { unit: 'SJZ', as: 'E1' })).statusCode).toBe(403);
});

test('the API cannot read what claims are known again by, nor write a match', async () => {
  const asApi = openDatabase({ url: api.apiUrl });
  const scoped = asApi.within({ units: [api.unitIds.HQ] });
  await expect(scoped.query('SELECT FROM claim_mark')).rejects.toThrow('permission denied');
  await expect(scoped.query('DELETE FROM claim_match')).rejects.toThrow('permission denied');
  // without a scope there is nothing, and of another branch neither
  expect((await asApi.query('SELECT FROM claim_match')).rowCount).toBe(0);
  expect((await asApi.within({ units: [api.unitIds.SJZ] }).query('SELECT FROM claim_match')).rowCount).toBe(0);
  expect((await asApi.within({ units: [api.unitIds.BJ] }).query('SELECT FROM claim_match')).rowCount).toBe(1);
  await asApi.close();
});

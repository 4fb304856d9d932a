import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Role } from '#domain/claim/actor.ts';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

/** What would tell an operator of what somebody is ill: each stands in the claim or in its task. */
const CANARIES = [
  '北京协和医院',
  'H11010100001',
  '葡萄糖注射液',
  '普通门诊诊察费',
  'REFERRAL_FILED',
  'V20261110',
  '2026-11-10',
  'canary.pdf',
  'M54.500',
  '腰痛',
  '我腰痛',
  '他腰疼得厉害',
];
const DIAGNOSES = [{ code: 'M54.500', name: '腰痛' }];

let api: TestApi;
let number: string;
let documentId: string;
const taskId = randomUUID();
beforeAll(async () => {
  api = await startTestApi();
  documentId = (await api.upload({ content: PDF, name: 'canary.pdf', unitCode: 'SJZ-01' })).json().id;
  const body = claimBody({ documents: [{ documentId, kind: 'OTHER' }], diagnoses: DIAGNOSES });
  number = (await api.call({ method: 'POST', url: '/v1/claims', body })).json().number;
  await api.database.query(
    `INSERT INTO task (id, claim_number, opened_seq, kind, unit_id, role, choices, excluded, detail, status, choice, comment, decided_by)
     VALUES ($1, $2, 2, 'APPEAL_REVIEW', $3, 'hr', '{UPHOLD,GRANT}', '{}', $4, 'DECIDED', 'UPHOLD', '我腰痛', '{"type":"person","id":"x"}')`,
    [taskId, number, api.unitIds.SJZ, JSON.stringify({ reason: '我腰痛' })],
  );
  await api.database.query(
    `WITH flow AS (INSERT INTO approval_flow (unit_id, name, version, valid_from, steps, created_by) VALUES ($2, '审批', 1, now(), '[]', '{}') RETURNING id)
     INSERT INTO approval (claim_number, flow_id, flow_version, flow, status, instance, updated_at)
     SELECT $1, flow.id, 1, '{"name":"审批","version":1,"steps":[{"name":"主管","mode":"any"}]}', 'REFUSED', '{"status":"REFUSED","step":0,"rounds":[],"nextSeat":0,"acts":1,"urges":[]}', now() FROM flow`,
    [number, api.unitIds.SJZ],
  );
  await api.database.query(
    `INSERT INTO approval_entry (claim_number, no, seq, at, action, step, people, comment) VALUES ($1, 1, 2, now(), 'REFUSE', 1, '{}', '他腰疼得厉害')`,
    [number],
  );
});
afterAll(() => api.close());

let people = 0;
async function holder(role: Role): Promise<string> {
  people += 1;
  const no = `H${people}`;
  await api.database.query('INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ($1, $2, $1, $3)', [no, api.unitIds.SJZ, '130100']);
  await api.giveRole({ employee: no, unit: 'SJZ', role });
  return no;
}

const READS = [
  ...['', '/progress', '/history', '/messages', '/payments', '/decisions', '/approval'].map((path) => () => `/v1/claims/${number}${path}`),
  () => '/v1/claims',
  () => `/v1/tasks/${taskId}`,
  () => '/v1/tasks?status=DECIDED',
  () => `/v1/documents/${documentId}`,
  () => `/v1/documents/${documentId}/content`,
  () => `/v1/documents/${documentId}/preview`,
];

test.each<Role>(['operator', 'admin'])('an %s gets the claim and its history, and nothing medical anywhere', async (role) => {
  const as = await holder(role);
  const answers = await Promise.all(READS.map((url) => api.call({ url: url(), as })));
  const text = answers.map(({ body }) => body).join('\n');
  expect(CANARIES.filter((canary) => text.includes(canary))).toEqual([]);
  expect(answers.slice(0, 3).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  expect(answers.slice(-3).map(({ statusCode }) => statusCode)).toEqual([404, 404, 404]);
  const [claim, decisions] = [answers[0]?.json(), answers[5]?.json()];
  expect(claim).toMatchObject({ number, state: 'SUBMITTED', submittedAmount: '526.00', medical: 'hidden', lines: [], invoices: [], documents: [] });
  expect([claim.hospital, claim.visit, claim.diagnoses]).toEqual([null, null, null]);
  expect(decisions.code).toBe('FORBIDDEN');
});

test.each<Role>(['auditor', 'hr', 'approver', 'finance'])('an %s sees what is medical', async (role) => {
  const as = await holder(role);
  const claim = (await api.call({ url: `/v1/claims/${number}`, as })).json();
  expect(claim).toMatchObject({ medical: 'shown', hospital: { name: '北京协和医院' }, lines: [{ itemName: '葡萄糖注射液' }, {}], diagnoses: DIAGNOSES });
  expect((await api.call({ url: `/v1/claims/${number}/approval`, as })).json()).toMatchObject({ trail: [{ comment: '他腰疼得厉害' }] });
  expect((await api.call({ url: `/v1/tasks/${taskId}`, as })).json()).toMatchObject({
    medical: 'shown',
    detail: { reason: '我腰痛' },
    decision: { comment: '我腰痛' },
  });
  expect((await api.call({ url: `/v1/documents/${documentId}`, as })).statusCode).toBe(200);
});

test('the claimant sees all of the own claim, also as an operator', async () => {
  await api.giveRole({ employee: 'E1', unit: 'SJZ', role: 'operator' });
  expect((await api.call({ url: `/v1/claims/${number}`, as: 'E1' })).json()).toMatchObject({ medical: 'shown', diagnoses: DIAGNOSES });
});

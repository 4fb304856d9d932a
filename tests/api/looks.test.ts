import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
let number: string;
let documentId: string;
const taskId = randomUUID();
beforeAll(async () => {
  api = await startTestApi();
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  await api.giveRole({ employee: 'E3', unit: 'HQ', role: 'auditor' });
  documentId = (await api.upload({ content: PDF, name: '乳腺.pdf', unitCode: 'SJZ-01' })).json().id;
  const body = claimBody({ documents: [{ documentId, kind: 'OTHER' }] });
  number = (await api.call({ method: 'POST', url: '/v1/claims', body })).json().number;
  await addTask(taskId, number, 'OPEN');
  await api.database.query(
    `WITH flow AS (INSERT INTO approval_flow (unit_id, name, version, valid_from, steps, created_by) VALUES ($2, '审批', 1, now(), '[]', '{}') RETURNING id),
       approval AS (INSERT INTO approval (claim_number, flow_id, flow_version, flow, status, instance, updated_at)
         SELECT $1, flow.id, 1, '{"name":"审批","version":1,"steps":[{"name":"主管","mode":"any"}]}', 'REFUSED', '{"status":"REFUSED","step":0,"rounds":[],"nextSeat":0,"acts":1,"urges":[]}', now() FROM flow RETURNING claim_number)
     INSERT INTO approval_entry (claim_number, no, seq, at, action, step, people, comment) SELECT claim_number, 1, 2, now(), 'REFUSE', 1, '{}', '腰痛' FROM approval`,
    [number, api.unitIds.SJZ],
  );
});
afterAll(async () => api?.close());

const addTask = (id: string, claim: string, status: 'OPEN' | 'CANCELLED', seq = 2) =>
  api.database.query(
    `INSERT INTO task (id, claim_number, opened_seq, kind, unit_id, role, choices, excluded, detail, status)
     VALUES ($1, $2, $5, 'APPEAL_REVIEW', $3, 'hr', '{UPHOLD,GRANT}', '{}', '{"reason":"腰痛"}', $4)`,
    [id, claim, api.unitIds.SJZ, status, seq],
  );

const entries = async () => {
  const { rows } = await api.database.query<{ who: string; what: string; claim: string | null; chain: string }>(
    `SELECT actor->>'id' AS who, detail->>'what' AS what, detail->>'claim' AS claim, chain FROM audit_entry WHERE action = 'looked' ORDER BY id`,
  );
  return rows;
};

test.each([
  ['claim', () => `/v1/claims/${number}`],
  ['claim.progress', () => `/v1/claims/${number}/progress`],
  ['claim.history', () => `/v1/claims/${number}/history`],
  ['claim.messages', () => `/v1/claims/${number}/messages`],
  ['claim.payments', () => `/v1/claims/${number}/payments`],
  ['claim.decisions', () => `/v1/claims/${number}/decisions`],
  ['claim.approval', () => `/v1/claims/${number}/approval`],
  ['document.name', () => `/v1/documents/${documentId}`],
  ['employee', () => '/v1/employees/E1'],
  ['employee.accounts', () => '/v1/employees/E1/accounts'],
])('%s is recorded in the chain of whose it is, and not where she looks herself', async (what, url) => {
  const before = (await entries()).length;
  expect((await api.call({ url: url(), as: 'E1' })).statusCode).toBe(200);
  expect((await entries()).length).toBe(before);
  expect((await api.call({ url: url(), as: 'E4' })).statusCode).toBe(200);
  const claim = what.startsWith('claim') ? number : null;
  const recorded = what.startsWith('document') ? `${what}/${documentId}` : what;
  expect((await entries()).slice(before)).toEqual([{ who: api.employeeIds.E4, what: recorded, claim, chain: `person:${api.employeeIds.E1}` }]);
  expect((await api.call({ url: url() })).statusCode).toBe(200);
  expect((await entries()).slice(before + 1)).toMatchObject([{ what: recorded, chain: `person:${api.employeeIds.E1}` }]);
});

describe('what a task says', () => {
  const e1 = () => `person:${api.employeeIds.E1}`;

  test('is recorded of whose claim it is', async () => {
    const before = (await entries()).length;
    expect((await api.call({ url: `/v1/tasks/${taskId}`, as: 'E4' })).json()).toMatchObject({ medical: 'shown', detail: { reason: '腰痛' } });
    expect((await entries()).slice(before)).toEqual([{ who: api.employeeIds.E4, what: 'task', claim: number, chain: e1() }]);
  });

  test('in a list of each claim once, of none of the own, and in the order of the people', async () => {
    const others: string[] = [];
    for (const employeeNo of ['E2', 'E1', 'E4']) {
      const made = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo }) })).json().number;
      for (const seq of [2, 3]) await addTask(randomUUID(), made, 'CANCELLED', seq);
      others.push(made);
    }
    await api.giveRole({ employee: 'E4', unit: 'HQ', role: 'approver' });
    const before = (await entries()).length;
    expect((await api.call({ url: '/v1/tasks?status=CANCELLED', as: 'E4' })).json().items).toHaveLength(6);
    await api.database.query(`DELETE FROM role_assignment WHERE employee_id = $1 AND role = 'approver'`, [api.employeeIds.E4]);
    const seen = (await entries()).slice(before);
    const expected = [
      [api.employeeIds.E1, others[1]],
      [api.employeeIds.E2, others[0]],
    ].toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    expect(seen).toEqual(expected.map(([id, claim]) => ({ who: api.employeeIds.E4, what: 'tasks', claim, chain: `person:${id}` })));
  });

  test('is not recorded of those to whom it is not shown', async () => {
    await api.giveRole({ employee: 'E2', unit: 'SJZ', role: 'operator' });
    const before = (await entries()).length;
    for (const url of [`/v1/tasks/${taskId}`, '/v1/tasks', `/v1/claims/${number}/approval`])
      expect([url, (await api.call({ url, as: 'E2' })).statusCode]).toEqual([url, 200]);
    await api.database.query('DELETE FROM role_assignment WHERE employee_id = $1', [api.employeeIds.E2]);
    expect((await entries()).length).toBe(before);
  });
});

test('changing an employee shows the record, and is a look at it', async () => {
  const { version } = (await api.call({ url: '/v1/employees/E1', as: 'E4' })).json();
  const change = (as: string) => api.call({ method: 'PATCH', url: '/v1/employees/E1', body: { locale: 'en' }, as, headers: { 'if-match': `"${version}"` } });
  const before = (await entries()).length;
  expect((await change('E2')).statusCode).toBeGreaterThanOrEqual(403);
  expect((await entries()).length).toBe(before);
  await api.giveRole({ employee: 'E2', unit: 'HQ', role: 'hr' });
  expect((await change('E2')).json()).toMatchObject({ employeeNo: 'E1', identityNo: expect.anything() });
  await api.database.query('DELETE FROM role_assignment WHERE employee_id = $1', [api.employeeIds.E2]);
  expect((await entries()).slice(before)).toEqual([{ who: api.employeeIds.E2, what: 'employee', claim: null, chain: `person:${api.employeeIds.E1}` }]);
});

test('lists of the same people that are read at once do not wait for each other for ever', async () => {
  const urls = Array.from({ length: 8 }, (_, index) => (index % 2 ? '/v1/employees?limit=4' : '/v1/tasks?status=CANCELLED'));
  const answers = await Promise.all(urls.flatMap((url) => ['E3', undefined].map((as) => api.call({ url, ...(as && { as }) }))));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(urls.flatMap(() => [200, 200]));
});

test('a list of employees is a look at each of them', async () => {
  const before = (await entries()).length;
  expect((await api.call({ url: '/v1/employees?limit=2', as: 'E4' })).json().items).toHaveLength(2);
  const people = [api.employeeIds.E1, api.employeeIds.E3].map((id) => ({ who: api.employeeIds.E4, what: 'employees', claim: null, chain: `person:${id}` }));
  expect((await entries()).slice(before)).toEqual(expect.arrayContaining(people));
  expect((await entries()).length).toBe(before + 2);
});

test('of an auditor every look is recorded, of lists too; of others those at people alone', async () => {
  const before = (await entries()).length;
  for (const url of ['/v1/claims', '/v1/units', '/v1/payout-stops']) {
    await api.call({ url, as: 'E4' });
    expect([url, (await api.call({ url, as: 'E3' })).statusCode]).toEqual([url, 200]);
  }
  const chain = `unit:${api.unitIds.SJZ}`;
  expect((await entries()).slice(before)).toEqual(
    ['/v1/claims', '/v1/units', '/v1/payout-stops'].map((url) => ({ who: api.employeeIds.E3, what: `GET ${url}`, claim: null, chain })),
  );
});

test('what is refused shows nothing and leaves no look', async () => {
  const before = (await entries()).length;
  expect((await api.call({ url: `/v1/claims/${number}`, as: 'E2' })).statusCode).toBe(404);
  expect((await api.call({ url: '/v1/employees/E1', as: 'E2' })).statusCode).toBeGreaterThanOrEqual(403);
  expect((await entries()).length).toBe(before);
});

test('where a look cannot be written, nothing is shown', async () => {
  await api.database.query('REVOKE INSERT ON audit_entry FROM daozhang_api');
  try {
    const answer = await api.call({ url: `/v1/claims/${number}/payments`, as: 'E3' });
    expect([answer.statusCode, answer.body.includes('items')]).toEqual([500, false]);
    expect((await api.call({ url: '/v1/units', as: 'E3' })).statusCode).toBe(500);
  } finally {
    await api.database.query('GRANT INSERT ON audit_entry TO daozhang_api');
  }
});

describe('GET /v1/employees/:employeeNo/looks', () => {
  test('tells the person who looked at what, with names and units, page by page', async () => {
    const first = (await api.call({ url: '/v1/employees/E1/looks?limit=2', as: 'E1' })).json();
    expect(first.items).toHaveLength(2);
    const all: { reader: string; readerUnit: string; what: string; claimNumber: string | null }[] = [...first.items];
    for (let cursor = first.nextCursor; cursor !== null;) {
      const page = (await api.call({ url: `/v1/employees/E1/looks?limit=2&cursor=${cursor}`, as: 'E1' })).json();
      all.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(all).toHaveLength((await entries()).filter(({ chain }) => chain === `person:${api.employeeIds.E1}`).length);
    expect(all).toContainEqual(expect.objectContaining({ reader: '员工E4', readerUnit: 'SJZ', what: 'claim.decisions', claimNumber: number }));
    expect(all).toContainEqual(expect.objectContaining({ reader: 'test', readerUnit: 'HQ', what: 'employee.accounts', claimNumber: null }));
  });

  test('and auditors, of whom it is a look again, but nobody else', async () => {
    expect((await api.call({ url: '/v1/employees/E1/looks', as: 'E3' })).statusCode).toBe(200);
    expect((await entries()).at(-1)).toMatchObject({ who: api.employeeIds.E3, what: 'employee.looks' });
    expect((await api.call({ url: '/v1/employees/E1/looks', as: 'E4' })).statusCode).toBe(403);
    expect((await api.call({ url: '/v1/employees/E4/looks', as: 'E1' })).statusCode).toBeGreaterThanOrEqual(403);
    expect((await api.call({ url: '/v1/employees/E1/looks' })).json()).toMatchObject({ code: 'ACTOR_REQUIRED' });
    expect((await api.call({ url: '/v1/employees/E1/looks?cursor=x', as: 'E1' })).json()).toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { choicesOf, roleOf, type TaskKind } from '#domain/claim/tasks.ts';
import { claimBody, NOW, startTestApi, type TestApi } from './support.ts';

/* 待办, 已办, 我发起的, 抄送我的: each person's own, with counts that say the same as the lists. */

let api: TestApi;
let number: string;
let other: string;
beforeAll(async () => {
  api = await startTestApi();
  for (const role of ['approver', 'hr'] as const) await api.giveRole({ employee: 'E4', unit: 'SJZ', role });
  number = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json().number;
  other = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) })).json().number;
});
afterAll(() => api?.close());

let seq = 1;
type New = { claim?: string; unit?: 'SJZ' | 'BJ'; dueAt?: Date | null; decidedBy?: Record<string, unknown>; closedAt?: Date; assignees?: string[] };
async function addTask(kind: TaskKind, { claim = number, unit = 'SJZ', dueAt = null, decidedBy, closedAt, assignees = [] }: New = {}): Promise<string> {
  const id = randomUUID();
  const decided = decidedBy ? ['DECIDED', decidedBy, 'WAIT', closedAt ?? NOW] : ['OPEN', null, null, null];
  await api.database.query(
    `INSERT INTO task (id, claim_number, opened_seq, kind, unit_id, role, choices, excluded, due_at, status, decided_by, choice, closed_at, assignees)
     VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9, $10, $11, $12, $13)`,
    [id, claim, (seq += 1), kind, api.unitIds[unit], roleOf(kind), choicesOf(kind), dueAt, ...decided, assignees],
  );
  return id;
}
const tasks = async (box: string, as: string): Promise<string[]> =>
  (await api.call({ url: `/v1/tasks?box=${box}`, as })).json().items.map(({ id }: { id: string }) => id);
const claims = async (box: string, as: string): Promise<string[]> =>
  (await api.call({ url: `/v1/claims?box=${box}`, as })).json().items.map((claim: { number: string }) => claim.number);
const counts = async (as: string) => (await api.call({ url: '/v1/tasks/counts', as })).json();

test('待办: the most urgent first, with the working days that are left', async () => {
  // NOW is Wednesday 2026-11-18, 09:30 in Shanghai
  const monday = await addTask('ESCALATION', { dueAt: new Date('2026-11-23T15:59:59Z') });
  const today = await addTask('DUPLICATE_REVIEW', { dueAt: new Date('2026-11-18T15:59:59Z') });
  const late = await addTask('ESCALATION', { dueAt: new Date('2026-11-17T15:59:59Z') });
  await addTask('PAYOUT_ATTENTION', { dueAt: new Date('2026-11-18T15:59:59Z') });
  const { items } = (await api.call({ url: '/v1/tasks?box=todo', as: 'E4' })).json();
  expect(items.map((task: Record<string, unknown>) => [task['id'], task['overdue'], task['workingDaysLeft']])).toEqual([
    [late, true, null],
    [today, false, 0],
    // Thursday, Friday, Monday
    [monday, false, 3],
  ]);
  expect(items[0].claim).toEqual({ state: 'SUBMITTED', onHold: false, submitted: '526.00', kind: 'OUTPATIENT', employeeNo: 'E1', employeeName: '员工E1' });
  expect(await counts('E4')).toEqual({ todo: 3, overdue: 1, done: 0, started: 0, copied: 0 });
  // the claimant decides nothing of the own claim; somebody of another branch sees nothing of it
  expect(await counts('E1')).toEqual({ todo: 0, overdue: 0, done: 0, started: 1, copied: 0 });
  expect(await counts('E2')).toEqual({ todo: 0, overdue: 0, done: 0, started: 1, copied: 0 });
});

test('whoever keeps the works going sees no name', async () => {
  await api.giveRole({ employee: 'E3', unit: 'SJZ', role: 'operator' });
  const { items } = (await api.call({ url: '/v1/tasks', as: 'E3' })).json();
  expect(items.length).toBeGreaterThan(0);
  for (const { claim } of items) expect(claim.employeeName).toBeNull();
});

test('已办: what one has decided, and what was decided for one, the newest first, by pages', async () => {
  const at = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
  const { E3, E4 } = api.employeeIds;
  const own = await addTask('ESCALATION', { decidedBy: { type: 'person', id: E4 }, closedAt: at(30) });
  const forMe = await addTask('ESCALATION', { decidedBy: { type: 'person', id: E3, onBehalfOf: E4 }, closedAt: at(10) });
  const forAnother = await addTask('ESCALATION', { decidedBy: { type: 'person', id: E4, onBehalfOf: E3 }, closedAt: at(20) });
  await addTask('ESCALATION', { decidedBy: { type: 'person', id: E3 }, closedAt: at(5) });
  // decided when E4 had a role there: gone with the role
  await addTask('ESCALATION', { claim: other, unit: 'BJ', decidedBy: { type: 'person', id: E4 }, closedAt: at(1) });
  expect(await tasks('done', 'E4')).toEqual([forMe, forAnother, own]);
  expect((await counts('E4')).done).toBe(3);
  const first = (await api.call({ url: '/v1/tasks?box=done&limit=2', as: 'E4' })).json();
  expect(first.items.map(({ id }: { id: string }) => id)).toEqual([forMe, forAnother]);
  const second = (await api.call({ url: `/v1/tasks?box=done&limit=2&cursor=${first.nextCursor}`, as: 'E4' })).json();
  expect([second.items.map(({ id }: { id: string }) => id), second.nextCursor]).toEqual([[own], null]);
});

test('我发起的: one’s own claims, and those that one has entered for others', async () => {
  const entered = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody(), as: 'E4' })).json().number;
  const own = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E4' }), as: 'E4' })).json().number;
  expect((await claims('started', 'E4')).toSorted()).toEqual([entered, own].toSorted());
  expect((await claims('started', 'E1')).toSorted()).toEqual([number, entered].toSorted());
  expect(await claims('started', 'E2')).toEqual([other]);
  const page = (await api.call({ url: '/v1/claims?box=started&limit=1', as: 'E4' })).json();
  const rest = (await api.call({ url: `/v1/claims?box=started&limit=1&cursor=${page.nextCursor}`, as: 'E4' })).json();
  expect([page.items[0].number, rest.items[0].number].toSorted()).toEqual([entered, own].toSorted());
  expect((await counts('E4')).started).toBe(2);
});

describe('抄送我的', () => {
  test('what one was sent a copy of, from wherever, and not what one is asked about', async () => {
    const { E4, E2 } = api.employeeIds;
    const entry = (claim: string, no: number, action: string, person: string) =>
      api.database.query(`INSERT INTO approval_entry (claim_number, no, seq, at, action, step, people) VALUES ($1, $2, 1, $3, $4, 1, $5)`, [
        claim,
        no,
        NOW,
        action,
        [person],
      ]);
    for (const [claim, person] of [
      [other, E4],
      [number, E4],
      [number, E2],
    ])
      await api.database.query('INSERT INTO claim_participant (claim_number, employee_id, since) VALUES ($1, $2, $3)', [claim, person, NOW]);
    await entry(other, 1, 'COPY', E4);
    await entry(number, 1, 'ASK', E4);
    await entry(number, 2, 'CC', E2);
    expect(await claims('copied', 'E4')).toEqual([other]);
    expect(await claims('copied', 'E2')).toEqual([number]);
    expect([(await counts('E4')).copied, (await counts('E2')).copied, (await counts('E1')).copied]).toEqual([1, 1, 0]);
  });
});

test('boxes are a person’s: a system that names nobody has none', async () => {
  for (const url of ['/v1/tasks?box=todo', '/v1/tasks?box=done', '/v1/claims?box=started', '/v1/claims?box=copied', '/v1/tasks/counts'])
    expect([url, (await api.call({ url })).json().code]).toEqual([url, 'ACTOR_REQUIRED']);
});

test('a preview says of each item why it could not be', async () => {
  const open = await addTask('ESCALATION');
  const asked = await addTask('APPROVAL', { assignees: [api.employeeIds.E4] });
  const passedOn = await addTask('APPROVAL', { assignees: [api.employeeIds.E3] });
  const done = await addTask('ESCALATION', { decidedBy: { type: 'person', id: api.employeeIds.E3 } });
  const elsewhere = await addTask('ESCALATION', { claim: other, unit: 'BJ' });
  const preview = async (items: { taskId: string; version?: number; choice?: string; comment?: string | null }[], as = 'E4') =>
    (
      await api.call({
        ...{ method: 'POST', url: '/v1/tasks/bulk-decisions/preview', as },
        body: { items: items.map((item) => ({ version: 1, choice: 'WAIT', comment: null, ...item })) },
      })
    )
      .json()
      .results.map(({ ok, code }: { ok: boolean; code?: string }) => code ?? ok);
  expect(
    await preview([
      { taskId: open },
      { taskId: asked, choice: 'APPROVE' },
      { taskId: passedOn, choice: 'APPROVE' },
      { taskId: done },
      { taskId: randomUUID() },
    ]),
  ).toEqual([true, true, 'FORBIDDEN', 'TASK_ALREADY_DECIDED', 'NOT_FOUND']);
  expect(await preview([{ taskId: open, version: 2 }])).toEqual(['VERSION_MISMATCH']);
  expect(
    await preview([
      { taskId: open, choice: 'REFUSE' },
      { taskId: asked, choice: 'WAIT' },
    ]),
  ).toEqual(['COMMENT_REQUIRED', 'CHOICE_NOT_OFFERED']);
  expect(await preview([{ taskId: open, choice: 'RECORD_DECISION' }])).toEqual(['VALIDATION_FAILED']);
  expect(await preview([{ taskId: elsewhere }])).toEqual([expect.stringMatching(/NOT_FOUND|FORBIDDEN/)]);
  const own = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E4' }) })).json().number;
  expect(await preview([{ taskId: await addTask('ESCALATION', { claim: own }) }])).toEqual(['OWN_CLAIM']);
  expect(await preview([{ taskId: open }], 'E1')).toEqual(['FORBIDDEN']);
  await api.database.query('UPDATE claim SET on_hold = true WHERE number = $1', [number]);
  expect(await preview([{ taskId: open }])).toEqual(['CLAIM_ON_HOLD']);
  await api.database.query('UPDATE claim SET on_hold = false WHERE number = $1', [number]);
});

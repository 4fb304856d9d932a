import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiError } from '#dev/client.ts';
import { freshInvoiceNo } from '#dev/seed.ts';
import { expectBooksToAgree, type Expected } from './books.ts';
import { BUREAU, eventually, REAL, startWorld, type E2eWorld } from './world.ts';

let world: E2eWorld;
const expected: Record<string, Expected> = {};
const ends = (number: string, n: number) => (expected[number] = { state: 'PAID', paid: 82 * n });
const fifty = Array.from({ length: 50 }, (_, index) => index);
type Bulk = { results: { taskId: string; ok: boolean; code?: string }[] };

beforeAll(async () => {
  world = await startWorld();
  await world.api.post('/v1/units', {
    ...{ code: 'SJZ-STEP', name: '审批部', nameEn: 'With an approver', parentCode: 'SJZ', region: BUREAU },
  });
  await addFlow([REAL.manager, REAL.headManager]);
});
afterAll(() => world?.stop());

let versions = 0;
/** Claims of the department are approved by any of these. */
async function addFlow(employeeNos: string[]): Promise<void> {
  const steps = [{ name: '负责人', mode: 'any', approvers: { kind: 'people', employeeNos } }];
  await world.api.post('/v1/units/SJZ-STEP/approval-flows', { name: '单位审批', basedOn: versions, steps });
  versions += 1;
}

const numbersOf = async (employeeNo: string) =>
  (
    await world.sql<{ number: string }>('SELECT c.number FROM claim c JOIN employee e ON e.id = c.employee_id WHERE e.employee_no = $1 ORDER BY c.number', [
      employeeNo,
    ])
  ).map(({ number }) => number);

test('fifty submissions under one key are one claim; fifty keys with one invoice pay once', async () => {
  const [impatient, duplicator] = await Promise.all([world.employee(), world.employee()]);
  const same = { n: 1, by: impatient, key: randomUUID(), invoiceNo: freshInvoiceNo() };
  const answers = await Promise.all(fifty.map(() => world.submit(same).catch((error: ApiError) => error.code)));
  const accepted = answers.filter((answer) => answer.startsWith('YB'));
  expect(new Set(accepted).size).toBe(1);
  expect(new Set(answers.filter((answer) => !answer.startsWith('YB')))).toEqual(new Set(accepted.length === 50 ? [] : ['REQUEST_IN_FLIGHT']));
  const [one = ''] = accepted;
  ends(one, 1);
  expect(await world.submit(same)).toBe(one);
  expect(await numbersOf(impatient.employeeNo)).toEqual([one]);

  const invoiceNo = freshInvoiceNo();
  const numbers = await Promise.all(fifty.map(() => world.submit({ n: 2, by: duplicator, invoiceNo })));
  expect(new Set(numbers).size).toBe(50);
  const settled = await Promise.all(numbers.map((number) => world.until(number, ({ cleared, state }) => cleared || state === 'PENDED_DUPLICATE')));
  await world.until(one, ({ cleared }) => cleared);
  const winners = numbers.filter((_, index) => settled[index]?.cleared);
  expect(winners).toHaveLength(1);
  for (const number of numbers)
    expected[number] = winners.includes(number) ? { state: 'PAID', paid: 164 } : { state: 'PENDED_DUPLICATE', paid: 0, closed: false };
  await expectBooksToAgree(world, expected);
});

test('one task has one decider, nobody decides their own claim, and a bulk decision skips what is held', async () => {
  const { api } = world;
  const by = await world.employee({ unitCode: 'SJZ-STEP' });
  const own = await world.employee({ unitCode: 'SJZ-STEP', roles: [{ unitCode: 'SJZ-STEP', role: 'approver' }] });
  await addFlow([REAL.manager, REAL.headManager, own.employeeNo]);
  const raced = await world.submit({ n: 11, by });
  const [task, other] = [await world.openTask(raced, 'APPROVAL', REAL.manager), await world.openTask(raced, 'APPROVAL', REAL.headManager)];
  const code = (promise: Promise<unknown>) => promise.then(() => 'done').catch((error: ApiError) => error.code);
  const outcomes = await Promise.all([
    code(world.decide(task, 'APPROVE', { as: REAL.manager })),
    code(world.decide(other, 'REFUSE', { as: REAL.headManager, comment: '计划不含' })),
  ]);
  expect(outcomes.toSorted()).toEqual(['TASK_ALREADY_DECIDED', 'done']);
  if (outcomes[0] === 'done') ends(raced, 11);
  else expected[raced] = { state: 'DENIED', paid: 0, closed: false };

  const ownClaim = await world.submit({ n: 12, by: own });
  const ownTask = await world.openTask(ownClaim, 'APPROVAL', REAL.manager);
  // whoever it belongs to was never asked
  expect(await code(world.decide(ownTask, 'APPROVE', { as: own.employeeNo }))).toBe('FORBIDDEN');

  const [held, free] = await Promise.all([world.submit({ n: 13, by }), world.submit({ n: 14, by })]);
  const [heldTask, freeTask] = [await world.openTask(held, 'APPROVAL', own.employeeNo), await world.openTask(free, 'APPROVAL', own.employeeNo)];
  await api.post(`/v1/claims/${held}/hold`, { reason: '核对发票' }, { as: REAL.hr });
  const items = [heldTask, ownTask, freeTask].map(({ id, version }) => ({ taskId: id, version, choice: 'APPROVE', comment: null }));
  const bulk = await api.post<Bulk>('/v1/tasks/bulk-decisions', { items }, { as: own.employeeNo });
  expect(bulk.results.map(({ taskId, ok, code: why }) => ({ taskId, ok, why }))).toEqual([
    { taskId: heldTask.id, ok: false, why: 'CLAIM_ON_HOLD' },
    { taskId: ownTask.id, ok: false, why: 'FORBIDDEN' },
    { taskId: freeTask.id, ok: true, why: undefined },
  ]);
  ends(free, 14);
  await api.post(`/v1/claims/${held}/release`, {}, { as: REAL.hr });
  await world.decide(await world.openTask(held, 'APPROVAL', REAL.manager), 'APPROVE', { as: REAL.manager });
  await world.decide(ownTask, 'APPROVE', { as: REAL.manager });
  ends(held, 13);
  ends(ownClaim, 12);
});

test('a decision that no worker hears is pending, and the same key gets its answer once one is back', async () => {
  const { product } = world;
  const by = await world.employee({ unitCode: 'SJZ-STEP' });
  const number = await world.submit({ n: 15, by });
  const task = await world.openTask(number, 'APPROVAL', REAL.manager);
  await product.processes.worker.kill();
  const key = randomUUID();
  const decide = () => world.decide(task, 'APPROVE', { as: REAL.manager, key });
  const pending = await decide().catch((error: unknown) => error);
  expect(pending).toMatchObject({ status: 504, code: 'UPDATE_PENDING' });
  product.processes.worker = await product.startWorker();
  const answer = await eventually('the answer under the same key', decide);
  expect(answer).toMatchObject({ taskId: task.id, claimNumber: number });
  expect(await decide()).toEqual(answer);
  const decided = await world.sql('SELECT 1 FROM claim_event WHERE claim_number = $1 AND type = $2', [number, 'APPROVAL_STEP_DECIDED']);
  expect(decided).toHaveLength(1);
  ends(number, 15);

  for (const [each, { state }] of Object.entries(expected)) await world.until(each, (claim) => (state === 'PAID' ? claim.cleared : claim.state === state));
  await expectBooksToAgree(world, expected);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '#dev/client.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { freshInvoiceNo } from '#dev/seed.ts';
import { expectBooksToAgree, type Expected } from './books.ts';
import { addAccount, BUREAU, eventually, REAL, startWorld, type E2eWorld } from './world.ts';

let world: E2eWorld;
const expected: Record<string, Expected> = {};
const ends = (number: string, n: number) => (expected[number] = { state: 'PAID', paid: 82 * n });

beforeAll(async () => {
  // No poll of the bureau makes up for what is lost: that is for the rebuilt workflow to know.
  world = await startWorld({ pollEverySeconds: 86_400 });
  await world.api.post('/v1/units', {
    ...{ code: 'SJZ-STEP', name: '审批部', nameEn: 'With an approver', parentCode: 'SJZ', region: BUREAU },
  });
  await world.api.post('/v1/units/SJZ-STEP/approval-flows', {
    ...{ name: '单位审批', basedOn: 0 },
    steps: [{ name: '负责人', mode: 'one', approvers: { kind: 'role', role: 'approver' } }],
  });
  await world.api.post('/v1/units', { code: 'SJZ-STOP', name: '停付部', nameEn: 'With its payouts stopped', parentCode: 'SJZ', region: BUREAU });
});
afterAll(() => world?.stop());

const decideAtBureau = (number: string, ruling: Record<string, unknown> = { outcome: 'approve' }) =>
  world.bureau.send('POST', `/bureaus/${BUREAU}/claims/${number}/decide`, ruling);
const holdAtBureau = (hold: boolean) => world.bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold } });
const acknowledged = (number: string) =>
  eventually(`the callback of ${number} to be acknowledged`, async () => {
    const { callbacks } = await world.bureau.get<{ callbacks: { callback: { key: string }; state: string }[] }>('/callbacks');
    return callbacks.some(({ callback, state }) => callback.key === number && state === 'acknowledged');
  });

test('Temporal killed under load, and away while claims, answers and decisions come in', async () => {
  const { api, temporal } = world;
  const by = await world.employee();
  await holdAtBureau(true);
  const waiting = await world.submit({ n: 1, by });
  ends(waiting, 1);
  await world.until(waiting, 'IN_REVIEW');
  await holdAtBureau(false);
  const stepper = await world.employee({ unitCode: 'SJZ-STEP' });
  const asked = await world.submit({ n: 2, by: stepper });
  ends(asked, 2);
  const task = await world.openTask(asked, 'APPROVAL');

  const busy = await Promise.all([3, 4, 5, 6].map(async (n) => ({ n, number: await world.submit({ n, by }) })));
  for (const { n, number } of busy) ends(number, n);
  await world.until(busy[0]?.number ?? '', ({ state }) => state !== 'SUBMITTED');
  await temporal.kill();

  const late = await Promise.all([7, 8].map(async (n) => ({ n, number: await world.submit({ n, by }) })));
  for (const { n, number } of late) ends(number, n);
  await decideAtBureau(waiting);
  await acknowledged(waiting);
  const key = randomUUID();
  const refused = await world.decide(task, 'APPROVE', { as: REAL.manager, key }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ status: 503, code: 'TEMPORAL_UNAVAILABLE' });
  expect((await world.claim(waiting)).state).toBe('IN_REVIEW');
  expect((await api.get<{ state: string }>(`/v1/claims/${late[0]?.number}`)).state).toBe('SUBMITTED');

  await temporal.start();
  await eventually('the decision under its old key', () => world.decide(task, 'APPROVE', { as: REAL.manager, key }).then(() => true));
  for (const number of Object.keys(expected)) await world.until(number, ({ cleared }) => cleared);
  await expectBooksToAgree(world, expected);
});

test("Temporal's store is lost with claims in every waiting state, and claims:recover brings each to its right end", async () => {
  const { api, bank, bureau, temporal } = world;
  const people = {
    plain: await world.employee(),
    stepper: await world.employee({ unitCode: 'SJZ-STEP' }),
    stopped: await world.employee({ unitCode: 'SJZ-STOP' }),
  };
  const [inFlight, closedAccount, uncleared, unanswered] = await Promise.all([world.employee(), world.employee(), world.employee(), world.employee()]);
  const by = people.plain;
  await api.post('/v1/payout-stops', { scope: 'SJZ-STOP', reason: '年终盘点' }, { as: REAL.finance });
  await bank.fault({ mode: 'processing', on: 'XFERTRNRQ', account: inFlight.account });
  await bank.send('PUT', '/payees', { account: closedAccount.account, state: 'closed' });

  // One claim in every state in which a claim may wait for long.
  const submitted = await world.submit({ n: 21, by: people.stepper });
  await world.openTask(submitted, 'APPROVAL');
  const pendedInfo = await world.submit({ n: 22, by, without: 'PRESCRIPTION_OR_RECORD' });
  await world.until(pendedInfo, 'PENDED_INFO');
  const blocked = await world.submit({ n: 23, by: people.stopped });
  await world.until(blocked, ({ payoutBlocked }) => payoutBlocked === 'STOPPED');
  const processing = await world.submit({ n: 24, by: inFlight });
  await world.until(processing, ({ paymentStatus }) => paymentStatus === 'IN_FLIGHT');
  const failed = await world.submit({ n: 25, by: closedAccount });
  await world.until(failed, 'PAYMENT_FAILED');
  await bank.fault({ mode: '5xx', on: 'SCUSTSTMTTRNRQ' });
  const paid = await world.submit({ n: 26, by: uncleared });
  await world.until(paid, 'PAID');
  await bank.fault({ mode: 'commit-then-timeout', on: 'XFERTRNRQ', account: unanswered.account, cut: true });
  await bank.fault({ mode: '5xx', on: 'XFERINQTRNRQ' });
  await bank.fault({ mode: 'lost', on: 'DZXFERNTFRQ' });
  const unknown = await world.submit({ n: 33, by: unanswered });
  await world.until(unknown, ({ paymentStatus }) => paymentStatus === 'UNKNOWN');
  await holdAtBureau(true);
  const invoiceNo = freshInvoiceNo();
  const inReview = await world.submit({ n: 27, by, invoiceNo });
  await world.until(inReview, 'IN_REVIEW');
  const duplicate = await world.submit({ n: 27, by, invoiceNo });
  const duplicateTask = await world.openTask(duplicate, 'DUPLICATE_REVIEW');
  const held = await world.submit({ n: 28, by });
  const denied = await world.submit({ n: 29, by });
  const decidedMeanwhile = await world.submit({ n: 30, by });
  for (const number of [held, denied, decidedMeanwhile]) await world.until(number, 'IN_REVIEW');
  await decideAtBureau(denied, { outcome: 'deny', resn: [{ code: '204', text: '计划不含' }] });
  await world.until(denied, 'DENIED');
  // Its answer has come and lies in the mailbox of a workflow that will be forgotten.
  await api.post(`/v1/claims/${held}/hold`, { reason: '核对发票' }, { as: REAL.hr });
  await decideAtBureau(held);
  await eventually(
    'the answer shown while held',
    async () => (await world.sql(`SELECT 1 FROM claim_event WHERE claim_number = $1 AND type = 'ANSWER_WHILE_HELD'`, [held])).length === 1,
  );
  await bureau.fault({ mode: '5xx', on: 'DZ01' });
  const sent = await world.submit({ n: 31, by });
  await world.until(sent, 'SENT_TO_BUREAU');

  await temporal.kill();
  temporal.loseStore();
  // The world goes on while Temporal is gone: answers, bank news, accounts, new claims.
  await bank.send('DELETE', '/faults');
  const neverStarted = await world.submit({ n: 32, by });
  await decideAtBureau(decidedMeanwhile);
  await acknowledged(decidedMeanwhile);
  const [order] = await world.sql<{ reference: string }>('SELECT reference FROM payment_instruction WHERE claim_number = $1', [processing]);
  await bank.send('POST', `/instructions/${order?.reference}/release`, { code: 'PAYOUT' });
  await addAccount(api, { ...closedAccount, account: `${closedAccount.account}1` });
  await fetch(`${world.product.apiUrl}/v1/payout-stops/SJZ-STOP`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${world.token}`, 'daozhang-actor': REAL.finance },
  });
  await bureau.send('DELETE', '/faults');
  await temporal.start();

  const first = await world.recover();
  expect(first.code, first.output).toBe(0);
  expect(first.output).toMatch(/not recovered +0\n/);
  const second = await world.recover();
  expect(second.code, second.output).toBe(0);
  expect(second.output).toMatch(/workflow started again +0\n/);

  // What waits for people goes on when they act, on workflows that remember nothing.
  await world.decide(await world.openTask(submitted, 'APPROVAL'), 'APPROVE', { as: REAL.manager });
  const { id } = await api.upload({ name: 'record.pdf', content: samplePdf('PRESCRIPTION_OR_RECORD') });
  await api.post(`/v1/claims/${pendedInfo}/documents`, { documents: [{ documentId: id, kind: 'PRESCRIPTION_OR_RECORD' }] }, { as: by.employeeNo });
  await api.post(`/v1/claims/${pendedInfo}/materials-complete`, {}, { as: by.employeeNo });
  await world.decide(duplicateTask, 'DUPLICATE', { as: REAL.hr });
  await api.post(`/v1/claims/${held}/release`, {}, { as: REAL.hr });
  await api.post(`/v1/claims/${denied}/appeal`, { reason: '材料已补齐' }, { as: by.employeeNo });
  const undecided = [submitted, pendedInfo, inReview, denied, sent, neverStarted];
  for (const number of undecided) {
    await world.until(number, ({ state }) => state === 'IN_REVIEW' || state === 'APPEAL_REVIEW');
    await bureau.send('PUT', `/bureaus/${BUREAU}/claims/${number}`, { rulings: [{ outcome: 'approve', delayMs: 0 }] });
  }

  const all = {
    21: submitted,
    22: pendedInfo,
    23: blocked,
    24: processing,
    25: failed,
    26: paid,
    27: inReview,
    28: held,
    29: denied,
    30: decidedMeanwhile,
    31: sent,
    32: neverStarted,
    33: unknown,
  };
  for (const [n, number] of Object.entries(all)) {
    ends(number, Number(n));
    await world.until(number, ({ cleared }) => cleared);
  }
  await world.until(duplicate, 'DENIED');
  expected[duplicate] = { state: 'DENIED', paid: 0, closed: false };
  await expectBooksToAgree(world, expected);
});

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { away, inTurn } from './script.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();
const inReview = async () => {
  const claim = await world.submit();
  await claim.reaches('IN_REVIEW');
  return claim;
};

describe('withdrawal', () => {
  test('before the bureau has it: at once, and what it held is free', async () => {
    await world.quota({ limitFen: 200_000 });
    await world.approvalFlow({ steps: [{ who: ['approver'] }] });
    const claim = await world.submit();
    await claim.openTask('APPROVAL');
    expect(await claim.withdraw()).toEqual({ ok: true });
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect(await claim.quota()).toEqual({ held: '0 RELEASED', reservedFen: 0, usedFen: 0 });
    expect([await claim.invoiceHolders(), world.script.withdrawals]).toEqual([[], []]);
    expect(await claim.tasks()).toMatchObject([{ status: 'CANCELLED' }]);
    expect(await claim.row()).toMatchObject({ closed: true, turn: null });
  });

  test('with the bureau: waits for its word, once however often it is asked for', async () => {
    let let_go: () => void = () => undefined;
    const word = new Promise<void>((resolve) => (let_go = resolve));
    world.script.onWithdraw = async () => {
      await word;
      return 'withdrawn';
    };
    const claim = await inReview();
    expect(await claim.withdraw()).toEqual({ ok: true });
    expect(await claim.withdraw()).toEqual({ ok: true });
    expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW' });
    let_go();
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect((await claim.trail()).slice(3)).toEqual(['WITHDRAWAL_REQUESTED IN_REVIEW', 'WITHDRAWN WITHDRAWN']);
    expect(world.script.withdrawals).toEqual([claim.number]);
  });

  test('already decided: refused, and the decision is taken', async () => {
    world.script.onWithdraw = async () => 'already-decided';
    const claim = await inReview();
    await claim.withdraw();
    await claim.has('WITHDRAWAL_REFUSED');
    await claim.answered({});
    await claim.reaches('PAID');
    expect(await claim.withdraw()).toEqual({ ok: false, code: 'WITHDRAWAL_TOO_LATE' });
    expect(await claim.notices()).toContain('WITHDRAWAL_REFUSED claimant');
  });

  test('the bureau is away: it waits, reminders go on, and then it is withdrawn', async () => {
    await world.settings({
      serviceLevels: { bureauReview: { remindAfter: { seconds: 3_600 }, escalateAfter: { seconds: 7_200 }, escalateAgainAfter: { seconds: 9_000 } } },
    });
    world.script.onWithdraw = away;
    const claim = await inReview();
    await claim.withdraw();
    await world.sleep(10_000);
    await claim.reaches((row) => row.escalationLevel === 2);
    world.script.onWithdraw = async () => 'withdrawn';
    await world.sleep(900);
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect((await claim.trail()).slice(3)).toEqual([
      ...[
        'WITHDRAWAL_REQUESTED IN_REVIEW',
        'REMINDED(REMINDED_BUREAU) IN_REVIEW',
        'ESCALATED IN_REVIEW',
        'ESCALATED(ESCALATED_HEAD_OFFICE) IN_REVIEW',
        'WITHDRAWN WITHDRAWN',
      ],
    ]);
  });

  test('the decision comes while the withdrawal is on its way: decided, and no longer withdrawn', async () => {
    world.script.onWithdraw = away;
    const claim = await inReview();
    await claim.withdraw();
    await claim.answered({});
    await claim.reaches('PAID');
    await claim.booked({ kind: 'DEBIT' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
  });

  test('while the submission is under way: the submission ends first', async () => {
    const order: string[] = [];
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    world.script.onSubmit = async () => {
      await answered;
      order.push('submitted');
      return { kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' };
    };
    world.script.onWithdraw = async () => {
      order.push('withdrawn');
      return 'withdrawn';
    };
    const claim = await world.submit();
    await claim.until('was being sent', async () => world.script.submissions.length === 1);
    expect(await claim.withdraw()).toEqual({ ok: true });
    await claim.listens();
    expect(await claim.hasScheduled('withdrawFromBureau')).toBe(false);
    answer();
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect(order).toEqual(['submitted', 'withdrawn']);
  });

  test('asked for while documents are missing at the bureau: nobody completes it any more', async () => {
    world.script.onWithdraw = inTurn(away, away, 'withdrawn');
    const claim = await inReview();
    await claim.answered({ missing: ['OTHER'] });
    await claim.reaches('PENDED_INFO');
    await claim.withdraw();
    expect(await claim.complete()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    await world.sleep(60);
    await claim.reaches('WITHDRAWN');
  });
});

describe('a hold', () => {
  test('blocks decisions, also one that was on its way; the bureau’s answer is recorded and applied after the release', async () => {
    await world.approvalFlow({ steps: [{ who: ['approver'] }] });
    const claim = await world.submit();
    const { id } = await claim.openTask('APPROVAL');
    // both pass the validator: the claim is not held yet
    const [held, decided] = await Promise.all([claim.hold(), claim.decide('APPROVE', world.people.approver, { taskId: id })]);
    expect(held).toEqual({ ok: true });
    expect([{ ok: true }, { ok: false, code: 'CLAIM_ON_HOLD' }]).toContainEqual(decided);
    expect(await claim.hold()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    expect(await claim.decide('APPROVE', world.people.approver, { taskId: id })).toMatchObject({ ok: false });
    expect(await claim.release()).toEqual({ ok: true });
    if (!decided.ok) expect(await claim.decide('APPROVE', world.people.approver)).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');

    await claim.hold();
    await claim.answered({});
    await claim.has('ANSWER_WHILE_HELD');
    expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW', onHold: true });
    expect(await claim.decisions()).toEqual([]);
    expect(await claim.release()).toEqual({ ok: true });
    expect(await claim.release()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    await claim.reaches('PAID');
    expect(await claim.notices()).toEqual(expect.arrayContaining(['ON_HOLD claimant', 'RELEASED claimant']));
  });

  test('a decision that reaches a held claim is refused by the validator, and by the write where it was queued behind the hold', async () => {
    await world.approvalFlow({ steps: [{ who: ['approver'] }] });
    await world.restartWorkers({ maxCachedWorkflows: 0 });
    const claim = await world.submit();
    const { id } = await claim.openTask('APPROVAL');
    await claim.settles();
    await world.stopWorkers();
    // both wait for a worker, and reach the claim in one task, in this order
    const held = claim.hold();
    await delay(300);
    const decided = claim.decide('APPROVE', world.people.approver, { taskId: id });
    await delay(300);
    await world.startWorkers();
    expect(await held).toEqual({ ok: true });
    expect(await decided).toEqual({ ok: false, code: 'CLAIM_ON_HOLD' });
    expect(await claim.decide('APPROVE', world.people.approver, { taskId: id })).toEqual({ ok: false, code: 'CLAIM_ON_HOLD' });
    expect(await claim.tasks()).toMatchObject([{ status: 'OPEN' }]);
  });

  test('blocks the instruction, and stops the clock of deadlines', async () => {
    await world.database.query("INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ('*', 'test', '{}')");
    const claim = await inReview();
    await claim.answered({});
    await claim.has('PAYOUT_BLOCKED');
    await claim.hold();
    await world.database.query('DELETE FROM payout_stop');
    await world.sleep(3_600);
    expect(await claim.row()).toMatchObject({ state: 'APPROVED', onHold: true });
    expect(world.script.transfers).toEqual([]);
    await claim.release();
    await world.sleep(1_000);
    await claim.reaches('PAID');

    const monday = await world.untilMonday();
    const waiting = await world.submit({ documents: [] });
    await waiting.reaches('PENDED_INFO');
    await waiting.hold();
    await world.sleepUntil(afterDays(monday, 30));
    expect(await waiting.row()).toMatchObject({ state: 'PENDED_INFO' });
    await waiting.release();
    await waiting.reaches('DENIED');
  });
});

describe('two people', () => {
  test('decide one task at once: one wins', async () => {
    await (await world.submit({ invoiceNo: 'T-1' })).reaches('IN_REVIEW');
    const claim = await world.submit({ invoiceNo: 'T-1' });
    const { id } = await claim.openTask('DUPLICATE_REVIEW');
    const answers = await Promise.all([
      claim.decide('NOT_DUPLICATE', world.people.hr, { taskId: id }),
      claim.decide('DUPLICATE', world.people.hr2, { taskId: id }),
    ]);
    expect(answers).toContainEqual({ ok: true });
    expect(answers).toContainEqual({ ok: false, code: 'TASK_ALREADY_DECIDED' });
    const [task] = await claim.tasks();
    await claim.reaches(answers[0]?.ok ? 'IN_REVIEW' : 'DENIED');
    expect(task).toMatchObject({ status: 'DECIDED', choice: answers[0]?.ok ? 'NOT_DUPLICATE' : 'DUPLICATE' });
  });

  test('one update sent twice is carried out once and answered alike, also after the claim has moved on', async () => {
    await world.approvalFlow({ steps: [{ who: ['approver'] }] });
    const claim = await world.submit();
    const { id } = await claim.openTask('APPROVAL');
    const updateId = randomUUID();
    const send = () => claim.decide('APPROVE', world.people.approver, { taskId: id, updateId });
    expect(await Promise.all([send(), send()])).toEqual([{ ok: true }, { ok: true }]);
    await claim.reaches('IN_REVIEW');
    expect(await send()).toEqual({ ok: true });
    expect((await claim.trail()).filter((move) => move.startsWith('APPROVAL_STEP'))).toHaveLength(1);
  });
});

describe('a reversal', () => {
  test('is a task for finance; called off, the claim is cleared; recovered, it is reversed and the quota is free', async () => {
    await world.quota({ limitFen: 500_000 });
    await world.settings({ clawback: 'wage-deduction' });
    const claim = await inReview();
    expect(await claim.askBack()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    await claim.answered({ funding: [{ source: 'employer_plan', amountFen: fen(120_000) }] });
    await claim.reaches('PAID');
    expect(await claim.askBack()).toEqual({ ok: true });
    expect(await claim.askBack()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    await claim.booked({ kind: 'DEBIT' });
    await world.sleep(3 * 86_400);
    expect(await claim.row()).toMatchObject({ state: 'PAID', closed: false, turn: 'finance' });
    expect(await claim.openTask('CLAWBACK')).toMatchObject({ role: 'finance', detail: { how: 'wage-deduction', amount: '1200.00' } });
    expect(await claim.decide('CANCEL', world.people.finance)).toEqual({ ok: true });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect(await claim.quota()).toEqual({ held: '120000 USED', reservedFen: 0, usedFen: 120_000 });

    const other = await inReview();
    await other.answered({ funding: [{ source: 'employer_plan', amountFen: fen(120_000) }] });
    await other.reaches('PAID');
    await other.askBack();
    expect(await other.decide('RECOVERED', world.people.finance)).toEqual({ ok: true });
    await expect(other.result()).resolves.toMatchObject({ state: 'REVERSED' });
    expect(await other.quota()).toMatchObject({ usedFen: 120_000 });
    expect((await other.trail()).slice(-2)).toEqual(['REVERSAL_REQUESTED PAID', 'REVERSED REVERSED']);
    expect((await other.notices()).slice(-2)).toEqual(['TASK_WAITING finance@SJZ', 'REVERSED claimant']);
  });
});

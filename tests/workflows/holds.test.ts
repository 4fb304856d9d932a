import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import type { Claim } from './claim.ts';
import { away } from './script.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();

/** Answers once it is told to. */
function gate<T>(answer: T) {
  let open: () => void = () => undefined;
  let asked = 0;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    asked: () => asked,
    call: async (): Promise<T> => {
      asked += 1;
      await opened;
      return answer;
    },
  };
}
const accepted = { kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' } as const;
const requested = async (claim: Claim) =>
  (await claim.select<{ requested: boolean }>('SELECT withdrawal_requested AS requested FROM claim WHERE number = $1'))[0]?.requested;

describe('a hold while a call is under way lets it end, and what it brings is written', () => {
  test('a submission', async () => {
    const bureau = gate(accepted);
    world.script.onSubmit = bureau.call;
    const claim = await world.submit();
    await claim.until('was being sent', async () => bureau.asked() === 1);
    expect(await claim.hold()).toEqual({ ok: true });
    bureau.open();
    expect(await claim.reaches('IN_REVIEW')).toMatchObject({ onHold: true });
    expect((await claim.trail()).slice(-2)).toEqual(['HELD SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW']);
    expect(await claim.release()).toEqual({ ok: true });
    expect(bureau.asked()).toBe(1);
  });

  test('a withdrawal', async () => {
    const claim = await world.submit();
    await claim.reaches('IN_REVIEW');
    const bureau = gate('withdrawn' as const);
    world.script.onWithdraw = bureau.call;
    expect(await claim.withdraw()).toEqual({ ok: true });
    await claim.until('was being withdrawn', async () => bureau.asked() === 1);
    expect(await claim.hold()).toEqual({ ok: true });
    bureau.open();
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
  });

  test('a transfer', async () => {
    const bank = gate({ kind: 'succeeded', amountFen: fen(120_000), bankStatus: 'PAYOUT', settledAt: '' } as const);
    world.script.onTransfer = bank.call;
    const claim = await world.submit();
    await claim.reaches('IN_REVIEW');
    await claim.answered({});
    await claim.until('was being paid', async () => bank.asked() === 1);
    expect(await claim.hold()).toEqual({ ok: true });
    bank.open();
    expect(await claim.reaches('PAID')).toMatchObject({ onHold: true, paidFen: 120_000 });
    expect(bank.asked()).toBe(1);
  });
});

test('a hold begins no call: a workflow that goes on with a held claim sends nothing before the release', async () => {
  world.script.onSubmit = away;
  const claim = await world.submit();
  await claim.until('was tried', async () => world.script.submissions.length > 0);
  expect(await claim.hold()).toEqual({ ok: true });
  await claim.terminate();
  const tried = world.script.submissions.length;
  world.script.onSubmit = async () => accepted;
  await claim.start();
  await claim.listens();
  await world.sleep(3_600);
  expect(await claim.row()).toMatchObject({ state: 'SENT_TO_BUREAU', onHold: true });
  expect(world.script.submissions).toHaveLength(tried);
  expect(await claim.release()).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
});

test('a withdrawal that the bureau has not answered yet outlives waiting on and sending again, and ends with a decision', async () => {
  await world.settings({
    serviceLevels: { bureauReview: { remindAfter: { seconds: 3_000 }, escalateAfter: { seconds: 7_200 }, escalateAgainAfter: { seconds: 90_000 } } },
  });
  world.script.onWithdraw = away;
  const asked = async () => {
    const claim = await world.submit();
    await claim.reaches('IN_REVIEW');
    expect(await claim.withdraw()).toEqual({ ok: true });
    await claim.listens();
    return claim;
  };
  const [withdrawn, decided] = [await asked(), await asked()];
  await world.sleepThrough(7_500);
  expect(await withdrawn.decide('WAIT', world.people.approver, { kind: 'ESCALATION' })).toEqual({ ok: true });
  expect(await requested(withdrawn)).toBe(true);
  expect(await withdrawn.complete()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await decided.decide('RESUBMIT', world.people.approver, { kind: 'ESCALATION' })).toEqual({ ok: true });
  expect(await requested(decided)).toBe(true);
  await decided.answered({ version: 2 });
  await decided.reaches('PAID');
  expect(await requested(decided)).toBe(false);
  world.script.onWithdraw = async () => 'withdrawn';
  await world.sleepThrough(900);
  await withdrawn.reaches('WITHDRAWN');
  expect(world.script.withdrawals.at(-1)).toBe(withdrawn.number);
});

test('a move that the table forbids fails the request that asked for it, and not the claim', async () => {
  const monday = await world.untilMonday();
  const claim = await world.submit({ documents: ['INVOICE'] });
  await claim.reaches('PENDED_INFO');
  await world.sleepUntil(afterDays(monday, 21));
  await claim.reaches('DENIED');
  expect(await claim.appeal()).toEqual({ ok: true });
  const { id } = await claim.openTask('APPEAL_REVIEW');
  await claim.settles();
  // a bug of ours, or somebody's hand in the database: no claim that is paid has an appeal to be granted
  const become = (state: string) => world.database.query('UPDATE claim SET state = $2 WHERE number = $1', [claim.number, state]);
  await become('PAID');
  const before = await claim.trail();
  expect(await claim.decide('GRANT', world.people.hr, { taskId: id })).toEqual({ ok: false, code: 'INTERNAL' });
  expect(await claim.trail()).toEqual(before);
  expect(await claim.tasks()).toMatchObject([{ id, status: 'OPEN' }]);
  await become('APPEAL_REVIEW');
  expect(await claim.decide('UPHOLD', world.people.hr, { taskId: id })).toEqual({ ok: true });
  await claim.reaches('DENIED');
});

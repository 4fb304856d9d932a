import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import { inTurn } from './script.ts';
import { useWorld } from './support.ts';

const world = useWorld();
const DAY = 86_400;
/** the bank is asked again after a quarter of an hour */
const ASK = 910;

const approved = async (lines = [120_000]) => {
  const claim = await world.submit({ lines });
  await claim.reaches('IN_REVIEW');
  await claim.answered({});
  return claim;
};
const paid = async () => {
  const claim = await approved();
  await claim.reaches('PAID');
  return claim;
};
const succeeded = (amountFen = 120_000): TransferStatus => ({ kind: 'succeeded', amountFen: fen(amountFen), bankStatus: 'PAYOUT', settledAt: '' });
const inFlight: TransferStatus = { kind: 'in-flight', bankStatus: 'PENDING' };
const unknown: TransferStatus = { kind: 'unknown', cause: 'TIMEOUT' };
const failed = (code: string): TransferStatus => ({ kind: 'failed', bankStatus: 'FAIL', code, text: '' });

describe('the bank answers', () => {
  test('in flight, then paid', async () => {
    world.script.onTransfer = async () => inFlight;
    world.script.onInquire = inTurn(inFlight, succeeded());
    const claim = await approved();
    await claim.until('was in flight', async () => (await claim.payments())[0]?.status === 'IN_FLIGHT');
    await world.sleep(ASK);
    expect(await claim.row()).toMatchObject({ state: 'PAYMENT_IN_PROCESS', turn: 'bank' });
    await world.sleep(ASK);
    await claim.reaches('PAID');
    expect([world.script.transfers.length, world.script.inquiries.length]).toEqual([1, 2]);
    expect(await claim.trail()).not.toContain('PAYMENT_UNCLEAR PAYMENT_IN_PROCESS');
  });

  test('by callback, whatever the order, before it is asked', async () => {
    world.script.onTransfer = async () => inFlight;
    const claim = await approved();
    await claim.until('was in flight', async () => (await claim.payments())[0]?.status === 'IN_FLIGHT');
    await claim.bankSays(succeeded());
    await claim.bankSays(inFlight);
    await claim.bankSays(failed('42'));
    await claim.reaches('PAID');
    await claim.settles();
    expect(await claim.row()).toMatchObject({ state: 'PAID', paidFen: 120_000 });
    expect(world.script.inquiries).toEqual([]);
  });

  test('nothing (it committed and timed out): asked for by the same reference, found, never sent again', async () => {
    world.script.onTransfer = async () => unknown;
    world.script.onInquire = async () => succeeded();
    const claim = await approved();
    await claim.has('PAYMENT_UNCLEAR');
    expect(await claim.payments()).toMatchObject([{ status: 'UNKNOWN' }]);
    await world.sleep(ASK);
    await claim.reaches('PAID');
    expect(world.script.transfers.map(({ reference }) => reference)).toEqual([`${claim.number}-1-1`]);
    expect(world.script.inquiries).toEqual([`${claim.number}-1-1`]);
  });

  test('nothing, and it never arrived: sent again under the same reference', async () => {
    world.script.onTransfer = inTurn(unknown, succeeded());
    const claim = await approved();
    await claim.has('PAYMENT_UNCLEAR');
    await world.sleep(ASK);
    await claim.reaches('PAID');
    expect(world.script.transfers.map(({ reference, amountFen }) => [reference, amountFen])).toEqual([
      [`${claim.number}-1-1`, 120_000],
      [`${claim.number}-1-1`, 120_000],
    ]);
    expect(await claim.payments()).toHaveLength(1);
  });

  test('the same unknown for hours: one line in the history', async () => {
    world.script.onTransfer = async () => unknown;
    world.script.onInquire = async () => unknown;
    const claim = await approved();
    await world.sleep(6 * 3_600);
    world.script.onInquire = async () => succeeded();
    await world.sleep(ASK);
    await claim.reaches('PAID');
    expect((await claim.trail()).filter((move) => move.startsWith('PAYMENT_UNCLEAR'))).toHaveLength(1);
  });

  test.each([['at once'], ['when asked']])('another amount than ordered, %s: never PAID, a task for finance', async (when) => {
    world.script.onTransfer = async () => (when === 'when asked' ? unknown : succeeded(119_999));
    world.script.onInquire = async () => succeeded(119_999);
    const claim = await approved();
    await claim.settles();
    await world.sleep(ASK);
    expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ role: 'finance', detail: { block: 'AMOUNT_DIFFERS' } });
    expect(await claim.decide('RETRY', world.people.finance)).toEqual({ ok: false, code: 'CHOICE_NOT_OFFERED' });
    await world.sleep(DAY);
    expect(await claim.row()).toMatchObject({ state: 'PAYMENT_IN_PROCESS', paidFen: 0, payoutBlocked: 'AMOUNT_DIFFERS' });
    expect(await claim.tasks()).toHaveLength(1);
    expect(world.script.transfers).toHaveLength(1);
  });
});

test('the statement shows the debit of what the bank calls failed: a task for finance, and no other instruction', async () => {
  world.script.onTransfer = async () => unknown;
  const claim = await approved();
  await claim.has('PAYMENT_UNCLEAR');
  await claim.booked({ kind: 'DEBIT' });
  await claim.bankSays(failed('42'));
  expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ detail: { block: 'DEBITED' } });
  await world.changeAccount('6228480000000001234');
  await claim.accountChanged();
  await claim.settles();
  expect(await claim.payments()).toMatchObject([{ status: 'UNKNOWN', matched: true }]);
});

test('the statement shows the debit of what the bank says it does not know: asked about, and not sent again', async () => {
  world.script.onTransfer = async () => unknown;
  world.script.onInquire = async () => unknown;
  const claim = await approved();
  await claim.has('PAYMENT_UNCLEAR');
  await claim.booked({ kind: 'DEBIT' });
  await claim.settles();
  world.script.onInquire = async () => ({ kind: 'not-found' });
  await world.sleep(ASK);
  expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ detail: { block: 'DEBITED' } });
  await world.sleep(DAY);
  expect(await claim.payments()).toMatchObject([{ status: 'UNKNOWN', matched: true }]);
  expect(world.script.transfers).toHaveLength(1);
});

test('the debit of an instruction that failed is matched with nothing, and audited', async () => {
  world.script.onTransfer = async () => failed('42');
  const claim = await approved();
  await claim.reaches('PAYMENT_FAILED');
  await claim.booked({ kind: 'DEBIT' });
  await claim.settles();
  expect(await claim.audits()).toEqual(['statement-line-unexplained']);
  expect(await claim.payments()).toMatchObject([{ status: 'FAILED', matched: false }]);
});

describe('a payment that fails', () => {
  test('waits for another account, reminds, and is ordered again under a new reference', async () => {
    const monday = await world.untilMonday();
    world.script.onTransfer = inTurn(failed('44'), succeeded());
    const claim = await approved();
    expect(await claim.reaches('PAYMENT_FAILED')).toMatchObject({ turn: 'employee', paidFen: 0 });
    expect((await claim.events()).at(-1)).toMatchObject({ params: { code: '44' } });
    // the account is the same: a signal alone orders nothing
    await claim.accountChanged();
    await world.sleepUntil(new Date(monday.getTime() + 8 * DAY * 1_000));
    // three working days from Monday and three more: Thursday, and the Tuesday after
    expect((await claim.events()).filter(({ type }) => type === 'REMINDED').map(({ at }) => at.toISOString().slice(8, 16))).toHaveLength(1);
    expect(world.script.transfers).toHaveLength(1);
    await world.changeAccount('6228480000000007777');
    await claim.accountChanged();
    await claim.reaches('PAID');
    expect(await claim.payments()).toMatchObject([
      { reference: `${claim.number}-1-1`, status: 'FAILED' },
      { reference: `${claim.number}-1-2`, status: 'SUCCEEDED', accountNo: '6228480000000007777' },
    ]);
    expect((await claim.notices()).slice(4)).toEqual(['PAYMENT_FAILED claimant', 'ACCOUNT_REMINDER claimant', 'PAYMENT_ORDERED claimant', 'PAID claimant']);
  });

  test('for our own account is finance’s matter, who has it tried again', async () => {
    world.script.onTransfer = inTurn(failed('46'), succeeded());
    const claim = await approved();
    expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ detail: { block: 'OWN_ACCOUNT_SHORT' } });
    expect(await claim.notices()).toEqual(expect.arrayContaining(['PAYMENT_DELAYED claimant', 'TASK_WAITING finance@SJZ']));
    expect(await claim.decide('RETRY', world.people.finance)).toEqual({ ok: true });
    await claim.reaches('PAID');
    expect((await claim.payments()).map(({ reference, status }) => [reference, status])).toEqual([
      [`${claim.number}-1-1`, 'FAILED'],
      [`${claim.number}-1-2`, 'SUCCEEDED'],
    ]);
  });

  test('stopped meanwhile: goes on by itself when the stop is lifted', async () => {
    world.script.onTransfer = inTurn(failed('46'), succeeded());
    const claim = await approved();
    await claim.openTask('PAYOUT_ATTENTION');
    await stop('SJZ');
    await claim.decide('RETRY', world.people.finance);
    await claim.reaches((row) => row.payoutBlocked === 'STOPPED');
    await world.database.query('DELETE FROM payout_stop');
    await world.sleep(ASK);
    await claim.reaches('PAID');
  });
});

const stop = (scope: string) => world.database.query("INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ($1, 'test', '{}')", [scope]);

describe('before the instruction', () => {
  test.each([['*'], ['HQ'], ['SJZ']])('a stop for %s: blocked, and goes on after it is lifted', async (scope) => {
    await stop(scope);
    const claim = await approved();
    await claim.reaches((row) => row.payoutBlocked === 'STOPPED');
    await world.sleep(2 * ASK);
    expect([await claim.payments(), world.script.transfers]).toEqual([[], []]);
    await world.database.query('DELETE FROM payout_stop');
    await world.sleep(ASK);
    await claim.reaches('PAID');
    expect((await claim.trail()).slice(4)).toEqual(['PAYOUT_BLOCKED APPROVED', 'PAYOUT_ORDERED PAYMENT_IN_PROCESS', 'PAID PAID']);
  });

  test('above the limit for one payment: finance releases it with a reason', async () => {
    await world.settings({ payoutLimits: { perInstructionFen: fen(119_999) } });
    const claim = await approved();
    expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ role: 'finance', detail: { block: 'ABOVE_LIMIT' } });
    expect(await claim.decide('RETRY', world.people.finance)).toEqual({ ok: true });
    await claim.until('was blocked again', async () => (await claim.trail()).filter((move) => move === 'PAYOUT_BLOCKED APPROVED').length === 2);
    expect(await claim.decide('RELEASE_LIMIT', world.people.finance, { comment: null })).toEqual({ ok: false, code: 'COMMENT_REQUIRED' });
    expect(await claim.decide('RELEASE_LIMIT', world.people.finance)).toEqual({ ok: true });
    await claim.reaches('PAID');
  });

  test('above the day’s limit: the second of a day waits for finance, or for the next day', async () => {
    const monday = await world.untilMonday();
    await world.settings({ payoutLimits: { perDayFen: fen(200_000) } });
    await (await approved()).reaches('PAID');
    const second = await approved();
    expect(await second.openTask('PAYOUT_ATTENTION')).toMatchObject({ detail: { block: 'ABOVE_DAILY_LIMIT' } });
    await world.sleepUntil(new Date(monday.getTime() + 15 * 3_600_000));
    await second.reaches('PAID');
    expect(await second.tasks()).toMatchObject([{ status: 'CANCELLED' }]);
  });

  test('no account: the employee is asked, and paid as soon as there is one', async () => {
    await world.database.query('UPDATE bank_account SET replaced_at = now() WHERE employee_id = $1', [world.people.claimant]);
    const claim = await world.submit({ documents: ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD'] });
    await claim.reaches('IN_REVIEW');
    await claim.answered({});
    await claim.reaches((row) => row.payoutBlocked === 'NO_ACCOUNT');
    expect(await claim.notices()).toContain('ACCOUNT_NEEDED claimant');
    await world.changeAccount('6228480000000001234');
    await claim.accountChanged();
    await claim.reaches('PAID');
  });
});

describe('money that comes back', () => {
  test('inside the window: the claim is open again, and paid again to another account', async () => {
    const claim = await paid();
    await claim.booked({ kind: 'DEBIT' });
    await claim.booked({ kind: 'RETURN' });
    expect(await claim.reaches('PAYMENT_FAILED')).toMatchObject({ paidFen: 0, closed: false });
    await world.changeAccount('6228480000000005555');
    await claim.accountChanged();
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
    expect(await claim.payments()).toMatchObject([
      { reference: `${claim.number}-1-1`, status: 'RETURNED' },
      { reference: `${claim.number}-1-2`, status: 'SUCCEEDED', accountNo: '6228480000000005555' },
    ]);
    await claim.booked({ kind: 'DEBIT' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect((await claim.trail()).slice(5)).toEqual([
      ...['PAID PAID', 'PAYMENT_RETURNED PAYMENT_FAILED', 'PAYOUT_ORDERED PAYMENT_IN_PROCESS', 'PAID PAID', 'CLEARED PAID'],
    ]);
    expect(await claim.notices()).toContain('PAYMENT_RETURNED claimant');
  });

  test('after the claim was cleared: a workflow of its own goes on with it', async () => {
    const claim = await paid();
    await claim.booked({ kind: 'DEBIT' });
    await claim.result();
    const id = `claim/${claim.number}/return/1`;
    const again = world.follow(claim.number, id);
    await world.database.query('UPDATE claim SET workflow_id = $2 WHERE number = $1', [claim.number, id]);
    await claim.record({ kind: 'RETURN' });
    await again.startWithNews();
    expect(await again.reaches('PAYMENT_FAILED')).toMatchObject({ closed: false, cleared: false, paidFen: 0 });
    await world.changeAccount('6228480000000006666');
    await again.accountChanged();
    await again.reaches('PAID');
    await again.booked({ kind: 'DEBIT' });
    await expect(again.result()).resolves.toMatchObject({ state: 'PAID' });
    expect(await again.row()).toMatchObject({ cleared: true, paidFen: 120_000 });
  });

  test('before the bank has said that it was paid: found when it is', async () => {
    world.script.onTransfer = async () => unknown;
    const claim = await approved();
    await claim.has('PAYMENT_UNCLEAR');
    await claim.booked({ kind: 'DEBIT' });
    await claim.booked({ kind: 'RETURN' });
    world.script.onInquire = async () => succeeded();
    await world.sleep(ASK);
    await claim.reaches('PAYMENT_FAILED');
    expect((await claim.trail()).slice(-2)).toEqual(['PAID PAID', 'PAYMENT_RETURNED PAYMENT_FAILED']);
  });

  test('of another amount: left to a person, and the claim is not touched', async () => {
    const claim = await paid();
    await claim.booked({ kind: 'DEBIT', amountFen: 119_999 });
    await claim.booked({ kind: 'RETURN', amountFen: 1 });
    await world.sleep(3 * DAY);
    expect(await claim.row()).toMatchObject({ state: 'PAID', closed: false, paidFen: 120_000 });
    expect(await claim.audits()).toEqual(['statement-line-unexplained', 'statement-line-unexplained']);
    expect(await claim.openTask('PAYOUT_ATTENTION')).toMatchObject({ detail: { block: 'AMOUNT_DIFFERS' } });
    expect(await claim.decide('CONFIRM_PAID', world.people.finance)).toEqual({ ok: true });
    expect(await claim.decide('CONFIRM_PAID', world.people.finance)).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
    expect(await claim.decide('CONFIRM_PAID', world.people.hr)).toEqual({ ok: true });
    await claim.result();
  });

  test('not matched by the statement: not cleared, however long', async () => {
    const claim = await paid();
    await world.sleep(30 * DAY);
    expect(await claim.row()).toMatchObject({ state: 'PAID', closed: false });
    await claim.booked({ kind: 'DEBIT' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
  });
});

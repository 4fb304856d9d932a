import { describe, expect, test } from 'vitest';
import type { ConsentPurpose } from '#domain/consent/purposes.ts';
import { consentChanged } from '#workflows/claim.messages.ts';
import { giveConsents } from '../setup/consents.ts';
import type { Claim } from './claim.ts';
import { away } from './script.ts';
import { addAccount } from './seed.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();
let hired = 0;

/** A claim of somebody of their own, so that what they take back concerns no other test. */
const claimOfAnother = async (more: { lines?: number[] } = {}) => {
  const employeeId = await world.hire(`C-${(hired += 1)}`);
  return { employeeId, submit: () => world.submit({ employeeId, ...more }) };
};
const say = async (kind: 'GIVEN' | 'WITHDRAWN', employeeId: string, purposes: ConsentPurpose[], ...claims: Claim[]): Promise<void> => {
  await giveConsents(world.database, [employeeId], { purposes, kind });
  for (const claim of claims) await claim.handle.signal(consentChanged);
};

describe('a consent that is withdrawn', () => {
  test('before the bureau has the claim: withdrawn by itself, and what it held is free', async () => {
    const { employeeId, submit } = await claimOfAnother();
    world.script.onSubmit = away;
    await say('WITHDRAWN', employeeId, ['SHARING_BUREAU']);
    const claim = await submit();
    // taken in before, and looked at after the withdrawal: it waits for the claimant, and nothing was sent
    await claim.reaches('PENDED_INFO');
    expect((await claim.trail()).at(-1)).toBe('INFO_REQUESTED(CONSENT_NEEDED) PENDED_INFO');
    expect(await claim.notices()).toEqual(['CLAIM_SUBMITTED claimant', 'CONSENT_NEEDED claimant']);
    await claim.handle.signal(consentChanged);
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect([world.script.submissions, world.script.withdrawals, await claim.invoiceHolders()]).toEqual([[], [], []]);
    expect((await claim.events()).at(-1)?.actor).toMatchObject({ type: 'person', id: employeeId });
  });

  test('with the bureau: a withdrawal is asked for, and the bureau’s word counts', async () => {
    const { employeeId, submit } = await claimOfAnother();
    const claim = await submit();
    await claim.reaches('IN_REVIEW');
    await say('WITHDRAWN', employeeId, ['SENSITIVE_DATA'], claim);
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect((await claim.trail()).slice(-2)).toEqual(['WITHDRAWAL_REQUESTED IN_REVIEW', 'WITHDRAWN WITHDRAWN']);
    expect(world.script.withdrawals).toEqual([claim.number]);
  });

  test('while the bureau is away: nothing is sent any more, whatever the retries', async () => {
    const { employeeId, submit } = await claimOfAnother();
    world.script.onSubmit = away;
    const claim = await submit();
    await claim.until('was tried', async () => world.script.submissions.length > 0);
    await giveConsents(world.database, [employeeId], { purposes: ['SHARING_BUREAU'], kind: 'WITHDRAWN' });
    await world.sleepThrough(600);
    await claim.reaches('PENDED_INFO');
    const tried = world.script.submissions.length;
    world.script.onSubmit = async () => ({ kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' });
    await world.sleep(3_600);
    expect(world.script.submissions).toHaveLength(tried);
    // given again: it goes through intake and to the bureau, as a new version
    await say('GIVEN', employeeId, ['SHARING_BUREAU'], claim);
    await claim.reaches('IN_REVIEW');
    expect((await claim.trail()).slice(-3)).toEqual([
      'MATERIALS_COMPLETED(CONSENT_GIVEN) SUBMITTED',
      'INTAKE_PASSED SENT_TO_BUREAU',
      'BUREAU_ACCEPTED IN_REVIEW',
    ]);
    expect(world.script.submissions.at(-1)).toMatchObject({ version: 2 });
  });

  test('before the payment: the payment waits, nobody at the bank is told, and it is paid once consent is given again', async () => {
    const { employeeId, submit } = await claimOfAnother();
    const claim = await submit();
    await claim.reaches('IN_REVIEW');
    await say('WITHDRAWN', employeeId, ['SHARING_BANK'], claim);
    await claim.settles();
    expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW' });
    await claim.answered({});
    await claim.reaches((row) => row.payoutBlocked === 'CONSENT_MISSING');
    // tried again twice, and not at the very moment when the signal comes
    await world.sleep(2_000);
    expect(await claim.row()).toMatchObject({ state: 'APPROVED', paidFen: 0 });
    expect([world.script.transfers, await claim.payments()]).toEqual([[], []]);
    expect((await claim.notices()).at(-1)).toBe('CONSENT_NEEDED claimant');
    await say('GIVEN', employeeId, ['SHARING_BANK'], claim);
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
  });

  test('once an instruction exists: it goes on, because a payment cannot be called back; another attempt needs consent', async () => {
    const { employeeId, submit } = await claimOfAnother();
    world.script.onTransfer = world.script.onInquire = async () => ({ kind: 'in-flight', bankStatus: 'PENDING' });
    const claim = await submit();
    await claim.reaches('IN_REVIEW');
    await claim.answered({});
    await claim.until('was in flight', async () => (await claim.payments())[0]?.status === 'IN_FLIGHT');
    await say('WITHDRAWN', employeeId, ['SENSITIVE_DATA', 'SHARING_BUREAU', 'SHARING_BANK'], claim);
    await claim.settles();
    expect(await claim.row()).toMatchObject({ state: 'PAYMENT_IN_PROCESS' });
    world.script.onInquire = async () => ({ kind: 'failed', bankStatus: 'FAIL', code: '42', text: '' });
    await world.sleep(910);
    await claim.reaches('PAYMENT_FAILED');
    await addAccount(world.database, { employeeId, accountNo: '6228480000000004321' });
    await claim.accountChanged();
    await claim.reaches((row) => row.payoutBlocked === 'CONSENT_MISSING');
    expect([world.script.transfers.length, world.script.withdrawals, await claim.row()]).toMatchObject([1, [], { state: 'PAYMENT_FAILED' }]);
    await say('GIVEN', employeeId, ['SENSITIVE_DATA', 'SHARING_BANK'], claim);
    await claim.reaches('PAYMENT_IN_PROCESS');
  });

  test('after the decision: an appeal would tell the bureau more, and is refused; the denial stays', async () => {
    const { employeeId, submit } = await claimOfAnother();
    const claim = await submit();
    await claim.reaches('IN_REVIEW');
    await claim.answered({ benefits: [0, 0] });
    await claim.reaches('DENIED');
    await say('WITHDRAWN', employeeId, ['SHARING_BUREAU'], claim);
    expect(await claim.appeal()).toEqual({ ok: false, code: 'CONSENT_MISSING' });
    expect(await claim.row()).toMatchObject({ state: 'DENIED', submissionVersion: 1 });
    await say('GIVEN', employeeId, ['SHARING_BUREAU'], claim);
    expect(await claim.appeal()).toEqual({ ok: true });
  });
});

test('a claim that waits for consent goes on when the last one is given, and is denied when its time is over', async () => {
  const { employeeId, submit } = await claimOfAnother();
  await world.database.query('DELETE FROM consent WHERE employee_id = $1', [employeeId]);
  const monday = await world.untilMonday();
  const claim = await submit();
  await claim.reaches('PENDED_INFO');
  // one of two: nothing was withdrawn, so nothing is taken back
  await say('GIVEN', employeeId, ['SENSITIVE_DATA'], claim);
  await claim.settles();
  expect(await claim.row()).toMatchObject({ state: 'PENDED_INFO' });
  expect(await claim.complete()).toEqual({ ok: true });
  await claim.until('was asked again', async () => (await claim.trail()).filter((move) => move.includes('CONSENT_NEEDED')).length === 2);
  expect((await claim.events()).at(-1)?.detail).toMatchObject({ consents: ['SHARING_BUREAU'] });
  await world.sleepUntil(afterDays(monday, 21));
  await claim.reaches('DENIED');
  expect(world.script.submissions).toEqual([]);
});

describe('the workflow is lost, and the consent changed before it was started again', () => {
  test('given: the claim that waited for it goes on', async () => {
    const { employeeId, submit } = await claimOfAnother();
    await world.database.query('DELETE FROM consent WHERE employee_id = $1', [employeeId]);
    const claim = await submit();
    await claim.reaches('PENDED_INFO');
    await claim.settles();
    await claim.terminate();
    await say('GIVEN', employeeId, ['SENSITIVE_DATA', 'SHARING_BUREAU']);
    await claim.start();
    await claim.reaches('IN_REVIEW');
    expect((await claim.trail()).slice(-3)).toEqual([
      'MATERIALS_COMPLETED(CONSENT_GIVEN) SUBMITTED',
      'INTAKE_PASSED SENT_TO_BUREAU',
      'BUREAU_ACCEPTED IN_REVIEW',
    ]);
  });

  test('withdrawn: the bureau is asked to give the claim back', async () => {
    const { employeeId, submit } = await claimOfAnother();
    const claim = await submit();
    await claim.reaches('IN_REVIEW');
    await claim.settles();
    await claim.terminate();
    await say('WITHDRAWN', employeeId, ['SENSITIVE_DATA']);
    await claim.start();
    await expect(claim.result()).resolves.toMatchObject({ state: 'WITHDRAWN' });
    expect(world.script.withdrawals).toEqual([claim.number]);
  });
});

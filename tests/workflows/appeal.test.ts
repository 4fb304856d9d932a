import { describe, expect, test } from 'vitest';
import { away } from './script.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();
const DAY = 86_400;

/** Decided by the bureau (`D-1`), and paid where there is anything to pay. */
const decided = async (benefits: number[], lines = [100_000, 20_000]) => {
  const claim = await world.submit({ lines });
  await claim.reaches('IN_REVIEW');
  await claim.answered({ decisionNo: 'D-1', benefits });
  await claim.reaches(benefits.some((benefit) => benefit > 0) ? 'PAID' : 'DENIED');
  return claim;
};
const heard = async (claim: Awaited<ReturnType<typeof decided>>) => {
  expect(await claim.appeal()).toEqual({ ok: true });
  await claim.until('had its appeal accepted', async () => world.script.submissions.at(-1)?.appealsDecisionNo === 'D-1');
};

describe('an appeal at the bureau', () => {
  test('against a denial, upheld: the denial stands, and ends when its time is over', async () => {
    const monday = await world.untilMonday();
    const claim = await decided([0, 0]);
    expect(await claim.invoiceHolders()).toEqual([]);
    await heard(claim);
    expect(world.script.submissions.at(-1)).toMatchObject({ version: 2, appealsDecisionNo: 'D-1' });
    expect(await claim.invoiceHolders()).toEqual([claim.number]);
    expect(await claim.row()).toMatchObject({ state: 'APPEAL_REVIEW', turn: 'bureau', dueAt: afterDays(monday, 28) });
    await claim.answered({ benefits: [0, 0], decisionNo: 'D-2' });
    await claim.reaches('DENIED');
    expect(await claim.invoiceHolders()).toEqual([]);
    await world.sleepUntil(afterDays(monday, 63));
    await expect(claim.result()).resolves.toMatchObject({ state: 'DENIED' });
    expect((await claim.trail()).slice(3)).toEqual([
      ...['DECIDED(DECIDED_DENIED) DENIED', 'APPEALED APPEAL_REVIEW', 'APPEAL_SENT APPEAL_REVIEW', 'APPEAL_UPHELD DENIED', 'DENIAL_FINAL DENIED'],
    ]);
    expect((await claim.notices()).slice(2)).toEqual(['DENIED claimant', 'APPEAL_RECEIVED claimant', 'APPEAL_UPHELD claimant']);
  });

  test('against a denial, overturned: paid', async () => {
    const claim = await decided([0, 0]);
    await heard(claim);
    await claim.answered({ benefits: [90_000, 0], decisionNo: 'D-2' });
    expect(await claim.reaches('PAID')).toMatchObject({ approvedFen: 90_000, payableFen: 90_000, paidFen: 90_000 });
    expect(await claim.payments()).toMatchObject([{ reference: `${claim.number}-2-1`, amountFen: 90_000, status: 'SUCCEEDED' }]);
    expect((await claim.notices()).slice(2)).toEqual([
      ...['DENIED claimant', 'APPEAL_RECEIVED claimant', 'APPEAL_GRANTED claimant', 'PAYMENT_ORDERED claimant', 'PAID claimant'],
    ]);
  });

  test('against a partial approval, overturned: the difference is paid as a supplement, and both debits have to be matched', async () => {
    await world.quota({ limitFen: 500_000 });
    const claim = await decided([60_000, 0]);
    const [first] = await claim.payments();
    await heard(claim);
    await claim.answered({ benefits: [80_000, 5_000], decisionNo: 'D-2' });
    // 850.00 − 600.00 = 250.00
    expect(await claim.reaches((row) => row.paidFen === 85_000)).toMatchObject({ state: 'PAID', approvedFen: 85_000, payableFen: 25_000 });
    expect((await claim.payments()).map(({ reference, amountFen }) => [reference, amountFen])).toEqual([
      [`${claim.number}-1-1`, 60_000],
      [`${claim.number}-2-1`, 25_000],
    ]);
    await claim.booked({ kind: 'DEBIT' });
    await world.sleep(3 * DAY);
    expect(await claim.row()).toMatchObject({ closed: false });
    await claim.booked({ kind: 'DEBIT', reference: first?.reference ?? '' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect(await claim.row()).toMatchObject({ cleared: true, paidFen: 85_000 });
  });

  test.each([
    ['the same', [60_000, 0]],
    ['less', [10_000, 0]],
    ['nothing', [0, 0]],
  ])('against a partial approval, answered with %s: what was granted stays paid', async (_, benefits) => {
    const claim = await decided([60_000, 0]);
    await heard(claim);
    await claim.answered({ benefits, decisionNo: 'D-2' });
    expect(await claim.reaches((row) => row.state === 'PAID' && row.seq === 9)).toMatchObject({ approvedFen: 60_000, payableFen: 60_000, paidFen: 60_000 });
    expect((await claim.trail()).at(-1)).toBe('APPEAL_UPHELD PAID');
    expect(await claim.invoiceHolders()).toEqual([claim.number]);
    expect(await claim.payments()).toHaveLength(1);
    await claim.booked({ kind: 'DEBIT' });
    await world.sleep(2 * DAY);
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
  });

  test('the bureau asks for material in an appeal: it stays an appeal, and nobody can take back what was paid', async () => {
    const claim = await decided([60_000, 0]);
    await heard(claim);
    await claim.answered({ missing: ['OTHER'] });
    await claim.reaches('PENDED_INFO');
    expect(await claim.withdraw()).toEqual({ ok: false, code: 'WITHDRAWAL_TOO_LATE' });
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 3);
    expect(world.script.submissions.at(-1)).toMatchObject({ version: 3, appealsDecisionNo: 'D-1' });
    await claim.answered({ benefits: [0, 0], decisionNo: 'D-2' });
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 60_000, approvedFen: 60_000 });
    expect((await claim.trail()).at(-1)).toBe('APPEAL_UPHELD PAID');
  });

  test('the material is not supplied: the appeal is over, what was paid stays', async () => {
    const monday = await world.untilMonday();
    await world.quota({ limitFen: 500_000 });
    const claim = await decided([60_000, 0]);
    await heard(claim);
    await claim.answered({ missing: ['OTHER'] });
    await claim.reaches('PENDED_INFO');
    await world.sleepUntil(afterDays(monday, 21));
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 60_000 });
    expect(await claim.invoiceHolders()).toEqual([claim.number]);
    expect(await claim.decisions()).toHaveLength(1);
  });

  test('escalated and refused by the manager: the bureau’s decision stands', async () => {
    const claim = await decided([60_000, 0]);
    await heard(claim);
    await world.sleep(30 * DAY);
    expect(await claim.decide('REFUSE', world.people.approver, { kind: 'ESCALATION' })).toEqual({ ok: true });
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 60_000 });
    expect(await claim.decisions()).toMatchObject([{ source: 'BUREAU' }]);
  });

  test('money that comes back while the appeal is heard is paid again after it', async () => {
    const claim = await decided([60_000, 0]);
    const [first] = await claim.payments();
    await heard(claim);
    await claim.booked({ kind: 'DEBIT' });
    await claim.booked({ kind: 'RETURN' });
    await claim.answered({ benefits: [80_000, 0], decisionNo: 'D-2' });
    // the supplement of 200.00 is paid, then the return of 600.00 is met
    await claim.reaches('PAYMENT_FAILED');
    expect(await claim.row()).toMatchObject({ paidFen: 20_000 });
    await world.changeAccount('6228480000000009999');
    await claim.accountChanged();
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 80_000 });
    expect(await claim.payments()).toMatchObject([
      { reference: first?.reference, amountFen: 60_000, status: 'RETURNED' },
      { reference: `${claim.number}-2-1`, amountFen: 20_000, status: 'SUCCEEDED' },
      { reference: `${claim.number}-1-2`, amountFen: 60_000, status: 'SUCCEEDED', accountNo: '6228480000000009999' },
    ]);
  });
});

test('an appeal after the window is too late; one in a claim that waits for the bureau is none', async () => {
  const monday = await world.untilMonday();
  const claim = await decided([0, 0]);
  const waiting = await world.submit();
  await waiting.reaches('IN_REVIEW');
  expect(await waiting.appeal()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await claim.hold()).toEqual({ ok: true });
  await world.sleepUntil(new Date(afterDays(monday, 63).getTime() + 5_000));
  expect(await claim.row()).toMatchObject({ state: 'DENIED', closed: false });
  expect(await claim.appeal()).toEqual({ ok: false, code: 'APPEAL_TOO_LATE' });
  expect(await claim.release()).toEqual({ ok: true });
  await expect(claim.result()).resolves.toMatchObject({ state: 'DENIED' });
});

test('another claim has taken the invoice of a denied one: its appeal is refused', async () => {
  const claim = await world.submit({ invoiceNo: 'X-1' });
  await claim.reaches('IN_REVIEW');
  await claim.answered({ benefits: [0, 0] });
  await claim.reaches('DENIED');
  const other = await world.submit({ invoiceNo: 'X-1' });
  await other.reaches('IN_REVIEW');
  expect(await claim.appeal()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await claim.row()).toMatchObject({ state: 'DENIED' });
  expect(await claim.invoiceHolders()).toEqual([other.number]);
});

test('a closed claim is appealed in a workflow of its own', async () => {
  const claim = await decided([60_000, 0]);
  await claim.booked({ kind: 'DEBIT' });
  await claim.result();
  world.script.onSubmit = away;
  const appealed = world.follow(claim.number, `claim/${claim.number}/appeal/1`);
  await world.database.query('UPDATE claim SET workflow_id = $2 WHERE number = $1', [claim.number, `claim/${claim.number}/appeal/1`]);
  expect(await appealed.startWithAppeal()).toEqual({ ok: true });
  expect(await appealed.row()).toMatchObject({ state: 'APPEAL_REVIEW', closed: false, cleared: false });
  world.script.onSubmit = async () => ({ kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' });
  await world.sleep(600);
  await appealed.answered({ benefits: [70_000, 0], decisionNo: 'D-2' });
  expect(await appealed.reaches((row) => row.paidFen === 70_000)).toMatchObject({ state: 'PAID' });
  await appealed.booked({ kind: 'DEBIT' });
  await world.sleep(2 * DAY);
  await expect(appealed.result()).resolves.toMatchObject({ state: 'PAID' });
});

import { expect, test } from 'vitest';
import { useWorld } from './support.ts';

const world = useWorld();

/** 600.00 of 1 200.00 granted and paid. */
const paidInPart = async () => {
  const claim = await world.submit({ lines: [100_000, 20_000] });
  await claim.reaches('IN_REVIEW');
  await claim.answered({ decisionNo: 'D-1', benefits: [60_000, 0] });
  await claim.reaches('PAID');
  return claim;
};

test('money that is asked back comes back by itself: reversed, the task is over, and nothing is paid again', async () => {
  await world.quota({ limitFen: 500_000 });
  const claim = await paidInPart();
  expect(await claim.askBack()).toEqual({ ok: true });
  await claim.booked({ kind: 'DEBIT' });
  await claim.booked({ kind: 'RETURN' });
  await expect(claim.result()).resolves.toMatchObject({ state: 'REVERSED' });
  expect(await claim.row()).toMatchObject({ paidFen: 0, closed: true, turn: null });
  expect((await claim.trail()).slice(-2)).toEqual(['REVERSAL_REQUESTED PAID', 'REVERSED REVERSED']);
  expect(await claim.tasks()).toMatchObject([{ kind: 'CLAWBACK', status: 'CANCELLED' }]);
  expect(await claim.payments()).toMatchObject([{ status: 'RETURNED' }]);
  expect(world.script.transfers).toHaveLength(1);
  expect(await claim.quota()).toMatchObject({ reservedFen: 0, usedFen: 0 });
});

test('a part of it comes back: the task stays open, and is not decided before the claim is paid again', async () => {
  const claim = await paidInPart();
  const [first] = await claim.payments();
  expect(await claim.appeal()).toEqual({ ok: true });
  await claim.until('had its appeal accepted', async () => world.script.submissions.at(-1)?.appealsDecisionNo === 'D-1');
  await claim.answered({ decisionNo: 'D-2', benefits: [80_000, 0] });
  await claim.reaches((row) => row.state === 'PAID' && row.paidFen === 80_000);
  expect(await claim.askBack()).toEqual({ ok: true });
  const { id } = await claim.openTask('CLAWBACK');
  for (const kind of ['DEBIT', 'RETURN'] as const) await claim.booked({ kind, reference: first?.reference ?? '' });
  // 800.00 − 600.00
  expect(await claim.reaches('PAYMENT_FAILED')).toMatchObject({ paidFen: 20_000, closed: false });
  for (const choice of ['RECOVERED', 'CANCEL'])
    expect(await claim.decide(choice, world.people.finance, { taskId: id })).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect((await claim.tasks()).find((task) => task.id === id)).toMatchObject({ status: 'OPEN', choice: null });
  await world.changeAccount('6228480000000002468');
  await claim.accountChanged();
  await claim.reaches((row) => row.state === 'PAID' && row.paidFen === 80_000);
  expect(await claim.decide('RECOVERED', world.people.finance, { taskId: id })).toEqual({ ok: true });
  await expect(claim.result()).resolves.toMatchObject({ state: 'REVERSED' });
});

test('while money is asked back nobody appeals; once that is called off, they may', async () => {
  const claim = await paidInPart();
  await claim.askBack();
  expect(await claim.appeal()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await claim.row()).toMatchObject({ state: 'PAID', submissionVersion: 1 });
  expect(await claim.decide('CANCEL', world.people.finance, { kind: 'CLAWBACK' })).toEqual({ ok: true });
  expect(await claim.appeal()).toEqual({ ok: true });
  expect(await claim.row()).toMatchObject({ state: 'APPEAL_REVIEW' });
});

test('a denied claim that a newer one has taken up is not appealed against', async () => {
  const denied = async () => {
    const claim = await world.submit();
    await claim.reaches('IN_REVIEW');
    await claim.answered({ benefits: [0, 0] });
    await claim.reaches('DENIED');
    return claim;
  };
  const [old, other] = [await denied(), await denied()];
  // submitted anew with another invoice, so that the invoice alone would not tell
  const newer = await world.submit();
  await world.database.query('UPDATE claim SET prior_claim_number = $2 WHERE number = $1', [newer.number, old.number]);
  expect(await old.appeal()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await old.row()).toMatchObject({ state: 'DENIED' });
  expect(await other.appeal()).toEqual({ ok: true });
});

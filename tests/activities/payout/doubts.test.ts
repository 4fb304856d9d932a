import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { registerBacklogGauges } from '#activities/relays/backlog.ts';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import { approvedClaim, failedStatus, inFlight, paidStatus, usePayouts } from './payout-world.ts';

const world = usePayouts();
const DOUBT = ['CONFIRM_PAID', 'CONFIRM_FAILED'];

const ordered = async () => {
  const claim = await approvedClaim(world);
  await claim.order();
  return claim;
};
const inBank = async (status: TransferStatus = inFlight) => {
  world.bank.onTransfer = () => status;
  const claim = await ordered();
  await claim.transfer();
  return claim;
};

describe('what the bank says is held against the order', () => {
  test('an inquiry is given the whole order', async () => {
    const claim = await inBank();
    await claim.inquire();
    expect(world.bank.inquiries).toMatchObject([{ reference: claim.reference(), amountFen: 120_000, payee: { accountNo: '6228480000000001234' } }]);
  });

  test.each(['AMOUNT_DIFFERS', 'PAYEE_DIFFERS', 'REFERENCE_DIFFERS'])('%s: one task, however often it is said', async (cause) => {
    const claim = await inBank({ kind: 'unknown', cause });
    for (let time = 0; time < 3; time += 1) {
      world.bank.onInquire = () => ({ kind: 'unknown', cause: time === 1 ? 'TIMEOUT' : cause });
      await claim.inquire();
    }
    expect(await claim.tasks()).toEqual([{ kind: 'PAYOUT_ATTENTION', block: cause, choices: DOUBT }]);
  });

  test.each([
    ['another account', { accountNo: '6228480000000009999' }, 'PAYEE_DIFFERS'],
    ['another amount', { amountFen: 119_999 }, 'AMOUNT_DIFFERS'],
  ])('a callback of %s pays nothing', async (_, record, block) => {
    const claim = await inBank();
    expect((await claim.calledBack(paidStatus(), record)).view).toMatchObject({ state: 'PAYMENT_IN_PROCESS', payment: { status: 'UNKNOWN' } });
    expect(await claim.tasks()).toMatchObject([{ block }]);
    expect(await claim.paidFen()).toBe(0);
  });

  test('a callback that says "failed" of another account leads to no second instruction', async () => {
    const claim = await inBank();
    expect((await claim.calledBack(failedStatus(), { accountNo: '1' })).view.state).toBe('PAYMENT_IN_PROCESS');
  });

  test('a callback of what was ordered counts', async () => {
    const claim = await inBank();
    expect((await claim.calledBack(paidStatus())).view.state).toBe('PAID');
    expect(await claim.paidFen()).toBe(120_000);
  });

  test.each([
    ['paid', paidStatus()],
    ['failed', failedStatus()],
  ])('what was never sent is not %s by a callback', async (_, status) => {
    const claim = await ordered();
    expect((await claim.calledBack(status)).view).toMatchObject({ state: 'PAYMENT_IN_PROCESS', payment: { status: 'CREATED' } });
  });
});

describe('two people of finance say what became of it', () => {
  test('paid', async () => {
    const claim = await inBank({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    await claim.decide('CONFIRM_PAID', 'finance');
    expect((await claim.view()).state).toBe('PAYMENT_IN_PROCESS');
    expect((await claim.decide('CONFIRM_PAID', 'finance', 'CONFIRM_PAYOUT')).done, 'the same person').toBe(false);
    expect((await claim.decide('CONFIRM_FAILED', 'finance2', 'CONFIRM_PAYOUT')).done, 'something else').toBe(false);
    expect((await claim.decide('CONFIRM_PAID', 'finance2', 'CONFIRM_PAYOUT')).view.state).toBe('PAID');
    expect([await claim.paidFen(), await claim.payments(), await claim.tasks()]).toEqual([120_000, ['SUCCEEDED'], []]);
  });

  test('failed: only then another instruction may be made', async () => {
    const claim = await inBank({ kind: 'unknown', cause: 'PAYEE_DIFFERS' });
    await claim.decide('CONFIRM_FAILED', 'finance');
    expect([(await claim.order()).view.state, await claim.payments()]).toEqual(['PAYMENT_IN_PROCESS', ['UNKNOWN']]);
    expect((await claim.decide('CONFIRM_FAILED', 'finance2', 'CONFIRM_PAYOUT')).view).toMatchObject({ state: 'PAYMENT_FAILED', payoutReady: true });
    await claim.order();
    expect(await claim.payments()).toEqual(['FAILED', 'CREATED']);
  });

  test('one alone has nothing tried again, also where the bank says meanwhile that it failed', async () => {
    const claim = await inBank({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    await claim.decide('CONFIRM_FAILED', 'finance');
    world.bank.onInquire = () => failedStatus();
    expect((await claim.inquire()).view).toMatchObject({ state: 'PAYMENT_FAILED', payoutReady: false });
  });

  test('not agreed: asked again, and asked once', async () => {
    const claim = await inBank({ kind: 'unknown', cause: 'PAYEE_DIFFERS' });
    await claim.decide('CONFIRM_FAILED', 'finance');
    await claim.inquire();
    await claim.decide('REJECT', 'finance2', 'CONFIRM_PAYOUT');
    expect(await claim.tasks()).toEqual([{ kind: 'PAYOUT_ATTENTION', block: 'PAYEE_DIFFERS', choices: DOUBT }]);
    expect((await claim.view()).payoutReady).toBe(false);
  });
});

describe('the statement finds', () => {
  const paid = () => inBank(paidStatus());
  /** the first instruction failed and the second is paid */
  const paidAtSecond = async () => {
    const claim = await inBank(failedStatus('46'));
    await claim.decide('RETRY', 'finance');
    await claim.order();
    world.bank.onTransfer = () => paidStatus();
    await claim.transfer(2);
    return claim;
  };
  const clears = async (claim: Awaited<ReturnType<typeof paid>>) => (await claim.windowOver()).view.closed;

  test('what was ordered: cleared', async () => {
    const claim = await paid();
    await claim.booked({});
    expect([await claim.lines(), await claim.tasks(), await clears(claim)]).toEqual([['MATCHED'], [], true]);
  });

  test('the debit of a failed instruction after the next one was paid', async () => {
    const claim = await paidAtSecond();
    await claim.booked({ attempt: 2 }, { attempt: 1 });
    expect(await claim.lines()).toEqual(['MATCHED', 'UNEXPECTED']);
    expect(await claim.tasks()).toEqual([{ kind: 'PAYOUT_ATTENTION', block: 'UNEXPECTED', choices: DOUBT }]);
    expect(await clears(claim)).toBe(false);
    await claim.agree('CONFIRM_PAID');
    expect([await claim.lines(), await claim.paidFen(), await clears(claim)]).toEqual([['MATCHED', 'EXPLAINED'], 120_000, true]);
  });

  test('the same after the claim was cleared: it is open again', async () => {
    const claim = await paidAtSecond();
    await claim.booked({ attempt: 2 });
    expect(await clears(claim)).toBe(true);
    expect((await claim.booked({ attempt: 1 })).view).toMatchObject({ closed: false, tasks: [{ kind: 'PAYOUT_ATTENTION' }] });
  });

  test('the debit of a failed instruction before the next one: none is made until two people have spoken', async () => {
    const claim = await inBank(failedStatus('46'));
    await claim.booked({});
    await claim.decide('RETRY', 'finance');
    expect((await claim.order()).view).toMatchObject({ state: 'PAYMENT_FAILED', payoutBlocked: 'DOUBTED' });
    await claim.decide('CONFIRM_PAID', 'finance');
    expect((await claim.order()).view.state).toBe('PAYMENT_FAILED');
    expect((await claim.decide('CONFIRM_PAID', 'finance2', 'CONFIRM_PAYOUT')).view).toMatchObject({ state: 'PAID', payment: { matched: true } });
    expect([await claim.payments(), await claim.paidFen()]).toEqual([['SUCCEEDED'], 120_000]);
  });

  test.each([
    ['in one reading', true],
    ['in two readings', false],
  ])('a reference debited twice, %s', async (_, together) => {
    const claim = await paid();
    if (together) await claim.booked({}, {});
    else {
      await claim.booked({});
      // the first is older than the days that are read
      world.bank.statement = [];
      await claim.booked({});
    }
    expect([await claim.lines(), await clears(claim)]).toEqual([['MATCHED', 'UNEXPECTED'], false]);
    await claim.news();
    expect(await claim.tasks()).toMatchObject([{ block: 'UNEXPECTED' }]);
  });

  test('a return less a fee: two people decide whether the money is back', async () => {
    const claim = await paid();
    await claim.booked({}, { kind: 'RETURN', amountFen: 119_500 });
    expect([await claim.lines(), await clears(claim)]).toEqual([['MATCHED', 'AMOUNT_DIFFERS'], false]);
    expect((await claim.agree('CONFIRM_FAILED')).view).toMatchObject({ state: 'PAYMENT_FAILED', tasks: [] });
    expect([await claim.payments(), await claim.paidFen(), await claim.lines()]).toEqual([['RETURNED'], 0, ['MATCHED', 'EXPLAINED']]);
  });

  test('a debit of another amount: a task, and an end', async () => {
    const claim = await paid();
    await claim.booked({ amountFen: 1_200_000 });
    expect([await claim.tasks(), await clears(claim)]).toMatchObject([[{ block: 'AMOUNT_DIFFERS' }], false]);
    await claim.agree('CONFIRM_PAID');
    expect(await clears(claim)).toBe(true);
  });

  test('a line read again changes nothing', async () => {
    const claim = await paid();
    await claim.booked({ amountFen: 1 });
    await claim.agree('CONFIRM_PAID');
    await claim.booked();
    expect([await claim.lines(), await claim.tasks()]).toEqual([['EXPLAINED'], []]);
  });

  test('"paid" of what had failed: audited once, asked about, and no other instruction meanwhile', async () => {
    const claim = await inBank(failedStatus('46'));
    await claim.calledBack(paidStatus());
    await claim.news();
    expect([await claim.audits('late-payment-result'), await claim.tasks()]).toMatchObject([
      1,
      [{ block: 'OWN_ACCOUNT_SHORT', choices: ['RETRY'] }, { block: 'LATE_SUCCESS' }],
    ]);
    await claim.decide('RETRY', 'finance');
    expect((await claim.order()).view.payoutBlocked).toBe('DOUBTED');
    expect(await claim.payments()).toEqual(['FAILED']);
  });

  test('and shows how much of it nobody has explained', async () => {
    await world.database.query('DELETE FROM statement_entry');
    const registry = new Registry();
    registerBacklogGauges({ database: world.database, registry });
    const claim = await paid();
    await claim.booked({}, {});
    expect(await registry.metrics()).toContain('daozhang_statement_lines_unexplained{result="UNEXPECTED"} 1');
    await claim.agree('CONFIRM_PAID');
    expect(await registry.metrics()).not.toContain('daozhang_statement_lines_unexplained{result=');
  });
});

import { describe, expect, test } from 'vitest';
import type { ClaimState } from '#domain/claim/states.ts';
import { fen } from '#domain/money.ts';
import type { Claim } from './claim.ts';
import { away } from './script.ts';
import { startFaultyProxy } from './proxy.ts';
import { useWorld } from './support.ts';

const world = useWorld();

const inReview = async () => {
  const claim = await world.submit();
  await claim.reaches('IN_REVIEW');
  return claim;
};
const answered = async (benefits?: number[]) => {
  const claim = await inReview();
  await claim.answered(benefits ? { benefits } : {});
  return claim;
};
describe('the workflow is lost while the claim waits, and started again from Postgres', () => {
  test.each<[string, ClaimState, () => Promise<Claim>, (claim: Claim) => Promise<unknown>]>([
    [
      'for an approval',
      'SUBMITTED',
      async () => {
        await world.approvalFlow({ steps: [{ who: ['approver'] }] });
        const claim = await world.submit();
        await claim.openTask('APPROVAL');
        return claim;
      },
      async (claim) => {
        await claim.decide('APPROVE', world.people.approver);
        await claim.reaches('IN_REVIEW');
        await claim.answered({});
      },
    ],
    [
      'for HR',
      'PENDED_DUPLICATE',
      async () => {
        await (await world.submit({ invoiceNo: 'R-1' })).reaches('IN_REVIEW');
        const claim = await world.submit({ invoiceNo: 'R-1' });
        await claim.openTask('DUPLICATE_REVIEW');
        return claim;
      },
      async (claim) => {
        await claim.decide('NOT_DUPLICATE', world.people.hr);
        await claim.reaches('IN_REVIEW');
        await claim.answered({});
      },
    ],
    [
      'for the bureau to come back',
      'SENT_TO_BUREAU',
      async () => {
        world.script.onSubmit = away;
        return world.submit();
      },
      async (claim) => {
        world.script.onSubmit = async () => ({ kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' });
        await world.sleep(600);
        await claim.reaches('IN_REVIEW');
        await claim.answered({});
      },
    ],
    ['for the decision', 'IN_REVIEW', inReview, (claim) => claim.answered({})],
    [
      'for the stop to be lifted',
      'APPROVED',
      async () => {
        await world.database.query("INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ('*', 'test', '{}')");
        const claim = await answered();
        await claim.has('PAYOUT_BLOCKED');
        return claim;
      },
      async () => {
        await world.database.query('DELETE FROM payout_stop');
        await world.sleep(1_000);
      },
    ],
    [
      'for the bank',
      'PAYMENT_IN_PROCESS',
      async () => {
        world.script.onTransfer = async () => ({ kind: 'in-flight', bankStatus: 'PENDING' });
        world.script.onInquire = async () => ({ kind: 'in-flight', bankStatus: 'PENDING' });
        const claim = await answered();
        await claim.until('was in flight', async () => (await claim.payments())[0]?.status === 'IN_FLIGHT');
        return claim;
      },
      async () => {
        world.script.onInquire = async () => ({ kind: 'succeeded', amountFen: fen(120_000), bankStatus: 'PAYOUT', settledAt: '' });
        await world.sleep(1_000);
      },
    ],
    [
      'for another account',
      'PAYMENT_FAILED',
      async () => {
        world.script.onTransfer = async () => ({ kind: 'failed', bankStatus: 'FAIL', code: '44', text: '' });
        return answered();
      },
      async (claim) => {
        world.script.onTransfer = async () => ({ kind: 'succeeded', amountFen: fen(120_000), bankStatus: 'PAYOUT', settledAt: '' });
        await world.changeAccount('6228480000000001111');
        await claim.accountChanged();
      },
    ],
    [
      'for the bureau to hear the appeal',
      'APPEAL_REVIEW',
      async () => {
        const claim = await answered([0, 0]);
        await claim.reaches('DENIED');
        await claim.appeal();
        return claim;
      },
      (claim) => claim.answered({}),
    ],
    [
      'for documents',
      'PENDED_INFO',
      async () => {
        const claim = await inReview();
        await claim.answered({ missing: ['OTHER'] });
        return claim;
      },
      async (claim) => {
        await claim.complete();
        await claim.reaches((row) => row.submissionVersion === 2 && row.state === 'IN_REVIEW');
        await claim.answered({});
      },
    ],
  ])('%s: %s', async (_, state, arrive, goOn) => {
    const claim = await arrive();
    await claim.reaches(state);
    await claim.settles();
    const before = await claim.row();
    await claim.terminate();
    await claim.start();
    await claim.settles();
    expect(await claim.row()).toEqual(before);
    await goOn(claim);
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
    await claim.booked({ kind: 'DEBIT' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect(new Set((await claim.payments()).map(({ reference }) => reference)).size).toBe(world.script.transfers.length);
  });

  test('with an answer that it had heard and not yet acted on, as the claim was held', async () => {
    const claim = await inReview();
    await claim.hold();
    await claim.answered({});
    await claim.has('ANSWER_WHILE_HELD');
    await claim.settles();
    await claim.terminate();
    await claim.start();
    await claim.settles();
    expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW' });
    await claim.release();
    await claim.reaches('PAID');
    expect((await claim.trail()).filter((move) => move.startsWith('ANSWER_WHILE_HELD'))).toHaveLength(1);
  });

  test('with an answer, a debit and a new account of which nobody told it', async () => {
    world.script.onTransfer = async () => ({ kind: 'failed', bankStatus: 'FAIL', code: '44', text: '' });
    const claim = await inReview();
    await claim.settles();
    await claim.terminate();
    await claim.store(await claim.answerOf({}));
    await claim.start();
    await claim.reaches('PAYMENT_FAILED');
    await claim.settles();
    await claim.terminate();
    world.script.onTransfer = async () => ({ kind: 'succeeded', amountFen: fen(120_000), bankStatus: 'PAYOUT', settledAt: '' });
    await world.changeAccount('6228480000000002222');
    await claim.start();
    await claim.reaches('PAID');
    await claim.settles();
    await claim.terminate();
    await claim.record({ kind: 'DEBIT' });
    await claim.start();
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
  });

  test('of a claim that is over: it ends again at once and does nothing', async () => {
    const claim = await answered();
    await claim.reaches('PAID');
    await claim.booked({ kind: 'DEBIT' });
    const first = await claim.result();
    await claim.start();
    await expect(claim.result()).resolves.toEqual(first);
    expect(world.script.transfers).toHaveLength(1);
  });
});

test('an operator writes into the claim while it waits: the workflow, whose view is older now, reads it anew and goes on', async () => {
  const claim = await inReview();
  await claim.settles();
  await world.operate(claim.number);
  await claim.answered({});
  expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
  expect((await claim.trail()).filter((move) => move.startsWith('OPERATED'))).toEqual(['OPERATED(OPERATED_NUDGE) IN_REVIEW']);
  expect(world.script.transfers).toHaveLength(1);
});

describe('the worker', () => {
  test('stops at any step and another one, which has nothing in memory, goes on', async () => {
    // With a cache, a task waits ten seconds for the worker that is gone.
    await world.restartWorkers({ maxCachedWorkflows: 0 });
    const claim = await world.submit({ documents: [] });
    await claim.reaches('PENDED_INFO');
    await claim.settles();
    await world.restartWorkers({ maxCachedWorkflows: 0 });
    await claim.bring('INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD');
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    await claim.settles();
    await world.restartWorkers({ maxCachedWorkflows: 0 });
    await claim.answered({ benefits: [100_000, 0] });
    await claim.reaches('PAID');
    await claim.settles();
    await world.restartWorkers({ maxCachedWorkflows: 0 });
    await claim.booked({ kind: 'DEBIT' });
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect(world.script.transfers).toHaveLength(1);
    await world.restartWorkers();
  });

  test('dies after the bank has paid and before it could say so: the bank is asked, not paid again', async () => {
    let first = true;
    const pay = world.script.onTransfer;
    world.script.onTransfer = async (order) => {
      const paid = await pay(order);
      if (first) {
        first = false;
        throw new Error('the worker is gone');
      }
      return paid;
    };
    world.script.onInquire = async () => ({ kind: 'succeeded', amountFen: fen(120_000), bankStatus: 'PAYOUT', settledAt: '' });
    const claim = await answered();
    await claim.until('asked the bank to pay', async () => world.script.transfers.length === 1);
    await world.sleepThrough(60);
    await claim.reaches('PAID');
    expect([world.script.transfers.length, world.script.inquiries.length]).toEqual([1, 1]);
  });
});

describe('the database', () => {
  test('is away while the claim is written: the write goes on as an ordinary activity, and happens once', async () => {
    const proxy = await startFaultyProxy(world.databaseUrl);
    try {
      await world.restartWorkers({ databaseUrl: proxy.url, maxCachedWorkflows: 0 });
      const claim = await inReview();
      proxy.breakConnections();
      await claim.answered({});
      await claim.until('fell back to an ordinary activity', () => claim.hasScheduled('recordBureauAnswer'));
      proxy.mend();
      await world.sleepThrough(120);
      expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
      expect((await claim.trail()).filter((move) => move.startsWith('DECIDED'))).toHaveLength(1);
    } finally {
      await world.restartWorkers();
      await proxy.close();
    }
  });

  test('commits and dies before it could say so: found to be written, and the person hears yes', async () => {
    const proxy = await startFaultyProxy(world.databaseUrl);
    try {
      await world.approvalFlow({ steps: [{ who: ['approver'] }] });
      await world.restartWorkers({ databaseUrl: proxy.url, maxCachedWorkflows: 0 });
      const claim = await world.submit();
      await claim.openTask('APPROVAL');
      await claim.settles();
      proxy.loseNextCommit();
      const decided = claim.decide('APPROVE', world.people.approver);
      await world.sleepThrough(5);
      expect(await decided).toEqual({ ok: true });
      await claim.reaches('IN_REVIEW');
      expect(proxy.lost()).toBe(1);
      expect((await claim.trail()).filter((move) => move.startsWith('APPROVAL_STEP'))).toHaveLength(1);
    } finally {
      await world.restartWorkers();
      await proxy.close();
    }
  });
});

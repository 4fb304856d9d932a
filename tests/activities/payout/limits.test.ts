import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { approvedClaim, failedStatus, paidStatus, usePayouts } from './payout-world.ts';

const world = usePayouts();
let day = 0;
/** every test has a day of its own */
const aDay = (): string => new Date(Date.UTC(2027, 2, (day += 1), 4)).toISOString();
const limit = (unit: 'head' | 'branch', perDayFen: number) =>
  world.database.query('UPDATE unit SET settings = $2 WHERE id = $1', [world.units[unit], JSON.stringify({ payoutLimits: { perDayFen: fen(perDayFen) } })]);
const stop = () => world.database.query(`INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ('HQ', 'test', '{}')`);

describe("the day's limit", () => {
  test('is one for all units that inherit it', async () => {
    await limit('head', 200_000);
    const at = aDay();
    const [first, second] = [await approvedClaim(world, { at }), await approvedClaim(world, { at, unit: 'other' })];
    expect((await first.order()).view.state).toBe('PAYMENT_IN_PROCESS');
    expect((await second.order()).view.payoutBlocked).toBe('ABOVE_DAILY_LIMIT');
    expect(await second.tasks()).toEqual([{ kind: 'PAYOUT_ATTENTION', block: 'ABOVE_DAILY_LIMIT', choices: ['RETRY', 'RELEASE_LIMIT'] }]);
  });

  test("of a unit's own leaves the others alone", async () => {
    await limit('branch', 200_000);
    const at = aDay();
    const [first, second] = [await approvedClaim(world, { at }), await approvedClaim(world, { at, unit: 'other' })];
    await first.order();
    expect((await second.order()).view.state).toBe('PAYMENT_IN_PROCESS');
  });

  test('holds for those who ask at the same moment', async () => {
    await limit('head', 250_000);
    const at = aDay();
    const claims = await Promise.all(Array.from({ length: 6 }, (_, n) => approvedClaim(world, { at, unit: n % 2 ? 'other' : 'branch' })));
    const states = (await Promise.all(claims.map((claim) => claim.order()))).map(({ view }) => view.state);
    expect(states.filter((state) => state === 'PAYMENT_IN_PROCESS')).toHaveLength(2);
  });
});

describe('the stop switch', () => {
  test('holds back what was ordered and not sent, in one line of the history, until it is lifted', async () => {
    const claim = await approvedClaim(world, { at: aDay() });
    await claim.order();
    await stop();
    const { view } = await claim.transfer();
    // UNKNOWN: the workflow waits its quarter of an hour before it asks
    expect(view).toMatchObject({ payoutBlocked: 'STOPPED', payment: { status: 'UNKNOWN' } });
    expect((await claim.inquire()).view.payment?.status).toBe('CREATED');
    expect((await claim.transfer()).view.seq).toBe(view.seq);
    expect([world.bank.transfers, world.bank.inquiries]).toEqual([[], []]);
    await world.database.query('DELETE FROM payout_stop');
    world.bank.onTransfer = () => paidStatus();
    await claim.inquire();
    expect((await claim.transfer()).view.state).toBe('PAID');
    expect(world.bank.transfers).toHaveLength(1);
  });

  test('does not hold back the question what became of what was sent', async () => {
    const claim = await approvedClaim(world, { at: aDay() });
    await claim.order();
    await claim.transfer();
    await stop();
    world.bank.onInquire = () => paidStatus();
    expect((await claim.transfer()).view.state).toBe('PAID');
    expect([world.bank.transfers.length, world.bank.inquiries.length]).toEqual([1, 1]);
  });
});

test('what our own account did not cover is not put on the employee', async () => {
  world.bank.onTransfer = () => failedStatus('46');
  const claim = await approvedClaim(world, { at: aDay() });
  await claim.order();
  const { view } = await claim.transfer();
  expect(view).toMatchObject({ state: 'PAYMENT_FAILED', remindAt: null });
  expect((await claim.remind()).view.seq).toBe(view.seq);
  expect((await claim.decide('RETRY', 'finance')).view.payoutReady).toBe(true);
});

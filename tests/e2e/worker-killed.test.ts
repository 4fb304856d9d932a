import { afterAll, beforeAll, expect, test } from 'vitest';
import { bankInstructions, expectBooksToAgree, type Expected } from './books.ts';
import { BUREAU, eventually, startWorld, type E2eWorld, type Employee } from './world.ts';

let world: E2eWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test('a worker killed at the worst moments loses no claim and pays nobody twice', async () => {
  const { product, bank, bureau } = world;
  const [onTheWire, committed, submitted, decided] = await Promise.all([world.employee(), world.employee(), world.employee(), world.employee()]);
  const expected: Record<string, Expected> = {};
  const ends = (number: string, n: number) => (expected[number] = { state: 'PAID', paid: 82 * n });
  const used = async (control: typeof bank) =>
    (await control.get<{ faults: { used: number }[] }>('/faults')).faults.reduce((sum, fault) => sum + fault.used, 0);

  // The bureau has these and decides when it is told to; one it has taken in and says nothing of it.
  await bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: true } });
  const decide = (number: string) => bureau.send('POST', `/bureaus/${BUREAU}/claims/${number}/decide`, { outcome: 'approve' });
  const inReview = async (n: number, by: Employee) => {
    const number = await world.submit({ n, by });
    ends(number, n);
    await world.until(number, 'IN_REVIEW');
    return number;
  };
  const paying = await Promise.all([inReview(1, onTheWire), inReview(2, committed)]);
  const deciding = await Promise.all([3, 4, 5, 6, 7].map((n) => inReview(n, decided)));
  await bureau.fault({ mode: 'commit-then-timeout', on: 'DZ01', count: 1 });
  const silent = await world.submit({ n: 8, by: submitted });
  ends(silent, 8);
  await eventually('the silent submission', async () => (await used(bureau)) === 1);

  // It is reading the statement as well: whoever takes over must not wait until the whole time for that is over.
  await bank.fault({ mode: 'slow', on: 'SCUSTSTMTTRNRQ', count: 1, ms: 60_000 });
  await eventually('the statement being read', async () => (await used(bank)) === 1);

  // The bank has the first order on its desk but books it only later; the second it has booked, and says nothing.
  await bank.fault({ mode: 'slow', on: 'XFERTRNRQ', account: onTheWire.account, count: 1, ms: 15_000 });
  await bank.fault({ mode: 'commit-then-timeout', on: 'XFERTRNRQ', account: committed.account, count: 1 });
  for (const number of paying) await decide(number);
  const [, reference] = await eventually('two orders at the bank', async () => {
    const rows = await world.sql<{ reference: string }>(`SELECT reference FROM payment_instruction WHERE sent_at IS NOT NULL ORDER BY amount_fen`);
    const there = (await used(bank)) === 3;
    return there && rows.length === 2 && rows.map((row) => row.reference);
  });
  expect((await bankInstructions(world)).map(({ trnuid }) => trnuid)).toEqual([reference]);

  // And the bureau decides on the others just when nobody is there to hear.
  const decisions = deciding.map(decide);
  await product.processes.worker.kill();
  await Promise.all(decisions);
  await bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: false } });
  await bureau.send('PUT', `/bureaus/${BUREAU}/claims/${silent}`, { rulings: [{ outcome: 'approve' }] });

  // Two workers take over, with more to do, and one of them is killed while it is at it.
  const [, second] = await Promise.all([product.startWorker(), product.startWorker('worker-2')]);
  const more = await world.employee();
  const batch = await Promise.all([11, 12, 13, 14, 15, 16, 17, 18].map(async (n) => ({ n, number: await world.submit({ n, by: more }) })));
  for (const { n, number } of batch) ends(number, n);
  await eventually('payments under way', async () => {
    const [row] = await world.sql<{ count: number }>(`SELECT count(*)::int AS count FROM payment_instruction WHERE claim_number = ANY ($1)`, [
      batch.map(({ number }) => number),
    ]);
    return (row?.count ?? 0) > 1;
  });
  await second.kill();

  for (const number of Object.keys(expected)) await world.until(number, ({ cleared }) => cleared);
  await expectBooksToAgree(world, expected);
  const attempts = await world.sql('SELECT 1 FROM payment_instruction');
  expect(attempts).toHaveLength(Object.keys(expected).length);
  const orders = (await bank.get<{ entries: { name: string; trnuid: string }[] }>('/ledger?kind=ordered')).entries;
  expect(orders).toHaveLength(Object.keys(expected).length);
});

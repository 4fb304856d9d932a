import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError, createApiClient } from '#dev/client.ts';
import { freshInvoiceNo } from '#dev/seed.ts';
import { expectBooksToAgree, type Expected } from './books.ts';
import { startHoldingProxy } from './holding-proxy.ts';
import { BUREAU, eventually, startWorld, type E2eWorld, type Employee } from './world.ts';

let world: E2eWorld;
let by: Employee;
const expected: Record<string, Expected> = {};
const ends = (number: string, n: number) => (expected[number] = { state: 'PAID', paid: 82 * n });

beforeAll(async () => {
  world = await startWorld();
  by = await world.employee();
});
afterAll(() => world?.stop());

const claims = async () => (await world.sql<{ number: string }>('SELECT number FROM claim ORDER BY number')).map(({ number }) => number);
const decide = (number: string) => world.bureau.send('POST', `/bureaus/${BUREAU}/claims/${number}/decide`, { outcome: 'approve' });
/** Claims that the bureau has and does not decide until it is told to. */
async function inReview(ns: number[]): Promise<string[]> {
  await world.bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: true } });
  const numbers = await Promise.all(ns.map((n) => world.submit({ n, by })));
  for (const [index, number] of numbers.entries()) {
    ends(number, ns[index] ?? 0);
    await world.until(number, 'IN_REVIEW');
  }
  await world.bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: false } });
  return numbers;
}

test('an API killed after it committed and before it answered: the same key gets the same claim, and there is one', async () => {
  const { product, token } = world;
  const requests = [1, 2, 3, 4, 5].map((n) => ({ n, key: randomUUID(), invoiceNo: freshInvoiceNo(), by }));
  const proxy = await startHoldingProxy(product.apiUrl);
  const through = createApiClient({ url: proxy.url, token });
  const unanswered = requests.map((request) =>
    world.submit({ ...request, through }).then(
      (number) => number,
      () => 'no answer',
    ),
  );
  await eventually('all five to be committed', async () => (await claims()).length === 5 && proxy.answersHeld() === 5);
  await product.processes.api.kill();
  await proxy.cut();
  expect(await Promise.all(unanswered)).toEqual(requests.map(() => 'no answer'));

  product.processes.api = await product.startApi();
  const numbers = await Promise.all(requests.map((request) => world.submit(request)));
  for (const [index, number] of numbers.entries()) ends(number, index + 1);
  expect(numbers.toSorted()).toEqual(await claims());
  const again = await Promise.all(requests.map((request) => world.submit(request)));
  expect(again).toEqual(numbers);
  const changed = await world.submit({ ...requests[0], n: 9, key: requests[0]?.key ?? '', by }).catch((error: unknown) => error);
  expect(changed).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
});

test('an API killed while answers of the bureau come in: what was not acknowledged comes again', async () => {
  const { product } = world;
  const numbers = await inReview([11, 12, 13, 14, 15, 16]);
  const [first] = numbers;
  const decisions = numbers.map(decide);
  await eventually('the first answer', async () => (await world.sql(`SELECT 1 FROM inbox_message WHERE type = 'decision'`)).length > 0);
  await product.processes.api.kill();
  await Promise.all(decisions);
  product.processes.api = await product.startApi();
  for (const number of numbers) await world.until(number, ({ cleared }) => cleared);
  expect(first).toBeDefined();
});

test('PostgreSQL killed in mid-flight: 503 with a code while it is away, nothing half done, and every claim goes on', async () => {
  const { postgres, product, token } = world;
  const numbers = await inReview([21, 22, 23, 24]);
  const moving = await Promise.all([25, 26, 27, 28].map(async (n) => ({ n, number: await world.submit({ n, by }) })));
  for (const { n, number } of moving) ends(number, n);
  const before = (await claims()).length;
  const decisions = numbers.map(decide);
  await postgres.kill();
  await Promise.all(decisions);

  const request = { n: 29, by, key: randomUUID(), invoiceNo: freshInvoiceNo() };
  const refused = await world.submit(request).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${product.apiUrl}/v1/claims/${numbers[0]}`, { headers })).status).toBe(503);
  expect((await fetch(`${product.apiUrl}/readyz`)).status).toBe(503);
  expect((await fetch(`${product.apiUrl}/healthz`)).status).toBe(200);

  await postgres.start();
  expect(await claims()).toHaveLength(before);
  const accepted = await eventually('the submission under its old key', () => world.submit(request));
  ends(accepted, 29);
  for (const number of Object.keys(expected)) await world.until(number, ({ cleared }) => cleared);
  expect(await claims()).toHaveLength(before + 1);
  await expectBooksToAgree(world, expected);
});

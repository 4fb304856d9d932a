import { afterAll, beforeAll, expect, test } from 'vitest';
import { backOff, startRelay, type RelaySpec } from '#activities/relays/relay.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import type { Outcome, Settlement } from '#prisma/queries/delivery.ts';
import { createTestDatabase } from '#tests/setup/database.ts';
import { silent, until } from './fixtures.ts';
import { testVault } from '../../setup/vault.ts';

type Item = { id: number; attempts: number };

let database: Database;

beforeAll(async () => {
  database = openDatabase({ url: (await createTestDatabase()).url, vault: testVault() });
});
afterAll(() => database.close());

/** A spec over rows in memory, which remembers what was settled. */
function specOver(items: Item[], overrides: Partial<RelaySpec<Item, never>> = {}) {
  const settlements: Settlement<Item, never>[][] = [];
  const spec: RelaySpec<Item, never> = {
    name: 'test',
    channel: 'test',
    batchSize: 10,
    concurrency: 4,
    leaseMs: 60_000,
    deliveryMs: 1_000,
    retryDelayMs: () => 7_000,
    lease: ({ limit }) => Promise.resolve(items.splice(0, limit)),
    deliver: () => Promise.resolve({ status: 'SENT' }),
    settle: (batch) => Promise.resolve(void settlements.push(batch)),
    ...overrides,
  };
  const outcomes = () => settlements.flat().map(({ item, outcome }) => [item.id, outcome.status]);
  return { spec, settlements, outcomes };
}

const rows = (count: number): Item[] => Array.from({ length: count }, (_, index) => ({ id: index + 1, attempts: 1 }));

test('never delivers more side by side than it may', async () => {
  let now = 0;
  let most = 0;
  const { spec, outcomes } = specOver(rows(25), {
    async deliver() {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { status: 'SENT' };
    },
  });
  const relay = startRelay(spec, { database, log: silent });
  await until(() => outcomes().length === 25);
  await relay.stop();
  expect(most).toBe(4);
});

test('a row whose delivery throws stays for later, and keeps the error without its words', async () => {
  const { spec, settlements } = specOver(rows(1), { deliver: () => Promise.reject(new TypeError('王芳 6222 0200 1234')) });
  const relay = startRelay(spec, { database, log: silent });
  await until(() => settlements.length === 1);
  await relay.stop();
  expect(settlements[0]?.[0]?.outcome).toEqual({ status: 'PENDING', delayMs: 7_000, error: 'TypeError' });
});

test('stopping lets what is in flight end, and gives back the rest untried', async () => {
  const opened = Promise.withResolvers<Outcome<never>>();
  let begun = 0;
  const { spec, outcomes } = specOver(rows(6), { concurrency: 2, deliver: () => ((begun += 1), opened.promise) });
  const relay = startRelay(spec, { database, log: silent });
  await until(() => begun === 2);
  const stopped = relay.stop();
  opened.resolve({ status: 'SENT' });
  await stopped;
  expect(begun).toBe(2);
  expect(Object.fromEntries(outcomes())).toEqual({ 1: 'SENT', 2: 'SENT', 3: 'PENDING', 4: 'PENDING', 5: 'PENDING', 6: 'PENDING' });
});

test('what the lease no longer covers is given back, not delivered', async () => {
  const { spec, settlements } = specOver(rows(1), { leaseMs: 1_000, deliveryMs: 1_000 });
  const relay = startRelay(spec, { database, log: silent });
  await until(() => settlements.length === 1);
  await relay.stop();
  expect(settlements[0]?.[0]?.outcome).toEqual({ status: 'PENDING', delayMs: 0, error: null });
});

test('goes on after the database was away for leasing and for settling', async () => {
  let failures = 0;
  const items = rows(2);
  const settled: number[] = [];
  const { spec } = specOver(items, {
    async lease() {
      if (failures < 1) throw new Error(`connection refused ${(failures += 1)}`);
      return items.splice(0, 1);
    },
    async settle(batch) {
      if (batch[0]?.item.id === 1) throw new Error('connection terminated');
      settled.push(...batch.map(({ item }) => item.id));
    },
  });
  const relay = startRelay(spec, { database, log: silent });
  await until(() => settled.length === 1);
  await relay.stop();
  expect(settled).toEqual([2]);
});

test('backs off by doubling up to the longest, less a random part of at most a half', () => {
  const delays = (attempts: number) => Array.from({ length: 200 }, () => backOff({ attempts, firstMs: 500, longestMs: 30_000 }));
  for (const [attempts, full] of [
    [1, 500],
    [2, 1_000],
    [6, 16_000],
    [7, 30_000],
    [1_000_000, 30_000],
  ] as const) {
    expect(Math.min(...delays(attempts))).toBeGreaterThanOrEqual(full / 2);
    expect(Math.max(...delays(attempts))).toBeLessThanOrEqual(full);
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { observedBank, observedBureau } from '#activities/observing/gateway-observer.ts';
import { GatewayUnavailable } from '#domain/errors.ts';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { listGatewayHealth } from '#prisma/queries/gateway-health.ts';
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts';
import { openScript } from '../../workflows/script.ts';

let testDatabase: TestDatabase;
let database: Database;
const clock = { now: new Date('2026-11-18T01:00:00.000Z') };
const now = (): Date => clock.now;
const { script, bureau, bank } = openScript(async () => clock.now.getTime());

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.workerUrl });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const healthOf = async (code: string) => (await listGatewayHealth(database)).find((row) => row.code === code);
const at = (seconds: number): Date => (clock.now = new Date(Date.UTC(2026, 10, 18, 1, 0, seconds)));

test('a bureau that does not answer is written down from its first failure on, until it answers; the caller hears what it would have heard', async () => {
  const watched = observedBureau(bureau, { database, now });
  const withdraw = () => watched.withdraw({ claimNumber: 'YB20261118-00000001' });
  expect(await withdraw()).toBe('withdrawn');
  expect(await healthOf('130100')).toMatchObject({ lastSuccessAt: at(0), failures: 0, failingSince: null });

  script.onWithdraw = async () => {
    throw new GatewayUnavailable('130100', 'DZ03 TIMEOUT');
  };
  const since = at(5);
  await expect(withdraw()).rejects.toThrow('DZ03 TIMEOUT');
  at(9);
  await expect(withdraw()).rejects.toThrow('DZ03 TIMEOUT');
  expect(await healthOf('130100')).toMatchObject({ failingSince: since, lastFailureAt: clock.now, failures: 2, lastFailure: '130100: DZ03 TIMEOUT' });

  // what we gave up ourselves says nothing of the bureau
  script.onWithdraw = async () => {
    throw new GatewayUnavailable('130100', 'DZ03 CANCELLED');
  };
  await expect(withdraw()).rejects.toThrow('CANCELLED');
  expect(await healthOf('130100')).toMatchObject({ failures: 2 });

  script.onWithdraw = async () => 'already-decided';
  at(10);
  expect(await withdraw()).toBe('already-decided');
  expect(await healthOf('130100')).toMatchObject({ lastSuccessAt: clock.now, failingSince: null, failures: 0 });
});

test('of successes one in a quarter of a minute is written down', async () => {
  const watched = observedBureau(bureau, { database, now });
  const first = at(20);
  await watched.query({ claimNumbers: [] });
  at(34);
  await watched.query({ claimNumbers: [] });
  expect(await healthOf('130100')).toMatchObject({ lastSuccessAt: first });
  const next = at(35);
  await watched.query({ claimNumbers: [] });
  expect(await healthOf('130100')).toMatchObject({ lastSuccessAt: next });
});

test.each<[TransferStatus, number]>([
  [{ kind: 'unknown', cause: 'TIMEOUT' }, 1],
  [{ kind: 'unknown', cause: 'HTTP_503' }, 2],
  [{ kind: 'unknown', cause: 'CANCELLED' }, 2],
  // it answered, if not what we hoped for
  [{ kind: 'unknown', cause: 'AMOUNT_DIFFERS' }, 0],
])('the bank that says %o has failed %i times in a row', async (status, failures) => {
  script.onInquire = async () => status;
  const order = { reference: 'R-1', amountFen: 1, payee: { holderName: '', accountNo: '', bankName: '', bankCode: '' }, purpose: '' };
  expect(await observedBank(bank, { database, now }).inquire(order as never)).toEqual(status);
  expect(await healthOf('CIB')).toMatchObject({ failures });
});

test('that it cannot be written down holds up no call', async () => {
  const broken = { query: async () => Promise.reject(new Error('the database is away')) };
  expect(await observedBureau(bureau, { database: broken, now }).withdraw({ claimNumber: 'YB20261118-00000001' })).toBe('already-decided');
});

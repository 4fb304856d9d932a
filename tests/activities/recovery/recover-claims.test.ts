import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { recoverClaims, sweepClaims, type Recovery, type RecoveryRequest } from '#activities/recovery/recover-claims.ts';
import { startSweeper } from '#activities/recovery/sweeper.ts';
import { connectTemporal, type TemporalClient } from '#platform/temporal.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { takeSweep } from '#prisma/queries/recovery.ts';
import { CLAIM_WORKFLOW } from '#workflows/claim.messages.ts';
import { makePayloadKeys } from '../../setup/payload-keys.ts';
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts';
import { createTestNamespace, type TestTemporal } from '../../setup/temporal.ts';
import { makeClaim, makeEmployee, makeUnit, silent, until, type Person } from '../relays/fixtures.ts';
import { testVault } from '../../setup/vault.ts';

// No worker runs: what is asked here is which workflows are there, not what they do.
let testDatabase: TestDatabase;
let database: Database;
let workerDatabase: Database;
let temporal: TemporalClient;
let client: Client;
let corner: TestTemporal;
let unitId: string;
let employee: Person;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, poolSize: 4, vault: testVault() });
  workerDatabase = openDatabase({ url: testDatabase.workerUrl, poolSize: 4, vault: testVault() });
  corner = await createTestNamespace();
  temporal = connectTemporal({ ...corner, apiKey: undefined, tls: undefined }, makePayloadKeys());
  client = temporal.client;
  unitId = await makeUnit(database, { code: 'SJZ' });
  employee = await makeEmployee(database, { unitId });
});
afterAll(async () => {
  await temporal.close();
  await Promise.all([database.close(), workerDatabase.close()]);
  await testDatabase.drop();
});
beforeEach(() => database.query('DELETE FROM claim'));

let last = 0;
const claim = (about: { state?: string; closed?: boolean; workflowId?: string } = {}): Promise<string> => {
  last += 1;
  return makeClaim(database, { number: `YB20261118-${String(last).padStart(8, '0')}`, unitId, employeeId: employee.id, ...about });
};
const start = (workflowId: string) =>
  client.workflow.start(CLAIM_WORKFLOW, { workflowId, taskQueue: corner.taskQueue, args: [{ claimNumber: workflowId.slice('claim/'.length) }] });
const recover = (request: Partial<RecoveryRequest> = {}): Promise<Recovery> =>
  recoverClaims({ database: workerDatabase, client, taskQueue: corner.taskQueue }, { quietMs: 0, ...request });
const runOf = async (workflowId: string) => {
  const { status, runId } = await client.workflow.getHandle(workflowId).describe();
  return { status: status.name, runId };
};

test('open claims get a workflow under the name that the claim row says; drafts and closed claims get none; again nothing is done', async () => {
  const [missing, terminated, running, returned] = [
    await claim(),
    await claim({ state: 'IN_REVIEW' }),
    await claim(),
    await claim({ state: 'PAYMENT_FAILED', workflowId: 'claim/YB-x/return/2' }),
  ];
  const [draft, closed] = [await claim({ state: 'DRAFT' }), await claim({ state: 'PAID', closed: true })];
  await (await start(`claim/${terminated}`)).terminate('by an operator');
  const before = await start(`claim/${running}`);
  const heard: string[] = [];

  const result = await recover({ onRecovered: ({ claimNumber, state, found, error }) => heard.push(`${claimNumber} ${state} ${found} ${error}`) });

  expect(result).toEqual({ looked: 4, running: 1, recovered: 3, failed: 0, returns: 0 });
  expect(heard.toSorted()).toEqual([`${missing} SUBMITTED MISSING null`, `${terminated} IN_REVIEW TERMINATED null`, `${returned} PAYMENT_FAILED MISSING null`]);
  for (const id of [`claim/${missing}`, `claim/${terminated}`, 'claim/YB-x/return/2']) expect((await runOf(id)).status).toBe('RUNNING');
  expect((await runOf(`claim/${running}`)).runId).toBe(before.firstExecutionRunId);
  for (const number of [draft, closed]) await expect(runOf(`claim/${number}`)).rejects.toThrow(/not found/i);
  expect(await recover()).toEqual({ looked: 4, running: 4, recovered: 0, failed: 0, returns: 0 });
});

test('several at once start each claim once', async () => {
  const numbers = await Promise.all(Array.from({ length: 20 }, () => claim()));
  const results = await Promise.all([recover(), recover(), recover()]);
  expect(results.reduce((sum, { recovered }) => sum + recovered, 0)).toBe(20);
  expect(results.every(({ looked, failed }) => looked === 20 && failed === 0)).toBe(true);
  for (const number of numbers) expect((await runOf(`claim/${number}`)).status).toBe('RUNNING');
});

test('one worker sweeps at a time, and asks for a page of running claims at once', async () => {
  for (let count = 0; count < 3; count += 1) await start(`claim/${await claim()}`);
  await claim();
  const asked: string[] = [];
  const observed = Object.create(client, {
    workflow: {
      value: Object.create(client.workflow, {
        list: { value: (options: { query: string }) => (asked.push('list'), client.workflow.list(options)) },
        getHandle: { value: (id: string) => (asked.push('describe'), client.workflow.getHandle(id)) },
      }),
    },
  }) as Client;
  const deps = { database: workerDatabase, client: observed, taskQueue: corner.taskQueue };
  const sweep = () => sweepClaims(deps, { quietMs: 0 });
  await database.write(async (tx) => {
    await takeSweep(tx);
    expect(await sweep()).toBeNull();
  });
  expect(asked).toEqual([]);
  expect(await sweep()).toMatchObject({ looked: 4, running: 3, recovered: 1 });
  // what has just been started may be missing from the list for a moment
  await until(async () => {
    asked.length = 0;
    expect(await sweep()).toMatchObject({ looked: 4, running: 4, recovered: 0 });
    return asked.length === 1;
  });
  expect(asked).toEqual(['list']);
});

test('after a restored backup all are started anew, also those that run', async () => {
  const number = await claim();
  const { firstExecutionRunId } = await start(`claim/${number}`);
  expect(await recover({ rebuildAll: true })).toMatchObject({ running: 0, recovered: 1 });
  const now = await runOf(`claim/${number}`);
  expect(now.status).toBe('RUNNING');
  expect(now.runId).not.toBe(firstExecutionRunId);
});

test('a claim that has just moved is left to the relay', async () => {
  const number = await claim();
  expect(await recover({ quietMs: 60_000 })).toMatchObject({ looked: 0, recovered: 0 });
  await database.query(`UPDATE claim SET updated_at = now() - interval '2 minutes' WHERE number = $1`, [number]);
  expect(await recover({ quietMs: 60_000 })).toMatchObject({ looked: 1, recovered: 1 });
});

test('money that came back unheeded is told again to a claim that had ended, once', async () => {
  const number = await claim({ state: 'PAID', closed: true });
  const reference = `P${randomUUID().slice(0, 8)}`;
  await database.query(
    `WITH account AS (INSERT INTO bank_account (employee_id, holder_name, account_no, account_no_index, bank_name, bank_code) VALUES ($2, '王芳', '', '', '兴业银行', '309') RETURNING id),
       decision AS (INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at)
         VALUES ($1, 1, 'BUREAU', 'D1', 'APPROVED', 52600, 8200, 8200, '{}', now()) RETURNING id),
       payment AS (INSERT INTO payment_instruction (reference, claim_number, decision_id, attempt, amount_fen, account_id, bank_code, status)
         SELECT $3, $1, decision.id, 1, 8200, account.id, 'CIB', 'SUCCEEDED' FROM decision, account)
     INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, result) VALUES ('CIB', 'E1', $3, 'RETURN', 8200, now(), 'MATCHED')`,
    [number, employee.id, reference],
  );
  expect(await recover()).toMatchObject({ looked: 0, returns: 1 });
  expect(await recover()).toMatchObject({ returns: 0 });
  const { rows } = await database.query<{ signal: string; payload: unknown }>('SELECT signal, payload FROM workflow_command WHERE claim_number = $1', [number]);
  expect(rows).toEqual([{ signal: 'paymentNews', payload: { reference } }]);
  await database.query('DELETE FROM payment_instruction');
});

test('Temporal away: an error, and nothing is told as recovered', async () => {
  await claim();
  const nowhere = connectTemporal({ ...corner, address: '127.0.0.1:1', apiKey: undefined, tls: undefined }, makePayloadKeys());
  try {
    await expect(recoverClaims({ database: workerDatabase, client: nowhere.client, taskQueue: corner.taskQueue }, { quietMs: 0 })).rejects.toThrow();
  } finally {
    await nowhere.close();
  }
});

test('the sweeper goes on after a failure, counts what it recovered, and stops when it is told to', async () => {
  const registry = new Registry();
  let sweeps = 0;
  const result: Recovery = { looked: 3, running: 1, recovered: 2, failed: 1, returns: 0 };
  const sweeper = startSweeper({
    async recover({ quietMs }) {
      expect(quietMs).toBe(300_000);
      sweeps += 1;
      if (sweeps === 1) throw new Error('Temporal is away');
      return result;
    },
    ...{ registry, log: silent, everyMs: 5 },
  });
  const metric = async (name: string) => (await registry.getMetricsAsJSON()).find((one) => one.name === name)?.values[0]?.value ?? 0;
  await until(async () => (await metric('daozhang_claims_recovered_total')) >= 4);
  expect(await metric('daozhang_claims_unrecovered')).toBe(1);
  await sweeper.stop();
});

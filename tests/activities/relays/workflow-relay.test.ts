import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { Registry } from 'prom-client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { registerBacklogGauges } from '#activities/relays/backlog.ts';
import type { Relay } from '#activities/relays/relay.ts';
import { nextReturnWorkflowId, startWorkflowRelay } from '#activities/relays/workflow-relay.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { leaseWorkflowCommands, settleWorkflowCommands } from '#prisma/queries/workflow-commands.ts';
import { createTestDatabase } from '#tests/setup/database.ts';
import { createTestNamespace, type TestTemporal } from '#tests/setup/temporal.ts';
import { CLAIM_STATE, ESCALATION_LEVEL, REGION, UNIT_CODE } from '#workflows/claim.messages.ts';
import { createProxy } from './proxy.ts';
import { commandsOf, commandSignal, commandStart, makeClaim, makeEmployee, makeUnit, silent, until } from './fixtures.ts';
import type { claim as claimDouble } from './claim-double.workflow.ts';

let database: Database;
let temporal: TestTemporal;
let connection: Connection;
let client: Client;
let nativeConnection: NativeConnection;
let worker: Worker;
let working: Promise<void>;
let unitId: string;
let employeeId: string;
const relays: Relay[] = [];

beforeAll(async () => {
  const [testDatabase, testTemporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  database = openDatabase({ url: testDatabase.url });
  temporal = testTemporal;
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection, namespace: temporal.namespace });
  nativeConnection = await NativeConnection.connect({ address: temporal.address });
  worker = await Worker.create({
    connection: nativeConnection,
    namespace: temporal.namespace,
    taskQueue: temporal.taskQueue,
    workflowsPath: fileURLToPath(new URL('claim-double.workflow.ts', import.meta.url)),
  });
  working = worker.run();
  unitId = await makeUnit(database, { code: 'SJZ' });
  employeeId = (await makeEmployee(database, { unitId })).id;
});

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
});

afterAll(async () => {
  worker.shutdown();
  await working;
  await Promise.all([nativeConnection.close(), connection.close(), database.close()]);
});

function startRelay(overrides: { client?: Client } = {}): Relay {
  const relay = startWorkflowRelay({ database, client: overrides.client ?? client, taskQueue: temporal.taskQueue, log: silent });
  relays.push(relay);
  return relay;
}

let claims = 0;
const newClaim = (claim: { state?: string; closed?: boolean } = {}) =>
  makeClaim(database, { number: `YB20261118-${String((claims += 1)).padStart(8, '0')}`, unitId, employeeId, ...claim });

const handle = (workflowId: string): WorkflowHandle<typeof claimDouble> => client.workflow.getHandle(workflowId);
const told = (workflowId: string) => handle(workflowId).query<string[]>('told');
const settled = (claimNumber: string) => until(async () => (await commandsOf(database, claimNumber)).every(({ status }) => status !== 'PENDING'));
const decision = (claimNumber: string, messageId: string) =>
  commandSignal(database, { claimNumber, signal: 'bureauDecision', payload: { source: '130100', messageId } });

async function finish(workflowId: string): Promise<void> {
  await handle(workflowId).signal('finish');
  await handle(workflowId).result();
}

test('starts a claim under its id, findable and described without a word about the person', async () => {
  startRelay();
  const number = await newClaim();
  await commandStart(database, number);
  await settled(number);
  expect(await commandsOf(database, number)).toEqual([{ status: 'SENT', attempts: 1, lastError: null }]);
  expect(await told(`claim/${number}`)).toEqual([number]);
  const description = await handle(`claim/${number}`).describe();
  expect(description.typedSearchAttributes.get(CLAIM_STATE)).toBe('SUBMITTED');
  expect(description.typedSearchAttributes.get(UNIT_CODE)).toBe('SJZ');
  expect(description.typedSearchAttributes.get(REGION)).toBe('130100');
  expect(description.typedSearchAttributes.get(ESCALATION_LEVEL)).toBe(0);
  expect(await description.staticSummary()).toBe(`${number} · SJZ · 130100`);
});

test('the same start again is a success and starts nothing', async () => {
  startRelay();
  const number = await newClaim();
  await commandStart(database, number);
  await settled(number);
  const { runId } = await handle(`claim/${number}`).describe();
  await finish(`claim/${number}`);
  await commandStart(database, number);
  await settled(number);
  expect((await handle(`claim/${number}`).describe()).runId).toBe(runId);
});

test('signals arrive in the order of their ids, with two relays side by side', async () => {
  const numbers = await Promise.all(Array.from({ length: 20 }, () => newClaim()));
  const messages = Array.from({ length: 8 }, (_, index) => `M${index}`);
  for (const number of numbers) await commandStart(database, number);
  for (const message of messages) for (const number of numbers) await decision(number, message);
  startRelay();
  startRelay();
  for (const number of numbers) {
    await settled(number);
    expect(await told(`claim/${number}`)).toEqual([number, ...messages]);
    // once each: the leases kept the relays apart
    expect((await commandsOf(database, number)).map(({ attempts }) => attempts)).toEqual(Array(9).fill(1));
  }
});

test('no second command of a claim can be leased while the first is in flight', async () => {
  const number = await newClaim();
  await commandStart(database, number);
  await decision(number, 'M1');
  const lease = { limit: 10, leaseMs: 60_000 };
  const [first, second] = await Promise.all([leaseWorkflowCommands(database, lease), leaseWorkflowCommands(database, lease)]);
  expect([...first, ...second].map(({ kind }) => kind)).toEqual(['START']);
  expect(await leaseWorkflowCommands(database, lease)).toEqual([]);
  await database.query(`DELETE FROM workflow_command WHERE claim_number = $1`, [number]);
});

test('a signal to a claim that Temporal never heard of starts it', async () => {
  startRelay();
  const number = await newClaim();
  await decision(number, 'M1');
  await settled(number);
  expect(await told(`claim/${number}`)).toEqual([number, 'M1']);
});

test('a claim that is open in Postgres and dead in Temporal is started again, and hears the signal', async () => {
  startRelay();
  const number = await newClaim();
  await commandStart(database, number);
  await settled(number);
  const { runId } = await handle(`claim/${number}`).describe();
  await handle(`claim/${number}`).terminate('lost');
  await decision(number, 'M1');
  await settled(number);
  expect(await told(`claim/${number}`)).toEqual([number, 'M1']);
  expect((await handle(`claim/${number}`).describe()).runId).not.toBe(runId);
});

test('a message for a closed claim is ignored and leaves an audit entry', async () => {
  startRelay();
  const number = await newClaim({ state: 'WITHDRAWN', closed: true });
  await decision(number, 'M1');
  await settled(number);
  expect(await commandsOf(database, number)).toEqual([{ status: 'IGNORED', attempts: 1, lastError: 'the claim is closed' }]);
  const { rows } = await database.query<{ action: string; detail: object }>(`SELECT action, detail FROM audit_entry WHERE claim_number = $1`, [number]);
  expect(rows).toEqual([
    { action: 'late-message', detail: expect.objectContaining({ signal: 'bureauDecision', payload: { source: '130100', messageId: 'M1' } }) },
  ]);
  await expect(handle(`claim/${number}`).describe()).rejects.toThrow(/not found/i);
});

test('a claim that closes just before its signal arrives: ignored, not started again', async () => {
  const number = await newClaim();
  await commandStart(database, number);
  startRelay();
  await settled(number);
  await finish(`claim/${number}`);
  const { runId } = await handle(`claim/${number}`).describe();
  // The relay reads the claim as open; the claim closes before the call.
  const closing = delayedClient(async () => {
    await database.query(`UPDATE claim SET closed_at = now() WHERE number = $1`, [number]);
  });
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  startRelay({ client: closing });
  await decision(number, 'M1');
  await settled(number);
  expect((await commandsOf(database, number)).map(({ status }) => status)).toEqual(['SENT', 'IGNORED']);
  expect((await handle(`claim/${number}`).describe()).runId).toBe(runId);
});

test('money that comes back after the end goes on in a workflow of its own, each time in a new one', async () => {
  startRelay();
  const number = await newClaim({ state: 'PAID', closed: true });
  for (const k of [1, 2]) {
    const reference = `R${k}-${number}`;
    await database.query(
      `INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, result)
       VALUES ('CIB', $1, $1, 'RETURN', 52600, now(), 'MATCHED')`,
      [reference],
    );
    await commandSignal(database, { claimNumber: number, signal: 'paymentNews', payload: { reference } });
    await settled(number);
    const workflowId = `claim/${number}/return/${k}`;
    expect(await told(workflowId)).toEqual([number, reference]);
    const { rows } = await database.query(`SELECT workflow_id, closed_at FROM claim WHERE number = $1`, [number]);
    expect(rows).toEqual([{ workflow_id: workflowId, closed_at: null }]);
    await database.query(`UPDATE claim SET closed_at = now() WHERE number = $1`, [number]);
    await finish(workflowId);
  }
});

test('payment news of a closed claim that is no return is ignored', async () => {
  startRelay();
  const number = await newClaim({ state: 'PAID', closed: true });
  await commandSignal(database, { claimNumber: number, signal: 'paymentNews', payload: { reference: 'R-unknown' } });
  await settled(number);
  expect((await commandsOf(database, number)).map(({ status }) => status)).toEqual(['IGNORED']);
});

test('a command for a claim that does not exist is ignored', async () => {
  startRelay();
  await commandStart(database, 'YB20261118-99999999');
  await settled('YB20261118-99999999');
  expect(await commandsOf(database, 'YB20261118-99999999')).toEqual([{ status: 'IGNORED', attempts: 1, lastError: 'no such claim' }]);
});

test('a relay that dies between the answer of Temporal and the mark: the command goes out again and does no harm', async () => {
  const number = await newClaim();
  await commandStart(database, number);
  await decision(number, 'M1');
  // What such a relay leaves behind: the workflow started, the row leased, the lease over.
  await client.workflow.start('claim', { workflowId: `claim/${number}`, taskQueue: temporal.taskQueue, args: [{ claimNumber: number }] });
  const [leased] = await leaseWorkflowCommands(database, { limit: 10, leaseMs: 0 });
  expect(leased?.claimNumber).toBe(number);
  startRelay();
  await settled(number);
  expect((await commandsOf(database, number)).map(({ status, attempts }) => [status, attempts])).toEqual([
    ['SENT', 2],
    ['SENT', 1],
  ]);
  expect(await told(`claim/${number}`)).toEqual([number, 'M1']);
});

test('a relay whose lease ran out does not settle the row of its successor', async () => {
  const number = await newClaim();
  await commandStart(database, number);
  const [stale] = await leaseWorkflowCommands(database, { limit: 10, leaseMs: 0 });
  const [current] = await leaseWorkflowCommands(database, { limit: 10, leaseMs: 60_000 });
  if (stale === undefined || current === undefined) throw new Error('nothing was leased');
  await settleWorkflowCommands(database, [{ item: stale, outcome: { status: 'SENT' } }]);
  expect((await commandsOf(database, number))[0]?.status).toBe('PENDING');
  await settleWorkflowCommands(database, [{ item: current, outcome: { status: 'SENT' } }]);
  expect((await commandsOf(database, number))[0]?.status).toBe('SENT');
});

test('while Temporal is away commands wait with the reason beside them; when it is back they go out in order', async () => {
  const proxy = createProxy(temporal.address);
  const throughProxy = Connection.lazy({ address: await proxy.open() });
  try {
    await proxy.close();
    startRelay({ client: new Client({ connection: throughProxy, namespace: temporal.namespace }) });
    const number = await newClaim();
    await commandStart(database, number);
    await decision(number, 'M1');
    await until(async () => (await commandsOf(database, number))[0]?.lastError != null);
    const [start, signal] = await commandsOf(database, number);
    expect(start).toMatchObject({ status: 'PENDING', lastError: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED/) });
    expect(signal).toEqual({ status: 'PENDING', attempts: 0, lastError: null });
    await proxy.open();
    await settled(number);
    expect((await commandsOf(database, number)).map(({ status }) => status)).toEqual(['SENT', 'SENT']);
    expect(await told(`claim/${number}`)).toEqual([number, 'M1']);
  } finally {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    await throughProxy.close();
    await proxy.close();
  }
});

test('the relay is woken again after its LISTEN connection was cut', async () => {
  startRelay();
  const listening = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'daozhang-listen'`;
  const pids = async () => (await database.query<{ pid: number }>(listening)).rows.map(({ pid }) => pid);
  await until(async () => (await pids()).length === 1);
  const [cut] = await pids();
  await database.query(`SELECT pg_terminate_backend($1)`, [cut]);
  await until(async () => (await pids()).some((pid) => pid !== cut));
  const number = await newClaim();
  await commandStart(database, number);
  await settled(number);
});

test('gauges count what waits, and how long', async () => {
  const registry = new Registry();
  registerBacklogGauges({ database, registry });
  const number = await newClaim();
  await commandStart(database, number);
  await database.query(`UPDATE workflow_command SET created_at = now() - interval '90 s' WHERE claim_number = $1`, [number]);
  const metrics = await registry.metrics();
  expect(metrics).toContain('daozhang_relay_pending{table="workflow_command"} 1\n');
  expect(metrics).toContain('daozhang_relay_pending{table="notice"} 0\n');
  const [, oldest] = /daozhang_relay_oldest_seconds\{table="workflow_command"\} ([\d.]+)/.exec(metrics) ?? [];
  expect(Number(oldest)).toBeGreaterThanOrEqual(90);
});

test('workflow ids of returns count up', () => {
  expect(nextReturnWorkflowId('YB1', 'claim/YB1')).toBe('claim/YB1/return/1');
  expect(nextReturnWorkflowId('YB1', 'claim/YB1/return/9')).toBe('claim/YB1/return/10');
  expect(nextReturnWorkflowId('YB1', 'claim/YB1/appeal/2')).toBe('claim/YB1/return/1');
});

/** The real client, but something happens before each call. */
function delayedClient(before: () => Promise<void>): Client {
  return new Client({
    connection,
    namespace: temporal.namespace,
    interceptors: {
      workflow: [
        {
          async signalWithStart(input, next) {
            await before();
            return next(input);
          },
        },
      ],
    },
  });
}

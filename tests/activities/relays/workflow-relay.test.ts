import { Client, Connection } from '@temporalio/client';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { registerBacklogGauges } from '#activities/relays/backlog.ts';
import { leaseWorkflowCommands, settleWorkflowCommands } from '#prisma/queries/workflow-commands.ts';
import { CLAIM_STATE, ESCALATION_LEVEL, REGION, UNIT_CODE } from '#workflows/claim.messages.ts';
import { until } from './fixtures.ts';
import { createProxy } from './proxy.ts';
import { createRelayBench, type RelayBench } from './relay-bench.ts';

let bench: RelayBench;

beforeAll(async () => {
  bench = await createRelayBench();
});
afterEach(() => bench.stopRelays());
afterAll(() => bench.close());

test('starts a claim under its id, findable and described without a word about the person', async () => {
  bench.startRelay();
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.settled(number);
  expect(await bench.commandsOf(number)).toEqual([{ status: 'SENT', attempts: 1, lastError: null }]);
  expect(await bench.told(`claim/${number}`)).toEqual([number]);
  const description = await bench.handle(`claim/${number}`).describe();
  expect(description.typedSearchAttributes.get(CLAIM_STATE)).toBe('SUBMITTED');
  expect(description.typedSearchAttributes.get(UNIT_CODE)).toBe('SJZ');
  expect(description.typedSearchAttributes.get(REGION)).toBe('130100');
  expect(description.typedSearchAttributes.get(ESCALATION_LEVEL)).toBe(0);
  expect(await description.staticSummary()).toBe(`${number} · SJZ · 130100`);
});

test('the same start again is a success and starts nothing', async () => {
  bench.startRelay();
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.settled(number);
  const runId = await bench.runIdOf(`claim/${number}`);
  await bench.finish(`claim/${number}`);
  await bench.start(number);
  await bench.settled(number);
  expect(await bench.runIdOf(`claim/${number}`)).toBe(runId);
});

test('signals arrive in the order of their ids, with two relays side by side', async () => {
  const numbers = await Promise.all(Array.from({ length: 20 }, () => bench.newClaim()));
  const messages = Array.from({ length: 8 }, (_, index) => `M${index}`);
  for (const number of numbers) await bench.start(number);
  for (const message of messages) for (const number of numbers) await bench.decision(number, message);
  bench.startRelay();
  bench.startRelay();
  for (const number of numbers) {
    await bench.settled(number);
    expect(await bench.told(`claim/${number}`)).toEqual([number, ...messages]);
    // once each: the leases kept the relays apart
    expect((await bench.commandsOf(number)).map(({ attempts }) => attempts)).toEqual(Array(9).fill(1));
  }
});

test('no second command of a claim can be leased while the first is in flight', async () => {
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.decision(number, 'M1');
  const lease = { limit: 10, leaseMs: 60_000 };
  const [first, second] = await Promise.all([leaseWorkflowCommands(bench.database, lease), leaseWorkflowCommands(bench.database, lease)]);
  expect([...first, ...second].map(({ kind }) => kind)).toEqual(['START']);
  expect(await leaseWorkflowCommands(bench.database, lease)).toEqual([]);
  await bench.database.query(`DELETE FROM workflow_command WHERE claim_number = $1`, [number]);
});

test('a relay that dies between the answer of Temporal and the mark: the command goes out again and does no harm', async () => {
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.decision(number, 'M1');
  // What such a relay leaves behind: the workflow started, the row leased, the lease over.
  await bench.client.workflow.start('claim', { workflowId: `claim/${number}`, taskQueue: bench.temporal.taskQueue, args: [{ claimNumber: number }] });
  const [leased] = await leaseWorkflowCommands(bench.database, { limit: 10, leaseMs: 0 });
  expect(leased?.claimNumber).toBe(number);
  bench.startRelay();
  await bench.settled(number);
  expect((await bench.commandsOf(number)).map(({ status, attempts }) => [status, attempts])).toEqual([
    ['SENT', 2],
    ['SENT', 1],
  ]);
  expect(await bench.told(`claim/${number}`)).toEqual([number, 'M1']);
});

test('a relay whose lease ran out does not settle the row of its successor', async () => {
  const number = await bench.newClaim();
  await bench.start(number);
  const [stale] = await leaseWorkflowCommands(bench.database, { limit: 10, leaseMs: 0 });
  const [current] = await leaseWorkflowCommands(bench.database, { limit: 10, leaseMs: 60_000 });
  if (stale === undefined || current === undefined) throw new Error('nothing was leased');
  await settleWorkflowCommands(bench.database, [{ item: stale, outcome: { status: 'SENT' } }]);
  expect((await bench.commandsOf(number))[0]?.status).toBe('PENDING');
  await settleWorkflowCommands(bench.database, [{ item: current, outcome: { status: 'SENT' } }]);
  expect((await bench.commandsOf(number))[0]?.status).toBe('SENT');
});

test('while Temporal is away commands wait with the reason beside them; when it is back they go out in order', async () => {
  const proxy = createProxy(bench.temporal.address);
  const throughProxy = Connection.lazy({ address: await proxy.open() });
  try {
    await proxy.close();
    bench.startRelay({ client: new Client({ connection: throughProxy, namespace: bench.temporal.namespace }) });
    const number = await bench.newClaim();
    await bench.start(number);
    await bench.decision(number, 'M1');
    await until(async () => (await bench.commandsOf(number))[0]?.lastError != null);
    const [start, signal] = await bench.commandsOf(number);
    expect(start).toMatchObject({ status: 'PENDING', lastError: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED/) });
    expect(signal).toEqual({ status: 'PENDING', attempts: 0, lastError: null });
    await proxy.open();
    await bench.settled(number);
    expect((await bench.commandsOf(number)).map(({ status }) => status)).toEqual(['SENT', 'SENT']);
    expect(await bench.told(`claim/${number}`)).toEqual([number, 'M1']);
  } finally {
    await bench.stopRelays();
    await throughProxy.close();
    await proxy.close();
  }
});

test('a command announces itself when it is committed', async () => {
  let heard = 0;
  const listener = await bench.database.listen('workflow_command', () => void (heard += 1));
  const number = await bench.newClaim();
  await bench.start(number);
  await until(() => heard === 1);
  await listener.close();
  await listener.ended;
});

test('the relay listens again after its connection was cut', async () => {
  bench.startRelay();
  const listening = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'daozhang-listen'`;
  const pids = async () => (await bench.database.query<{ pid: number }>(listening)).rows.map(({ pid }) => pid);
  await until(async () => (await pids()).length === 1);
  const [cut] = await pids();
  await bench.database.query(`SELECT pg_terminate_backend($1)`, [cut]);
  await until(async () => (await pids()).some((pid) => pid !== cut));
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.settled(number);
});

test('gauges count what waits, and how long', async () => {
  const registry = new Registry();
  registerBacklogGauges({ database: bench.database, registry });
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.database.query(`UPDATE workflow_command SET created_at = now() - interval '90 s' WHERE claim_number = $1`, [number]);
  const metrics = await registry.metrics();
  expect(metrics).toContain('daozhang_relay_pending{table="workflow_command"} 1\n');
  expect(metrics).toContain('daozhang_relay_pending{table="notice"} 0\n');
  const [, oldest] = /daozhang_relay_oldest_seconds\{table="workflow_command"\} ([\d.]+)/.exec(metrics) ?? [];
  expect(Number(oldest)).toBeGreaterThanOrEqual(90);
});

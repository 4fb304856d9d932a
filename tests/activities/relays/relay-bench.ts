import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Relay } from '#activities/relays/relay.ts';
import { startWorkflowRelay } from '#activities/relays/workflow-relay.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { createTestDatabase, type TestDatabase } from '#tests/setup/database.ts';
import { createTestNamespace, type TestTemporal } from '#tests/setup/temporal.ts';
import type { claim as claimDouble } from './claim-double.workflow.ts';
import { makeClaim, makeEmployee, makeUnit, silent, until } from './fixtures.ts';
import { testVault } from '../../setup/vault.ts';

type CommandRow = { status: string; attempts: number; lastError: string | null };

/** A database, a namespace of Temporal, and a worker that runs the double of the claim's workflow, for one test file. */
export async function createRelayBench() {
  const [testDatabase, temporal]: [TestDatabase, TestTemporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  const database: Database = openDatabase({ url: testDatabase.url, vault: testVault() });
  const workerDatabase = openDatabase({ url: testDatabase.workerUrl, vault: testVault() });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const nativeConnection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection: nativeConnection,
    namespace: temporal.namespace,
    taskQueue: temporal.taskQueue,
    workflowsPath: fileURLToPath(new URL('claim-double.workflow.ts', import.meta.url)),
  });
  const working = worker.run();
  const unitId = await makeUnit(database, { code: 'SJZ' });
  const { id: employeeId } = await makeEmployee(database, { unitId });
  const relays: Relay[] = [];
  let claims = 0;

  async function commandsOf(claimNumber: string): Promise<CommandRow[]> {
    const { rows } = await database.query<CommandRow>(
      `SELECT status, attempts, last_error AS "lastError" FROM workflow_command WHERE claim_number = $1 ORDER BY id`,
      [claimNumber],
    );
    return rows;
  }
  const handle = (workflowId: string): WorkflowHandle<typeof claimDouble> => client.workflow.getHandle(workflowId);
  const bench = {
    database,
    temporal,
    connection,
    client,
    commandsOf,
    handle,
    startRelay(overrides: { client?: Client } = {}): void {
      relays.push(startWorkflowRelay({ database: workerDatabase, client: overrides.client ?? client, taskQueue: temporal.taskQueue, log: silent }));
    },
    async stopRelays(): Promise<void> {
      await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    },
    newClaim: (claim: { state?: string; closed?: boolean } = {}) =>
      makeClaim(database, { number: `YB20261118-${String((claims += 1)).padStart(8, '0')}`, unitId, employeeId, ...claim }),
    /** What the relay does is to be known by its marks: waits until every command of the claim has one. */
    settled: (claimNumber: string) => until(async () => (await commandsOf(claimNumber)).every(({ status }) => status !== 'PENDING')),
    start: (claimNumber: string) => writeWorkflowCommand(database, { claimNumber, kind: 'START' }),
    signal: (claimNumber: string, signal: string, payload: Record<string, unknown>) =>
      writeWorkflowCommand(database, { claimNumber, kind: 'SIGNAL', signal, payload }),
    decision: (claimNumber: string, messageId: string) => bench.signal(claimNumber, 'bureauDecision', { source: '130100', messageId }),
    /** What the workflow has heard, its claim's number first. */
    told: (workflowId: string) => handle(workflowId).query<string[]>('told'),
    runIdOf: async (workflowId: string) => (await handle(workflowId).describe()).runId,
    async finish(workflowId: string): Promise<void> {
      await handle(workflowId).signal('finish');
      await handle(workflowId).result();
    },
    async close(): Promise<void> {
      worker.shutdown();
      await working;
      await Promise.all([nativeConnection.close(), connection.close(), database.close(), workerDatabase.close()]);
    },
  };
  return bench;
}

export type RelayBench = Awaited<ReturnType<typeof createRelayBench>>;

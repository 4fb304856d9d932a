import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type NativeConnection, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Database } from '#prisma/database.ts';
import { encryptingConverter, failureConverterPath, type PayloadKeys } from '#platform/payload-codec.ts';
import { bankTaskQueue, bureauTaskQueue } from '#workflows/claim.messages.ts';
import { simulationTaskQueue } from '#workflows/simulate.messages.ts';
import { heartbeats } from './heartbeats.ts';
import type { Activities } from './index.ts';
import { retries } from './observing/retries.ts';

/** The workflow code as one bundle, which takes seconds: built once per process, or once per release (`npm run bundle`). */
export async function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
  // what fails inside a workflow is turned into payloads there, and the codec seals those alone
  return bundleWorkflowCode({ workflowsPath, failureConverterPath, logger: new DefaultLogger('WARN') });
}

export type ClaimWorkers = {
  /** Resolves when all have stopped; rejects, after having stopped the others, when one fails. */
  run(): Promise<void>;
  shutdown(): void;
  ready(): boolean;
};

/**
 * The workers of one process: one for claims, and one per bureau and bank, each with that gateway's rate limit over all
 * processes, so that a slow bureau holds up nobody else's claims.
 */
export async function createClaimWorkers(input: {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  gateways: { bureaus: readonly { code: string; ratePerSecond: number }[]; banks: readonly { ratePerSecond: number }[] };
  activities: Activities;
  /** where calls that fail are written down */
  database: Pick<Database, 'query'>;
  payloads: PayloadKeys;
  workflowBundle: { code: string } | { codePath: string };
  /** How many claims' workflows are kept in memory; the rest are replayed when they move. */
  maxCachedWorkflows?: number;
}): Promise<ClaimWorkers> {
  const { connection, namespace, taskQueue, activities, database } = input;
  const dataConverter = encryptingConverter(input.payloads);
  const shared = {
    connection,
    namespace,
    activities,
    dataConverter,
    shutdownGraceTime: '10s' as const,
    interceptors: { activity: [heartbeats, retries({ database, now: () => new Date() })] },
  };
  const gateway = (queue: string, perSecond: number) =>
    Worker.create({ ...shared, taskQueue: queue, maxTaskQueueActivitiesPerSecond: perSecond, maxConcurrentActivityTaskExecutions: 32 });
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: input.workflowBundle,
      maxCachedWorkflows: input.maxCachedWorkflows ?? 500,
      maxConcurrentLocalActivityExecutions: 50,
    }),
    ...input.gateways.bureaus.map(({ code, ratePerSecond }) => gateway(bureauTaskQueue(taskQueue, code), ratePerSecond)),
    // What a simulation costs is told by how long it takes, and not by how long claims wait.
    Worker.create({ ...shared, taskQueue: simulationTaskQueue(taskQueue), maxConcurrentActivityTaskExecutions: 1 }),
    // All banks of a process share a queue: there is one, or there are a few accounts of one.
    gateway(bankTaskQueue(taskQueue), Math.max(1, ...input.gateways.banks.map(({ ratePerSecond }) => ratePerSecond))),
  ]);
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    ready: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    async run() {
      const runs = workers.map((worker) =>
        worker.run().catch((error: unknown) => {
          shutdown();
          throw error;
        }),
      );
      await Promise.all(runs);
    },
  };
}

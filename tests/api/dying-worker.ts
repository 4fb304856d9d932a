import { Worker } from '@temporalio/worker';
import { heartbeats } from '#activities/heartbeats.ts';
import { simulationActivities } from '#activities/simulations/settle-slice.ts';
import { encryptingConverter } from '#platform/payload-codec.ts';
import { connectWorker } from '#platform/temporal-worker.ts';
import { openDatabase } from '#prisma/database.ts';
import { simulationTaskQueue } from '#workflows/simulate.messages.ts';
import { makePayloadKeys } from '../setup/payload-keys.ts';
import { testPolicies } from '../setup/policies.ts';
import { testVault } from '../setup/vault.ts';
import type { WorkerPlace } from './claim-world.ts';

/** A worker of simulations in a process of its own, a person to a page. Of the fourth page it has written all and committed nothing when it stops, says so, and waits to be killed. */
const { temporal, databaseUrl, payloadKey } = JSON.parse(process.env['PLACE'] ?? '') as WorkerPlace;
const database = openDatabase({ url: databaseUrl, vault: testVault() });
let pages = 0;
const dying: typeof database = {
  ...database,
  write: (work) =>
    database.write(async (tx) => {
      const written = await work(tx);
      pages += 1;
      if (pages < 4) return written;
      console.log('in the middle');
      return new Promise<never>(() => undefined);
    }),
};
const connection = await connectWorker({ ...temporal, apiKey: undefined, tls: undefined });
const worker = await Worker.create({
  ...{ connection, namespace: temporal.namespace, taskQueue: simulationTaskQueue(temporal.taskQueue), maxConcurrentActivityTaskExecutions: 1 },
  activities: simulationActivities({ database: dying, policies: testPolicies(), people: 1 }),
  dataConverter: encryptingConverter(makePayloadKeys('aes-256-gcm', Buffer.from(payloadKey, 'hex'))),
  interceptors: { activity: [heartbeats] },
});
await worker.run();

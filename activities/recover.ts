import { parseArgs } from 'node:util';
import { readWorkerConfig } from '#platform/config.ts';
import { readGateways } from '#platform/gateways.ts';
import { openMasterKeys } from '#platform/master-keys.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { openDatabase } from '#prisma/database.ts';
import { recoverClaims, type Recovery } from './recovery/recover-claims.ts';
import { ensureSchedules } from './schedules.ts';

/**
 * `npm run claims:recover`: after Temporal lost workflows, or all of them. Takes the worker's environment. Exit code 0: every open claim has a workflow; 1:
 * not every one, or nobody knows. With `-- --all` also workflows that run are started anew: after Temporal's store was restored from a backup.
 */
const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
try {
  const config = readWorkerConfig(process.env);
  const gateways = await readGateways(config.gatewaysFile);
  const { taskQueue } = config.temporal;
  const vault = { suite: config.fieldSuite, masterKeys: await openMasterKeys({ ...config, suite: config.fieldSuite }) };
  const database = openDatabase({ url: config.databaseUrl, poolSize: config.databasePoolSize, vault, group: 'daozhang_worker' });
  const temporal = connectTemporal(config.temporal, vaultPayloadKeys(database.vault));
  try {
    const recovery = await recoverClaims(
      { database, client: temporal.client, taskQueue },
      {
        quietMs: 0,
        rebuildAll: values.all,
        onRecovered: ({ claimNumber, state, found, error }) =>
          console.log(`${claimNumber}  ${state.padEnd(18)}  ${found.padEnd(10)}  ${error ?? 'started again'}`),
      },
    );
    // They lie in Temporal as well.
    await ensureSchedules({ client: temporal.client, gateways, taskQueue });
    for (const [label, count] of tableOf(recovery)) console.log(`${label.padEnd(36)}${String(count).padStart(8)}`);
    process.exitCode = recovery.failed === 0 ? 0 : 1;
  } finally {
    await Promise.all([temporal.close(), database.close()]);
  }
} catch (error) {
  console.error(`Claims could not be recovered: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function tableOf({ looked, running, recovered, failed, returns }: Recovery): [string, number][] {
  return [
    ['open claims', looked],
    ['  with a workflow', running],
    ['  workflow started again', recovered],
    ['  not recovered', failed],
    ['returned payments told again', returns],
  ];
}

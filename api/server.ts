import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAuditKey } from '#platform/audit-key.ts';
import { ConfigError, readApiConfig, type ApiConfig } from '#platform/config.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import { readGateways } from '#platform/gateways.ts';
import { chineseHolidays } from '#platform/holidays.ts';
import { loadKeys } from '#platform/keys.ts';
import { createLogger } from '#platform/log.ts';
import { openMasterKeys } from '#platform/master-keys.ts';
import { createOutgoingPolicy } from '#platform/outgoing-address.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { loadPolicies } from '#platform/policy/load.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { openDatabase } from '#prisma/database.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { storePoliciesAtStart } from '#prisma/queries/policies.ts';
import { buildApp } from './app.ts';

/** How long somebody who decides waits for the workflow's answer before hearing that it is still on its way. */
const UPDATE_DEADLINE_MS = 10_000;

/** The API process: reads what the environment says and listens. As many side by side as you like. */
const config = configOrExit();
const log = createLogger({ name: 'api', level: config.logLevel });
const gateways = await readGateways(config.gatewaysFile);
const policies = loadPolicies(config.rulebooksDir);
if (!policies.ok) throw new Error('the rulebooks have faults: npm run rulebook:check');
const [bank] = gateways.banks;
if (!bank) throw new Error('GATEWAYS_FILE declares no bank');
const vault = { suite: config.fieldSuite, masterKeys: await openMasterKeys({ ...config, suite: config.fieldSuite }) };
const database = openDatabase({ url: config.databaseUrl, poolSize: config.databasePoolSize, vault, group: 'daozhang_api' });
const payloadKeys = vaultPayloadKeys(database.vault);
const temporal = connectTemporal(config.temporal, payloadKeys);
const renderer = openRenderer({ onTrouble: (trouble) => log.warn(trouble, 'a file could not be read') });

const pages = fileURLToPath(new URL('../console/dist/', import.meta.url));
const built = existsSync(`${pages}index.html`);
if (!built) log.warn('there is no console: npm run console:build makes it');

const app = await buildApp({
  database,
  documents: fileDocumentStore(config.documentDir),
  renderer,
  keys: await loadKeys(config.keysDir),
  auditKey: await loadAuditKey(config.keysDir),
  log,
  clock: () => new Date(),
  policies,
  gateways,
  clockwork: clockworkReader({ database, published: chineseHolidays(), bank }),
  pingTemporal: () => temporal.ping(),
  workflows: { client: temporal.client, taskQueue: config.temporal.taskQueue, updateDeadlineMs: UPDATE_DEADLINE_MS },
  outgoing: createOutgoingPolicy({ exceptions: config.webhookNetworks }),
  trustProxy: config.trustProxy,
  signIn: config.signIn,
  payloadKeys,
  codecOrigins: config.codecOrigins,
  temporalUiUrl: config.temporalUiUrl,
  rateLimits: config.rateLimits,
  console: built ? pages : undefined,
});
app.addHook('onClose', async () => {
  await Promise.all([database.close(), temporal.close(), renderer.close()]);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    log.info({ signal }, 'stopping: requests under way are finished first');
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  });
}

// nothing is answered by what is not kept
await storePoliciesAtStart(database, policies, { onWait: () => log.warn('the database cannot be reached; trying again') });
await app.listen({ host: config.host, port: config.port });

function configOrExit(): ApiConfig {
  try {
    return readApiConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { fileAuditExport } from '#platform/audit-export.ts';
import { loadAuditKey } from '#platform/audit-key.ts';
import { readWorkerConfig } from '#platform/config.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import { readGateways } from '#platform/gateways.ts';
import { chineseHolidays } from '#platform/holidays.ts';
import { createLogger } from '#platform/log.ts';
import { openMasterKeys } from '#platform/master-keys.ts';
import { createOutgoingPolicy } from '#platform/outgoing-address.ts';
import { loadPolicies } from '#platform/policy/load.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { connectWorker } from '#platform/temporal-worker.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { openDatabase } from '#prisma/database.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { storePoliciesAtStart } from '#prisma/queries/policies.ts';
import { createBankGateway } from './bank/http-bank-gateway.ts';
import { createBureauGateway } from './bureau/http-bureau-gateway.ts';
import { bundleWorkflows, createClaimWorkers } from './claim-workers.ts';
import { createActivities } from './index.ts';
import { serveMetrics } from './metrics-server.ts';
import { createEmailMessenger } from './notices/email.ts';
import { observedBank, observedBureau } from './observing/gateway-observer.ts';
import { recordSweep } from '#prisma/queries/sweeps.ts';
import { startNoticeRelay } from './notices/notice-relay.ts';
import { registerBacklogGauges } from './relays/backlog.ts';
import { sweepClaims } from './recovery/recover-claims.ts';
import { startSweeper } from './recovery/sweeper.ts';
import { startWorkflowRelay } from './relays/workflow-relay.ts';
import { ensureSchedules } from './schedules.ts';
import { startSimulations } from './simulations/start-simulations.ts';
import { startWebhookRelay } from './webhooks/webhook-relay.ts';

/** The worker process: composition root of everything that has side effects. As many side by side as you like. */
const config = readWorkerConfig(process.env);
const log = createLogger({ name: 'worker', level: config.logLevel });
Runtime.install({
  logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
    log.warn({ temporal: level, workflowId: meta?.['workflowId'], activityType: meta?.['activityType'], err: meta?.['error'] }, message),
  ),
  shutdownSignals: [],
});

const gateways = await readGateways(config.gatewaysFile);
const policies = loadPolicies(config.rulebooksDir);
if (!policies.ok) throw new Error('the rulebooks have faults: npm run rulebook:check');
const [bank] = gateways.banks;
if (!bank) throw new Error('GATEWAYS_FILE declares no bank');
const vault = { suite: config.fieldSuite, masterKeys: await openMasterKeys({ ...config, suite: config.fieldSuite }) };
const database = openDatabase({ url: config.databaseUrl, poolSize: config.databasePoolSize, vault, group: 'daozhang_worker' });
const payloads = vaultPayloadKeys(database.vault);
const temporal = connectTemporal(config.temporal, payloads);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const registry = new Registry();
collectDefaultMetrics({ register: registry });
registerBacklogGauges({ database, registry });
const unreadable = new Counter({
  name: 'daozhang_bureau_unreadable_total',
  help: "Results of a bureau's query that could not be read",
  labelNames: ['bureau'],
  registers: [registry],
});

const now = (): Date => new Date();
const wire = {
  now,
  // `why` names fields, never values
  onUnreadable({ bureauCode, why }: { bureauCode: string; why: string }) {
    unreadable.inc({ bureau: bureauCode });
    log.warn({ bureau: bureauCode, why }, "a bureau's answer could not be read");
  },
};
const activities = createActivities({
  database,
  bureaus: new Map(
    gateways.bureaus.map((declaration) => [declaration.code, observedBureau(createBureauGateway(declaration, gateways.institution, wire), { database, now })]),
  ),
  banks: new Map(gateways.banks.map((declaration) => [declaration.code, observedBank(createBankGateway(declaration, { now }), { database, now })])),
  institutionCode: gateways.institution.code,
  policies,
  reads: config.reads,
  clockwork: clockworkReader({ database, published: chineseHolidays(), bank }),
  documents: fileDocumentStore(config.documentDir),
  audit: { key: await loadAuditKey(config.keysDir), export: fileAuditExport(config.auditExportDir) },
});

const { taskQueue, namespace } = config.temporal;
const email = createEmailMessenger({ smtpUrl: config.smtpUrl, from: config.mailFrom });
const relays = [
  startWorkflowRelay({ database, client: temporal.client, taskQueue, log }),
  startNoticeRelay({ database, messengers: [email], publicUrl: config.publicUrl, log }),
  startWebhookRelay({ database, policy: createOutgoingPolicy({ exceptions: config.webhookNetworks }), log }),
];

const sweeper = startSweeper({
  async recover(request) {
    const recovery = await sweepClaims({ database, client: temporal.client, taskQueue }, request);
    if (recovery) await recordSweep(database, { ...recovery, endedAt: new Date() });
    await ensureSchedules({ client: temporal.client, gateways, taskQueue });
    await startSimulations({ database, client: temporal.client, taskQueue, quietMs: request.quietMs });
    return recovery;
  },
  registry,
  log,
});
let ready = (): boolean => false;
const metrics = serveMetrics({ port: config.metricsPort, registry, ready: () => ready() });

try {
  await storePoliciesAtStart(database, policies, { signal: stop.signal, onWait: () => log.warn('the database cannot be reached; trying again') });
  const connection = await connectWorker(config.temporal, { signal: stop.signal, onWait: () => log.warn('Temporal cannot be reached; trying again') });
  await ensureSchedules({ client: temporal.client, gateways, taskQueue });
  const workflowBundle = config.workflowBundle ? { codePath: config.workflowBundle } : await bundleWorkflows();
  const workers = await createClaimWorkers({ connection, namespace, taskQueue, gateways, activities, database, payloads, workflowBundle });
  ready = workers.ready;
  stop.signal.addEventListener('abort', workers.shutdown);
  log.info({ taskQueue, namespace }, 'worker is ready');
  if (!stop.signal.aborted) await workers.run();
  await connection.close();
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  await Promise.all([...relays, sweeper].map((part) => part.stop()));
  // An idle connection would keep this process for as long as the mail server keeps it.
  email.close();
  metrics?.close();
  await temporal.close();
  await database.close();
}

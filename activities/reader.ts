import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { readReaderConfig } from '#platform/config.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import { createLogger } from '#platform/log.ts';
import { openMasterKeys } from '#platform/master-keys.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { openRenderer, type RenderTrouble } from '#platform/render/renderer.ts';
import { connectWorker } from '#platform/temporal-worker.ts';
import { openDatabase } from '#prisma/database.ts';
import { readingActivities } from './documents/read-documents.ts';
import { serveMetrics } from './metrics-server.ts';
import { createReadingWorker } from './reading-worker.ts';

/** The reader process: reads photographs and scans, one at a time. One for each machine that can spare a gigabyte and its processors. */
const config = readReaderConfig(process.env);
const log = createLogger({ name: 'reader', level: config.logLevel });
Runtime.install({
  logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
    log.warn({ temporal: level, workflowId: meta?.['workflowId'], activityType: meta?.['activityType'], err: meta?.['error'] }, message),
  ),
  shutdownSignals: [],
});

const registry = new Registry();
collectDefaultMetrics({ register: registry });
const troubles = new Counter({
  name: 'daozhang_reader_troubles_total',
  help: 'Limited processes that ended without an answer',
  labelNames: ['task', 'reason'],
  registers: [registry],
});
const onTrouble = (trouble: RenderTrouble): void => {
  troubles.inc({ task: trouble.task, reason: trouble.reason });
  log.warn(trouble, 'a file could not be read');
};

const vault = { suite: config.fieldSuite, masterKeys: await openMasterKeys({ ...config, suite: config.fieldSuite }) };
const database = openDatabase({ url: config.databaseUrl, poolSize: config.databasePoolSize, vault, group: 'daozhang_worker' });
const readers = { files: openRenderer({ processes: 1, onTrouble }), letters: openLetterReader({ onTrouble }) };
if (!readers.letters) log.warn('the optional packages that read letters are not installed: photographs are read by their QR codes alone');
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
let ready = (): boolean => false;
const metrics = serveMetrics({ port: config.metricsPort, registry, ready: () => ready() });

try {
  const connection = await connectWorker(config.temporal, { signal: stop.signal, onWait: () => log.warn('Temporal cannot be reached; trying again') });
  const activities = readingActivities({ database, documents: fileDocumentStore(config.documentDir), readers, now: () => new Date() });
  const worker = await createReadingWorker({ connection, ...config.temporal, activities, payloads: vaultPayloadKeys(database.vault) });
  ready = () => worker.getState() === 'RUNNING';
  stop.signal.addEventListener('abort', () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  });
  log.info({ taskQueue: worker.options.taskQueue, namespace: config.temporal.namespace }, 'reader is ready');
  if (!stop.signal.aborted) await worker.run();
  await connection.close();
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  metrics?.close();
  await Promise.all([readers.files.close(), readers.letters?.close()]);
  await database.close();
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureLogins } from './database-logins.ts';
import { freePort, takePort } from './ports.ts';
import { startNode, type ManagedProcess } from './processes.ts';
import { secretFile } from './secrets.ts';

/** How the simulated world behaves, and how long the product waits in it. Seconds where production has days. */
export type World = {
  bureauDelayMs: number;
  bankDelayMs: number;
  callbacks: boolean;
  pollEverySeconds: number;
  returnWindowSeconds: number;
  queryAfterSeconds: number;
  reconcileEverySeconds: number;
};

export const BRISK_WORLD: World = {
  ...{ bureauDelayMs: 200, bankDelayMs: 100, callbacks: true },
  ...{ pollEverySeconds: 5, returnWindowSeconds: 2, queryAfterSeconds: 2, reconcileEverySeconds: 2 },
};

/** Slow enough to watch. */
export const WATCHABLE_WORLD: World = {
  ...BRISK_WORLD,
  bureauDelayMs: 2_500,
  bankDelayMs: 1_500,
  returnWindowSeconds: 3,
  pollEverySeconds: 30,
  reconcileEverySeconds: 5,
};

export type Bureau = { code: string; name: { zh: string; en: string } };
export const BUREAUS: readonly Bureau[] = [
  { code: '130100', name: { zh: '石家庄市医疗保障局', en: 'Shijiazhuang Healthcare Security Bureau' } },
  { code: '110000', name: { zh: '北京市医疗保障局', en: 'Beijing Healthcare Security Bureau' } },
];
export const BANK_CODE = 'CIB';
const PAYER_ACCOUNT = '117010100100000001';
const PAYER_NAME = '到账示范集团有限公司';

export type Product = {
  apiUrl: string;
  bureauUrl: string;
  bankUrl: string;
  gatewaysFile: string;
  env: Record<string, string>;
  processes: { bureau: ManagedProcess; bank: ManagedProcess; api: ManagedProcess; worker: ManagedProcess; reader: ManagedProcess };
  /** Start again what was stopped or killed, on the same port and with the same data. */
  startApi(): Promise<ManagedProcess>;
  startWorker(name?: string): Promise<ManagedProcess>;
  startReader(): Promise<ManagedProcess>;
  startBank(): Promise<ManagedProcess>;
  startBureau(): Promise<ManagedProcess>;
};

/** Starts the simulators, the API, a worker and a reader as processes of their own, over infrastructure that runs already. */
export async function startProduct(options: {
  dataDir: string;
  /** as the owner: the API, worker and reader get logins of their own */
  databaseUrl: string;
  temporal: { address: string; namespace: string; taskQueue?: string; uiUrl?: string | undefined };
  smtpUrl: string;
  world: World;
  /** the preferred port of the API; any free one where absent */
  apiPort?: number;
  logLevel?: string;
  /** what else the API reads: where people sign in */
  apiEnv?: Readonly<Record<string, string>> | undefined;
  /** what is otherwise for the API and the worker alike */
  overrides?: Readonly<Record<string, string>> | undefined;
  report?: (line: string) => void;
}): Promise<Product> {
  const { dataDir, world, report = () => undefined } = options;
  const ports = {
    api: options.apiPort === undefined ? await freePort() : await takePort({ preferred: options.apiPort, purpose: 'API', report }),
    bureau: await freePort(),
    bank: await freePort(),
    metrics: await freePort(),
    readerMetrics: await freePort(),
  };
  const urls = { api: `http://127.0.0.1:${ports.api}`, bureau: `http://127.0.0.1:${ports.bureau}`, bank: `http://127.0.0.1:${ports.bank}` };
  const files = writeConfiguration(dataDir, urls, world);
  const logins = await ensureLogins(options.databaseUrl, (login) => readFileSync(secretFile(dataDir, `database.${login}`), 'utf8'));
  const env: Record<string, string> = {
    DATABASE_URL: logins.worker,
    TEMPORAL_ADDRESS: options.temporal.address,
    TEMPORAL_NAMESPACE: options.temporal.namespace,
    ...(options.temporal.taskQueue !== undefined && { TEMPORAL_TASK_QUEUE: options.temporal.taskQueue }),
    DOCUMENT_DIR: join(dataDir, 'documents'),
    KEYS_DIR: join(dataDir, 'keys'),
    GATEWAYS_FILE: files.gateways,
    LOG_LEVEL: options.logLevel ?? 'info',
    HTTP_PORT: String(ports.api),
    METRICS_PORT: String(ports.metrics),
    SMTP_URL: options.smtpUrl,
    MAIL_FROM: '到账 <no-reply@daozhang.example>',
    WEBHOOK_NETWORKS: '127.0.0.0/8',
    AUDIT_EXPORT_DIR: join(dataDir, 'audit-roots'),
  };
  const entry = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const simulator = (name: 'bureau' | 'bank', config: string) => () =>
    startNode({
      ...{ name, dataDir, entry: entry(`dev/simulators/${name}.ts`) },
      args: ['--port', String(ports[name]), '--data', join(dataDir, 'simulators'), '--config', config],
      ready: { url: `${urls[name]}/_control/clock` },
    });
  const startBureau = simulator('bureau', files.bureau);
  const startBank = simulator('bank', files.bank);
  const apiEnv = { ...env, DATABASE_URL: logins.api, CODEC_ORIGINS: options.temporal.uiUrl ?? '', ...options.apiEnv, ...options.overrides };
  const startApi = () => startNode({ name: 'api', dataDir, entry: entry('api/server.ts'), env: apiEnv, ready: { url: `${urls.api}/readyz` } });
  const startWorker = (name = 'worker') => {
    const metricsPort = name === 'worker' ? String(ports.metrics) : '';
    const ready = name === 'worker' ? { url: `http://127.0.0.1:${ports.metrics}/readyz` } : { line: /worker is ready/ };
    return startNode({
      name,
      dataDir,
      entry: entry('activities/worker.ts'),
      env: { ...env, PUBLIC_URL: options.apiEnv?.['PUBLIC_URL'] ?? '', ...options.overrides, METRICS_PORT: metricsPort },
      ready,
      readyWithinMs: 180_000,
      stopWithinMs: 30_000,
    });
  };
  const startReader = () =>
    startNode({
      ...{ name: 'reader', dataDir, entry: entry('activities/reader.ts') },
      env: { ...env, ...options.overrides, METRICS_PORT: String(ports.readerMetrics) },
      ready: { url: `http://127.0.0.1:${ports.readerMetrics}/readyz` },
      stopWithinMs: 30_000,
    });

  report('starting the simulators of bureaus and bank');
  const [bureau, bank] = await Promise.all([startBureau(), startBank()]);
  report('starting the API, a worker and a reader');
  const [api, worker, reader] = await Promise.all([startApi(), startWorker(), startReader()]);
  return {
    ...{ apiUrl: urls.api, bureauUrl: urls.bureau, bankUrl: urls.bank, gatewaysFile: files.gateways, env },
    ...{ processes: { bureau, bank, api, worker, reader }, startApi, startWorker, startReader, startBank, startBureau },
  };
}

function writeConfiguration(dataDir: string, urls: { api: string; bureau: string; bank: string }, world: World) {
  const secrets = (name: string) => ({
    ...{ accessKey: `daozhang-${name}`, secretFile: secretFile(dataDir, `${name}.out`) },
    ...{ callbackAccessKey: `${name}-callback`, callbackSecretFile: secretFile(dataDir, `${name}.in`) },
  });
  const bureaus = BUREAUS.map(({ code, name }) => ({ code, name, ...secrets(`bureau-${code}`) }));
  const bank = secrets('bank');
  const customer = { customerId: '1000000001', userId: 'daozhang' };
  const gateways = {
    institutionCode: 'DZ1301000001',
    institutionName: '到账示范集团',
    bureaus: bureaus.map((bureau) => ({
      ...bureau,
      url: `${urls.bureau}/hsa/${bureau.code}`,
      capabilities: { callbacks: world.callbacks, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
      ...{ ratePerSecond: 200, pollEverySeconds: world.pollEverySeconds },
    })),
    banks: [
      {
        ...{ code: BANK_CODE, name: { zh: '兴业银行（模拟）', en: 'Industrial Bank (simulated)' }, url: `${urls.bank}/fox`, ...bank, ...customer },
        ...{ payerAccount: PAYER_ACCOUNT, payerName: PAYER_NAME, ratePerSecond: 200 },
        ...{ returnWindowSeconds: world.returnWindowSeconds, queryAfterSeconds: world.queryAfterSeconds, reconcileEverySeconds: world.reconcileEverySeconds },
      },
    ],
  };
  const bureauSimulator = {
    bureaus: bureaus.map(({ name: _, ...bureau }) => ({
      ...bureau,
      callbackUrl: `${urls.api}/v1/callbacks/bureaus/${bureau.code}`,
      plan: { delayMs: world.bureauDelayMs, ratioBasisPoints: 8_200, deductible: '900.00', callbacks: world.callbacks },
    })),
  };
  const bankSimulator = {
    ...bank,
    ...customer,
    callbackUrl: `${urls.api}/v1/callbacks/banks/${BANK_CODE}`,
    accounts: [{ acctid: PAYER_ACCOUNT, name: PAYER_NAME, balance: '100000000.00' }],
    plan: { delayMs: world.bankDelayMs, callbacks: world.callbacks },
  };
  mkdirSync(join(dataDir, 'simulators'), { recursive: true });
  const write = (name: string, content: unknown): string => {
    const file = join(dataDir, name);
    writeFileSync(file, JSON.stringify(content, null, 2));
    return file;
  };
  return {
    gateways: write('gateways.json', gateways),
    bureau: write('simulators/bureau.json', bureauSimulator),
    bank: write('simulators/bank.json', bankSimulator),
  };
}

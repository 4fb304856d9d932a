import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { acknowledgeBankCallback, parseBankCallback } from '#platform/bank-codec.ts';
import { acknowledgeBureauCallback } from '#platform/bureau-envelope.ts';
import { parseBureauCallback } from '#platform/bureau-codec.ts';
import { vaultPayloadKeys } from '#platform/payload-keys.ts';
import { connectTemporal, type TemporalClient } from '#platform/temporal.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createApiClient, type ApiClient } from '../client.ts';
import { bootstrap, seedDirectory } from '../seed.ts';
import { temporaryDataDir } from '../stack/data-dir.ts';
import { freePort } from '../stack/ports.ts';
import { startNode, type ManagedProcess } from '../stack/processes.ts';
import { BRISK_WORLD, startProduct, type Product, type World } from '../stack/product.ts';
import { secretFile } from '../stack/secrets.ts';
import { startInfrastructure, type Infrastructure } from '../stack/stack.ts';
import { stackVault } from '../stack/vault.ts';
import { decided, paid } from './reference-workflow.ts';

export const WINDOW_SECONDS = 1;
const REFERENCE_BUREAU = '110000';
/** Counterparts that hardly take time, so that the machine is what is measured; the poller and the daily statement keep out of the way. */
const BENCH_WORLD: World = {
  ...BRISK_WORLD,
  bureauDelayMs: 100,
  bankDelayMs: 100,
  returnWindowSeconds: WINDOW_SECONDS,
  pollEverySeconds: 86_400,
  reconcileEverySeconds: 86_400,
  queryAfterSeconds: 900,
};

export type BenchWorld = {
  infrastructure: Infrastructure;
  product: Product;
  temporal: TemporalClient;
  /** without the payload codec: what the reference speaks */
  plain: Client;
  database: Database;
  api: ApiClient;
  token: string;
  unprotected: boolean;
  stop(): Promise<void>;
};

/** `unprotected`: without row-level security, encryption and payload codec (dev/bench/unprotected/). */
export async function startBenchWorld({
  report,
  inMemoryTemporal = false,
  unprotected = false,
}: {
  report: (line: string) => void;
  inMemoryTemporal?: boolean;
  unprotected?: boolean;
}): Promise<BenchWorld> {
  const dataDir = temporaryDataDir();
  const ports = { postgres: await freePort(), temporal: await freePort(), temporalUi: await freePort(), smtp: await freePort(), mail: await freePort() };
  const infrastructure = await startInfrastructure({ dataDir, ports, inMemoryTemporal, report });
  const { databaseUrl, temporal: reached, mail } = infrastructure;
  const token = await bootstrap({ databaseUrl, dataDir });
  if (unprotected) await openEverything(databaseUrl);
  const product = await startProduct({
    ...{ dataDir, databaseUrl, temporal: reached, smtpUrl: mail.smtpUrl, world: BENCH_WORLD, logLevel: 'warn', report },
    overrides: unprotected ? { DATABASE_URL: databaseUrl, NODE_OPTIONS: `--import=${new URL('./unprotected/register.ts', import.meta.url).href}` } : undefined,
  });
  const api = createApiClient({ url: product.apiUrl, token });
  await seedDirectory(api);
  const database = openDatabase({ url: databaseUrl, poolSize: 4, vault: await stackVault(dataDir) });
  const temporal = connectTemporal({ ...reached, taskQueue: 'claims', apiKey: undefined, tls: undefined }, vaultPayloadKeys(database.vault));
  return {
    ...{ infrastructure, product, temporal, database, api, token, unprotected },
    plain: new Client({ connection: temporal.connection, namespace: reached.namespace }),
    async stop() {
      await Promise.all([temporal.close(), database.close()]);
      await infrastructure.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** No scope is set there: what asks for one is to find every unit in it. */
async function openEverything(databaseUrl: string): Promise<void> {
  const database = openDatabase({ url: databaseUrl, poolSize: 1 });
  await database.query('CREATE OR REPLACE FUNCTION units_in_scope() RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT id FROM unit $$');
  await database.close();
}

/** The reference beside it: a worker, a bank of its own, and a receiver that turns the counterparts' callbacks into signals and nothing else. */
export async function startReference({ product, infrastructure, plain, database }: BenchWorld): Promise<void> {
  await database.query('CREATE TABLE reference_claim (id text PRIMARY KEY, step int NOT NULL)');
  await database.query('CREATE TABLE reference_event (id text, step int, at timestamptz DEFAULT now(), PRIMARY KEY (id, step))');
  const { dataDir } = infrastructure;
  const receiver = await listen(bareReceiver(plain));
  const bankPort = await freePort();
  const gateways = JSON.parse(readFileSync(product.gatewaysFile, 'utf8')) as { bureaus: { code: string }[]; banks: Record<string, unknown>[] };
  const bankConfig = JSON.parse(readFileSync(join(dataDir, 'simulators/bank.json'), 'utf8')) as Record<string, unknown>;
  const own = { secretFile: secretFile(dataDir, 'bank.out'), callbackSecretFile: secretFile(dataDir, 'bank.in') };
  const file = (name: string, content: unknown): string => {
    const path = join(dataDir, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const config = file('reference-bank.json', { ...bankConfig, ...own, callbackUrl: `${receiver}/bank` });
  const gatewaysFile = file('reference-gateways.json', {
    ...gateways,
    bureaus: gateways.bureaus.filter(({ code }) => code === REFERENCE_BUREAU),
    banks: gateways.banks.map((bank) => ({ ...bank, url: `http://127.0.0.1:${bankPort}/fox` })),
  });
  const entry = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await startNode({
    ...{ name: 'reference-bank', dataDir, entry: entry('../simulators/bank.ts') },
    args: ['--port', String(bankPort), '--data', join(dataDir, 'reference-bank'), '--config', config],
    ready: { url: `http://127.0.0.1:${bankPort}/_control/clock` },
  });
  await fetch(`${product.bureauUrl}/_control/bureaus/${REFERENCE_BUREAU}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ callbackUrl: `${receiver}/bureau` }),
  });
  await startNode({
    ...{ name: 'reference-worker', dataDir, entry: entry('./reference-worker.ts') },
    // as the owner: its tables are nobody else's
    env: { ...product.env, DATABASE_URL: infrastructure.databaseUrl, GATEWAYS_FILE: gatewaysFile },
    ready: { line: /reference worker is ready/ },
    readyWithinMs: 180_000,
  });
}

function bareReceiver(client: Client): Server {
  return createServer((request, response) => {
    void request.toArray().then(async (chunks: Buffer[]) => {
      const body = Buffer.concat(chunks);
      const bureau = request.url === '/bureau' ? parseBureauCallback(body) : undefined;
      const bank = bureau ? undefined : parseBankCallback(body);
      if (bureau?.ok && bureau.message.kind === 'decision') {
        await client.workflow.getHandle(`reference/${bureau.message.claimNumber}`).signal(decided);
        const answer = acknowledgeBureauCallback({ messageId: bureau.message.messageId, at: new Date() });
        response.writeHead(200, { 'content-type': answer.mediaType }).end(answer.body);
      } else if (bank?.ok) {
        await client.workflow.getHandle(`reference/${bank.message.reference.replace(/-1-1$/, '')}`).signal(paid);
        const answer = acknowledgeBankCallback({ messageId: bank.message.messageId, at: new Date() });
        response.writeHead(200, { 'content-type': answer.mediaType }).end(answer.body);
      } else response.writeHead(400).end();
    });
  });
}

async function listen(server: Server): Promise<string> {
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${port}`;
}

/** Resident memory of a process in MiB, from the kernel; undefined where there is no /proc. */
export function residentMiB(process: Pick<ManagedProcess, 'pid'>): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}

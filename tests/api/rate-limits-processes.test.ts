import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { freePort } from '#dev/stack/ports.ts';
import { startNode, type ManagedProcess } from '#dev/stack/processes.ts';
import { startTestApi, type TestApi } from './support.ts';

/** Two API processes as they are started in production, on one database. */
const LIMIT = 40;
const dataDir = temporaryDataDir();
let api: TestApi;
let processes: { url: string; process: ManagedProcess; start(): Promise<ManagedProcess> }[] = [];

beforeAll(async () => {
  api = await startTestApi();
  processes = await Promise.all(['one', 'two'].map(startProcess));
});
afterAll(async () => {
  await Promise.all(processes.map(({ process }) => process.stop()));
  await api?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function startProcess(name: string) {
  const port = await freePort();
  const env = {
    ...{ DATABASE_URL: api.apiUrl, HTTP_PORT: String(port), TEMPORAL_ADDRESS: '127.0.0.1:1', GATEWAYS_FILE: gatewaysFile(), LOG_LEVEL: 'warn' },
    ...{ DOCUMENT_DIR: join(dataDir, 'documents'), KEYS_DIR: join(dataDir, 'keys'), MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
    ...{ RATE_LIMIT_MACHINE: String(LIMIT), RATE_LIMIT_OPEN: String(LIMIT) },
  };
  const url = `http://127.0.0.1:${port}`;
  const entry = fileURLToPath(new URL('../../api/server.ts', import.meta.url));
  const start = () => startNode({ name, dataDir, entry, env, ready: { url: `${url}/readyz` } });
  return { url, process: await start(), start };
}

function gatewaysFile(): string {
  const secret = join(dataDir, 'secret');
  writeFileSync(secret, 'a secret of the tests, long enough');
  const keys = { accessKey: 'a', secretFile: secret, callbackAccessKey: 'b', callbackSecretFile: secret };
  const name = { zh: '名', en: 'Name' };
  const capabilities = { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true };
  const bureaus = [{ code: '130100', name, url: 'http://127.0.0.1:1/hsa', ...keys, capabilities, ratePerSecond: 1, pollEverySeconds: 60 }];
  const bank = { code: 'CIB', name, url: 'http://127.0.0.1:1/fox', ...keys, customerId: '1', userId: 'u', payerAccount: '1', payerName: '集团' };
  const file = join(dataDir, 'gateways.json');
  const banks = [{ ...bank, ratePerSecond: 1, returnWindowSeconds: 1, queryAfterSeconds: 1 }];
  writeFileSync(file, JSON.stringify({ institutionCode: 'DZ1301000001', institutionName: '集团', bureaus, banks }));
  return file;
}

/** How many of so many requests, by turns to both, get through, and the most that may: what there was, and what came back meanwhile. */
async function send(count: number, path: string, headers: (index: number) => Record<string, string>) {
  const start = performance.now();
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, index) => (await fetch(`${processes[index % 2]?.url}${path}`, { headers: headers(index) })).status),
  );
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  return { allowed: statuses.filter((status) => status === 200).length, back: cameBack(start) };
}
const cameBack = (since: number): number => Math.ceil((((performance.now() - since) / 1_000) * LIMIT) / 60) + 1;

test('share one limit, which a restart does not fill up again', async () => {
  const key = () => ({ authorization: `Bearer ${api.tokens.SJZ}` });
  const first = await send(2 * LIMIT, '/v1/units', key);
  expect(first.allowed).toBeGreaterThanOrEqual(LIMIT);
  expect(first.allowed).toBeLessThanOrEqual(LIMIT + first.back);
  const empty = performance.now();
  const [one] = processes;
  if (one) {
    await one.process.kill();
    one.process = await one.start();
  }
  const second = await send(2 * LIMIT, '/v1/units', key);
  expect(second.allowed).toBeLessThanOrEqual(cameBack(empty));
});

test('an invented X-Forwarded-For makes nobody new', async () => {
  const invented = (index: number) => ({ 'x-forwarded-for': `198.51.100.${index}`, forwarded: `for=198.51.100.${index}`, 'x-real-ip': `198.51.100.${index}` });
  const { allowed, back } = await send(2 * LIMIT, '/openapi.json', invented);
  expect(allowed).toBeLessThanOrEqual(LIMIT + back);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError, readApiConfig, readWorkerConfig } from '#platform/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'daozhang-config-'));
const file = join(dir, 'some-file');
writeFileSync(file, '{}');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const shared = { DATABASE_URL: 'postgresql://u:secret@db:5432/daozhang', DOCUMENT_DIR: '/documents', KEYS_DIR: '/keys', GATEWAYS_FILE: file };
const worker = { ...shared, SMTP_URL: 'smtp://mail:25', MAIL_FROM: '到账 <claims@example.com>' };

test('what is not set has its default', () => {
  expect(readApiConfig(shared)).toEqual({
    databaseUrl: shared.DATABASE_URL,
    databasePoolSize: 10,
    temporal: { address: '127.0.0.1:7233', namespace: 'default', taskQueue: 'claims', apiKey: undefined, tls: undefined },
    logLevel: 'info',
    documentDir: '/documents',
    keysDir: '/keys',
    gatewaysFile: file,
    host: '127.0.0.1',
    port: 8080,
    trustProxy: [],
    webhookNetworks: [],
  });
  const { metricsPort, smtpUrl, mailFrom } = readWorkerConfig(worker);
  expect({ metricsPort, smtpUrl, mailFrom }).toEqual({
    metricsPort: undefined,
    smtpUrl: 'smtp://mail:25',
    mailFrom: '到账 <claims@example.com>',
  });
});

test('each reads only what it needs', () => {
  expect(() => readApiConfig({ ...shared, SMTP_URL: 'nonsense', METRICS_PORT: '-1' })).not.toThrow();
  expect(() => readWorkerConfig({ ...worker, HTTP_PORT: 'nonsense', TRUST_PROXY: 'everybody' })).not.toThrow();
});

test('every bad variable is reported at once, and no value with it', () => {
  const error = problemsOf(() =>
    readApiConfig({
      DATABASE_URL: 'mysql://u:secret@db/daozhang',
      DATABASE_POOL_SIZE: '0',
      TEMPORAL_ADDRESS: 'secret',
      TEMPORAL_TLS_CERT_FILE: file,
      TEMPORAL_TLS_CA_FILE: join(dir, 'secret-absent'),
      HTTP_PORT: '70000',
      TRUST_PROXY: '10.0.0.0/8, secret/33',
      LOG_LEVEL: 'secret',
      KEYS_DIR: '',
    }),
  );
  expect(error.problems.map(({ variable }) => variable).toSorted()).toEqual([
    'DATABASE_POOL_SIZE',
    'DATABASE_URL',
    'DOCUMENT_DIR',
    'GATEWAYS_FILE',
    'HTTP_PORT',
    'KEYS_DIR',
    'LOG_LEVEL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_TLS_CA_FILE',
    'TEMPORAL_TLS_KEY_FILE',
    'TRUST_PROXY',
  ]);
  for (const { variable } of error.problems) expect(error.message).toContain(`${variable}: `);
  expect(error.message).toContain('KEYS_DIR: missing');
  expect(error.message).toContain('TEMPORAL_TLS_KEY_FILE: missing, but TEMPORAL_TLS_CERT_FILE is set');
  expect(error.message).not.toContain('secret');
});

test.each([
  ['HTTP_PORT', '8080 '],
  ['HTTP_PORT', '8e3'],
  ['HTTP_PORT', '0x50'],
  ['HTTP_PORT', '0'],
  ['DATABASE_POOL_SIZE', '1.5'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '10.0.0.0/8/8'],
  ['TRUST_PROXY', 'true'],
  ['TRUST_PROXY', '::1/129'],
  ['TEMPORAL_ADDRESS', 'http://temporal:7233'],
  ['TEMPORAL_ADDRESS', 'temporal'],
  ['DATABASE_URL', 'db:5432/daozhang'],
])('%s=%s is refused', (variable, value) => {
  const error = problemsOf(() => readApiConfig({ ...shared, [variable]: value }));
  expect(error.problems.map((problem) => problem.variable)).toEqual([variable]);
});

test.each([
  ['MAIL_FROM', 'claims'],
  ['MAIL_FROM', 'a@b.example\nBcc: c@d.example'],
  ['SMTP_URL', 'http://mail'],
])('%s=%s is refused', (variable, value) => {
  const error = problemsOf(() => readWorkerConfig({ ...worker, [variable]: value }));
  expect(error.problems.map((problem) => problem.variable)).toEqual([variable]);
});

test('Temporal Cloud: an API key, or a certificate with its key', () => {
  const values = { ...shared, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS_CERT_FILE: file, TEMPORAL_TLS_KEY_FILE: file, TEMPORAL_ADDRESS: '[::1]:7233' };
  expect(readApiConfig(values).temporal).toEqual({
    address: '[::1]:7233',
    namespace: 'default',
    taskQueue: 'claims',
    apiKey: 'key',
    tls: { caFile: undefined, certFile: file, keyFile: file },
  });
});

function problemsOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

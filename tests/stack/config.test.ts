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
const worker = { ...shared, SMTP_URL: 'smtp://mail:25', MAIL_FROM: '到账 <claims@example.com>', AUDIT_EXPORT_DIR: '/audit' };

test('what is not set has its default', () => {
  expect(readApiConfig(shared)).toEqual({
    databaseUrl: shared.DATABASE_URL,
    databasePoolSize: 10,
    temporal: { address: '127.0.0.1:7233', namespace: 'default', taskQueue: 'claims', apiKey: undefined, tls: undefined },
    logLevel: 'info',
    documentDir: '/documents',
    keysDir: '/keys',
    masterKey: undefined,
    fieldSuite: 'aes-256-gcm',
    gatewaysFile: file,
    host: '127.0.0.1',
    port: 8080,
    trustProxy: [],
    webhookNetworks: [],
    rateLimits: { machine: 30_000, person: 1_200, open: 3_000, callback: 30_000, failed: 600 },
    codecOrigins: [],
    signIn: undefined,
  });
  expect([{}, { READERS: 'no' }].map((values) => readWorkerConfig({ ...worker, ...values }).reads)).toEqual([true, false]);
  expect(() => readWorkerConfig({ ...worker, READERS: '0' })).toThrow('READERS');
  const { metricsPort, smtpUrl, mailFrom } = readWorkerConfig(worker);
  expect({ metricsPort, smtpUrl, mailFrom }).toEqual({
    metricsPort: undefined,
    smtpUrl: 'smtp://mail:25',
    mailFrom: '到账 <claims@example.com>',
  });
});

test('limits are whole numbers, and pages that may show payloads are named by their origin alone', () => {
  const { rateLimits, codecOrigins } = readApiConfig({
    ...shared,
    RATE_LIMIT_PERSON: '60',
    CODEC_ORIGINS: 'https://temporal.example.com, http://127.0.0.1:8233/',
  });
  expect(rateLimits.person).toBe(60);
  expect(codecOrigins).toEqual(['https://temporal.example.com', 'http://127.0.0.1:8233']);
  for (const wrong of ['*', 'null', 'http://temporal.example.com', 'https://temporal.example.com/ui', 'temporal.example.com', 'https://a.example,*'])
    expect(() => readApiConfig({ ...shared, CODEC_ORIGINS: wrong })).toThrow('CODEC_ORIGINS');
  for (const wrong of ['0', '-1', '1.5', 'none', '1e9']) expect(() => readApiConfig({ ...shared, RATE_LIMIT_OPEN: wrong })).toThrow('RATE_LIMIT_OPEN');
});

test('master keys come as secrets that no log prints, with the others that still open', () => {
  const [current, old] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
  const { masterKey, fieldSuite } = readApiConfig({ ...shared, MASTER_KEY: current, MASTER_KEYS_OLD: `${old},${old}`, FIELD_SUITE: 'sm4-ctr-hmac-sm3' });
  expect([masterKey?.current.export().toString('base64'), masterKey?.others.length, fieldSuite]).toEqual([current, 2, 'sm4-ctr-hmac-sm3']);
  expect(JSON.stringify(masterKey)).not.toContain(current);
  const why = (values: Record<string, string>) => problemsOf(() => readApiConfig({ ...shared, ...values })).problems;
  expect(why({ MASTER_KEY: 'c2hvcnQ=' })).toEqual([{ variable: 'MASTER_KEY', problem: 'must be 32 bytes in Base64' }]);
  expect(why({ MASTER_KEY: current, MASTER_KEYS_OLD: 'secret' })).toEqual([{ variable: 'MASTER_KEYS_OLD', problem: 'must be 32 bytes in Base64' }]);
  expect(why({ MASTER_KEYS_OLD: old })).toEqual([{ variable: 'MASTER_KEY', problem: 'missing, but MASTER_KEYS_OLD is set' }]);
  expect(why({ FIELD_SUITE: 'rot13' }).map(({ variable }) => variable)).toEqual(['FIELD_SUITE']);
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

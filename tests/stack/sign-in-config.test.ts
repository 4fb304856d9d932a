import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError, readApiConfig, readWorkerConfig } from '#platform/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'daozhang-config-'));
const file = join(dir, 'secret');
writeFileSync(file, '  the secret\n');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const shared = { DATABASE_URL: 'postgresql://u@db/daozhang', DOCUMENT_DIR: '/documents', KEYS_DIR: '/keys', GATEWAYS_FILE: file };
const whole = { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'daozhang', OIDC_CLIENT_SECRET_FILE: file, PUBLIC_URL: 'https://claims.example/' };

const problems = (env: Record<string, string>): string[] => {
  try {
    readApiConfig({ ...shared, ...env });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain('the secret');
    return error.problems.map(({ variable }) => variable).toSorted();
  }
};

test('without a provider only API keys open doors', () => {
  expect(readApiConfig(shared).signIn).toBeUndefined();
});

test('with one, the defaults are those of a careful office', () => {
  expect(readApiConfig({ ...shared, ...whole }).signIn).toEqual({
    ...{ issuer: 'https://id.example', clientId: 'daozhang', clientSecret: 'the secret', publicUrl: 'https://claims.example', employeeClaim: 'employee_no' },
    secondFactorAcr: ['http://schemas.openid.net/pape/policies/2007/06/multi-factor'],
    ...{ sessionIdleMinutes: 30, sessionHours: 12, audience: undefined },
  });
  expect(readApiConfig({ ...shared, ...whole, OIDC_SECOND_FACTOR_ACR: 'a, b' }).signIn?.secondFactorAcr).toEqual(['a', 'b']);
});

test.each(Object.keys(whole))('half a configuration, without %s, is refused', (left) => {
  expect(problems({ ...whole, [left]: '' })).toEqual([left]);
});

test('a secret has one place, and an audience needs an issuer', () => {
  expect(problems({ ...whole, OIDC_CLIENT_SECRET: 'the secret' })).toEqual(['OIDC_CLIENT_SECRET']);
  expect(problems({ OAUTH_AUDIENCE: 'https://claims.example' })).toEqual(['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET_FILE', 'OIDC_ISSUER', 'PUBLIC_URL']);
});

test.each([
  ['OIDC_ISSUER', 'http://id.example'],
  ['OIDC_ISSUER', 'id.example'],
  ['OIDC_ISSUER', 'https://user:password@id.example'],
  ['PUBLIC_URL', 'http://claims.example'],
  ['PUBLIC_URL', 'https://claims.example/api'],
  ['PUBLIC_URL', 'https://claims.example?x'],
  ['PUBLIC_URL', 'http://127.0.0.1.example'],
  ['SESSION_IDLE_MINUTES', '0'],
  ['SESSION_HOURS', '1000'],
  ['OIDC_SECOND_FACTOR_ACR', 'a,,b'],
])('%s=%s is refused', (variable, value) => {
  expect(problems({ ...whole, [variable]: value })).toEqual([variable]);
});

test('in clear only on this machine', () => {
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80'])
    expect(problems({ ...whole, PUBLIC_URL: `http://${host}`, OIDC_ISSUER: `http://${host}` })).toEqual([]);
});

test('the worker does not care', () => {
  expect(() =>
    readWorkerConfig({ ...shared, SMTP_URL: 'smtp://mail', MAIL_FROM: 'a@b.example', AUDIT_EXPORT_DIR: '/audit', OIDC_ISSUER: 'nonsense' }),
  ).not.toThrow();
});

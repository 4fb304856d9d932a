import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ trustProxy: ['10.0.0.1'] });
});
afterAll(() => api?.close());

const NOTHING = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

test.each([
  ['an answer', '/v1/units', 200],
  ['a refusal', '/v1/claims/YB20261122-99999999', 404],
  ['what does not exist', '/nowhere', 404],
])('%s may be run, framed, sniffed and kept by nobody', async (_, url, status) => {
  const { statusCode, headers } = await api.call({ url });
  expect(statusCode).toBe(status);
  expect(headers).toMatchObject({
    'content-security-policy': NOTHING,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  expect(headers['x-powered-by']).toBeUndefined();
  expect(headers['server']).toBeUndefined();
});

test('browsers are told to stay with https where they came by it, and only the proxy says so', async () => {
  const hsts = async (remoteAddress: string, proto?: string) =>
    (await api.app.inject({ url: '/healthz', remoteAddress, ...(proto !== undefined && { headers: { 'x-forwarded-proto': proto } }) })).headers[
      'strict-transport-security'
    ];
  expect(await hsts('10.0.0.1', 'https')).toBe('max-age=31536000; includeSubDomains');
  expect(await hsts('10.0.0.1', 'http')).toBeUndefined();
  expect(await hsts('203.0.113.5', 'https')).toBeUndefined();
  expect(await hsts('203.0.113.5')).toBeUndefined();
});

test("the API's own page loads from here alone, and works under its policy: nothing inline, every file there", async () => {
  const page = await api.app.inject('/docs/');
  expect(page.statusCode).toBe(200);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(policy).toContain("script-src 'self'");
  expect(page.body).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>\s*\S|<style|\son\w+=|\sstyle=/);
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => new URL(file, 'http://here/docs/'));
  expect(files.length).toBeGreaterThan(3);
  for (const { origin, pathname } of files) {
    expect(origin).toBe('http://here');
    expect([pathname, (await api.app.inject(pathname)).statusCode]).toEqual([pathname, 200]);
  }
});

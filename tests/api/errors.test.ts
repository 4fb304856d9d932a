import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES, ERRORS } from '#domain/errors.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';
import { testVault } from '../setup/vault.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const post = (url: string, body: string, headers: Record<string, string> = {}) => api.call({ method: 'POST', url, body, headers });

test('docs/errors.md and the catalogue say the same, both ways', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3})( ↻)? \| ([^|]+) \| ([^|]+) \|/gm)].map(([, code = '', status, retryable, zh, en]) => [
    code,
    { status: Number(status), zh, en, ...(retryable !== undefined && { retryable: true }) },
  ]);
  expect(Object.fromEntries(rows)).toEqual(ERRORS);
  expect(rows).toHaveLength(ERROR_CODES.length);
});

describe('what the framework refuses leaves in the same shape', () => {
  const huge = `{"a":"${'x'.repeat(256 * 1024)}"}`;
  test.each([
    ['malformed JSON', '{"a":', {}, 400, 'MALFORMED_JSON'],
    ['no JSON at all', '', {}, 400, 'MALFORMED_JSON'],
    ['a prototype', '{"__proto__":{"admin":true}}', {}, 400, 'MALFORMED_JSON'],
    ['a constructor', '{"constructor":{"prototype":{"admin":true}}}', {}, 400, 'MALFORMED_JSON'],
    ['a huge body', huge, {}, 413, 'BODY_TOO_LARGE'],
    ['XML', '<a/>', { 'content-type': 'application/xml' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a type that is none', '{}', { 'content-type': 'nonsense' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an upload where JSON belongs', '--b--', { 'content-type': 'multipart/form-data; boundary=b' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, {}, 400, 'VALIDATION_FAILED'],
  ])('%s', async (_what, body, headers, status, code) => {
    const before = await api.countRows();
    const answer = await post('/v1/claims', body, headers);
    expect([answer.statusCode, answer.json().code], answer.body).toEqual([status, code]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(
      Object.keys(answer.json()).filter((key) => !['type', 'title', 'status', 'code', 'detail', 'params', 'errors', 'retryable', 'instance'].includes(key)),
    ).toEqual([]);
    expect(await api.countRows()).toEqual(before);
  });

  test('unknown paths, methods, and names that no URL can have', async () => {
    for (const url of [
      '/',
      '/v1',
      '/v2/claims',
      '/v1/claims/',
      '/healthz/',
      '/v1/claims/YB20261118-00000001/nothing',
      '/%E0%A4%A',
      `/v1/claims/${'x'.repeat(500)}`,
    ]) {
      expect([url, (await api.call({ url })).json().code]).toEqual([url, 'NOT_FOUND']);
    }
    const refused = await api.call({ method: 'PUT', url: '/v1/claims' });
    expect([refused.statusCode, refused.json().code, refused.headers['allow']]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, OPTIONS, POST']);
    const options = await api.call({ method: 'OPTIONS', url: '/v1/claims/YB20261118-00000001/progress', token: null });
    expect([options.statusCode, options.headers['allow'], options.body]).toEqual([204, 'GET, HEAD, OPTIONS', '']);
    const head = await api.call({ method: 'HEAD', url: '/v1/claims' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect((await api.call({ method: 'HEAD', url: '/v1/claims', token: null })).statusCode).toBe(401);
  });

  test('what is no HTTP is refused in the same shape', async () => {
    const socket = connect(Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port), '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nnonsense\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*content-type: application\/problem\+json[^]*"code":"VALIDATION_FAILED"/);
  });

  test('the language is asked for, and Chinese otherwise', async () => {
    for (const [wanted, title] of [
      ['en', 'Not found'],
      ['en-US,zh;q=0.9', 'Not found'],
      ['zh-CN', '未找到'],
      ['fr', '未找到'],
      ['', '未找到'],
    ] as const) {
      const answer = await api.call({ url: '/nowhere', headers: { 'accept-language': wanted } });
      expect([wanted, answer.json().title]).toEqual([wanted, title]);
    }
  });
});

test('a bug is answered with INTERNAL, logged, and says nothing of itself', async () => {
  const lines: unknown[] = [];
  const log = { ...api.deps.log, child: () => log, error: (line: unknown) => lines.push(line), info: () => undefined } as unknown as typeof api.deps.log;
  const broken = await startTestApi({ log, keys: null as unknown as typeof api.deps.keys });
  const answer = await broken.call({ method: 'POST', url: '/v1/claims', body: claimBody() });
  expect(answer.json()).toEqual({
    type: 'urn:daozhang:error:INTERNAL',
    title: '系统内部错误',
    status: 500,
    code: 'INTERNAL',
    instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
  });
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(answer.headers)).not.toMatch(/TypeError|claim-door/);
  await broken.close();
});

describe('without a database', () => {
  const calls = ['GET /v1/claims', 'GET /v1/claims/YB20261118-00000001', 'POST /v1/claims', 'GET /v1/documents/8f14e45f-ceea-467f-a9d8-1f6a2b3c4d5e'];

  /** The API of another database whose connections cannot be made, with a key that it knows already. */
  async function answersOf(url: string): Promise<unknown[]> {
    const away = openDatabase({ url, vault: testVault() });
    const { buildApp } = await import('#api/app.ts');
    let connected = true;
    const database: typeof away = {
      ...away,
      query: (text, values) => (connected ? api.deps.database : away).query(text, values),
      within: (scope) => (connected ? api.deps.database : away).within(scope),
    };
    const app = await buildApp({ ...api.deps, database });
    const headers = { authorization: `Bearer ${api.tokens.HQ}`, 'idempotency-key': 'k' };
    expect((await app.inject({ url: '/v1/claims', headers })).statusCode).toBe(200);
    connected = false;
    const answers: unknown[] = [];
    for (const call of calls) {
      const [method, path = ''] = call.split(' ');
      const answer = await app.inject({ method: method as 'GET', url: path, headers, ...(method === 'POST' && { payload: claimBody() }) });
      answers.push([answer.statusCode, answer.json().code, answer.headers['retry-after']]);
    }
    const ready = await app.inject({ url: '/readyz' });
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'not-ready', database: 'down', temporal: 'down' }]);
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
    await app.close();
    await away.close();
    return answers;
  }

  test('refused connections are 503', async () => {
    expect(await answersOf('postgresql://u:p@127.0.0.1:1/none')).toEqual(calls.map(() => [503, 'DATABASE_UNAVAILABLE', '5']));
  });

  test('a server that hangs up is 503', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await answersOf(`postgresql://u:p@127.0.0.1:${port}/none`)).toEqual(calls.map(() => [503, 'DATABASE_UNAVAILABLE', '5']));
    server.close();
  });

  test('a server that ends our sessions in the middle of a read is 503', async () => {
    const answer = await api.database.write(async (tx) => {
      await tx.query('LOCK TABLE claim IN ACCESS EXCLUSIVE MODE');
      const reading = api.call({ url: '/v1/claims' });
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      while ((await api.database.query(end)).rowCount === 0);
      return reading;
    });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    expect((await api.call({ url: '/v1/claims' })).statusCode).toBe(200);
  });

  test('a database that is shutting down is 503 as well, and an upload leaves no row', async () => {
    const before = await api.countRows();
    const write = () => Promise.reject(Object.assign(new Error('the database system is shutting down'), { code: '57P03' }));
    const failing: Database = {
      ...api.deps.database,
      within: (scope) => {
        const { prisma, query, vault } = api.deps.database.within(scope);
        return { prisma, query, vault, write };
      },
    };
    const other = await startTestApi();
    const { buildApp } = await import('#api/app.ts');
    const app = await buildApp({ ...api.deps, database: failing });
    const boundary = 'b';
    const payload = Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n`),
      PDF,
      Buffer.from(`\r\n--${boundary}--`),
    ]);
    const headers = { authorization: `Bearer ${api.tokens.HQ}`, 'idempotency-key': 'k', 'content-type': `multipart/form-data; boundary=${boundary}` };
    const answer = await app.inject({ method: 'POST', url: '/v1/documents', payload, headers });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    expect(await api.countRows()).toEqual(before);
    await app.close();
    await other.close();
  });
});

test('without Temporal we stay ready, and claims come in', async () => {
  const ready = await api.call({ url: '/readyz', token: null });
  expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready', database: 'up', temporal: 'down' }]);
  expect((await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).statusCode).toBe(201);
});

test('metrics count requests by route, never by claim', async () => {
  await api.call({ url: '/v1/claims/YB20261118-00000001' });
  const { body, headers } = await api.call({ url: '/metrics' });
  expect(headers['content-type']).toContain('text/plain');
  expect(body).toMatch(/daozhang_http_request_seconds_count\{method="GET",route="\/v1\/claims\/:number",status="(200|404)"\} \d+/);
  expect(body).not.toContain('YB2026');
});

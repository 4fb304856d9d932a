import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ERROR_CODES } from '#domain/errors.ts';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

/** What no HTTP client would send: bytes on a socket. */
let api: TestApi;
let port: number;
let rows: Record<string, number>;
const sockets = new Set<Socket>();

beforeAll(async () => {
  api = await startTestApi();
  port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await api?.close();
});
beforeEach(async () => {
  rows = await api.countRows();
});

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes and reads until the server closes. `status` is 0 where it hung up on bytes that it did not want to read: then no answer may arrive. */
async function exchange(bytes: string): Promise<{ status: number; head: string; code: unknown }> {
  const socket = await open();
  socket.write(bytes);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  // not `once` of node:events, which throws what the socket's error listener lets be
  await new Promise((resolve) => socket.once('close', resolve));
  const [head = '', ...body] = text.split('\r\n\r\n');
  const json = /\{.*\}/s.exec(body.join('\r\n\r\n'))?.[0];
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), code: json && (JSON.parse(json) as { code?: unknown }).code };
}

const head = (line: string, headers: Record<string, string> = {}): string => {
  const all = { host: '127.0.0.1', authorization: `Bearer ${api.tokens.HQ}`, connection: 'close', ...headers };
  return `${line}\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
};
const post = (headers: Record<string, string>, path = '/v1/claims') =>
  head(`POST ${path} HTTP/1.1`, { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers });

async function stillServes(): Promise<void> {
  expect((await exchange(head('GET /readyz HTTP/1.1'))).status).toBe(200);
  expect(await api.countRows()).toEqual(rows);
}

/** Until the server has let go of every connection that we broke: what it would store, it has stored by then. */
async function untilForgotten(): Promise<void> {
  const connections = () => new Promise<number>((resolve, reject) => api.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  for (const end = Date.now() + 60_000; (await connections()) > 0; await delay(20)) if (Date.now() > end) throw new Error('connections are still there');
}

test.each<[string, () => string]>([
  ['two lengths', () => `${post({ 'content-length': '2' }).slice(0, -2)}content-length: 3\r\n\r\n{}`],
  ['a length and chunks', () => `${post({ 'content-length': '2', 'transfer-encoding': 'chunked' })}0\r\n\r\n{}`],
  ['a negative length', () => `${post({ 'content-length': '-1' })}{}`],
  ['a length in words', () => `${post({ 'content-length': 'two' })}{}`],
  ['a chunk of no number', () => `${post({ 'transfer-encoding': 'chunked' })}zz\r\n{}\r\n0\r\n\r\n`],
  ['a coding that is none', () => `${post({ 'transfer-encoding': 'cow' })}{}`],
  ['NUL in a header', () => head('GET /v1/claims HTTP/1.1', { 'daozhang-actor': 'E\u00001' })],
  ['a bare line feed in a header', () => head('GET /v1/claims HTTP/1.1', { 'daozhang-actor': 'E1\nx: y' })],
  ['a header without a name', () => head('GET /v1/claims HTTP/1.1', { '': 'x' })],
  ['headers without end', () => head('GET /v1/claims HTTP/1.1', { cookie: 'x'.repeat(100_000) })],
  ['a thousand headers', () => head('GET /v1/claims HTTP/1.1', Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`x-${index}`, '1'])))],
  ['a URL without end', () => head(`GET /v1/claims?cursor=${'x'.repeat(60_000)} HTTP/1.1`)],
  ['a method that is none', () => head('STEAL /v1/claims HTTP/1.1')],
  ['a version that is none', () => head('GET /v1/claims HTTP/9.9')],
  ['TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['another protocol', () => 'EHLO example.com\r\n'],
  ['no host', () => 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n'],
])('%s: refused, and nothing happens', async (_what, bytes) => {
  const { status, head: answer, code } = await exchange(bytes());
  expect([0, 400, 413, 414, 431], answer).toContain(status);
  if (code !== undefined) expect(ERROR_CODES).toContain(code);
  await stillServes();
});

test('a second request hidden in the body of the first is a body', async () => {
  const hidden = head('GET /healthz HTTP/1.1');
  const { status, code } = await exchange(`${post({ 'content-length': String(hidden.length) })}${hidden}`);
  expect([status, code]).toEqual([400, 'MALFORMED_JSON']);
  await stillServes();
});

test('strangers are answered before they have sent their body', async () => {
  const socket = await open();
  socket.write(post({ authorization: 'Bearer nobody', 'content-length': '200000' }));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
  socket.destroy();
  await stillServes();
});

test('a claim that is cut off in the middle is none, and its key is still free', async () => {
  const body = JSON.stringify(claimBody());
  const key = randomUUID();
  for (const sent of [
    `${post({ 'content-length': String(Buffer.byteLength(body)), 'idempotency-key': key })}${body.slice(0, 200)}`,
    `${post({ 'transfer-encoding': 'chunked', 'idempotency-key': key })}64\r\n${body.slice(0, 100)}\r\n64\r\n${body.slice(100, 130)}`,
  ]) {
    const socket = await open();
    socket.write(sent);
    await delay(50);
    socket.destroy();
  }
  await untilForgotten();
  await stillServes();
  expect((await api.call({ method: 'POST', url: '/v1/claims', body: JSON.parse(body), key })).statusCode).toBe(201);
});

test('an upload that is cut off in the middle leaves neither row nor file', async () => {
  const part = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n${PDF.toString('latin1')}`;
  for (const how of ['destroy', 'resetAndDestroy'] as const) {
    const socket = await open();
    socket.write(
      `${post({ 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' }, '/v1/documents')}${part.length.toString(16)}\r\n${part}\r\n`,
    );
    await delay(50);
    socket[how]();
  }
  await untilForgotten();
  await stillServes();
});

test('two hundred connections that send a byte now and then keep nobody from being served', async () => {
  const slow = await Promise.all(Array.from({ length: 200 }, () => open()));
  const bytes = post({ 'content-length': '100000' });
  for (let at = 0; at < 5; at += 1) for (const socket of slow) socket.write(bytes.slice(at * 10, (at + 1) * 10));
  await stillServes();
  expect((await api.call({ url: '/v1/claims' })).statusCode).toBe(200);
  // and Node itself ends them: nobody holds a connection for ever
  expect(api.app.server.headersTimeout).toBeGreaterThan(0);
  expect(api.app.server.requestTimeout).toBeGreaterThan(0);
  for (const socket of slow) socket.destroy();
  await untilForgotten();
});

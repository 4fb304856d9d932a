import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RETRY_AFTER_MS, startWebhookRelay } from '#activities/webhooks/webhook-relay.ts';
import { createOutgoingPolicy, type OutgoingPolicy } from '#platform/outgoing-address.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { makeUnit, silent, until } from '#tests/activities/relays/fixtures.ts';
import { createTestDatabase } from '#tests/setup/database.ts';
import { testVault } from '../../setup/vault.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;
const loopback = createOutgoingPolicy({ exceptions: ['127.0.0.0/8'] });
const EVENT = {
  type: 'claim.stage_changed',
  timestamp: '2026-11-18T01:30:00.000Z',
  data: { claim: 'YB20261118-00000001', state: 'PAID', stage: 'MONEY_ARRIVED', seq: 9 },
};

let database: Database;
let workerDatabase: Database;
let unitId: string;
const cleanups: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  const { url, workerUrl } = await createTestDatabase();
  database = openDatabase({ url, vault: testVault() });
  workerDatabase = openDatabase({ url: workerUrl, vault: testVault() });
  unitId = await makeUnit(database, { code: 'SJZ' });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(() => Promise.all([database.close(), workerDatabase.close()]));

type Received = { path: string; headers: IncomingMessage['headers']; body: string };

/** A subscriber that keeps what it hears and answers as it is told. */
async function startSubscriber(answer: (response: ServerResponse, received: Received) => void) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const hit = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      received.push(hit);
      answer(response, hit);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { received, url: `http://127.0.0.1:${port}/hooks` };
}

function startRelay(options: { policy?: OutgoingPolicy; timeoutMs?: number } = {}) {
  const relay = startWebhookRelay({ database: workerDatabase, policy: loopback, log: silent, ...options });
  cleanups.push(() => relay.stop());
  return relay;
}

let seq = 0;
async function makeDelivery({ url, endpointId }: { url?: string; endpointId?: string }): Promise<{ id: string; endpointId: string }> {
  const endpoint =
    endpointId ??
    (
      await database.query<{ id: string }>(
        `INSERT INTO webhook_endpoint (unit_id, url, secret, events) VALUES ($1, $2, $3, '{claim.stage_changed}') RETURNING id`,
        [unitId, url, SECRET],
      )
    ).rows[0]?.id;
  const { rows } = await database.query<{ id: string; endpointId: string }>(
    `INSERT INTO webhook_delivery (endpoint_id, claim_number, seq, event, payload)
     VALUES ($1, 'YB20261118-00000001', $2, $3, $4) RETURNING id, endpoint_id AS "endpointId"`,
    [endpoint, (seq += 1), EVENT.type, EVENT],
  );
  const [delivery] = rows;
  if (delivery === undefined) throw new Error('no delivery was made');
  return delivery;
}

type DeliveryRow = { status: string; attempts: number; lastError: string | null; responseStatus: number | null };
async function read(id: string): Promise<DeliveryRow> {
  const { rows } = await database.query<DeliveryRow>(
    `SELECT status, attempts, last_error AS "lastError", response_status AS "responseStatus" FROM webhook_delivery WHERE id = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the delivery is gone');
  return row;
}
const over = (id: string) => until(async () => (await read(id)).status !== 'PENDING');
const failedOnce = (id: string) => until(async () => (await read(id)).lastError !== null);
const secondsToWait = async (id: string) =>
  (await database.query<{ seconds: number }>(`SELECT extract(epoch FROM next_attempt_at - now())::float8 AS seconds FROM webhook_delivery WHERE id = $1`, [id]))
    .rows[0]?.seconds ?? NaN;

test('the subscriber can verify what it gets, with its id and the stored event', async () => {
  const { received, url } = await startSubscriber((response) => response.writeHead(204).end());
  startRelay();
  const { id } = await makeDelivery({ url });
  await over(id);
  expect(await read(id)).toEqual({ status: 'SENT', attempts: 1, lastError: null, responseStatus: 204 });
  const [hit] = received;
  if (hit === undefined) throw new Error('nothing arrived');
  expect(hit.headers['webhook-id']).toBe(id);
  expect(new Webhook(SECRET).verify(hit.body, hit.headers as Record<string, string>)).toEqual(EVENT);
  expect(() => new Webhook(SECRET).verify(hit.body.replace('PAID', 'DENIED'), hit.headers as Record<string, string>)).toThrow();
});

test('a failing subscriber is called again by the schedule, under the same id, until it accepts', async () => {
  let failures = 2;
  const { received, url } = await startSubscriber((response) => response.writeHead((failures -= 1) >= 0 ? 500 : 200).end());
  const { id } = await makeDelivery({ url });
  startRelay();
  // The lease is 40 s: what waits for less or more than that was settled, here for 5 s and for 300 s.
  await failedOnce(id);
  expect(await secondsToWait(id)).toBeLessThanOrEqual(5);
  expect(await read(id)).toMatchObject({ status: 'PENDING', lastError: 'HTTP 500', responseStatus: 500 });
  await until(async () => (await secondsToWait(id)) > 290);
  expect(await read(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
  await database.query(`UPDATE webhook_delivery SET next_attempt_at = now() WHERE id = $1`, [id]);
  await over(id);
  expect(await read(id)).toEqual({ status: 'SENT', attempts: 3, lastError: null, responseStatus: 200 });
  expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
});

test('the schedule: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h; then the delivery has failed', async () => {
  expect(RETRY_AFTER_MS.map((ms) => ms / 1_000)).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  const { received, url } = await startSubscriber((response) => response.writeHead(503).end());
  const { id } = await makeDelivery({ url });
  await database.query(`UPDATE webhook_delivery SET attempts = 8 WHERE id = $1`, [id]);
  startRelay();
  await until(async () => (await secondsToWait(id)) > 86_000);
  expect(await read(id)).toEqual({ status: 'PENDING', attempts: 9, lastError: 'HTTP 503', responseStatus: 503 });
  await database.query(`UPDATE webhook_delivery SET next_attempt_at = now() WHERE id = $1`, [id]);
  await over(id);
  expect(await read(id)).toEqual({ status: 'FAILED', attempts: 10, lastError: 'HTTP 503', responseStatus: 503 });
  expect(received).toHaveLength(2);
});

test('a redirect is a failure and is not followed', async () => {
  const { received, url } = await startSubscriber((response) => response.writeHead(302, { location: '/elsewhere' }).end());
  startRelay();
  const { id } = await makeDelivery({ url });
  await failedOnce(id);
  expect(await read(id)).toMatchObject({ status: 'PENDING', lastError: 'HTTP 302', responseStatus: 302 });
  expect(received.map(({ path }) => path)).toEqual(['/hooks']);
});

test('a subscriber that never answers times out, and one that answers without end is cut off', async () => {
  const silentOne = await startSubscriber(() => undefined);
  let cut = false;
  const endless = await startSubscriber((response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => {
      clearInterval(more);
      cut = true;
    });
  });
  startRelay({ timeoutMs: 500 });
  const first = await makeDelivery({ url: silentOne.url });
  const second = await makeDelivery({ url: endless.url });
  await failedOnce(first.id);
  expect(await read(first.id)).toMatchObject({ status: 'PENDING', lastError: 'timed out', responseStatus: null });
  await over(second.id);
  expect((await read(second.id)).status).toBe('SENT');
  await until(() => cut);
});

test('nothing is sent into private networks: not to an address, not to a name that leads there', async () => {
  const { received, url } = await startSubscriber((response) => response.writeHead(200).end());
  startRelay({ policy: createOutgoingPolicy() });
  const { port } = new URL(url);
  const targets = [
    url,
    `http://localhost:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://2130706433:${port}/`,
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
  ];
  for (const target of targets) {
    const { id } = await makeDelivery({ url: target });
    await over(id);
    const reason = target.startsWith('file:') ? 'not an http(s) URL' : 'address not allowed';
    expect(await read(id)).toEqual({ status: 'FAILED', attempts: 1, lastError: reason, responseStatus: null });
  }
  expect(received).toEqual([]);
});

test('an excepted network is reached by name as well', async () => {
  const { received, url } = await startSubscriber((response) => response.writeHead(200).end());
  startRelay();
  const { id } = await makeDelivery({ url: url.replace('127.0.0.1', 'localhost') });
  await over(id);
  expect((await read(id)).status).toBe('SENT');
  expect(received).toHaveLength(1);
});

test('an endpoint that was removed hears nothing more', async () => {
  const { received, url } = await startSubscriber((response) => response.writeHead(200).end());
  const { id, endpointId } = await makeDelivery({ url });
  await database.query(`UPDATE webhook_endpoint SET active = false WHERE id = $1`, [endpointId]);
  startRelay();
  await over(id);
  expect(await read(id)).toMatchObject({ status: 'FAILED', lastError: 'the endpoint was removed' });
  expect(received).toEqual([]);
});

test('an endpoint that does not answer leaves room for the others', async () => {
  let letGo = false;
  let held = 0;
  const open: ServerResponse[] = [];
  const stuck = await startSubscriber((response) => {
    if (letGo) return response.writeHead(200).end();
    held += 1;
    open.push(response);
  });
  const healthy = await startSubscriber((response) => response.writeHead(200).end());
  const { endpointId } = await makeDelivery({ url: stuck.url });
  for (let made = 1; made < 40; made += 1) await makeDelivery({ endpointId });
  const other = await makeDelivery({ url: healthy.url });
  for (let made = 1; made < 40; made += 1) await makeDelivery({ endpointId: other.endpointId });
  startRelay({ timeoutMs: 30_000 });
  const sent = async (endpoint: string) => {
    const { rows } = await database.query<{ sent: number }>(
      `SELECT count(*)::int AS sent FROM webhook_delivery WHERE endpoint_id = $1 AND status = 'SENT' AND attempts = 1`,
      [endpoint],
    );
    return rows[0]?.sent;
  };
  await until(async () => (await sent(other.endpointId)) === 40);
  expect(held).toBe(4);
  letGo = true;
  for (const response of open) response.writeHead(200).end();
  await until(async () => (await sent(endpointId)) === 40);
});

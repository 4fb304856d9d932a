import { randomUUID } from 'node:crypto';
import type { RequestName } from '#prisma/queries/idempotency.ts';
import { answerBodyOf } from '#prisma/queries/sealed.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutgoingPolicy } from '#platform/outgoing-address.ts';
import { claimBody, invoice, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ outgoing: createOutgoingPolicy({ exceptions: ['10.20.0.0/16'] }) });
});
afterAll(() => api?.close());

const subscribe = (body: Record<string, unknown>, options: { token?: string; key?: string; as?: string } = {}) =>
  api.call({ method: 'POST', url: '/v1/webhook-endpoints', body, ...options });
const submit = async () => (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ invoices: [invoice()] }) })).json().number;

test('the secret is shown once, by the answer to the subscription alone', async () => {
  const key = randomUUID();
  const made = await subscribe({ url: 'https://hr.example.com/daozhang', unitCode: 'SJZ' }, { key });
  expect(made.statusCode).toBe(201);
  expect(made.json()).toMatchObject({ unitCode: 'SJZ', events: ['claim.stage_changed'], secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
  const again = await subscribe({ url: 'https://hr.example.com/daozhang', unitCode: 'SJZ' }, { key });
  expect([again.statusCode, again.json()]).toEqual([201, { ...made.json(), secret: null }]);
  const { rows } = await api.database.query<RequestName & { body: Buffer }>(
    `SELECT caller_id AS "callerId", route, key, body FROM idempotency_key WHERE key = $1`,
    [key],
  );
  const [kept] = rows;
  if (!kept) throw new Error('no answer was kept');
  expect((await api.database.vault.openInstallation(answerBodyOf(kept), kept.body)).toString()).not.toContain('whsec_');
  const list = await api.call({ url: '/v1/webhook-endpoints', token: api.tokens.SJZ });
  expect(list.json().items.map((one: { id: string }) => one.id)).toEqual([made.json().id]);
  expect(list.body).not.toContain('whsec_');
  expect((await api.call({ url: '/v1/webhook-endpoints', token: api.tokens.BJ })).json().items).toEqual([]);
  await api.call({ method: 'DELETE', url: `/v1/webhook-endpoints/${made.json().id}` });
});

test.each([
  ['http://hr.example.com/', 'WEBHOOK_URL_REFUSED'],
  ['https://user:secret@hr.example.com/', 'WEBHOOK_URL_REFUSED'],
  ['https://127.0.0.1/', 'WEBHOOK_URL_REFUSED'],
  ['https://[::1]/', 'WEBHOOK_URL_REFUSED'],
  ['https://[::ffff:169.254.169.254]/', 'WEBHOOK_URL_REFUSED'],
  ['https://0x7f000001/', 'WEBHOOK_URL_REFUSED'],
  ['https://192.168.1.1/', 'WEBHOOK_URL_REFUSED'],
  ['file:///etc/passwd', 'WEBHOOK_URL_REFUSED'],
  ['hr.example.com', 'VALIDATION_FAILED'],
])('%s is no address for events', async (url, code) => {
  const before = await api.countRows();
  expect((await subscribe({ url })).json().code).toBe(code);
  expect(await api.countRows()).toEqual(before);
});

test('a network that the operator allows', async () => {
  const made = await subscribe({ url: 'http://10.20.0.7:8080/hook', unitCode: 'BJ' });
  expect(made.statusCode).toBe(201);
  expect((await api.call({ method: 'DELETE', url: `/v1/webhook-endpoints/${made.json().id}`, token: api.tokens.SJZ })).statusCode).toBe(404);
  expect((await api.call({ method: 'DELETE', url: `/v1/webhook-endpoints/${made.json().id}`, token: api.tokens.BJ })).statusCode).toBe(204);
});

test('deliveries are listed, filtered, and sent again; an ended subscription gets nothing more', async () => {
  const { id } = (await subscribe({ url: 'https://hr.example.com/', unitCode: 'SJZ' })).json();
  const numbers = [await submit(), await submit(), await submit()];
  const deliveries = async (query = '', token = api.tokens.SJZ) => (await api.call({ url: `/v1/webhook-deliveries?${query}`, token })).json();
  const all = await deliveries();
  expect(all.items.map((one: { claimNumber: string }) => one.claimNumber).toSorted()).toEqual(numbers.toSorted());
  expect(all.items[0]).toMatchObject({
    endpointId: id,
    status: 'PENDING',
    attempts: 0,
    event: 'claim.stage_changed',
    payload: { type: 'claim.stage_changed' },
  });
  expect((await deliveries('', api.tokens.BJ)).items).toEqual([]);
  expect((await deliveries(`claimNumber=${numbers[1]}`)).items).toHaveLength(1);
  expect((await deliveries(`endpointId=${randomUUID()}`)).items).toEqual([]);
  const first = await deliveries('limit=2');
  const second = await deliveries(`limit=2&cursor=${first.nextCursor}`);
  expect([...first.items, ...second.items].map((one: { id: string }) => one.id)).toEqual(all.items.map((one: { id: string }) => one.id));

  const [failed] = all.items;
  await api.database.query(`UPDATE webhook_delivery SET status = 'FAILED', attempts = 9, last_error = 'HTTP 500', response_status = 500 WHERE id = $1`, [
    failed.id,
  ]);
  expect((await deliveries('status=FAILED')).items).toMatchObject([{ id: failed.id, attempts: 9, nextAttemptAt: null }]);
  let woken = false;
  const listener = await api.database.listen('webhook_delivery', () => {
    woken = true;
  });
  const resend = (token: string) => api.call({ method: 'POST', url: `/v1/webhook-deliveries/${failed.id}/resend`, token });
  expect((await resend(api.tokens.BJ)).statusCode).toBe(404);
  const again = await resend(api.tokens.SJZ);
  expect(again.statusCode).toBe(202);
  expect(again.json()).toMatchObject({ id: failed.id, status: 'PENDING', attempts: 0, lastError: null, responseStatus: null });
  await expect.poll(() => woken, { timeout: 30_000 }).toBe(true);
  await listener.close();

  expect((await api.call({ method: 'DELETE', url: `/v1/webhook-endpoints/${id}`, token: api.tokens.SJZ })).statusCode).toBe(204);
  expect((await resend(api.tokens.SJZ)).statusCode).toBe(404);
  expect((await deliveries('status=PENDING')).items).toEqual([]);
  expect((await api.call({ method: 'DELETE', url: `/v1/webhook-endpoints/${id}` })).statusCode).toBe(404);
});

test('a person needs the role', async () => {
  expect((await subscribe({ url: 'https://hr.example.com/', unitCode: 'SJZ' }, { as: 'E4' })).json().code).toBe('FORBIDDEN');
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'operator' });
  expect((await subscribe({ url: 'https://hr.example.com/', unitCode: 'SJZ' }, { as: 'E4' })).statusCode).toBe(201);
});

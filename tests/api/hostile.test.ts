import { randomUUID } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signedHeaders } from '#dev/simulators/shared/signing.ts';
import { ERROR_CODES } from '#domain/errors.ts';
import { claimBody, invoice, NOW, PDF, startTestApi, type Call, type TestApi } from './support.ts';

/** What a caller may try who means us ill, or whose program is broken: every answer is a 4xx with a code of the catalogue, and no table has another row. */
let api: TestApi;
/** a claim that is there, and a draft */
let number: string;
let draft: string;
let rows: Record<string, number>;

beforeAll(async () => {
  api = await startTestApi();
  number = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json().number;
  draft = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true }) })).json().number;
});
afterAll(() => api?.close());
beforeEach(async () => {
  rows = await api.countRows();
});

async function expectRefused(answer: LightMyRequestResponse, status: number, code: string): Promise<void> {
  expect([answer.statusCode, answer.json().code], answer.body).toEqual([status, code]);
  expect(ERROR_CODES).toContain(code);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(await api.countRows()).toEqual(rows);
}

const submit = (body: unknown, call: Partial<Call> = {}) => api.call({ method: 'POST', url: '/v1/claims', body, ...call });
const twice = (name: string, value: string) => JSON.stringify(claimBody()).replace(/}$/, `,"${name}":${value}}`);

describe('JSON', () => {
  test.each<[string, string, number, string]>([
    ['half of it', JSON.stringify(claimBody()).slice(0, -20), 400, 'MALFORMED_JSON'],
    ['a byte order mark and nothing', '\ufeff', 400, 'MALFORMED_JSON'],
    ['two documents', '{}{}', 400, 'MALFORMED_JSON'],
    ['NaN', '{"employeeNo":NaN}', 400, 'MALFORMED_JSON'],
    ['a comment', '{/* */}', 400, 'MALFORMED_JSON'],
    ['an own __proto__', '{"__proto__":{"draft":true}}', 400, 'MALFORMED_JSON'],
    ['an escaped __proto__', String.raw`{"\u005f_proto__":{"draft":true}}`, 400, 'MALFORMED_JSON'],
    ['__proto__ deep inside', JSON.stringify(claimBody()).replace('"hospital":{', '"hospital":{"__proto__":{"code":"x"},'), 400, 'MALFORMED_JSON'],
    ['a constructor', '{"constructor":{"prototype":{"draft":true}}}', 400, 'MALFORMED_JSON'],
    ['a name given twice, the second a surprise', twice('employeeNo', '"NOBODY"'), 422, 'EMPLOYEE_UNKNOWN'],
    ['null', 'null', 400, 'VALIDATION_FAILED'],
    ['a list', '[]', 400, 'VALIDATION_FAILED'],
    ['a text', '"claim"', 400, 'VALIDATION_FAILED'],
    ['fifty thousand levels', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`, 400, 'VALIDATION_FAILED'],
    ['a hundred thousand names', `{${Array.from({ length: 20_000 }, (_, index) => `"n${index}":1`).join(',')}}`, 400, 'VALIDATION_FAILED'],
    ['more than is read', `{"employeeNo":"${'x'.repeat(300_000)}"}`, 413, 'BODY_TOO_LARGE'],
  ])('%s', async (_what, body, status, code) => expectRefused(await submit(body), status, code));
});

describe('claims', () => {
  const line = (over: object) => ({ itemCode: 'A1', itemName: '检查', itemClass: '01', quantity: '1', unitPrice: '526.00', amount: '526.00', ...over });
  test.each<[string, Record<string, unknown>, number, string]>([
    ['an amount that is a number', { lines: [line({ amount: 526 })] }, 400, 'VALIDATION_FAILED'],
    ['a negative amount', { lines: [line({ amount: '-526.00' })] }, 400, 'VALIDATION_FAILED'],
    ['three decimals', { lines: [line({ amount: '526.000' })] }, 400, 'VALIDATION_FAILED'],
    ['an exponent', { lines: [line({ amount: '5.26e2' })] }, 400, 'VALIDATION_FAILED'],
    ['1e400', { lines: [line({ amount: '1e400' })] }, 400, 'VALIDATION_FAILED'],
    ['full-width digits', { lines: [line({ amount: '５２６.00' })] }, 400, 'VALIDATION_FAILED'],
    ['a thousands separator', { lines: [line({ amount: '0,526.00' })] }, 400, 'VALIDATION_FAILED'],
    ['a sign and spaces', { lines: [line({ amount: ' +526.00' })] }, 400, 'VALIDATION_FAILED'],
    ['an amount with a line break', { lines: [line({ amount: '526.00\n' })] }, 400, 'VALIDATION_FAILED'],
    ['nothing claimed', { lines: [line({ amount: '0.00' })] }, 422, 'AMOUNT_INVALID'],
    ['one fen too much', { lines: [line({ amount: '526.01' })] }, 422, 'LINES_DO_NOT_ADD_UP'],
    ['no quantity', { lines: [line({ quantity: '0.0000' })] }, 400, 'VALIDATION_FAILED'],
    ['no lines', { lines: [] }, 400, 'VALIDATION_FAILED'],
    ['too many lines', { lines: Array.from({ length: 201 }, () => line({ amount: '1' })) }, 400, 'VALIDATION_FAILED'],
    ['a class that is none', { lines: [line({ itemClass: '04' })] }, 400, 'VALIDATION_FAILED'],
    ['NUL in a name', { lines: [line({ itemName: 'a\u0000b' })] }, 400, 'VALIDATION_FAILED'],
    ['half a character', { lines: [line({ itemName: 'a\ud800b' })] }, 400, 'VALIDATION_FAILED'],
    ['30 February', { visit: { start: '2026-02-30', end: '2026-03-01' } }, 400, 'VALIDATION_FAILED'],
    ['29 February of a year without one', { visit: { start: '2026-02-29', end: '2026-03-01' } }, 400, 'VALIDATION_FAILED'],
    ['the year 0', { visit: { start: '0000-01-01', end: '2026-03-01' } }, 400, 'VALIDATION_FAILED'],
    ['the year 12026', { visit: { start: '2026-03-01', end: '+012026-03-01' } }, 400, 'VALIDATION_FAILED'],
    ['tomorrow', { visit: { start: '2026-11-18', end: '2026-11-19' } }, 422, 'DATE_IN_FUTURE'],
    ['an invoice of tomorrow', { invoices: [invoice({ issuedOn: '2026-11-19' })] }, 422, 'DATE_IN_FUTURE'],
    ['out of order', { visit: { start: '2026-11-11', end: '2026-11-10' } }, 422, 'DATES_OUT_OF_ORDER'],
    ['a time for a day', { visit: { start: '2026-11-10T00:00:00Z', end: '2026-11-10' } }, 400, 'VALIDATION_FAILED'],
    ['nobody', { employeeNo: 'NOBODY' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['somebody who left', { employeeNo: 'E9' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['SQL', { employeeNo: "E1';DROP TABLE claim;--" }, 400, 'VALIDATION_FAILED'],
    ['a state of its own', { state: 'PAID' }, 400, 'VALIDATION_FAILED'],
    ['an unknown property deep inside', { hospital: { code: 'H1', name: 'x', paidFen: 1 } }, 400, 'VALIDATION_FAILED'],
    ['a document that is not there', { documents: [{ documentId: randomUUID(), kind: 'INVOICE' }] }, 422, 'DOCUMENT_UNKNOWN'],
    ['a document of the null id', { documents: [{ documentId: '00000000-0000-0000-0000-000000000000', kind: 'INVOICE' }] }, 422, 'DOCUMENT_UNKNOWN'],
    ['an invoice number of nothing but signs', { invoices: [invoice({ number: '-- --' })] }, 422, 'INVOICE_KEY_INVALID'],
  ])('%s', async (_what, over, status, code) => expectRefused(await submit(claimBody(over)), status, code));

  test('one invoice listed twice', async () => {
    const bill = invoice({ amount: '263.00' });
    await expectRefused(await submit(claimBody({ invoices: [bill, bill] })), 422, 'INVOICE_KEY_INVALID');
  });

  test('a draft has no workflow to ask', async () => expectRefused(await api.call({ url: `/v1/claims/${draft}/live` }), 409, 'CLAIM_STATE_CONFLICT'));

  test('more money than an amount can say', async () => {
    const most = '9999999999.99';
    const lines = [line({ amount: most }), line({ amount: most })];
    await expectRefused(await submit(claimBody({ lines, invoices: [invoice({ amount: most }), invoice({ amount: most })] })), 422, 'AMOUNT_INVALID');
  });
});

describe('headers', () => {
  test.each<[string, Partial<Call>, number, string]>([
    ['an endless key', { key: 'k'.repeat(5_000) }, 400, 'VALIDATION_FAILED'],
    ['a key with a line break', { key: 'a\tb' }, 400, 'VALIDATION_FAILED'],
    ['two keys', { key: 'a, b' }, 400, 'VALIDATION_FAILED'],
    ['an actor of another unit', { token: 'SJZ', as: 'E2' }, 403, 'ACTOR_OUTSIDE_UNIT'],
    ['an actor who left', { as: 'E9' }, 403, 'ACTOR_OUTSIDE_UNIT'],
    ['an actor in SQL', { as: "' OR 1=1 --" }, 403, 'ACTOR_OUTSIDE_UNIT'],
    ['no actor between the quotes', { as: '' }, 403, 'ACTOR_OUTSIDE_UNIT'],
    ['two tokens', { headers: { authorization: 'Bearer a, Bearer b' } }, 401, 'UNAUTHENTICATED'],
    ['a token of no length', { headers: { authorization: 'Bearer ' } }, 401, 'UNAUTHENTICATED'],
    ['basic credentials', { headers: { authorization: 'Basic ZHprOng=' } }, 401, 'UNAUTHENTICATED'],
    ['a token with an id that is none', { headers: { authorization: 'Bearer dzk_x_y' } }, 401, 'UNAUTHENTICATED'],
    ['JSON of another name', { headers: { 'content-type': 'application/vnd.api+json' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['no content type', { headers: { 'content-type': '' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('%s', async (_what, { token, ...call }, status, code) => {
    await expectRefused(await submit(claimBody(), { ...call, ...(token && { token: api.tokens[token as 'SJZ'] }) }), status, code);
  });

  test('a method in a header, a query or a body changes nothing', async () => {
    const override = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE', 'x-http-method': 'DELETE' };
    const stop = await api.call({ method: 'POST', url: '/v1/payout-stops', body: { scope: 'BJ', reason: '核查' } });
    expect(stop.statusCode).toBe(201);
    rows = await api.countRows();
    expect((await api.call({ url: '/v1/payout-stops?_method=DELETE', headers: override })).statusCode).toBe(200);
    await expectRefused(
      await api.call({ method: 'POST', url: '/v1/payout-stops/BJ', headers: override, body: { _method: 'DELETE' } }),
      405,
      'METHOD_NOT_ALLOWED',
    );
    await expectRefused(await api.call({ method: 'QUERY', url: '/v1/payout-stops' }), 405, 'METHOD_NOT_ALLOWED');
    await expectRefused(await api.call({ url: '/v1/tasks/bulk-decisions' }), 405, 'METHOD_NOT_ALLOWED');
    await expectRefused(await api.call({ method: 'TRACE', url: '/v1/claims' }), 405, 'METHOD_NOT_ALLOWED');
  });

  test.each([
    [null, 428, 'PRECONDITION_REQUIRED'],
    ['*', 400, 'VALIDATION_FAILED'],
    ['W/"1"', 400, 'VALIDATION_FAILED'],
    ['"1", "2"', 400, 'VALIDATION_FAILED'],
    ['1', 400, 'VALIDATION_FAILED'],
    ['"-1"', 400, 'VALIDATION_FAILED'],
    ['"999999999999999"', 412, 'VERSION_MISMATCH'],
    ['"9999999999999999"', 400, 'VALIDATION_FAILED'],
    ['"1e0"', 400, 'VALIDATION_FAILED'],
  ])('If-Match %s', async (ifMatch, status, code) => {
    const answer = await api.call({ method: 'PATCH', url: '/v1/units/BJ', body: { name: '改名' }, headers: ifMatch === null ? {} : { 'if-match': ifMatch } });
    await expectRefused(answer, status, code);
  });

  test('what comes in a header does not come out as one', async () => {
    const answer = await submit(claimBody({ employeeNo: 'x\r\nset-cookie: a=b' }), {
      headers: { 'accept-language': 'en\u00ff<script>', 'request-id': 'mine', 'x-request-id': 'mine' },
    });
    await expectRefused(answer, 400, 'VALIDATION_FAILED');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['request-id']).not.toBe('mine');
  });
});

describe('Idempotency-Key', () => {
  test('two requests at once with one key and other bodies: one claim, and the other hears why', async () => {
    const key = randomUUID();
    const answers = await Promise.all([submit(claimBody(), { key }), submit(claimBody(), { key })]);
    expect(answers.map((answer) => answer.statusCode).toSorted()[0]).toBe(201);
    for (const answer of answers.filter(({ statusCode }) => statusCode !== 201))
      expect(['REQUEST_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED']).toContain(answer.json().code);
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect((await api.countRows())['claim']).toBe((rows['claim'] ?? 0) + 1);
  });

  test('the key of another caller opens nothing: neither the answer nor the claim', async () => {
    const key = randomUUID();
    const made = await submit(claimBody(), { key, token: api.tokens.HQ });
    rows = await api.countRows();
    await expectRefused(await submit(claimBody(), { key, token: api.tokens.BJ }), 422, 'EMPLOYEE_UNKNOWN');
    await expectRefused(await api.call({ url: `/v1/claims/${made.json().number}`, token: api.tokens.BJ }), 404, 'NOT_FOUND');
  });

  test('a claim of another unit cannot be touched, by whatever route', async () => {
    const token = api.tokens.BJ;
    for (const action of ['confirm', 'withdraw', 'appeal', 'hold', 'release', 'reversal', 'materials-complete']) {
      const body = ['appeal', 'hold', 'reversal'].includes(action) ? { reason: '试' } : {};
      await expectRefused(await api.call({ method: 'POST', url: `/v1/claims/${draft}/${action}`, body, token, as: 'E2' }), 404, 'NOT_FOUND');
    }
    await expectRefused(
      await api.call({ method: 'POST', url: `/v1/claims/${draft}/documents`, body: { documents: [{ documentId: randomUUID(), kind: 'OTHER' }] }, token }),
      404,
      'NOT_FOUND',
    );
  });
});

describe('reading', () => {
  const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');
  const id = randomUUID();
  test.each<[string, string]>([
    ['nonsense', '/v1/claims?cursor=%00%ff'],
    ['a cursor of another list', `/v1/claims?cursor=${cursor('SJZ')}`],
    ['a number more than there is', `/v1/claims?cursor=${cursor({ createdAt: '2026-11-18T01:30:00Z', number: 'YB20261118-00000001', x: 1 })}`],
    ['a text that is SQL', `/v1/claims?cursor=${cursor({ createdAt: "now()'; --", number: 'YB20261118-00000001' })}`],
    ['an offset that no clock has', `/v1/claims?cursor=${cursor({ createdAt: '2026-11-18T01:30:00+23:59', number: 'YB20261118-00000001' })}`],
    ['NUL, in units', `/v1/units?cursor=${cursor('\u0000')}`],
    ['NUL, in employees', `/v1/employees?cursor=${cursor('E\u00001')}`],
    ['half a character, in employees', `/v1/employees?cursor=${cursor('\ud800')}`],
    ['the year 0, in webhooks', `/v1/webhook-endpoints?cursor=${cursor({ createdAt: '0000-01-01T00:00:00Z', id })}`],
    ['the year 0, in deliveries', `/v1/webhook-deliveries?cursor=${cursor({ createdAt: '0000-01-01T00:00:00Z', id })}`],
    ['the end of time, in tasks', `/v1/tasks?cursor=${cursor({ due: Number.MAX_SAFE_INTEGER, id })}`],
    ['the beginning of time, in tasks', `/v1/tasks?cursor=${cursor({ due: Number.MIN_SAFE_INTEGER, id })}`],
  ])('a cursor that is %s', async (_what, url) => expectRefused(await api.call({ url }), 400, 'CURSOR_INVALID'));

  test.each<[string, string, number, string]>([
    ['no page', '/v1/claims?limit=0', 400, 'VALIDATION_FAILED'],
    ['an empty limit', '/v1/claims?limit=', 400, 'VALIDATION_FAILED'],
    ['a page of everything', '/v1/claims?limit=1000000', 400, 'VALIDATION_FAILED'],
    ['half a row', '/v1/claims?limit=1.5', 400, 'VALIDATION_FAILED'],
    ['an unknown filter', '/v1/claims?unitcode=SJZ', 400, 'VALIDATION_FAILED'],
    ['a prototype', '/v1/claims?__proto__=1', 400, 'VALIDATION_FAILED'],
    ['a filter given twice', '/v1/claims?unitCode=SJZ&unitCode=BJ', 400, 'VALIDATION_FAILED'],
    ['an offset that no clock has', '/v1/claims?submittedFrom=2026-11-18T01:30:00%2B23:59', 400, 'VALIDATION_FAILED'],
    ['the year 0', '/v1/claims?submittedTo=0000-01-01T00:00:00Z', 400, 'VALIDATION_FAILED'],
    ['NUL in a filter', '/v1/claims?employeeNo=E%001', 400, 'VALIDATION_FAILED'],
    ['NUL in a path', '/v1/employees/E%001', 404, 'NOT_FOUND'],
    ['a path out of the API', '/v1/documents/..%2f..%2fetc%2fpasswd', 404, 'NOT_FOUND'],
    ['a path out of the page', '/docs/static/..%2f..%2f..%2fpackage.json', 404, 'NOT_FOUND'],
    ['bytes that are no text', '/v1/employees/%ff%fe', 404, 'NOT_FOUND'],
    ['an id in another notation', '/v1/documents/{00000000-0000-0000-0000-000000000000}', 404, 'NOT_FOUND'],
    ['a claim number in full-width digits', `/v1/claims/${encodeURIComponent('YB２０２６１１１８-00000001')}`, 404, 'NOT_FOUND'],
  ])('%s', async (_what, url, status, code) => expectRefused(await api.call({ url }), status, code));
});

describe('the directory', () => {
  const employee = { employeeNo: 'X1', unitCode: 'SJZ', name: '新人', insuredRegion: '130100' };
  test.each<[string, string, Record<string, unknown>, number, string]>([
    ['NUL in an address', '/v1/webhook-endpoints', { url: 'https://example.com/\u0000' }, 400, 'VALIDATION_FAILED'],
    ['half a character in an address', '/v1/webhook-endpoints', { url: 'https://example.com/\ud800' }, 400, 'VALIDATION_FAILED'],
    ['an address of ours', '/v1/webhook-endpoints', { url: 'http://127.0.0.1:5432/' }, 422, 'WEBHOOK_URL_REFUSED'],
    ['an address of ours in other words', '/v1/webhook-endpoints', { url: 'https://2130706433/' }, 422, 'WEBHOOK_URL_REFUSED'],
    ['an address of ours in IPv6', '/v1/webhook-endpoints', { url: 'https://[::ffff:169.254.169.254]/' }, 422, 'WEBHOOK_URL_REFUSED'],
    ['a file', '/v1/webhook-endpoints', { url: 'file:///etc/passwd' }, 422, 'WEBHOOK_URL_REFUSED'],
    ['a name of control characters', '/v1/employees', { ...employee, name: '\u001b[31m' }, 400, 'VALIDATION_FAILED'],
    ['a name of spaces', '/v1/employees', { ...employee, name: '\u3000 ' }, 400, 'VALIDATION_FAILED'],
    ['mail headers in an address', '/v1/employees', { ...employee, email: 'a@example.com\r\nbcc: b@example.com' }, 400, 'VALIDATION_FAILED'],
    [
      'another unit’s account',
      '/v1/employees/E1/accounts',
      { holderName: '别人', accountNo: '6229090000000001', bankName: '兴业银行', bankCode: '309121003012' },
      422,
      'ACCOUNT_HOLDER_DIFFERS',
    ],
    [
      'a settings bomb',
      '/v1/units',
      {
        code: 'X',
        name: 'x',
        nameEn: 'x',
        parentCode: 'HQ',
        region: '130100',
        settings: { paysFundingSources: Array.from({ length: 1_000 }, () => 'bureau_fund') },
      },
      400,
      'VALIDATION_FAILED',
    ],
    ['a parent that is not there', '/v1/units', { code: 'X', name: 'x', nameEn: 'x', parentCode: 'NONE', region: '130100' }, 422, 'UNIT_UNKNOWN'],
    ['a stop for everybody', '/v1/payout-stops', { scope: '%', reason: 'x' }, 400, 'VALIDATION_FAILED'],
  ])('%s', async (_what, url, body, status, code) => expectRefused(await api.call({ method: 'POST', url, body }), status, code));

  test('a quota below what is used already is set, and nothing is left', async () => {
    const url = '/v1/employees/E4/quotas/2026';
    expect((await api.call({ method: 'PUT', url, body: { limit: '100.00' } })).statusCode).toBe(200);
    await api.database.query('UPDATE quota SET used_fen = 10000 WHERE employee_id = $1', [api.employeeIds.E4]);
    const lowered = await api.call({ method: 'PUT', url, body: { limit: '50.00' } });
    expect([lowered.statusCode, lowered.json()]).toMatchObject([200, { limit: '50.00', used: '100.00', available: '0.00' }]);
  });
});

describe('callbacks', () => {
  const path = '/v1/callbacks/bureaus/130100';
  const credentials = { accessKey: 'in-130100', secret: String.fromCharCode(7).repeat(32) };
  const body = JSON.stringify({ infno: 'DZ11', msgid: 'DZ13010000012026111809300000' });
  const signed = (sent: string, nowMs = NOW.getTime()) => ({
    'content-type': 'application/json',
    ...signedHeaders({ name: 'DZ11', body: sent, credentials, nowMs }),
  });
  const post = (payload: string, headers: Record<string, string>, url = path) => api.app.inject({ method: 'POST', url, payload, headers });

  test('valid headers with another body, and other headers with a valid one', async () => {
    await expectRefused(await post(`${body} `, signed(body)), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post('', signed(body)), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, { ...signed(body), _api_name: 'DZ13' }), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, { ...signed(body), _api_version: '1.0&_api_name=DZ11' }), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, signed(body), '/v1/callbacks/bureaus/110000'), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, signed(body), '/v1/callbacks/banks/CIB'), 401, 'SIGNATURE_INVALID');
  });

  test('a timestamp from before, from later, and none', async () => {
    const minute = 60_000;
    await expectRefused(await post(body, signed(body, NOW.getTime() - 31 * minute)), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, signed(body, NOW.getTime() + 31 * minute)), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, { ...signed(body), _api_timestamp: String(NOW.getTime() + 1) }), 401, 'SIGNATURE_INVALID');
    await expectRefused(await post(body, { ...signed(body), _api_timestamp: '9'.repeat(400) }), 401, 'SIGNATURE_INVALID');
  });

  test('an API key is no signature', async () => {
    const headers = { authorization: `Bearer ${api.tokens.HQ}`, 'content-type': 'application/json', 'idempotency-key': 'k' };
    await expectRefused(await post(body, headers), 401, 'SIGNATURE_INVALID');
  });
});

test('after all of this the API still takes a claim and a document', async () => {
  expect((await submit(claimBody())).statusCode).toBe(201);
  expect((await api.upload({ content: PDF })).statusCode).toBe(201);
  expect((await api.call({ url: `/v1/claims/${number}` })).json().version).toBe(1);
});

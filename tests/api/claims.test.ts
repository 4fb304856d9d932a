import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invoiceKeyText } from '#domain/invoice/key.ts';
import { keyedHash } from '#platform/keys.ts';
import { claimBody, invoice, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const submit = (body: unknown, call: { token?: string; as?: string; key?: string } = {}) => api.call({ method: 'POST', url: '/v1/claims', body, ...call });

async function submitted(overrides: Record<string, unknown> = {}): Promise<string> {
  const answer = await submit(claimBody(overrides));
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ number: string }>().number;
}

async function document(call: { as?: string; token?: string; unitCode?: string } = {}): Promise<string> {
  const answer = await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\nstartxref\n0\n%%EOF\n`)]), ...call });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
}

describe('submitting', () => {
  test('stores head, lines, invoices, documents, event, audit row, message and the command that starts the workflow, and nothing else', async () => {
    const documentId = await document();
    const before = await api.countRows();
    const body = claimBody({ documents: [{ documentId, kind: 'INVOICE' }] });
    const answer = await submit(body);
    expect(answer.statusCode).toBe(201);
    const { number } = answer.json();
    expect(number).toMatch(/^YB20261118-\d{8}$/);
    expect(answer.headers).toMatchObject({ etag: '"1"', location: `/v1/claims/${number}` });
    const after = await api.countRows();
    const grown = Object.fromEntries(
      Object.entries(after).flatMap(([table, count]) => (count === before[table] ? [] : [[table, count - (before[table] ?? 0)]])),
    );
    expect(grown).toEqual({
      ...{
        claim: 1,
        claim_line: 2,
        claim_invoice: 1,
        claim_document: 1,
        claim_event: 1,
        audit_entry: 1,
        audit_chain: 1,
        person_key: 1,
        notice: 1,
        workflow_command: 1,
        idempotency_key: 1,
      },
    });
    const { rows: claims } = await api.database.query('SELECT * FROM claim WHERE number = $1', [number]);
    expect(claims[0]).toMatchObject({
      ...{ state: 'SUBMITTED', seq: 1, workflow_id: `claim/${number}`, turn: 'system', bureau_code: '130100', insured_region: '130102' },
      ...{ submitted_fen: 52_600, visit_start: '2026-11-10', circumstances: ['REFERRAL_FILED'], source: 'API' },
    });
    const { rows: invoices } = await api.database.query<{ invoice_key: string }>('SELECT invoice_key FROM claim_invoice WHERE claim_number = $1', [number]);
    const [sent] = body['invoices'] as { type: string; code: string; number: string }[];
    const text = sent && invoiceKeyText(sent);
    expect(text?.ok && invoices[0]?.invoice_key === keyedHash(api.deps.keys.invoice, text.text)).toBe(true);
    const { rows: commands } = await api.database.query('SELECT kind, status FROM workflow_command WHERE claim_number = $1', [number]);
    expect(commands).toEqual([{ kind: 'START', status: 'PENDING' }]);
  });

  test('answers what reading the claim answers', async () => {
    const documentId = await document();
    const body = claimBody({ documents: [{ documentId, kind: 'FEE_LIST' }], circumstances: ['ACCIDENT', 'ACCIDENT'] });
    const [line] = body['lines'] as Record<string, unknown>[];
    const answer = await submit({ ...body, lines: [{ ...line, quantity: '007.5000', amount: '526' }] });
    const read = await api.call({ url: `/v1/claims/${answer.json().number}` });
    expect(read.statusCode).toBe(200);
    expect(read.json()).toEqual(answer.json());
    expect(answer.json()).toMatchObject({ circumstances: ['ACCIDENT'], lines: [{ quantity: '7.5', unitPrice: '250.00', amount: '526.00' }] });
    expect(read.headers['etag']).toBe('"1"');
  });

  test('tells the webhook endpoints of the unit and of those above it, and no others', async () => {
    const endpoints = await Promise.all(
      [
        ['SJZ-01', true],
        ['HQ', true],
        ['BJ', true],
        ['SJZ', false],
      ].map(async ([unit, active]) => {
        const { rows } = await api.database.query<{ id: string }>(
          `INSERT INTO webhook_endpoint (unit_id, url, secret, events, active) VALUES ($1, 'https://example.com', 's', '{claim.stage_changed}', $2) RETURNING id`,
          [api.unitIds[unit as 'HQ'], active],
        );
        return rows[0]?.id;
      }),
    );
    const number = await submitted();
    const { rows } = await api.database.query<{ endpoint_id: string; payload: unknown }>(
      'SELECT endpoint_id, payload FROM webhook_delivery WHERE claim_number = $1',
      [number],
    );
    expect(rows.map((row) => row.endpoint_id).toSorted()).toEqual([endpoints[0], endpoints[1]].toSorted());
    expect(rows[0]?.payload).toEqual({
      type: 'claim.stage_changed',
      timestamp: '2026-11-18T01:30:00.000Z',
      data: { claim: number, seq: 1, state: 'SUBMITTED', stage: 'SUBMITTED', note: null },
    });
    await api.database.query('DELETE FROM webhook_endpoint');
  });

  const good = claimBody();
  const [line] = good['lines'] as Record<string, unknown>[];
  const { lines: _, ...withoutLines } = good;
  const visit = good['visit'] as Record<string, unknown>;
  const hospital = good['hospital'] as Record<string, unknown>;
  const oneLine = (change: Record<string, unknown>) => ({ lines: [{ ...line, amount: '526.00', ...change }] });
  const oneInvoice = (change: Record<string, unknown>) => ({ invoices: [invoice(change)] });
  const refusals: [why: string, body: unknown, status: number, code: string][] = [
    ['no object', [], 400, 'VALIDATION_FAILED'],
    ['null', null, 400, 'VALIDATION_FAILED'],
    ['a missing part', withoutLines, 400, 'VALIDATION_FAILED'],
    ['an unknown property', { ...good, surprise: 1 }, 400, 'VALIDATION_FAILED'],
    ['an unknown property within', { ...good, visit: { ...visit, ward: '3' } }, 400, 'VALIDATION_FAILED'],
    ['an unknown property of a line', { ...good, ...oneLine({ discount: '1.00' }) }, 400, 'VALIDATION_FAILED'],
    ['an amount as a number', { ...good, ...oneLine({ amount: 526 }) }, 400, 'VALIDATION_FAILED'],
    ['a negative amount', { ...good, ...oneLine({ amount: '-526.00' }) }, 400, 'VALIDATION_FAILED'],
    ['three decimals', { ...good, ...oneLine({ amount: '526.000' }) }, 400, 'VALIDATION_FAILED'],
    ['an exponent', { ...good, ...oneLine({ amount: '5e2' }) }, 400, 'VALIDATION_FAILED'],
    ['an amount beyond counting', { ...good, ...oneLine({ amount: '99999999999.00' }) }, 400, 'VALIDATION_FAILED'],
    ['no lines', { ...good, lines: [] }, 400, 'VALIDATION_FAILED'],
    ['too many lines', { ...good, lines: Array.from({ length: 201 }, () => line) }, 400, 'VALIDATION_FAILED'],
    ['quantity zero', { ...good, ...oneLine({ quantity: '0.00' }) }, 400, 'VALIDATION_FAILED'],
    ['an unknown kind', { ...good, kind: 'DENTAL' }, 400, 'VALIDATION_FAILED'],
    ['NUL in a name', { ...good, hospital: { ...hospital, name: 'a\u0000b' } }, 400, 'VALIDATION_FAILED'],
    ['half a surrogate pair', { ...good, hospital: { ...hospital, name: 'a\ud800b' } }, 400, 'VALIDATION_FAILED'],
    ['a name of spaces', { ...good, hospital: { ...hospital, name: '   ' } }, 400, 'VALIDATION_FAILED'],
    ['a day that does not exist', { ...good, visit: { ...visit, end: '2026-02-30' } }, 400, 'VALIDATION_FAILED'],
    ['a day in the year 0', { ...good, visit: { ...visit, start: '0000-01-01' } }, 400, 'VALIDATION_FAILED'],
    [
      'a document twice',
      { ...good, documents: [1, 2].map(() => ({ documentId: '8f14e45f-ceea-467f-a9d8-1f6a2b3c4d5e', kind: 'INVOICE' })) },
      400,
      'VALIDATION_FAILED',
    ],
    ['a document id that is none', { ...good, documents: [{ documentId: '1', kind: 'INVOICE' }] }, 400, 'VALIDATION_FAILED'],
    ['an unknown employee', { ...good, employeeNo: 'E404' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['an employee who has left', { ...good, employeeNo: 'E9' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['a region without a bureau', { ...good, employeeNo: 'E3' }, 422, 'BUREAU_UNKNOWN'],
    ['an unknown document', { ...good, documents: [{ documentId: '8f14e45f-ceea-467f-a9d8-1f6a2b3c4d5e', kind: 'INVOICE' }] }, 422, 'DOCUMENT_UNKNOWN'],
    ['a visit tomorrow', { ...good, visit: { ...visit, end: '2026-11-19' } }, 422, 'DATE_IN_FUTURE'],
    ['an invoice of tomorrow', { ...good, ...oneInvoice({ issuedOn: '2026-11-19' }) }, 422, 'DATE_IN_FUTURE'],
    ['an end before the start', { ...good, visit: { ...visit, end: '2026-11-09' } }, 422, 'DATES_OUT_OF_ORDER'],
    ['nothing claimed', { ...good, ...oneLine({ amount: '0.00' }) }, 422, 'AMOUNT_INVALID'],
    ['an invoice of nothing', { ...good, invoices: [invoice(), invoice({ amount: '0' })] }, 422, 'AMOUNT_INVALID'],
    ['lines a fen above the invoices', { ...good, ...oneLine({ amount: '526.01' }) }, 422, 'LINES_DO_NOT_ADD_UP'],
    ['an invoice number of another type', { ...good, ...oneInvoice({ type: '3' }) }, 422, 'INVOICE_KEY_INVALID'],
    [
      'one invoice twice',
      { ...good, invoices: [invoice({ number: '7777777777', amount: '500' }), invoice({ number: '777-777-7777', amount: '26' })] },
      422,
      'INVOICE_KEY_INVALID',
    ],
  ];
  test.each(refusals)('refuses %s and stores nothing', async (_why, body, status, code) => {
    const before = await api.countRows();
    const answer = await submit(body);
    expect([answer.statusCode, answer.json().code], answer.body).toEqual([status, code]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(await api.countRows()).toEqual(before);
  });

  test('names what is wrong by path, in the language asked for', async () => {
    const [first] = good['lines'] as Record<string, unknown>[];
    const body = { ...good, surprise: 1, lines: [{ ...first, amount: '1.234' }] };
    const answer = await api.call({ method: 'POST', url: '/v1/claims', body, headers: { 'accept-language': 'en-GB,en;q=0.8' } });
    expect(answer.json()).toMatchObject({ title: 'The request does not fit its schema', status: 400, code: 'VALIDATION_FAILED' });
    expect(answer.json().errors).toEqual([
      { path: 'lines.0.amount', code: 'invalid_format', message: expect.stringContaining('Invalid string') },
      { path: '', code: 'unrecognized_keys', message: 'Unrecognized key: "surprise"' },
    ]);
    expect((await submit(body)).json().title).toBe('请求内容不符合要求');
  });

  test('what the rest of the night brings: a day is today in Shanghai before it is today in Greenwich', async () => {
    api.time.now = new Date('2026-11-18T16:00:00.000Z'); // 2026-11-19 00:00 in Shanghai
    try {
      const answer = await submit(claimBody({ visit: { start: '2026-11-19', end: '2026-11-19' } }));
      expect(answer.statusCode).toBe(201);
      expect(answer.json().number).toMatch(/^YB20261119-/);
    } finally {
      api.time.now = new Date('2026-11-18T01:30:00.000Z');
    }
  });
});

describe('whose claim it is', () => {
  test('a key sees its subtree; everything else is as if it were not there', async () => {
    const number = await submitted();
    for (const path of ['', '/progress', '/history', '/messages', '/payments', '/decisions']) {
      const url = `/v1/claims/${number}${path}`;
      expect((await api.call({ url, token: api.tokens.BJ })).json().code).toBe('NOT_FOUND');
      expect((await api.call({ url, token: api.tokens['SJZ-01'] })).statusCode).toBe(200);
    }
    for (const action of ['confirm', 'resubmit', 'documents']) {
      const body = action === 'documents' ? { documents: [{ documentId: await document({ token: api.tokens.BJ, unitCode: 'BJ' }), kind: 'OTHER' }] } : {};
      const { employeeNo: _no, ...again } = claimBody();
      const answer = await api.call({
        method: 'POST',
        url: `/v1/claims/${number}/${action}`,
        body: action === 'resubmit' ? again : body,
        token: api.tokens.BJ,
      });
      expect([action, answer.json().code]).toEqual([action, 'NOT_FOUND']);
    }
    expect((await submit(claimBody(), { token: api.tokens.BJ })).json().code).toBe('EMPLOYEE_UNKNOWN');
    expect((await api.call({ url: `/v1/claims?employeeNo=E1`, token: api.tokens.BJ })).json().items).toEqual([]);
    for (const absent of ['YB20261118-99999999', 'YB1', '%00', '..%2f'])
      expect((await api.call({ url: `/v1/claims/${absent}` })).json().code).toBe('NOT_FOUND');
  });

  test('a document of another unit cannot be put into a claim', async () => {
    const documentId = await document({ token: api.tokens.BJ, unitCode: 'BJ' });
    const answer = await submit(claimBody({ documents: [{ documentId, kind: 'INVOICE' }] }), { token: api.tokens.SJZ });
    expect(answer.json()).toMatchObject({ code: 'DOCUMENT_UNKNOWN', params: { documents: [documentId] } });
  });

  test('a person submits and sees the own claims; colleagues need a role, and cannot use each other’s files', async () => {
    const own = await submit(claimBody(), { as: 'E1' });
    expect(own.json()).toMatchObject({ createdBy: { type: 'person', id: api.employeeIds.E1 } });
    const { number } = own.json();
    expect((await api.call({ url: `/v1/claims/${number}`, as: 'E1' })).statusCode).toBe(200);
    expect((await api.call({ url: `/v1/claims/${number}`, as: 'E4' })).json().code).toBe('NOT_FOUND');
    expect((await submit(claimBody(), { as: 'E4' })).json().code).toBe('FORBIDDEN');
    expect((await api.call({ url: '/v1/claims?employeeNo=E1', as: 'E4' })).json().items).toEqual([]);

    const documentId = await document({ as: 'E1' });
    const mine = await submit(claimBody({ employeeNo: 'E4', documents: [{ documentId, kind: 'INVOICE' }] }), { as: 'E4' });
    expect(mine.json().code).toBe('DOCUMENT_UNKNOWN');
    // what a system handed in for somebody is that person's: it may be handed in again with another claim, by nobody else
    const handedIn = [{ documentId: await document(), kind: 'FEE_LIST' }];
    const handIn = (employeeNo: 'E1' | 'E4') =>
      submit(claimBody({ employeeNo, invoices: [invoice()], documents: handedIn }), { token: api.tokens.SJZ, as: employeeNo });
    expect((await handIn('E1')).json().code).toBe('DOCUMENT_UNKNOWN');
    expect((await submit(claimBody({ documents: handedIn }))).statusCode).toBe(201);
    expect([(await handIn('E1')).statusCode, (await handIn('E4')).json().code]).toEqual([201, 'DOCUMENT_UNKNOWN']);

    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
    expect((await api.call({ url: `/v1/claims/${number}`, as: 'E4' })).statusCode).toBe(200);
    expect((await api.call({ url: '/v1/claims?employeeNo=E1', as: 'E4' })).json().items.length).toBeGreaterThan(0);
    expect((await submit(claimBody(), { as: 'E4' })).statusCode).toBe(201);
    expect((await submit(claimBody({ employeeNo: 'E2' }), { as: 'E4' })).json().code).toBe('FORBIDDEN');
    await api.database.query('DELETE FROM role_assignment');
  });
});

describe('drafts', () => {
  test('wait for the employee, then start', async () => {
    const draft = await submit(claimBody({ draft: true }));
    const { number } = draft.json();
    expect(draft.json()).toMatchObject({ state: 'DRAFT', stage: null, note: 'DRAFT', turn: 'employee', submittedAt: null });
    const commands = () => api.database.query('SELECT kind FROM workflow_command WHERE claim_number = $1', [number]);
    expect((await commands()).rows).toEqual([]);

    const key = randomUUID();
    const confirmed = await api.call({ method: 'POST', url: `/v1/claims/${number}/confirm`, key, as: 'E1' });
    expect(confirmed.statusCode, confirmed.body).toBe(200);
    expect(confirmed.json()).toMatchObject({ state: 'SUBMITTED', version: 2, turn: 'system', submittedAt: '2026-11-18T01:30:00.000Z' });
    expect(confirmed.headers['etag']).toBe('"2"');
    expect((await commands()).rows).toEqual([{ kind: 'START' }]);

    const again = await api.call({ method: 'POST', url: `/v1/claims/${number}/confirm`, key, as: 'E1' });
    expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([200, confirmed.body, 'true']);
    const twice = await api.call({ method: 'POST', url: `/v1/claims/${number}/confirm`, as: 'E1' });
    expect([twice.statusCode, twice.json().code]).toEqual([409, 'CLAIM_STATE_CONFLICT']);
    expect((await commands()).rows).toHaveLength(1);
    const { items } = (await api.call({ url: `/v1/claims/${number}/history` })).json();
    expect(items.map((item: { type: string }) => item.type)).toEqual(['CREATED', 'CONFIRMED']);
  });

  test('two people who confirm at once start it once', async () => {
    const { number } = (await submit(claimBody({ draft: true }))).json();
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.call({ method: 'POST', url: `/v1/claims/${number}/confirm` })));
    expect(answers.map((answer) => answer.statusCode).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const { rows } = await api.database.query('SELECT count(*) FROM workflow_command WHERE claim_number = $1', [number]);
    expect(rows).toEqual([{ count: 1 }]);
  });
});

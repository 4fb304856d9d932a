import { createHash, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from '#api/app.ts';
import { retentionActivities } from '#activities/retention/erase.ts';
import { openDatabase } from '#prisma/database.ts';
import { testVault } from '../setup/vault.ts';
import { eventually } from '../stack/eventually.ts';
import { NOW, PDF, startTestApi, type TestApi } from './support.ts';

/* tus 1.0.0: every piece where it belongs, once; nobody else's; nothing of it readable on disk. */

let api: TestApi;
let port: number;
beforeAll(async () => {
  api = await startTestApi();
  port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterAll(() => api?.close());

const TUS = { 'tus-resumable': '1.0.0' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const metadata = (values: Record<string, string>): string =>
  Object.entries({ filename: '发票.pdf', ...values })
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(',');
/** 2.5 MB that is a PDF, and no other test's. */
const largePdf = (): Buffer => Buffer.concat([PDF, Buffer.from(`%${'到账'.repeat(400_000)}${randomUUID()}\nstartxref\n9\n%%EOF\n`)]);

type As = { as?: string; token?: string };
async function begin(length: number, values: Record<string, string> = {}, who: As = { as: 'E1' }, key = randomUUID()) {
  const headers = { ...TUS, 'upload-length': String(length), 'upload-metadata': metadata(values) };
  return api.call({ method: 'POST', url: '/v1/uploads', headers, key, ...who });
}
async function begun(length: number, values: Record<string, string> = {}, who: As = { as: 'E1' }): Promise<string> {
  const answer = await begin(length, values, who);
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return String(answer.headers.location);
}
const patch = (url: string, offset: number, content: Uint8Array, { as = 'E1', token = api.tokens.HQ }: As = {}, headers: Record<string, string> = {}) =>
  api.app.inject({
    ...{ method: 'PATCH', url, payload: Buffer.from(content) },
    headers: {
      ...{ ...TUS, authorization: `Bearer ${token}`, 'daozhang-actor': as, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
      ...headers,
    },
  });
const head = (url: string, who: As = { as: 'E1' }) => api.call({ method: 'HEAD', url, headers: TUS, ...who });
const look = async (url: string) => (await api.call({ url, as: 'E1' })).json();
const idOf = (url: string): string => url.split('/').at(-1) ?? '';

test('a file in three pieces is the document of the same id, byte for byte', async () => {
  const content = largePdf();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const url = await begun(content.length, { filetype: 'application/pdf', sha256 });
  let offset = 0;
  for (const until of [700_001, 2_000_000, content.length]) {
    const answer = await patch(url, offset, content.subarray(offset, until));
    expect([answer.statusCode, answer.headers['upload-offset'], answer.headers['tus-resumable']]).toEqual([204, String(until), '1.0.0']);
    expect((await head(url)).headers['upload-offset']).toBe(String(until));
    offset = until;
  }
  expect(await look(url)).toMatchObject({ status: 'STORED', offset: content.length, length: content.length, refusal: null });
  const document = await api.call({ url: `/v1/documents/${idOf(url)}`, as: 'E1' });
  expect(document.json()).toMatchObject({ fileName: '发票.pdf', mediaType: 'application/pdf', sizeBytes: content.length, sha256, unitCode: 'SJZ-01' });
  const original = await api.call({ url: `/v1/documents/${idOf(url)}/content`, as: 'E1' });
  expect(original.rawPayload.equals(content)).toBe(true);
  // whoever did not hear the answer asks with an empty piece, and hears it
  expect((await patch(url, content.length, Buffer.alloc(0))).statusCode).toBe(204);
  const { rows } = await api.database.query<{ count: number }>('SELECT count(*) AS count FROM upload_chunk WHERE upload_id = $1', [idOf(url)]);
  expect(rows[0]?.count).toBe(0);
});

test('the beginning is repeated by its key, and is one upload', async () => {
  const key = randomUUID();
  const first = await begin(100, {}, { as: 'E1' }, key);
  const second = await begin(100, {}, { as: 'E1' }, key);
  expect([first.statusCode, second.statusCode, second.headers.location]).toEqual([201, 201, first.headers.location]);
  expect((await begin(101, {}, { as: 'E1' }, key)).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(first.headers['upload-expires']).toBe('Thu, 19 Nov 2026 01:30:00 GMT');
});

test('what is not where it belongs is refused, and says where to go on', async () => {
  const content = PDF;
  const url = await begun(content.length);
  expect((await patch(url, 0, content.subarray(0, 10))).statusCode).toBe(204);
  for (const offset of [0, 9, 11, content.length]) {
    const answer = await patch(url, offset, content.subarray(offset, offset + 10));
    expect([offset, answer.statusCode, answer.json().code, answer.json().params]).toEqual([offset, 409, 'UPLOAD_OFFSET_WRONG', { offset: 10 }]);
  }
  expect((await patch(url, 10, Buffer.alloc(content.length))).json().code).toBe('BODY_TOO_LARGE');
  // said to be short, and longer: without Content-Length nobody knows before it comes
  expect((await patch(url, 10, Buffer.alloc(content.length), {}, { 'content-length': '', 'transfer-encoding': 'chunked' })).json().code).toBe('BODY_TOO_LARGE');
  expect((await head(url)).headers['upload-offset']).toBe('10');
  expect((await patch(url, 10, content.subarray(10))).statusCode).toBe(204);
  expect((await api.call({ url: `/v1/documents/${idOf(url)}`, as: 'E1' })).json().sha256).toBe(createHash('sha256').update(content).digest('hex'));
});

test('of two who go on from one place one does, whichever process they ask', async () => {
  const content = largePdf();
  const other = await buildApp(api.deps);
  try {
    const url = await begun(content.length);
    const send = (app: typeof other, piece: Buffer, offset: number) =>
      app.inject({
        ...{ method: 'PATCH', url, payload: piece },
        headers: {
          ...{ ...TUS, authorization: `Bearer ${api.tokens.HQ}`, 'daozhang-actor': 'E1', 'content-type': 'application/offset+octet-stream' },
          'upload-offset': String(offset),
        },
      });
    const half = 1_000_000;
    for (const [from, until] of [
      [0, half],
      [half, content.length],
    ] as const) {
      const answers = await Promise.all([api.app, other, api.app, other].map((app) => send(app, content.subarray(from, until), from)));
      const codes = answers.map((answer) => answer.statusCode).toSorted();
      expect(codes[0]).toBe(204);
      expect(codes.slice(1).every((code) => code === 409)).toBe(true);
      expect((await head(url)).headers['upload-offset']).toBe(String(until));
    }
    const original = await api.call({ url: `/v1/documents/${idOf(url)}/content`, as: 'E1' });
    expect(original.rawPayload.equals(content)).toBe(true);
  } finally {
    await other.close();
  }
});

test('where the line breaks, what came stays, to the byte', async () => {
  const content = largePdf();
  const url = await begun(content.length);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const headers = [
    `PATCH ${url} HTTP/1.1`,
    ...['Host: localhost', `Authorization: Bearer ${api.tokens.HQ}`, 'Daozhang-Actor: E1', 'Tus-Resumable: 1.0.0', 'Upload-Offset: 0'],
    ...['Content-Type: application/offset+octet-stream', `Content-Length: ${content.length}`],
  ];
  socket.write(`${headers.join('\r\n')}\r\n\r\n`);
  socket.write(content.subarray(0, 1_234_567), () => socket.destroy());
  await eventually(async () => Number((await head(url)).headers['upload-offset']) > 0);
  // whatever had come through when it broke, it is the beginning of the file: going on from there makes it whole
  const offset = Number((await head(url)).headers['upload-offset']);
  expect(offset).toBeLessThanOrEqual(1_234_567);
  let answer = await patch(url, offset, content.subarray(offset));
  if (answer.statusCode === 409) {
    const at: number = answer.json().params.offset;
    answer = await patch(url, at, content.subarray(at));
  }
  expect(answer.statusCode).toBe(204);
  const original = await api.call({ url: `/v1/documents/${idOf(url)}/content`, as: 'E1' });
  expect(original.rawPayload.equals(content)).toBe(true);
});

test('a process that dies between the last piece and the document leaves one that is finished by asking again', async () => {
  const url = await begun(PDF.length);
  expect((await patch(url, 0, PDF.subarray(0, -1))).statusCode).toBe(204);
  const dying = await buildApp({
    ...api.deps,
    renderer: { ...api.deps.renderer, run: () => Promise.reject(new Error('killed')) },
  });
  const last = await dying.inject({
    ...{ method: 'PATCH', url, payload: PDF.subarray(-1) },
    headers: {
      ...{ ...TUS, authorization: `Bearer ${api.tokens.HQ}`, 'daozhang-actor': 'E1', 'content-type': 'application/offset+octet-stream' },
      'upload-offset': String(PDF.length - 1),
    },
  });
  await dying.close();
  expect(last.statusCode).toBe(500);
  expect(await look(url)).toMatchObject({ status: 'OPEN', offset: PDF.length });
  expect((await patch(url, PDF.length, Buffer.alloc(0))).statusCode).toBe(204);
  expect(await look(url)).toMatchObject({ status: 'STORED' });
});

describe('what comes whole is checked like any other file', () => {
  test.each([
    ['a program', Buffer.from('MZ\u0090\u0000 not a document'), {}, 'DOCUMENT_TYPE_REFUSED'],
    ['a picture that says it is a PDF', PDF, { filetype: 'image/png' }, 'DOCUMENT_CONTENT_MISMATCH'],
    ['another file than was announced', PDF, { sha256: 'a'.repeat(64) }, 'UPLOAD_CHECKSUM_WRONG'],
  ] as const)('%s', async (_, content, values, code) => {
    const url = await begun(content.length, values);
    expect((await patch(url, 0, content)).json().code).toBe(code);
    expect(await look(url)).toMatchObject({ status: 'REFUSED', refusal: code });
    expect((await patch(url, content.length, Buffer.alloc(0))).json().code).toBe(code);
    expect((await api.call({ url: `/v1/documents/${idOf(url)}`, as: 'E1' })).statusCode).toBe(404);
    const { rows } = await api.database.query('SELECT 1 FROM upload_chunk WHERE upload_id = $1', [idOf(url)]);
    expect(rows).toEqual([]);
  });
});

test('it is nobody else’s: not by another person, another system, or a role over everything', async () => {
  const url = await begun(PDF.length);
  await api.giveRole({ employee: 'E4', unit: 'HQ', role: 'hr' });
  const others: As[] = [{ as: 'E4' }, { as: 'E2' }, { token: api.tokens.SJZ, as: 'E1' }];
  for (const who of others) {
    expect((await head(url, who)).statusCode).toBe(404);
    expect((await patch(url, 0, PDF, who)).statusCode).toBe(404);
    expect((await api.call({ method: 'DELETE', url, headers: TUS, ...who })).statusCode).toBe(404);
  }
  expect((await api.call({ url })).statusCode).toBe(404);
  expect(await look(url)).toMatchObject({ offset: 0, status: 'OPEN' });
  // the database says so by itself
  const apiDatabase = openDatabase({ url: api.apiUrl, vault: testVault() });
  const { rows: mine } = await api.database.query<{ callerId: string }>('SELECT caller_id AS "callerId" FROM upload WHERE id = $1', [idOf(url)]);
  const seen = async (scope: { caller: string; employeeId: string | null; units: string[] }) =>
    (await apiDatabase.within(scope).query('SELECT 1 FROM upload WHERE id = $1', [idOf(url)])).rowCount;
  const caller = mine[0]?.callerId ?? '';
  expect(await seen({ caller, employeeId: api.employeeIds.E1, units: [] })).toBe(1);
  expect(await seen({ caller, employeeId: api.employeeIds.E4, units: [api.unitIds.HQ] })).toBe(0);
  expect(await seen({ caller, employeeId: null, units: [api.unitIds.HQ] })).toBe(0);
  expect(await seen({ caller: randomUUID(), employeeId: api.employeeIds.E1, units: [] })).toBe(0);
  await apiDatabase.close();
});

test('twenty at once, and no more until one is given up', async () => {
  const urls: string[] = [];
  for (let count = 0; count < 20; count += 1) urls.push(await begun(10, {}, { as: 'E2' }));
  expect((await begin(10, {}, { as: 'E2' })).json().code).toBe('UPLOADS_TOO_MANY');
  expect((await api.call({ method: 'DELETE', url: urls[0] ?? '', headers: TUS, as: 'E2' })).statusCode).toBe(204);
  const both = await Promise.all([begin(10, {}, { as: 'E2' }), begin(10, {}, { as: 'E2' })]);
  expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409]);
});

test('what is wrong with the beginning is said at once', async () => {
  const post = (headers: Record<string, string>) => api.call({ method: 'POST', url: '/v1/uploads', as: 'E1', headers: { ...TUS, ...headers } });
  const named = { 'upload-metadata': metadata({}) };
  const cases: [Record<string, string>, number, string][] = [
    [{ 'upload-length': '20971521', ...named }, 413, 'BODY_TOO_LARGE'],
    [{ 'upload-length': '0', ...named }, 422, 'DOCUMENT_EMPTY'],
    [{ 'upload-length': '-1', ...named }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5' }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5', 'upload-metadata': 'filetype YXBwbGljYXRpb24vcGRm' }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5', 'upload-metadata': 'F`' }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5', 'upload-metadata': `${metadata({})},filename ${base64('b.pdf')}` }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5', 'upload-metadata': metadata({ filename: 'a\u0000.pdf' }) }, 400, 'VALIDATION_FAILED'],
    [{ 'upload-length': '5', 'upload-metadata': metadata({ unitCode: 'BJ' }) }, 403, 'FORBIDDEN'],
    [{ 'upload-length': '5', 'upload-metadata': metadata({ unitCode: 'NX' }) }, 422, 'UNIT_UNKNOWN'],
    [{ 'upload-length': '5', ...named, 'tus-resumable': '0.2.2' }, 412, 'TUS_VERSION_UNSUPPORTED'],
  ];
  for (const [headers, status, code] of cases) {
    const answer = await post(headers);
    expect([headers, answer.statusCode, answer.json().code]).toEqual([headers, status, code]);
  }
  expect((await patch(await begun(5), 0, Buffer.from('12345'), {}, { 'content-type': 'application/json' })).statusCode).toBe(415);
});

test('nothing of it lies readable in the store, and after a day nothing of it lies there at all', async () => {
  const secret = `诊断：${randomUUID()}`;
  const content = Buffer.concat([PDF, Buffer.from(`%${secret.repeat(20)}`)]);
  const url = await begun(content.length, { filename: `${secret}.pdf` });
  await patch(url, 0, content.subarray(0, -1));
  const { rows } = await api.database.query<{ row: string; key: string }>(
    'SELECT p::text AS row, c.storage_key AS key FROM upload p JOIN upload_chunk c ON c.upload_id = p.id WHERE p.id = $1',
    [idOf(url)],
  );
  const key = rows[0]?.key ?? '';
  const sealed = await api.deps.documents.get(key);
  expect(sealed?.includes(Buffer.from(secret))).toBe(false);
  expect(sealed?.includes(PDF.subarray(0, 40))).toBe(false);
  expect(rows[0]?.row).not.toContain(Buffer.from(secret).toString('hex'));

  api.time.now = new Date(NOW.getTime() + 24 * 3_600_000);
  expect((await head(url)).statusCode).toBe(404);
  expect((await patch(url, content.length - 1, content.subarray(-1))).statusCode).toBe(404);
  const worker = openDatabase({ url: api.workerUrl, vault: testVault() });
  const { eraseDue } = retentionActivities({ database: worker, documents: api.deps.documents, clockwork: api.deps.clockwork });
  const { rows: before } = await api.database.query<{ count: number }>('SELECT count(*) AS count FROM upload');
  expect(await eraseDue({ at: new Date(NOW.getTime() + 24 * 3_600_000 + 1).toISOString() })).toEqual({ UPLOADS: before[0]?.count });
  await worker.close();
  api.time.now = NOW;
  expect(await api.deps.documents.get(key)).toBeUndefined();
  const left = await api.database.query('SELECT 1 FROM upload');
  expect(left.rows).toEqual([]);
});

import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const pdf = () => Buffer.concat([PDF.subarray(0, 9), Buffer.from(`%${randomUUID()}\n`), PDF.subarray(9)]);

test('a file is kept as it came, with its hashes and what its content says it is', async () => {
  const content = pdf();
  const answer = await api.upload({ content, name: '发票 "1".png', type: 'application/octet-stream', unitCode: 'SJZ' });
  expect(answer.statusCode, answer.body).toBe(201);
  const stored = answer.json();
  expect(stored).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    unitCode: 'SJZ',
    fileName: expect.any(String),
    mediaType: 'application/pdf',
    sizeBytes: content.length,
    pages: 1,
    notes: [],
    sha256: createHash('sha256').update(content).digest('hex'),
    sm3: createHash('sm3').update(content).digest('hex'),
    createdAt: '2026-11-18T01:30:00.000Z',
  });
  expect(answer.headers['location']).toBe(`/v1/documents/${stored.id}`);
  expect((await api.call({ url: `/v1/documents/${stored.id}` })).json()).toEqual(stored);
  const got = await api.call({ url: `/v1/documents/${stored.id}/content` });
  expect(got.rawPayload.equals(content)).toBe(true);
  expect(got.headers).toMatchObject({
    'content-type': 'application/pdf',
    'content-length': String(content.length),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-store',
    'content-disposition': expect.stringMatching(/^attachment; filename\*=UTF-8''/),
  });
});

test('the file name survives in Chinese, and paths in it are names like any other', async () => {
  const answer = await api.upload({ content: pdf(), name: '../../发票.pdf' });
  expect(answer.statusCode, answer.body).toBe(201);
  expect(answer.json().fileName).not.toContain('..');
  expect((await api.upload({ content: pdf(), name: '电子发票（普通发票）.pdf' })).json().fileName).toBe('电子发票（普通发票）.pdf');
});

test('the same key and file: the same document; another file: refused', async () => {
  const content = pdf();
  const key = randomUUID();
  const first = await api.upload({ content, key });
  const again = await api.upload({ content, key });
  expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([201, first.body, 'true']);
  expect((await api.upload({ content: pdf(), key })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await api.upload({ content, key, unitCode: 'BJ' })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await api.upload({ content, key: null })).json().code).toBe('IDEMPOTENCY_KEY_MISSING');
});

test('the same content is known again, and each document has its own file and key', async () => {
  const content = pdf();
  for (const unitCode of ['SJZ', 'SJZ', 'BJ']) expect((await api.upload({ content, unitCode })).statusCode).toBe(201);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { rows } = await api.database.query<{ key: string; content: string; wrapped: string }>(
    `SELECT storage_key AS key, encode(content_index, 'hex') AS content, encode(wrapped_key, 'hex') AS wrapped FROM document WHERE sha256 = $1`,
    [sha256],
  );
  expect([
    rows.length,
    new Set(rows.map((row) => row.key)).size,
    new Set(rows.map((row) => row.wrapped)).size,
    new Set(rows.map((row) => row.content)).size,
  ]).toEqual([3, 3, 3, 1]);
  for (const { key, content: index } of rows) {
    expect([key.includes(sha256), index.includes(sha256)]).toEqual([false, false]);
    expect((await api.deps.documents.stat(key))?.sizeBytes).toBeGreaterThan(content.length);
  }
});

describe('refused, with nothing stored', () => {
  const mebibytes = (count: number) => Buffer.concat([PDF, Buffer.alloc(count * 1024 * 1024)]);
  test.each([
    ['an empty file', { content: Buffer.alloc(0) }, 422, 'DOCUMENT_EMPTY'],
    ['a program called .pdf', { content: Buffer.from('MZ\u0090\u0000'), name: 'a.pdf', type: 'application/pdf' }, 415, 'DOCUMENT_TYPE_REFUSED'],
    ['a page', { content: Buffer.from('<!DOCTYPE html><html><script>1</script></html>'), name: 'a.xml' }, 415, 'DOCUMENT_TYPE_REFUSED'],
    ['a PDF that says it is a picture', { content: PDF, type: 'image/png' }, 422, 'DOCUMENT_CONTENT_MISMATCH'],
    ['half a PDF', { content: PDF.subarray(0, 30) }, 422, 'DOCUMENT_CONTENT_MISMATCH'],
    ['entities', { content: Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') }, 422, 'DOCUMENT_SUSPICIOUS'],
    ['more than 20 MB', { content: mebibytes(20) }, 413, 'BODY_TOO_LARGE'],
    ['much more than 20 MB', { content: mebibytes(25) }, 413, 'BODY_TOO_LARGE'],
    ['an unknown unit', { content: PDF, unitCode: 'NONE' }, 422, 'UNIT_UNKNOWN'],
    ['a unit code that is none', { content: PDF, unitCode: '../x' }, 400, 'VALIDATION_FAILED'],
    ['a file without a name', { content: PDF, name: '' }, 400, 'VALIDATION_FAILED'],
  ] as const)('%s', async (_what, file, status, code) => {
    const before = await api.countRows();
    const answer = await api.upload(file);
    expect([answer.statusCode, answer.json().code], answer.body).toEqual([status, code]);
    expect(await api.countRows()).toEqual(before);
  });

  const part = (name: string, content: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
  const file = (name: string) => `--b\r\ncontent-disposition: form-data; name="${name}"; filename="a.pdf"\r\n\r\n${PDF.toString('latin1')}\r\n`;
  test.each([
    ['no parts', '--b--\r\n', 400],
    ['only fields', `${part('unitCode', 'SJZ')}--b--`, 400],
    ['the file under another name', `${file('document')}--b--`, 400],
    ['two files', `${file('file')}${file('file')}--b--`, 413],
    ['an unknown part', `${part('surprise', '1')}${file('file')}--b--`, 400],
    ['a prototype', `${part('__proto__', '1')}${file('file')}--b--`, 400],
    ['parts without end', file('file'), 400],
    ['a field beyond bounds', `${part('unitCode', 'x'.repeat(5_000))}${file('file')}--b--`, 400],
  ])('%s', async (_what, payload, status) => {
    const before = await api.countRows();
    const headers = { authorization: `Bearer ${api.tokens.HQ}`, 'idempotency-key': randomUUID(), 'content-type': 'multipart/form-data; boundary=b' };
    const answer = await api.app.inject({ method: 'POST', url: '/v1/documents', headers, payload: Buffer.from(payload, 'latin1') });
    expect(answer.statusCode, answer.body).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(await api.countRows()).toEqual(before);
  });

  test('JSON instead of an upload', async () => {
    const answer = await api.call({ method: 'POST', url: '/v1/documents', body: { file: 'x' } });
    expect([answer.statusCode, answer.json().code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

describe('who sees a file', () => {
  const read = async (id: string, call: { as?: string; token?: string }) => [
    (await api.call({ url: `/v1/documents/${id}`, ...call })).statusCode,
    (await api.call({ url: `/v1/documents/${id}/content`, ...call })).statusCode,
  ];

  test('another branch: as if it were not there', async () => {
    const { id } = (await api.upload({ content: pdf(), unitCode: 'BJ' })).json();
    // another machine sees what it looks like; the file goes back to whoever brought it
    expect(await read(id, { token: api.tokens.BJ })).toEqual([200, 400]);
    expect(await read(id, { token: api.tokens.HQ })).toEqual([200, 200]);
    expect(await read(id, { token: api.tokens.SJZ })).toEqual([404, 404]);
    expect((await api.upload({ content: PDF, unitCode: 'BJ', token: api.tokens.SJZ })).json().code).toBe('UNIT_UNKNOWN');
    expect((await api.call({ url: '/v1/documents/not-a-uuid' })).json().code).toBe('NOT_FOUND');
  });

  test('a person: what he or she uploaded, what the own claims have, what a role opens', async () => {
    const mine = (await api.upload({ content: pdf(), as: 'E1' })).json();
    expect(mine.unitCode).toBe('SJZ-01');
    expect(await read(mine.id, { as: 'E1' })).toEqual([200, 200]);
    expect(await read(mine.id, { as: 'E4' })).toEqual([404, 404]);
    const theirs = (await api.upload({ content: pdf(), unitCode: 'SJZ' })).json();
    expect(await read(theirs.id, { as: 'E1' })).toEqual([404, 404]);
    const claim = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents: [{ documentId: theirs.id, kind: 'INVOICE' }] }) });
    expect(claim.statusCode, claim.body).toBe(201);
    expect(await read(theirs.id, { as: 'E1' })).toEqual([200, 200]);
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'auditor' });
    expect(await read(mine.id, { as: 'E4' })).toEqual([200, 200]);
    expect((await api.upload({ content: pdf(), as: 'E1', unitCode: 'SJZ' })).json().code).toBe('FORBIDDEN');
  });

  test('filed with a claim, a document that head office brought is seen by who looks after the claim, and by no other branch', async () => {
    const { id, unitCode } = (await api.upload({ content: pdf() })).json();
    expect(unitCode).toBe('HQ');
    await api.giveRole({ employee: 'E3', unit: 'SJZ', role: 'hr' });
    await api.giveRole({ employee: 'E2', unit: 'BJ', role: 'hr' });
    expect(await read(id, { as: 'E3' })).toEqual([404, 404]);
    const claim = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents: [{ documentId: id, kind: 'INVOICE' }] }) });
    expect(claim.statusCode, claim.body).toBe(201);
    expect(await read(id, { as: 'E3' })).toEqual([200, 200]);
    expect(await read(id, { as: 'E2' })).toEqual([404, 404]);
  });

  test('a row whose content is gone is not found, and nothing breaks', async () => {
    const { id } = (await api.upload({ content: pdf() })).json();
    await api.database.query(`UPDATE document SET storage_key = unit_id || '/' || repeat('0', 64) WHERE id = $1`, [id]);
    expect(await read(id, {})).toEqual([200, 404]);
  });
});

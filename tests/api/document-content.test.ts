import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePdf } from '#dev/sample-pdf.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { MARK, photo } from '../platform/render/files.ts';
import { eventually } from '../stack/eventually.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

/** What is kept of a document, who can open it, and what others are shown in its stead. */
let api: TestApi;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daozhang-originals-'));
  api = await startTestApi({ documents: fileDocumentStore(dir) });
});
afterAll(async () => {
  await api?.close();
  await rm(dir, { recursive: true, force: true });
});

const XML = () => Buffer.from(`<?xml version="1.0"?><a id="${randomUUID()}">${MARK}</a>`);
const upload = async (content: Buffer = XML(), more: { as?: string; unitCode?: string } = {}): Promise<string> => {
  const answer = await api.upload({ content, name: 'a.xml', unitCode: 'SJZ', ...more });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().id;
};
const claim = (documents: { documentId: string; kind: string }[], employeeNo = 'E1') =>
  api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents, employeeNo }) });
const attached = async (documents: { documentId: string; kind: string }[]): Promise<string> => {
  const answer = await claim(documents);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().number;
};
const get = (id: string, what: string, call: { as?: string; token?: string } = {}) => api.call({ url: `/v1/documents/${id}/${what}`, ...call });
const codeOf = async (id: string, what: string): Promise<unknown[]> => {
  const answer = await get(id, what);
  return answer.statusCode === 200 ? [200] : [answer.statusCode, answer.json().code];
};
type Row = { path: string; wrapped: Buffer; person: string | null; purpose: string | null };
const row = async (id: string): Promise<Row> => {
  const { rows } = await api.database.query<Row & { key: string }>(
    'SELECT storage_key AS key, wrapped_key AS wrapped, key_employee_id AS person, key_purpose AS purpose FROM document WHERE id = $1',
    [id],
  );
  const [found] = rows;
  if (!found) throw new Error('no such document');
  const [unit = '', hash = ''] = found.key.split('/');
  return { ...found, path: join(dir, unit, hash.slice(0, 2), hash) };
};
const files = async (): Promise<string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

describe('at rest', () => {
  test('a file in the store says nothing: neither its bytes nor its name', async () => {
    const id = await upload();
    const { path } = await row(id);
    const sealed = await readFile(path);
    for (const trace of [MARK, '<?xml', '<a id']) expect(sealed.includes(trace), trace).toBe(false);
    expect(path).not.toContain(id);
    expect((await get(id, 'content')).body).toContain(MARK);
  });

  test('a request sent again, and one that is refused, leave no file', async () => {
    const [content, key] = [XML(), randomUUID()];
    await api.upload({ content, key });
    const before = await files();
    expect((await api.upload({ content, key })).headers['idempotent-replayed']).toBe('true');
    expect((await api.upload({ content: XML(), key })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await api.upload({ content: Buffer.from('<a>') })).json().code).toBe('DOCUMENT_CONTENT_MISMATCH');
    expect(await files()).toEqual(before);
  });

  test.each<[string, (one: string, other: string) => Promise<void>]>([
    [
      'two files that changed names',
      async (one, other) => {
        await rename(one, `${one}.x`);
        await rename(other, one);
        await rename(`${one}.x`, other);
      },
    ],
    ['a file under the name of another one', async (one, other) => writeFile(one, await readFile(other))],
    [
      'one bit',
      async (one) => {
        const sealed = await readFile(one);
        await writeFile(one, sealed.with(40, (sealed[40] ?? 0) ^ 1));
      },
    ],
    ['a file cut off', async (one) => writeFile(one, (await readFile(one)).subarray(0, -1))],
    ['a file of nothing', async (one) => writeFile(one, '')],
  ])('%s: noticed, and nothing given out', async (_what, damage) => {
    const [one, other] = [await upload(), await upload()];
    await damage((await row(one)).path, (await row(other)).path);
    expect(await codeOf(one, 'content')).toEqual([500, 'DOCUMENT_DAMAGED']);
    expect(await codeOf(one, 'preview')).toEqual([500, 'DOCUMENT_DAMAGED']);
  });

  test('a key that was put beside another document opens nothing', async () => {
    const [one, other] = [await upload(), await upload()];
    await api.database.query('UPDATE document SET wrapped_key = (SELECT wrapped_key FROM document WHERE id = $2) WHERE id = $1', [one, other]);
    expect(await codeOf(one, 'content')).toEqual([500, 'DOCUMENT_DAMAGED']);
    expect(await codeOf(other, 'content')).toEqual([200]);
    await writeFile((await row(one)).path, await readFile((await row(other)).path));
    expect(await codeOf(one, 'content')).toEqual([500, 'DOCUMENT_DAMAGED']);
  });
});

describe('whose it is', () => {
  test('attached, the key is the claimant’s: of vouchers for accounting, of the rest medical', async () => {
    const [invoice, diagnosis] = [await upload(), await upload()];
    const before = await row(diagnosis);
    expect([before.person, before.purpose]).toEqual([null, null]);
    const number = await attached([
      { documentId: invoice, kind: 'INVOICE' },
      { documentId: diagnosis, kind: 'DIAGNOSIS_CERTIFICATE' },
    ]);
    const after = await row(diagnosis);
    expect([after.person, after.purpose, after.wrapped.equals(before.wrapped)]).toEqual([api.employeeIds.E1, 'medical', false]);
    expect((await row(invoice)).purpose).toBe('accounting');
    for (const id of [invoice, diagnosis]) expect((await get(id, 'content')).body).toContain(MARK);

    const later = await upload();
    const added = await api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents: [{ documentId: later, kind: 'FEE_LIST' }] } });
    expect([added.statusCode, (await row(later)).purpose], added.body).toEqual([201, 'accounting']);
  });

  test('what turns out to be a voucher is kept as one, and stays one', async () => {
    const id = await upload();
    const purposes = [];
    for (const kind of ['OTHER', 'INVOICE', 'OTHER']) {
      await attached([{ documentId: id, kind }]);
      purposes.push((await row(id)).purpose);
    }
    expect(purposes).toEqual(['medical', 'accounting', 'accounting']);
    await expect(api.database.query(`UPDATE document SET key_purpose = 'medical' WHERE id = $1`, [id])).rejects.toThrow();
  });

  test('its name is sealed with it, and read by whoever may', async () => {
    const { id } = (await api.upload({ content: XML(), name: `${MARK}.xml`, unitCode: 'SJZ' })).json();
    const number = await attached([{ documentId: id, kind: 'DIAGNOSIS_CERTIFICATE' }]);
    const { rows } = await api.database.query<{ row: string; name: Buffer }>('SELECT d::text AS row, file_name AS name FROM document d WHERE id = $1', [id]);
    expect([rows[0]?.row.includes(MARK), rows[0]?.name.includes(MARK)]).toEqual([false, false]);
    expect((await api.call({ url: `/v1/documents/${id}` })).json().fileName).toBe(`${MARK}.xml`);
    expect((await api.call({ url: `/v1/claims/${number}` })).json().documents).toMatchObject([{ documentId: id, fileName: `${MARK}.xml` }]);
    const added = { documents: [{ documentId: await upload(), kind: 'FEE_LIST' }] };
    const answer = await api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: added });
    expect(
      answer
        .json()
        .documents.map(({ fileName }: { fileName: string }) => fileName)
        .toSorted(),
    ).toEqual([`${MARK}.xml`, 'a.xml'].toSorted());
  });

  test('it is not attached to somebody else’s claim', async () => {
    const id = await upload();
    await attached([{ documentId: id, kind: 'INVOICE' }]);
    const before = await api.countRows();
    const other = await claim([{ documentId: id, kind: 'INVOICE' }], 'E4');
    expect([other.statusCode, other.json()]).toMatchObject([422, { code: 'DOCUMENT_OF_ANOTHER', params: { documents: [id] } }]);
    expect(await api.countRows()).toEqual(before);
    await expect(api.database.query('UPDATE document SET key_employee_id = $2 WHERE id = $1', [id, api.employeeIds.E4])).rejects.toThrow();
  });

  test('two claims of two people that want it at once: one gets it', async () => {
    const id = await upload();
    const waiting = async (): Promise<number> => {
      const { rows } = await api.database.query<{ n: number }>(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.n ?? 0;
    };
    const asked = await api.database.write(async (tx) => {
      await tx.query('SELECT FROM document WHERE id = $1 FOR NO KEY UPDATE', [id]);
      const both = ['E1', 'E4'].map((employeeNo) => claim([{ documentId: id, kind: 'INVOICE' }], employeeNo));
      await eventually(async () => (await waiting()) === 2);
      return { both };
    });
    const answers = await Promise.all(asked.both);
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 422]);
  });

  test('with the medical key of a person everything medical is gone, and the vouchers stay', async () => {
    const [invoice, diagnosis] = [await upload(), await upload()];
    const answer = await claim(
      [
        { documentId: invoice, kind: 'INVOICE' },
        { documentId: diagnosis, kind: 'DISCHARGE_SUMMARY' },
      ],
      'E4',
    );
    expect(answer.statusCode, answer.body).toBe(201);
    expect([await codeOf(diagnosis, 'content'), await codeOf(diagnosis, 'preview')]).toEqual([[200], [200]]);
    await api.database.query(
      `UPDATE person_key SET wrapped = NULL, master_key_id = NULL, destroyed_at = now() WHERE employee_id = $1 AND purpose = 'medical'`,
      [api.employeeIds.E4],
    );
    api.deps.database.vault.forget('medical', api.employeeIds.E4);
    expect([await codeOf(diagnosis, 'content'), await codeOf(diagnosis, 'preview')]).toEqual([
      [410, 'ERASED'],
      [410, 'ERASED'],
    ]);
    expect((await api.call({ url: `/v1/documents/${diagnosis}` })).json().fileName).toBeNull();
    const { documents } = (await api.call({ url: `/v1/claims/${answer.json().number}` })).json();
    const nameOf = (id: string) => documents.find(({ documentId }: { documentId: string }) => documentId === id).fileName;
    expect([nameOf(invoice), nameOf(diagnosis)]).toEqual(['a.xml', null]);
    expect(await codeOf(invoice, 'content')).toEqual([200]);
    expect((await claim([{ documentId: await upload(), kind: 'OTHER' }], 'E4')).statusCode).toBeGreaterThanOrEqual(400);
  });
});

describe('who gets the file, and who sees what it looks like', () => {
  const both = async (id: string, call: { as?: string; token?: string }) => [
    (await get(id, 'preview', call)).statusCode,
    (await get(id, 'content', call)).statusCode,
  ];

  test('the claimant, HR, auditors and whoever brought it; the others a picture; strangers nothing', async () => {
    const id = await upload();
    expect(await both(id, { token: api.tokens.HQ })).toEqual([200, 200]);
    expect(await both(id, { token: api.tokens.SJZ })).toEqual([200, 400]);
    expect(await both(id, { token: api.tokens.BJ })).toEqual([404, 404]);
    expect(await both(id, { as: 'E1' })).toEqual([404, 404]);
    await attached([{ documentId: id, kind: 'INVOICE' }]);
    expect(await both(id, { as: 'E1' })).toEqual([200, 200]);
    for (const [role, expected] of [
      ['approver', [200, 403]],
      ['finance', [200, 403]],
      ['operator', [404, 404]],
      ['admin', [404, 404]],
      ['auditor', [200, 200]],
      ['hr', [200, 200]],
    ] as const) {
      await api.database.query('DELETE FROM role_assignment');
      await api.giveRole({ employee: 'E4', unit: 'SJZ', role });
      expect([role, await both(id, { as: 'E4' })]).toEqual([role, expected]);
    }
    await api.database.query('DELETE FROM role_assignment');
  });

  test('each look at somebody’s document is recorded, one’s own are none', async () => {
    const id = await upload();
    await get(id, 'preview');
    await attached([{ documentId: id, kind: 'INVOICE' }]);
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
    for (const as of ['E1', 'E4']) for (const what of ['preview', 'content']) expect((await get(id, what, { as })).statusCode).toBe(200);
    const { rows } = await api.database.query<{ who: string; what: string }>(
      `SELECT actor ->> 'id' AS who, detail ->> 'what' AS what FROM audit_entry WHERE employee_id = $1 AND detail ->> 'what' LIKE '%' || $2 ORDER BY id`,
      [api.employeeIds.E1, id],
    );
    expect(rows).toEqual(['preview', 'content'].map((what) => ({ who: api.employeeIds.E4, what: `document.${what}/${id}` })));
    await api.database.query('DELETE FROM role_assignment');
  });

  test('a picture is given out harmless and without what it carried along; the file in the letters of its name', async () => {
    const original = photo({ orientation: 6 });
    const { id } = (await api.upload({ content: original, name: "发票 (1)'.jpg" })).json();
    const shown = await get(id, 'preview');
    const harmless = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'private, no-store' };
    expect(shown.headers).toMatchObject({ ...harmless, 'content-type': 'image/jpeg', 'content-disposition': 'inline' });
    for (const trace of [MARK, 'Exif', 'xmpmeta']) expect(shown.rawPayload.includes(trace), trace).toBe(false);
    const given = await get(id, 'content');
    expect(given.rawPayload.equals(original)).toBe(true);
    expect(given.headers).toMatchObject({
      ...harmless,
      'content-type': 'image/jpeg',
      'content-disposition': "attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8%20%281%29%27.jpg",
    });
    const text = await get(await upload(), 'preview');
    expect(text.headers).toMatchObject({ ...harmless, 'content-type': 'text/plain; charset=utf-8' });
  });

  test.each([
    ['preview?page=2', 404, 'DOCUMENT_PAGE_UNKNOWN'],
    ['preview?page=0', 400, 'VALIDATION_FAILED'],
    ['preview?page=1&size=9', 400, 'VALIDATION_FAILED'],
  ])('%s', async (what, status, code) => {
    const { id } = (await api.upload({ content: Buffer.from(samplePdf('x')) })).json();
    expect(await codeOf(id, what)).toEqual([status, code]);
  });
});

test('while files cannot be read: to be sent again, nothing kept, and everything else goes on', async () => {
  const away = await startTestApi({ renderer: openRenderer({ child: '/nowhere.ts' }) });
  try {
    const answer = await away.upload({ content: XML() });
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { code: 'DOCUMENT_READER_UNAVAILABLE', retryable: true }]);
    expect((await away.countRows())['document']).toBe(0);
    expect((await away.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).statusCode).toBe(201);
  } finally {
    await away.close();
  }
});

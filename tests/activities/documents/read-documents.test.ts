import { randomBytes, randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readingActivities } from '#activities/documents/read-documents.ts';
import { createActivities } from '#activities/index.ts';
import { BILLS } from '#dev/bills/bill.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { openRenderer, type Renderer } from '#platform/render/renderer.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { sealDocument } from '#prisma/queries/document-keys.ts';
import { insertDocument } from '#prisma/queries/documents.ts';
import { erasePersonMedical } from '#prisma/queries/erasure.ts';
import { eraseMedicalContent } from '#prisma/queries/medical-erasure.ts';
import { readReadings } from '#prisma/queries/readings.ts';
import { READ_ATTEMPTS } from '#workflows/reading.messages.ts';
import { claimBody, NOW, PDF, startTestApi, type TestApi } from '../../api/support.ts';
import { lockedPdf, pdf } from '../../platform/render/files.ts';
import { testAudit } from '../../setup/audit.ts';
import { testVault } from '../../setup/vault.ts';
import { eventually } from '../../stack/eventually.ts';

const XML = Buffer.from(structuredXml(BILLS.outpatient));
/** A tax invoice by the letters on it, as the process that reads them answers. */
const LETTERS = { drafts: [{ source: 'ocr', fields: { number: { value: '83089647', confidence: 0.8 }, amount: { value: '526.00', confidence: 0.7 } } }] };

let api: TestApi;
let worker: Database;
const renderer = openRenderer();
let runs = 0;
let fails: 'DOCUMENT_READER_UNAVAILABLE' | 'DOCUMENT_SUSPICIOUS' | undefined;
const files: Renderer = {
  run(task) {
    runs += 1;
    return fails ? Promise.resolve({ ok: false, code: fails }) : renderer.run(task);
  },
  close: () => renderer.close(),
};
const letters: Renderer = { run: async () => ({ ok: true, data: LETTERS, content: Buffer.alloc(0) }), close: async () => undefined };

beforeAll(async () => {
  api = await startTestApi();
  worker = openDatabase({ url: api.workerUrl, vault: testVault(), group: 'daozhang_worker' });
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
  await renderer.close();
});

const activities = () => readingActivities({ database: worker, documents: api.deps.documents, readers: { files, letters }, now: () => NOW });
const inActivity = <T>(work: () => Promise<T>, attempt = 1): Promise<T> => new MockActivityEnvironment({ attempt }).run(work);
const readOne = (documentId: string, attempt?: number) => inActivity(() => activities().readDocument({ documentId }), attempt);

async function upload(content: Buffer): Promise<string> {
  const answer = await api.upload({ content, unitCode: 'SJZ' });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().id;
}
/** An invoice that nothing else is like. */
const bill = (): Buffer => Buffer.concat([XML, Buffer.from(`<!-- ${randomUUID()} -->`)]);
async function submit(documents: { documentId: string; kind: string }[], employeeNo = 'E1', more: Record<string, unknown> = {}): Promise<string> {
  const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents, employeeNo, ...more }) });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().number;
}
const readings = (claimNumber: string) => worker.write((tx) => readReadings(tx, { claimNumber }));
const rows = async (id: string) => (await api.database.query('SELECT FROM document_reading WHERE document_id = $1', [id])).rowCount;

test('the invoices of a claim are read once, and nothing else of it', async () => {
  const [first, second, list] = [await upload(bill()), await upload(bill()), await upload(PDF)];
  const number = await submit([
    { documentId: first, kind: 'INVOICE' },
    { documentId: second, kind: 'INVOICE' },
    { documentId: list, kind: 'FEE_LIST' },
  ]);
  expect(await readings(number)).toEqual([]);
  runs = 0;
  const read = () => inActivity(() => activities().readClaimInvoices({ claimNumber: number }));
  const at = await Promise.all([read(), read(), readOne(first)]);
  expect(runs).toBe(2);
  expect([at[0].failed, at[1].failed]).toEqual([0, 0]);
  expect(await read()).toEqual({ read: 0, failed: 0 });
  const found = await readings(number);
  expect(found.map(({ documentId, kind, reading }) => [documentId, kind, reading.kind, reading.fields.amount.value]).toSorted()).toEqual(
    [first, second].toSorted().map((id) => [id, 'INVOICE', 'XML', '386.45']),
  );
});

test('what is gone or damaged has failed and holds up no other', async () => {
  const [damaged, whole] = [await upload(bill()), await upload(bill())];
  const number = await submit([
    { documentId: damaged, kind: 'INVOICE' },
    { documentId: whole, kind: 'INVOICE' },
  ]);
  await api.database.query('UPDATE document SET storage_key = (SELECT storage_key FROM document WHERE id = $2) WHERE id = $1', [damaged, whole]);
  expect(await inActivity(() => activities().readClaimInvoices({ claimNumber: number }))).toEqual({ read: 1, failed: 1 });
  expect((await readings(number)).map(({ documentId }) => documentId)).toEqual([whole]);
  expect(await readOne(randomUUID())).toBe('GONE');
});

test('a hostile file ends in a finding; a reader that cannot is tried again, and its last try is kept', async () => {
  const [hostile, unlucky] = [await upload(bill()), await upload(bill())];
  const number = await submit([
    { documentId: hostile, kind: 'INVOICE' },
    { documentId: unlucky, kind: 'OTHER' },
  ]);
  try {
    fails = 'DOCUMENT_SUSPICIOUS';
    expect(await readOne(hostile)).toBe('READ');
    fails = 'DOCUMENT_READER_UNAVAILABLE';
    await expect(readOne(unlucky)).rejects.toThrow('tried again');
    expect(await rows(unlucky)).toBe(0);
    expect(await readOne(unlucky, READ_ATTEMPTS)).toBe('READ');
  } finally {
    fails = undefined;
  }
  const codes = (await readings(number)).map(({ documentId, reading }) => [documentId, reading.findings.map(({ code }) => code)]);
  expect(new Map(codes as [string, string[]][])).toEqual(
    new Map([
      [hostile, ['DOCUMENT_SUSPICIOUS']],
      [unlucky, ['DOCUMENT_READER_UNAVAILABLE']],
    ]),
  );
});

test('when what is medical of a claim is erased its readings go, of vouchers as well, and are not made again', async () => {
  const [voucher, record] = [await upload(bill()), await upload(bill())];
  const number = await submit([
    { documentId: voucher, kind: 'INVOICE' },
    { documentId: record, kind: 'FEE_LIST' },
  ]);
  expect([await readOne(voucher), await readOne(record), await rows(voucher), await rows(record)]).toEqual(['READ', 'READ', 1, 1]);
  await worker.write((tx) => eraseMedicalContent(tx, { claims: [{ number, coarse: 'OUTPATIENT' }], at: NOW }));
  expect([await rows(voucher), await rows(record)]).toEqual([0, 0]);
  const asked = await api.call({ method: 'POST', url: `/v1/documents/${voucher}/reading` });
  expect([asked.statusCode, asked.json().code]).toEqual([410, 'ERASED']);
  await readOne(voucher);
  expect([await rows(voucher), await inActivity(() => activities().readClaimInvoices({ claimNumber: number }))]).toEqual([0, { read: 0, failed: 0 }]);
});

test('a reading that was made while its claim was being erased is not stored after it', async () => {
  const [voucher, record] = [await upload(bill()), await upload(bill())];
  const number = await submit([
    { documentId: voucher, kind: 'INVOICE' },
    { documentId: record, kind: 'DIAGNOSIS_CERTIFICATE' },
  ]);
  const waiting = async () =>
    (await api.database.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO document_reading%'`)).rowCount === 2;
  let stored: Promise<unknown> | undefined;
  await worker.write(async (tx) => {
    await tx.query('SELECT FROM claim WHERE number = $1 FOR UPDATE', [number]);
    await eraseMedicalContent(tx, { claims: [{ number, coarse: 'OUTPATIENT' }], at: NOW });
    stored = Promise.all([readOne(voucher), readOne(record)]);
    await Promise.race([stored, eventually(waiting)]);
  });
  await stored;
  expect([await rows(voucher), await rows(record)]).toEqual([0, 0]);
});

describe('a document behind a password, and one of 500 pages', () => {
  const hopeless = { DOCUMENT_ENCRYPTED: lockedPdf({ password: 'x' }), DOCUMENT_TOO_MANY_PAGES: pdf({ pages: `/Kids [${'3 0 R '.repeat(500)}] /Count 500` }) };

  test('are refused where somebody uploads them', async () => {
    for (const [code, content] of Object.entries(hopeless))
      expect((await api.upload({ content, unitCode: 'SJZ' })).json()).toMatchObject({ status: 422, code });
  });

  test('that are there all the same, from before that was looked at: a finding each, and the claim goes on', async () => {
    const ids = await Promise.all(Object.values(hopeless).map(storeAsItIs));
    const papers = ['FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD', 'IDENTITY_CARD'].map(async (kind) => ({ documentId: await upload(bill()), kind }));
    const documents = [...ids.map((documentId) => ({ documentId, kind: 'INVOICE' })), ...(await Promise.all(papers))];
    const number = await submit(documents, 'E1', { treatedRegion: '130102', circumstances: [] });
    expect(await inActivity(() => activities().readClaimInvoices({ claimNumber: number }))).toEqual({ read: 2, failed: 0 });
    const found = (await readings(number)).map(({ documentId, reading }) => [documentId, reading.kind, reading.findings.map(({ code }) => code)]);
    expect(new Map(found.map(([id, ...rest]) => [id, rest]))).toEqual(
      new Map([
        [ids[0], ['PDF', ['DOCUMENT_ENCRYPTED']]],
        [ids[1], ['PDF', ['DOCUMENT_TOO_MANY_PAGES']]],
      ]),
    );
    const intake = createActivities({
      ...{ database: worker, bureaus: new Map(), banks: new Map(), institutionCode: api.deps.gateways.institution.code, clockwork: api.deps.clockwork },
      ...{ audit: await testAudit(), documents: api.deps.documents, policies: api.deps.policies, reads: true },
    });
    const { view } = await intake.runIntake({ claimNumber: number, seq: 1, at: NOW.toISOString() });
    expect(view.state).toBe('SENT_TO_BUREAU');
    const { items } = (await api.call({ url: `/v1/claims/${number}/findings`, as: 'E1' })).json<{ items: Record<string, unknown>[] }>();
    const unreadable = items.filter(({ about }) => about === 'UNREADABLE').map(({ code, blocking, documentId }) => [code, blocking, documentId]);
    expect(unreadable.toSorted()).toEqual(ids.map((id) => ['NOT_VERIFIED', false, id]).toSorted());
  });

  async function storeAsItIs(content: Buffer): Promise<string> {
    const [id, unitId, hash] = [randomUUID(), api.unitIds.SJZ, randomBytes(32)];
    const { key, sealed, sealedName } = await sealDocument(api.database.vault, { id, content, fileName: 'bill.pdf' });
    const storageKey = `${unitId}/${hash.toString('hex')}`;
    await api.deps.documents.put(storageKey, sealed);
    const about = {
      unitId,
      sha256: 'a',
      sm3: 'b',
      contentIndex: hash,
      mediaType: 'application/pdf',
      sizeBytes: content.length,
      pages: 1,
      notes: [],
      pictureHashes: [],
    };
    await api.database.write((tx) => insertDocument(tx, { ...key, ...about, sealedName, storageKey, uploadedBy: 'test', createdAt: NOW }));
    return id;
  }
});

test('a person’s medical key opens the readings of that person’s papers, and no other key does', async () => {
  const record = await upload(bill());
  const number = await submit([{ documentId: record, kind: 'DIAGNOSIS_CERTIFICATE' }], 'E4');
  await readOne(record);
  expect(await readings(number)).toHaveLength(1);
  await worker.write((tx) => erasePersonMedical(tx, api.employeeIds.E4));
  expect([await readings(number), await rows(record)]).toEqual([[], 1]);
  expect(await readOne(record)).toBe('GONE');
});

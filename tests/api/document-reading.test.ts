import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILLS } from '#dev/bills/bill.ts';
import { billPhoto } from '#dev/bills/picture.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { openRenderer, type Renderer } from '#platform/render/renderer.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

const letters = openLetterReader();
const renderer = openRenderer();
let isAway = false;
const leaving: Renderer = {
  run: (task) => (isAway ? Promise.resolve({ ok: false, code: 'DOCUMENT_READER_UNAVAILABLE' }) : renderer.run(task)),
  close: () => renderer.close(),
};
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ letters, renderer: leaving });
});
afterAll(async () => {
  await api?.close();
  await letters?.close();
});

async function upload(content: Buffer): Promise<string> {
  const answer = await api.upload({ content, name: 'bill', unitCode: 'SJZ' });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().id;
}
const read = (id: string, call: { as?: string } = {}) => api.call({ method: 'POST', url: `/v1/documents/${id}/reading`, ...call });

test('a structured bill: every field, its source, and nothing stored', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.outpatient)));
  const answer = await read(id);
  expect(answer.statusCode, answer.body).toBe(200);
  expect(answer.json()).toMatchObject({
    kind: 'XML',
    fields: { number: { value: '0004512783', source: 'xml', confidence: 1 }, amount: { value: '386.45' }, lines: { value: { length: 5 } } },
    findings: [],
  });
  expect((await read(id)).json()).toEqual(answer.json());
});

test('a photograph, by its code and its letters', async () => {
  const { fields } = (await read(await upload(await billPhoto(BILLS.outpatient)))).json();
  expect([fields.number, fields.payer].map(({ value, source }) => [value, source])).toEqual([
    ['0004512783', 'qr'],
    ['陈晓梅', 'ocr'],
  ]);
});

test('what is no invoice is an answer with a finding', async () => {
  const answer = await read(await upload(Buffer.from('<note><to>a</to></note>')));
  expect([answer.statusCode, answer.json().findings.map(({ code }: { code: string }) => code)]).toEqual([200, ['DOC_UNREADABLE']]);
});

test('who may not see a document cannot have it read either; who may leaves an entry of the look', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.inpatient)));
  const claim = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents: [{ documentId: id, kind: 'INVOICE' }], employeeNo: 'E1' }) });
  expect(claim.statusCode, claim.body).toBe(201);
  expect((await read(id, { as: 'E2' })).statusCode).toBe(404);
  expect((await read(id, { as: 'E1' })).statusCode).toBe(200);
  expect((await read(id)).statusCode).toBe(200);
  const { rows } = await api.database.query("SELECT actor->>'type' AS type FROM audit_entry WHERE detail->>'what' = $1", [`document.reading/${id}`]);
  // what people see of themselves is no look
  expect(rows).toEqual([{ type: 'machine' }]);
});

test('a reader that is away is said to be away, and to be asked again', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.digital)));
  isAway = true;
  try {
    const answer = await read(id);
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { code: 'DOCUMENT_READER_UNAVAILABLE', retryable: true }]);
  } finally {
    isAway = false;
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILLS } from '#dev/bills/bill.ts';
import { billPhoto } from '#dev/bills/picture.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { openRenderer, type Renderer } from '#platform/render/renderer.ts';
import { eventually } from '../stack/eventually.ts';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { claimBody } from './support.ts';

/** How often a limited process was started, by task, and how often it could not be, because it `isAway`. */
function counting(inner: Renderer) {
  const counter = {
    isAway: false,
    refused: 0,
    started: {} as Record<string, number>,
    run: (task: Parameters<Renderer['run']>[0]) => {
      if (counter.isAway) {
        counter.refused += 1;
        return Promise.resolve({ ok: false, code: 'DOCUMENT_READER_UNAVAILABLE' } as const);
      }
      counter.started[task.task] = (counter.started[task.task] ?? 0) + 1;
      return inner.run(task);
    },
    close: () => inner.close(),
  };
  return counter;
}

const inApi = counting(openRenderer());
const inReader = counting(openRenderer({ processes: 1 }));
const opened = openLetterReader();
if (!opened) throw new Error('the packages that read letters are not installed');
const letters = counting(opened);
let api: ClaimWorld;
beforeAll(async () => {
  api = await startClaimWorld({ renderer: inApi, updateDeadlineMs: 1_000 });
});
afterAll(async () => {
  await api?.close();
  await Promise.all([inReader.close(), letters.close()]);
});

async function upload(content: Buffer): Promise<string> {
  const answer = await api.upload({ content, name: 'bill', unitCode: 'SJZ' });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().id;
}
const read = (id: string, call: { method?: string; as?: string } = {}) => api.call({ method: 'POST', url: `/v1/documents/${id}/reading`, ...call });
const kept = async (id: string) =>
  (await api.database.query<{ content: Buffer; row: string }>('SELECT content, r::text AS row FROM document_reading r WHERE document_id = $1', [id])).rows;

test('data is read at once, with no reader and no worker; kept sealed, and read once whoever asks and how often', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.outpatient)));
  expect((await read(id, { method: 'GET' })).statusCode).toBe(404);
  const answers = await Promise.all([read(id), read(id), read(id)]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  expect(answers[0]?.json()).toMatchObject({
    ...{ state: 'FINISHED', kind: 'XML', findings: [] },
    fields: { number: { value: '0004512783', source: 'xml', confidence: 1 }, amount: { value: '386.45' }, lines: { value: { length: 5 } } },
  });
  for (const again of [answers[1], answers[2], await read(id), await read(id, { method: 'GET' })]) expect(again?.json()).toEqual(answers[0]?.json());
  expect(inApi.started['read-data']).toBe(1);
  const rows = await kept(id);
  expect(rows).toHaveLength(1);
  for (const said of ['0004512783', '386.45', BILLS.outpatient.payer]) {
    expect(rows[0]?.content.includes(said)).toBe(false);
    expect(rows[0]?.row).not.toContain(said);
  }
});

test('a photograph waits for a reader, is read once by the first that comes, and outlives one that cannot', async () => {
  const id = await upload(await billPhoto(BILLS.outpatient));
  const stopWorker = await api.work();
  const waiting = await Promise.all([read(id), read(id)]);
  expect(waiting.map(({ statusCode, headers, body }) => [statusCode, headers.location, JSON.parse(body)])).toEqual(
    Array.from({ length: 2 }, () => [202, `/v1/documents/${id}/reading`, { state: 'RUNNING' }]),
  );
  expect((await read(id, { method: 'GET' })).statusCode).toBe(202);
  inReader.isAway = true;
  const stopReader = await api.read({ files: inReader, letters });
  await eventually(() => inReader.refused === 1);
  inReader.isAway = false;
  await eventually(async () => (await read(id, { method: 'GET' })).statusCode === 200);
  const body = (await read(id, { method: 'GET' })).json();
  expect([body.state, body.kind, body.fields.number, body.fields.payer]).toMatchObject([
    ...['FINISHED', 'JPEG'],
    { value: '0004512783', source: 'qr' },
    { value: '陈晓梅', source: 'ocr' },
  ]);
  await stopReader();
  await stopWorker();
  // what is kept needs neither
  expect((await read(id)).json()).toEqual(body);
  expect([letters.started['read-letters'], inApi.started['read-image'], (await kept(id)).length]).toEqual([1, undefined, 1]);
});

test('what is no invoice is an answer with a finding', async () => {
  const answer = await read(await upload(Buffer.from('<note><to>a</to></note>')));
  expect([answer.statusCode, answer.json().findings.map(({ code }: { code: string }) => code)]).toEqual([200, ['DOC_UNREADABLE']]);
});

test('who may not see a document cannot have it read either; who may leaves an entry of the look', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.inpatient)));
  const claim = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents: [{ documentId: id, kind: 'INVOICE' }], employeeNo: 'E1' }) });
  expect(claim.statusCode, claim.body).toBe(201);
  const asked = [await read(id, { as: 'E2' }), await read(id, { as: 'E1' }), await read(id), await read(id), await read(id, { method: 'GET' })];
  expect(asked.map(({ statusCode }) => statusCode)).toEqual([404, 200, 200, 200, 200]);
  expect((await read(id, { method: 'GET', as: 'E2' })).statusCode).toBe(404);
  const { rows } = await api.database.query("SELECT actor->>'type' AS type FROM audit_entry WHERE detail->>'what' = $1", [`document.reading/${id}`]);
  // what people see of themselves is no look
  expect(rows).toEqual([{ type: 'machine' }]);
});

test('a limited process that cannot be started is said to be away, and nothing is kept', async () => {
  const id = await upload(Buffer.from(structuredXml(BILLS.digital)));
  inApi.isAway = true;
  try {
    const answer = await read(id);
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { code: 'DOCUMENT_READER_UNAVAILABLE', retryable: true }]);
  } finally {
    inApi.isAway = false;
  }
  expect(await kept(id)).toEqual([]);
  expect((await read(id)).json().fields.number.value).toBe(BILLS.digital.number);
});

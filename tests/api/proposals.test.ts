import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILLS } from '#dev/bills/bill.ts';
import { billPdf } from '#dev/bills/pdf.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const bill = { ...BILLS.outpatient, payer: '员工E1' };
async function upload(content: Buffer, as = 'E1'): Promise<string> {
  const answer = await api.upload({ content, name: 'bill', as });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().id;
}
const propose = (documents: string[], { as = 'E1', employeeNo = 'E1' } = {}) =>
  api.call({ method: 'POST', url: '/v1/claim-proposals', as, body: { employeeNo, documents, kind: 'OUTPATIENT' } });
/** A proposal as a claim: what the page does when the employee has nothing to change. */
const values = (tree: unknown): unknown => {
  if (Array.isArray(tree)) return tree.map(values);
  if (typeof tree !== 'object' || tree === null) return tree;
  return 'check' in tree && 'value' in tree ? tree.value : Object.fromEntries(Object.entries(tree).map(([name, each]) => [name, values(each)]));
};

test('data and page of one bill make the claim, which is taken as it is; nothing of the proposal is stored', async () => {
  const documents = [await upload(Buffer.from(structuredXml(bill))), await upload(await billPdf(bill))];
  const before = await api.countRows();
  const answer = await propose(documents);
  expect(answer.statusCode, answer.body).toBe(200);
  const { claim, findings, documents: states } = answer.json();
  expect(findings).toEqual([]);
  expect(states).toEqual(documents.map((documentId) => ({ documentId, state: 'FINISHED' })));
  expect(claim.invoices).toMatchObject([{ number: { value: '0004512783', source: 'xml', check: false }, amount: { value: '386.45' }, documentIds: documents }]);
  const after = await api.countRows();
  expect(Object.keys(after).filter((table) => after[table] !== before[table])).toEqual(['document_reading']);
  const { invoices, ...rest } = values(claim) as { invoices: { documentIds?: string[] }[] };
  const body = {
    ...rest,
    invoices: invoices.map(({ documentIds: _, ...invoice }) => invoice),
    documents: documents.map((documentId) => ({ documentId, kind: 'INVOICE' })),
  };
  const taken = await api.call({ method: 'POST', url: '/v1/claims', as: 'E1', body });
  expect(taken.statusCode, taken.body).toBe(201);
  expect(taken.json()).toMatchObject({ submittedAmount: '386.45', hospital: { code: 'H13010200017' }, lines: { length: 5 } });
});

test('somebody else’s bill says so, and somebody else’s document is not there', async () => {
  const mine = await upload(Buffer.from(structuredXml({ ...BILLS.inpatient, number: '0000098318' })));
  const differs = (await propose([mine])).json();
  expect(differs.findings).toEqual([{ code: 'PAYER_DIFFERS', field: 'payer', detail: expect.any(String), documentIds: [mine] }]);
  const foreign = await propose([mine], { as: 'E4', employeeNo: 'E4' });
  expect([foreign.statusCode, foreign.json()]).toMatchObject([422, { code: 'DOCUMENT_UNKNOWN', params: { documents: [mine] } }]);
  const forAnother = await propose([mine], { employeeNo: 'E4' });
  expect([forAnother.statusCode, forAnother.json().code]).toEqual([403, 'FORBIDDEN']);
});

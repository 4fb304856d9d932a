import { randomUUID } from 'node:crypto';
import { eventually } from '../run-stack.ts';
import { samplePdf } from '../sample-pdf.ts';
import { crossRegionClaim, submitSample } from '../sample-claims.ts';
import { freshInvoiceNo, giveConsents, HEAD_OFFICE, PEOPLE, seedDirectory } from '../seed.ts';
import type { ApiClient } from '../client.ts';
import { BUREAUS, type Product } from '../stack/product.ts';

/** Names that exist in the API under test: hooks.py puts them into the requests that Schemathesis makes up. */
export type World = {
  units: string[];
  people: string[];
  /** who may decide something */
  actors: string[];
  claims: string[];
  tasks: string[];
  documents: string[];
  bureaus: string[];
  /** changed and moved about, so that the others stay as they are */
  spareUnits: string[];
  sparePeople: string[];
  spareName: string;
  webhookUrl: string;
};

const SPARE_NAME = '试验员';
const APPROVED_FIRST = 'FUZZ20001';
const KINDS = ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'IDENTITY_CARD', 'BANK_CARD', 'OTHER'];
const OUTPATIENT = {
  kind: 'OUTPATIENT',
  circumstances: [],
  treatedRegion: '110000',
  hospital: { code: 'H11010100001', name: '北京示范医院' },
  visit: { start: '2026-01-05', end: '2026-01-05' },
};

/** Fills the API with people, units and claims that wait in different places: at the bureau, for an approval, for material, as drafts, paid, withdrawn. */
export async function makeWorld({ api, product, webhookUrl }: { api: ApiClient; product: Product; webhookUrl: string }): Promise<World> {
  await seedDirectory(api);
  const spareUnits = ['FUZZ-1', 'FUZZ-2', 'FUZZ-3'];
  for (const code of spareUnits) await api.post('/v1/units', { code, name: `试验单位 ${code}`, nameEn: code, parentCode: HEAD_OFFICE.code, region: '130100' });
  const sparePeople = ['FUZZ10001', 'FUZZ10002', 'FUZZ10003'];
  for (const employeeNo of sparePeople) await api.post('/v1/employees', { employeeNo, unitCode: 'FUZZ-1', name: SPARE_NAME, insuredRegion: '130100' });
  // claims of this unit wait for HR before they go to the bureau
  await api.post('/v1/units', { code: 'FUZZ-A', name: '先审单位', nameEn: 'Approves first', parentCode: HEAD_OFFICE.code, region: '110000' });
  await api.post('/v1/units/FUZZ-A/approval-flows', {
    ...{ name: '人事先审', basedOn: 0 },
    steps: [{ name: '人事', mode: 'any', approvers: { kind: 'role', role: 'hr' } }],
  });
  for (const employeeNo of sparePeople) await giveConsents(api, employeeNo);
  await api.post('/v1/employees', { employeeNo: APPROVED_FIRST, unitCode: 'FUZZ-A', name: '周明', insuredRegion: '110000' });
  await giveConsents(api, APPROVED_FIRST);

  const documents: string[] = [];
  for (let n = 0; n < 12; n += 1) documents.push((await api.upload({ name: `${n}.pdf`, content: samplePdf(`document ${n} ${randomUUID()}`) })).id);

  const paid = await submitSample(api, await crossRegionClaim(api));
  await untilState(api, paid.number, 'PAID');
  await hold(product, '130100');
  const [waiting, ...others] = [
    await submitSample(api, await crossRegionClaim(api)),
    await submit(api),
    await submit(api),
    await submit(api, { draft: true }),
    await submit(api, { draft: true }),
  ];
  const withdrawn = await submit(api, { draft: true });
  await api.post(`/v1/claims/${withdrawn.number}/withdraw`, { comment: null }, { as: PEOPLE.claimant.employeeNo });
  await untilState(api, waiting.number, 'IN_REVIEW', 'SENT_TO_BUREAU');
  const forApproval = [];
  for (let n = 0; n < 16; n += 1) {
    // with one invoice in several claims they would be duplicates
    const own = (await api.upload({ name: 'invoice.pdf', content: samplePdf(`invoice ${n} ${randomUUID()}`) })).id;
    forApproval.push(await submit(api, { employeeNo: APPROVED_FIRST, documents: [own, ...documents.slice(1, KINDS.length)] }));
  }
  const tasks = await eventually('tasks to decide', async () => {
    const { items } = await api.get<{ items: { id: string }[] }>('/v1/tasks?limit=100');
    return items.length >= forApproval.length ? items.map(({ id }) => id) : undefined;
  });
  return {
    units: [HEAD_OFFICE.code, 'SJZ', 'SJZ-RD', 'HBL', 'BJ', 'FUZZ-A', ...spareUnits],
    people: [PEOPLE.claimant.employeeNo, PEOPLE.colleague.employeeNo, PEOPLE.hr.employeeNo, APPROVED_FIRST],
    actors: [PEOPLE.hrHead.employeeNo, PEOPLE.headManager.employeeNo, PEOPLE.finance.employeeNo, PEOPLE.claimant.employeeNo],
    claims: [paid, waiting, ...others, withdrawn, ...forApproval].map(({ number }) => number),
    ...{ tasks, documents, bureaus: BUREAUS.map(({ code }) => code), spareUnits, sparePeople, spareName: SPARE_NAME, webhookUrl },
  };
}

function submit(api: ApiClient, about: { employeeNo?: string; draft?: boolean; documents?: string[] } = {}): Promise<{ number: string }> {
  const { employeeNo = PEOPLE.claimant.employeeNo, draft = false, documents = [] } = about;
  return api.post('/v1/claims', {
    ...{ ...OUTPATIENT, employeeNo, draft },
    lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '2', unitPrice: '263.00', amount: '526.00' }],
    invoices: [{ type: '1', code: '11010126', number: freshInvoiceNo(), checkCode: 'a1b2c3', amount: '526.00', issuedOn: '2026-01-05' }],
    documents: documents.map((documentId, index) => ({ documentId, kind: KINDS[index] })),
  });
}

async function untilState(api: ApiClient, number: string, ...states: string[]): Promise<void> {
  await eventually(`claim ${number} to be ${states.join(' or ')}`, async () => {
    const { state } = await api.get<{ state: string }>(`/v1/claims/${number}`);
    return states.includes(state) ? state : undefined;
  });
}

/** The bureau answers no more, so that claims stay with it. */
async function hold({ bureauUrl }: Product, code: string): Promise<void> {
  const response = await fetch(`${bureauUrl}/_control/bureaus/${code}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ plan: { hold: true } }),
  });
  if (!response.ok) throw new Error(`the bureau simulator answered ${response.status}`);
}

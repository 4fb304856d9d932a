import { eventually } from '#dev/run-stack.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { freshInvoiceNo, giveConsents } from '#dev/seed.ts';
import { employeeNoOf, type TestPerson } from './people.ts';
import type { World } from './world.ts';

export type Approvals = { approver: string; claims: string[] };

/** A unit of its own whose claims this person approves, and as many claims that wait for it, the first with a picture. Nobody else's tests see any of it. */
export async function makeApprovals(world: World, { who, unitCode, count }: { who: TestPerson; unitCode: string; count: number }): Promise<Approvals> {
  const { api } = world;
  await api.post('/v1/units', { code: unitCode, name: '石家庄总装车间', nameEn: 'Assembly', parentCode: 'SJZ', region: '130100' });
  const approver = await world.register(who, { roles: [{ unitCode, role: 'approver' }] });
  const step = { name: '车间主任', mode: 'any', approvers: { kind: 'people', employeeNos: [approver] } };
  await api.post(`/v1/units/${unitCode}/approval-flows`, { name: '车间审批', basedOn: 0, steps: [step] });
  const claims: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    const employeeNo = `${unitCode}${n}`;
    const digits = `${employeeNoOf(who).slice(-3)}${n}`;
    const name = `工人${'甲乙丙丁戊己'[n - 1] ?? n}`;
    await api.post('/v1/employees', {
      ...{ employeeNo, unitCode, name, email: null, phone: null, locale: 'zh-CN', insuredRegion: '130100' },
      ...{ personNo: `1301990${digits}`, identityNo: `99010019900308${digits}` },
    });
    const account = { holderName: name, accountNo: `622909000000${digits}`, bankName: '兴业银行石家庄分行', bankCode: '309121003012' };
    await api.post(`/v1/employees/${employeeNo}/accounts`, account);
    await giveConsents(api, employeeNo);
    await api.put(`/v1/employees/${employeeNo}/quotas/${new Date().getFullYear()}`, { limit: '100000.00' });
    claims.push(await submit(world, { employeeNo, drawn: n === 1 }));
  }
  // the one reader of letters has other tests' pictures before it
  await eventually(`${count} claims to wait for ${approver}`, async () => ((await tasksOf(world, approver)).length === count ? true : undefined), 200_000);
  return { approver, claims };
}

/** 1 526.00 for a visit at home. `drawn`: with an invoice that can be looked at; reading one takes seconds. */
async function submit({ api }: World, { employeeNo, drawn }: { employeeNo: string; drawn: boolean }): Promise<string> {
  const invoiceNo = freshInvoiceNo();
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  const xml = (name: string) => ({ name: `${name}.xml`, content: Buffer.from(`<${name} no="${invoiceNo}"/>`) });
  const files = {
    INVOICE: drawn ? { name: 'invoice.pdf', content: samplePdf(`INVOICE ${invoiceNo}`) } : xml('invoice'),
    FEE_LIST: xml('fees'),
    PRESCRIPTION_OR_RECORD: xml('record'),
  };
  const documents: { documentId: string; kind: string }[] = [];
  for (const [kind, file] of Object.entries(files)) documents.push({ documentId: (await api.upload(file)).id, kind });
  const claim = {
    ...{ employeeNo, kind: 'OUTPATIENT', circumstances: [], treatedRegion: '130100', hospital: { code: 'H13010000001', name: '石家庄示范医院' }, documents },
    visit: { no: `V${invoiceNo}`, start: day, end: day },
    lines: [{ itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', unitPrice: '763.00', amount: '1526.00' }],
    invoices: [{ type: '1', code: '13010126', number: invoiceNo, checkCode: 'a1b2c3', amount: '1526.00', issuedOn: day }],
  };
  return (await api.post<{ number: string }>('/v1/claims', claim, { as: employeeNo })).number;
}

export async function tasksOf({ api }: World, employeeNo: string): Promise<{ id: string; claimNumber: string; version: number }[]> {
  return (await api.get<{ items: { id: string; claimNumber: string; version: number }[] }>('/v1/tasks?box=todo', { as: employeeNo })).items;
}

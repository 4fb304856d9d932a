import { BILLS } from '#dev/bills/bill.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { freshInvoiceNo, giveConsents } from '#dev/seed.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import type { World } from './world.ts';

export type Claimant = { employeeNo: string; name: string };
export const HOSPITAL = { code: 'H13010000001', name: '石家庄示范医院' };

/** Somebody insured in Shijiazhuang whose claims decide a test's stories, with an account, a year's quota and all consents. `digits`: four, nobody else's. */
export async function addClaimant({ api }: World, { unitCode, employeeNo, name, digits }: Claimant & { unitCode: string; digits: string }): Promise<Claimant> {
  await api.post('/v1/employees', {
    ...{ employeeNo, unitCode, name, email: null, phone: null, locale: 'zh-CN', insuredRegion: '130100' },
    ...{ personNo: `1301990${digits}`, identityNo: `99010019900308${digits}` },
  });
  const account = { holderName: name, accountNo: `622909000000${digits}`, bankName: '兴业银行石家庄分行', bankCode: '309121003012' };
  await api.post(`/v1/employees/${employeeNo}/accounts`, account);
  await giveConsents(api, employeeNo);
  await api.put(`/v1/employees/${employeeNo}/quotas/${new Date().getFullYear()}`, { limit: '100000.00' });
  return { employeeNo, name };
}

export type Claimed = { number: string; invoiceNo: string; visitNo: string };

/**
 * 1 526.00 for a visit at home. `paper`: the invoice as a file that can be looked at (reading one takes seconds), as data that is read at once, or as one in which there is nothing.
 * `before`: told its invoice's number before it is submitted. `told`: its own number, before it goes on its way. `visitNo`: that of another claim.
 */
export async function claimVisit(
  { api }: World,
  { employeeNo, name }: Claimant,
  about: {
    paper?: 'drawn' | 'data';
    visitNo?: string;
    before?: (invoice: { code: string; number: string }) => Promise<unknown>;
    told?: (number: string) => Promise<unknown>;
  } = {},
): Promise<Claimed> {
  const invoiceNo = freshInvoiceNo();
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  const invoice = { type: '1', code: '13010126', number: invoiceNo, checkCode: 'a1b2c3' } as const;
  const line = { itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', quantity: '2', unitPrice: '763.00', amount: '1526.00' };
  const bill = {
    ...{ ...BILLS.outpatient, ...invoice, date: day, amount: '1526.00', inWords: '壹仟伍佰贰拾陆元整', payer: name, hospital: HOSPITAL.name },
    lines: [{ ...line, name: line.itemName, level: '01' as const }],
  };
  const xml = (what: string) => ({ name: `${what}.xml`, content: Buffer.from(`<${what} no="${invoiceNo}"/>`) });
  const files = {
    INVOICE:
      about.paper === 'drawn'
        ? { name: 'invoice.pdf', content: samplePdf(`INVOICE ${invoiceNo}`) }
        : about.paper === 'data'
          ? { name: 'bill.xml', content: Buffer.from(structuredXml(bill)) }
          : xml('invoice'),
    FEE_LIST: xml('fees'),
    PRESCRIPTION_OR_RECORD: xml('record'),
  };
  const documents: { documentId: string; kind: string }[] = [];
  for (const [kind, file] of Object.entries(files)) documents.push({ documentId: (await api.upload(file)).id, kind });
  const visitNo = about.visitNo ?? `V${invoiceNo}`;
  await about.before?.(invoice);
  const claim = {
    ...{ employeeNo, kind: 'OUTPATIENT', circumstances: [], treatedRegion: '130100', hospital: HOSPITAL, documents },
    visit: { no: visitNo, start: day, end: day },
    lines: [{ ...line, itemClass: '01' }],
    invoices: [{ ...invoice, amount: '1526.00', issuedOn: day }],
  };
  const { number } = await api.post<{ number: string }>('/v1/claims', { ...claim, draft: about.told !== undefined }, { as: employeeNo });
  if (about.told) {
    await about.told(number);
    await api.post(`/v1/claims/${number}/confirm`, {}, { as: employeeNo });
  }
  return { number, invoiceNo, visitNo };
}

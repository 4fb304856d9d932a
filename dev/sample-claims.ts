import type { DocumentKind } from '#domain/claim/completeness.ts';
import { billOf } from './bills/bill.ts';
import { billPdf } from './bills/pdf.ts';
import type { ApiClient } from './client.ts';
import { samplePdf } from './sample-pdf.ts';
import { freshInvoiceNo, PEOPLE } from './seed.ts';

/** The body of `POST /v1/claims`, with one invoice. */
export type SampleClaim = {
  employeeNo: string;
  kind: 'INPATIENT' | 'OUTPATIENT';
  circumstances: readonly string[];
  treatedRegion: string;
  hospital: { code: string; name: string };
  visit: { no: string; start: string; end: string };
  diagnoses?: readonly { code: string; name: string }[];
  lines: readonly { itemCode: string; itemName: string; itemClass: '01' | '02' | '03'; quantity: string; unitPrice: string; amount: string }[];
  invoices: readonly [{ type: '1'; code: string; number: string; checkCode: string; amount: string; issuedOn: string }];
  documents: { documentId: string; kind: DocumentKind }[];
};

const HOSPITAL = { code: 'H11010100001', name: '北京示范医院' };

/** An employee insured in Shijiazhuang, treated in Beijing: 50 000.00, of which 4 000.00 lie outside the catalogue. */
export async function crossRegionClaim(api: ApiClient): Promise<SampleClaim> {
  const number = freshInvoiceNo();
  // each claim of the same person is of another stay, or it would be taken for the one before
  const days = 12 + (Number(number) % 250);
  // and no stay goes over the end of a year, or it would be claimed in two parts
  const left = daysAgo(days + 8).slice(0, 4) === daysAgo(days).slice(0, 4) ? days : days + 9;
  const claim: Omit<SampleClaim, 'documents'> = {
    ...{ employeeNo: PEOPLE.claimant.employeeNo, kind: 'INPATIENT', circumstances: ['REFERRAL_FILED'], treatedRegion: '110000', hospital: HOSPITAL },
    visit: { no: `V${number}`, start: daysAgo(left + 8), end: daysAgo(left) },
    diagnoses: [{ code: 'J18.900', name: '肺炎' }],
    lines: [
      { itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '40', unitPrice: '775.00', amount: '31000.00' },
      { itemCode: 'XB01ACX002', itemName: '氯吡格雷片', itemClass: '02', quantity: '150', unitPrice: '100.00', amount: '15000.00' },
      { itemCode: 'ZA09HPZ003', itemName: '院内自制制剂', itemClass: '03', quantity: '8', unitPrice: '500.00', amount: '4000.00' },
    ],
    invoices: [{ type: '1', code: '11010126', number, checkCode: 'a1b2c3', amount: '50000.00', issuedOn: daysAgo(left) }],
  };
  const bill = { title: '北京市医疗住院收费票据(电子)', inWords: '伍万元整', payer: PEOPLE.claimant.name };
  const others = ['FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'REFERRAL_PROOF'] as const;
  return { ...claim, documents: [await uploadBill(api, claim, bill), ...(await uploadSamples(api, others, number))] };
}

/** A visit to a doctor in the colleague's own city: 1 544.00, all of it in the catalogue, without the prescription. */
export async function claimWithoutPrescription(api: ApiClient): Promise<SampleClaim> {
  const number = freshInvoiceNo();
  const day = daysAgo(3 + (Number(number) % 250));
  const claim: Omit<SampleClaim, 'documents'> = {
    ...{ employeeNo: PEOPLE.colleague.employeeNo, kind: 'OUTPATIENT', circumstances: [], treatedRegion: '110000', hospital: HOSPITAL },
    visit: { no: `V${number}`, start: day, end: day },
    lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '4', unitPrice: '386.00', amount: '1544.00' }],
    invoices: [{ type: '1', code: '11010126', number, checkCode: 'd4e5f6', amount: '1544.00', issuedOn: day }],
  };
  const bill = { title: '北京市医疗门诊收费票据(电子)', inWords: '壹仟伍佰肆拾肆元整', payer: PEOPLE.colleague.name };
  return { ...claim, documents: [await uploadBill(api, claim, bill), ...(await uploadSamples(api, ['FEE_LIST'], number))] };
}

export function submitSample(api: ApiClient, claim: SampleClaim): Promise<{ number: string }> {
  return api.post('/v1/claims', claim, { as: claim.employeeNo });
}

/** The invoice as a file whose text says what the claim does. */
async function uploadBill(
  api: ApiClient,
  claim: Omit<SampleClaim, 'documents'>,
  printed: { title: string; inWords: string; payer: string },
): Promise<SampleClaim['documents'][number]> {
  const content = await billPdf(billOf(claim, printed));
  return { documentId: (await api.upload({ name: 'invoice.pdf', content })).id, kind: 'INVOICE' };
}

/** Documents that say of what they are ones. */
export async function uploadSamples(api: ApiClient, kinds: readonly DocumentKind[], of: string): Promise<SampleClaim['documents']> {
  const documents: SampleClaim['documents'] = [];
  for (const kind of kinds) {
    const { id } = await api.upload({ name: `${kind.toLowerCase()}.pdf`, content: samplePdf(`${kind} ${of}`) });
    documents.push({ documentId: id, kind });
  }
  return documents;
}

function daysAgo(days: number): string {
  return new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10);
}

import { samplePdf } from '../sample-pdf.ts';
import type { ApiClient } from '../client.ts';
import { freshInvoiceNo, PEOPLE } from '../seed.ts';

/** Documents uploaded once, that every claim of a benchmark names. */
export async function uploadDocuments(api: ApiClient): Promise<{ documentId: string; kind: string }[]> {
  const documents: { documentId: string; kind: string }[] = [];
  for (const kind of ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY']) {
    documents.push({ documentId: (await api.upload({ name: `${kind}.pdf`, content: samplePdf(kind) })).id, kind });
  }
  return documents;
}

/** A complete inpatient claim over 1 000.00 with one line and an invoice of its own; 82.00 % of what is above the deductible of 900.00 are paid. */
export function claimBody(documents: readonly { documentId: string; kind: string }[]) {
  return {
    ...{ employeeNo: PEOPLE.claimant.employeeNo, kind: 'INPATIENT', treatedRegion: '130100' },
    hospital: { code: 'H13010000001', name: '石家庄示范医院' },
    visit: { start: '2026-11-01', end: '2026-11-08' },
    lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPrice: '1000.00', amount: '1000.00' }],
    invoices: [{ type: '1', code: '11010126', number: freshInvoiceNo(), checkCode: 'a1b2c3', amount: '1000.00', issuedOn: '2026-11-08' }],
    documents,
  };
}

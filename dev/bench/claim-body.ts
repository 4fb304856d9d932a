import { randomBytes, randomUUID } from 'node:crypto';
import { sealDocument } from '#prisma/queries/document-keys.ts';
import { samplePdf } from '../sample-pdf.ts';
import type { ApiClient } from '../client.ts';
import { freshInvoiceNo, PEOPLE } from '../seed.ts';
import type { BenchWorld } from './world.ts';

type Paper = { documentId: string; kind: string };

/** Documents uploaded once. Claims share them, but for the invoice: the same file in two claims is a duplicate. */
export async function uploadDocuments(api: ApiClient): Promise<Paper[]> {
  const documents: Paper[] = [];
  for (const kind of ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY']) {
    documents.push({ documentId: (await api.upload({ name: `${kind}.pdf`, content: samplePdf(kind) })).id, kind });
  }
  return documents;
}

/** Bodies of `count` claims, each with an invoice of its own: rows like that of the uploaded one, with nothing in the store, because nobody opens them. */
export async function claimBodies(
  { api, database, unprotected }: Pick<BenchWorld, 'api' | 'database' | 'unprotected'>,
  documents: readonly Paper[],
  count: number,
): Promise<ClaimBody[]> {
  const uploaded = documents.find(({ kind }) => kind === 'INVOICE');
  const shared = documents.filter((paper) => paper !== uploaded);
  if (unprotected) {
    // nothing is sealed there, and only its own API knows how that looks
    const bodies: ClaimBody[] = [];
    for (let n = 0; n < count; n += 1) {
      const { id } = await api.upload({ name: 'invoice.pdf', content: samplePdf(randomUUID()) });
      bodies.push(claimBody([{ documentId: id, kind: 'INVOICE' }, ...shared]));
    }
    return bodies;
  }
  const made = [];
  for (let n = 0; n < count; n += 1) {
    const id = randomUUID();
    made.push({ id, ...(await sealDocument(database.vault, { id, content: Buffer.alloc(0), fileName: 'invoice.pdf' })) });
  }
  await database.query(
    `INSERT INTO document (id, unit_id, sha256, sm3, content_index, media_type, size_bytes, pages, file_name, storage_key, wrapped_key, uploaded_by, created_at)
     SELECT made.id, d.unit_id, d.sha256, d.sm3, made.content, d.media_type, d.size_bytes, d.pages, made.name, 'bench/' || made.id, made.key, d.uploaded_by, d.created_at
     FROM document d CROSS JOIN unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[]) AS made (id, content, name, key) WHERE d.id = $1`,
    [
      uploaded?.documentId,
      ...[made.map(({ id }) => id), made.map(() => randomBytes(32)), made.map(({ sealedName }) => sealedName), made.map(({ key }) => key.wrappedKey)],
    ],
  );
  return made.map(({ id }) => claimBody([{ documentId: id, kind: 'INVOICE' }, ...shared]));
}

export type ClaimBody = ReturnType<typeof claimBody>;

/** A complete inpatient claim over 1 000.00 with one line and an invoice of its own; 82.00 % of what is above the deductible of 900.00 are paid. */
function claimBody(documents: readonly Paper[]) {
  const number = freshInvoiceNo();
  return {
    ...{ employeeNo: PEOPLE.claimant.employeeNo, kind: 'INPATIENT', treatedRegion: '130100' },
    hospital: { code: 'H13010000001', name: '石家庄示范医院' },
    visit: { no: `V${number}`, start: '2026-11-01', end: '2026-11-08' },
    diagnoses: [{ code: 'J18.900', name: '肺炎' }],
    lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPrice: '1000.00', amount: '1000.00' }],
    invoices: [{ type: '1', code: '11010126', number, checkCode: 'a1b2c3', amount: '1000.00', issuedOn: '2026-11-08' }],
    documents,
  };
}

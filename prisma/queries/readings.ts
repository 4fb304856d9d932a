import { READER_VERSION, type DocumentReading, type FileKind } from '#domain/invoice/reading.ts';
import type { Database, Tx } from '../database.ts';
import { DOCUMENT_KEY, openReading, sealReading, type DocumentKey } from './document-keys.ts';

type Reader = Pick<Database, 'query' | 'vault'>;

/** `isCurrent`: by the readers of this release; an older one still says what it said. */
export type StoredReading = { reading: DocumentReading; isCurrent: boolean; at: Date };

type ReadingRow = DocumentKey & { version: number; fileKind: FileKind; content: Uint8Array; at: Date };
const READING = `${DOCUMENT_KEY}, r.reader_version AS version, r.file_kind AS "fileKind", r.content, r.read_at AS at`;
/** The newest reading of a document; undefined where there is none, or its key was destroyed. */
export async function findReading(db: Reader, { documentId }: { documentId: string }): Promise<StoredReading | undefined> {
  const { rows } = await db.query<ReadingRow>(
    `SELECT ${READING} FROM document_reading r JOIN document d ON d.id = r.document_id WHERE r.document_id = $1 ORDER BY r.reader_version DESC LIMIT 1`,
    [documentId],
  );
  return rows[0] && open(db, rows[0]);
}

/**
 * What was read in the documents of a claim, in the order in which they were added; `kind` is what they were attached as. Those that nobody has read, or whose key was
 * destroyed, are left out.
 */
export async function readReadings(
  tx: Pick<Tx, 'query' | 'vault'>,
  { claimNumber }: { claimNumber: string },
): Promise<{ documentId: string; kind: string; reading: DocumentReading }[]> {
  const { rows } = await tx.query<ReadingRow & { kind: string }>(
    `SELECT DISTINCT ON (cd.added_at, d.id) ${READING}, cd.kind FROM claim_document cd JOIN document d ON d.id = cd.document_id JOIN document_reading r ON r.document_id = d.id
     WHERE cd.claim_number = $1 ORDER BY cd.added_at, d.id, r.reader_version DESC`,
    [claimNumber],
  );
  const readings: { documentId: string; kind: string; reading: DocumentReading }[] = [];
  for (const row of rows) {
    const stored = await open(tx, row);
    if (stored) readings.push({ documentId: row.id, kind: row.kind, reading: stored.reading });
  }
  return readings;
}

/** The invoices of a claim that the readers of this release have not read. */
export async function listUnreadInvoices(db: Pick<Tx, 'query'>, { claimNumber }: { claimNumber: string }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT d.id FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = $1 AND cd.kind = 'INVOICE' AND cd.replaced_at IS NULL
       AND NOT EXISTS (SELECT FROM document_reading r WHERE r.document_id = d.id AND r.reader_version = $2) AND NOT reading_erased(d.id) ORDER BY cd.added_at, d.id`,
    [claimNumber, READER_VERSION],
  );
  return rows.map(({ id }) => id);
}

/** Whether what is said in the document was erased with a claim, although the voucher itself has to be kept. */
export async function isReadingErased(db: Pick<Tx, 'query'>, { documentId }: { documentId: string }): Promise<boolean> {
  const { rows } = await db.query<{ erased: boolean }>('SELECT reading_erased($1) AS erased', [documentId]);
  return rows[0]?.erased ?? false;
}

/** One reader of a document at a time, for as long as the transaction lasts. It has written nothing yet, so it holds up nobody but them. */
export async function lockReading(tx: Tx, { documentId }: { documentId: string }): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('reading/' || $1::text, 0))`, [documentId]);
}

/** Keeps a reading, sealed. The first one of this release stays; nothing is kept of what was erased, or is being erased while this is written. */
export async function storeReading(db: Reader, { document, reading, at }: { document: DocumentKey; reading: DocumentReading; at: Date }): Promise<void> {
  const { kind, fields, findings } = reading;
  const content = await sealReading(db.vault, { key: document, version: READER_VERSION, text: JSON.stringify({ fields, findings }) });
  if (!content) return;
  await db.query(
    `INSERT INTO document_reading (document_id, reader_version, file_kind, content, read_at)
     SELECT $1, $2, $3, $4, $5 WHERE may_keep_reading($1) ON CONFLICT DO NOTHING`,
    [document.id, READER_VERSION, kind, content, at],
  );
}

async function open(db: Pick<Reader, 'vault'>, row: ReadingRow): Promise<StoredReading | undefined> {
  const text = await openReading(db.vault, { key: row, version: row.version, sealed: row.content });
  if (text === undefined) return undefined;
  return { reading: { kind: row.fileKind, ...(JSON.parse(text) as Omit<DocumentReading, 'kind'>) }, isCurrent: row.version === READER_VERSION, at: row.at };
}

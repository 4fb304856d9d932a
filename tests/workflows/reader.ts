import { TEXT_FIELDS, type DocumentReading, type ReadFields, type ReadingFinding, type ReadingSource, type TextField } from '#domain/invoice/reading.ts';
import { fen, formatYuan } from '#domain/money.ts';
import type { ReadingActivities } from '#activities/index.ts';
import type { Database } from '#prisma/database.ts';
import { findDocuments } from '#prisma/queries/documents.ts';
import { listUnreadInvoices, storeReading } from '#prisma/queries/readings.ts';

export type Values = Partial<Record<TextField, string>>;

/** What a file says, all of it from one source. */
export function readingOf(values: Values, source: ReadingSource = 'pdf', findings: ReadingFinding[] = []): DocumentReading {
  const field = (name: TextField) => {
    const value = values[name];
    return value === undefined ? { value: null, source: null, confidence: 0 as const } : { value, source, confidence: 0.9 };
  };
  const fields = Object.fromEntries(TEXT_FIELDS.map((name) => [name, field(name)])) as Omit<ReadFields, 'lines'>;
  return { kind: source === 'ocr' ? 'JPEG' : 'PDF', fields: { ...fields, lines: { value: null, source: null, confidence: 0 } }, findings };
}

/** What the file of a claim's invoice says where it is the right one. */
export async function agreeing(database: Database, claimNumber: string): Promise<Values> {
  const { rows } = await database.query<Record<'code' | 'number' | 'checkCode' | 'date' | 'payer' | 'hospital', string> & { amountFen: number }>(
    `SELECT i.code, i.invoice_no AS number, i.check_code AS "checkCode", i.issued_on::text AS date, e.name AS payer, c.hospital_name AS hospital, i.amount_fen AS "amountFen"
     FROM claim c JOIN employee e ON e.id = c.employee_id JOIN claim_invoice i ON i.claim_number = c.number WHERE c.number = $1`,
    [claimNumber],
  );
  const [row] = rows;
  if (!row) throw new Error(`no invoice of ${claimNumber}`);
  const { amountFen, ...values } = row;
  return { ...values, type: '1', amount: formatYuan(fen(amountFen)) };
}

/** The reader process, with what it reads told by the test: everything else is the product's. */
export function scriptedReader(database: Database, read: (claimNumber: string) => Promise<DocumentReading>): ReadingActivities {
  return {
    readDocument: async () => {
      throw new Error('nobody asks for a single document here');
    },
    async readClaimInvoices({ claimNumber }) {
      const unread = await listUnreadInvoices(database, { claimNumber });
      for (const document of await findDocuments(database, { ids: unread })) {
        await storeReading(database, { document, reading: await read(claimNumber), at: new Date() });
      }
      return { read: unread.length, failed: 0 };
    },
  };
}

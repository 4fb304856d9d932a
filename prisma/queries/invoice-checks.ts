import type { Certificate, CertificateState } from '#domain/bureau/gateway.ts';
import type { Tx } from '../database.ts';

type Reader = Pick<Tx, 'query'>;

/** What is good stays believed for this long; what is bad is asked for again whenever it matters. */
const HOLDS_MS = 24 * 3_600_000;
export const believedSince = (at: Date): Date => new Date(at.getTime() - HOLDS_MS);
/** Of a row of invoice_check: nothing speaks against the invoice. */
export const IS_GOOD = (row: string): string => `(${row}.known AND NOT ${row}.reversed AND ${row}.claimed = 'no')`;

/** A claim's invoices of which its bureau is to be asked, before it has the claim itself. */
export async function listUnchecked(db: Reader, { claimNumber, at }: { claimNumber: string; at: Date }): Promise<(Certificate & { id: string })[]> {
  const { rows } = await db.query<Certificate & { id: string }>(
    `SELECT i.id, i.type, i.code, i.invoice_no AS number, i.check_code AS "checkCode" FROM claim_invoice i JOIN claim c ON c.number = i.claim_number
     WHERE i.claim_number = $1 AND c.state = 'SUBMITTED' AND c.submission_version = 0 AND NOT EXISTS (
       SELECT FROM invoice_check k WHERE k.invoice_id = i.id AND k.asked_at > $2 AND ${IS_GOOD('k')})
     ORDER BY i.id`,
    [claimNumber, believedSince(at)],
  );
  return rows;
}

/** What the bureau said, at `at`; the first answer of one moment stays. */
export async function recordCheck(db: Reader, { invoiceId, at, state }: { invoiceId: string; at: Date; state: CertificateState }): Promise<void> {
  const { reversed, claimed } = state.known ? state : ({ reversed: false, claimed: 'no' } as const);
  await db.query('INSERT INTO invoice_check (invoice_id, asked_at, known, reversed, claimed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [
    ...[invoiceId, at, state.known, reversed, claimed],
  ]);
}

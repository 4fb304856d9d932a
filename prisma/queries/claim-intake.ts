import type { DocumentKind } from '#domain/claim/completeness.ts';
import type { Tx } from '../database.ts';

/**
 * Takes the claim's invoices, each of which one living claim may hold. Returns the claims that hold one of them already: a suspected duplicate.
 * A claim that two others race with waits for the first to commit, so exactly one of them gets the invoice.
 */
export async function holdInvoices(tx: Tx, claimNumber: string): Promise<string[]> {
  await tx.query(
    `INSERT INTO invoice_hold (invoice_key, claim_number) SELECT DISTINCT invoice_key, claim_number FROM claim_invoice WHERE claim_number = $1
     ORDER BY invoice_key ON CONFLICT (invoice_key) DO NOTHING`,
    [claimNumber],
  );
  const { rows } = await tx.query<{ holder: string }>(
    `SELECT DISTINCT h.claim_number AS holder FROM claim_invoice i JOIN invoice_hold h ON h.invoice_key = i.invoice_key
     WHERE i.claim_number = $1 AND h.claim_number <> $1 ORDER BY 1`,
    [claimNumber],
  );
  return rows.map(({ holder }) => holder);
}

/** Lets another claim use the invoices: this one ended unpaid. One that went on beside it, because HR said it was no duplicate, holds them from now on. */
export async function releaseInvoices(tx: Tx, claimNumber: string): Promise<void> {
  await tx.query(
    `UPDATE invoice_hold h SET claim_number = heir.number
     FROM (SELECT i.invoice_key, min(c.number) AS number FROM claim_invoice i JOIN claim c ON c.number = i.claim_number
           WHERE c.number <> $1 AND i.invoice_key IN (SELECT invoice_key FROM invoice_hold WHERE claim_number = $1)
             AND c.state IN ('SENT_TO_BUREAU', 'IN_REVIEW', 'APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_IN_PROCESS', 'PAYMENT_FAILED', 'PAID', 'APPEAL_REVIEW')
           GROUP BY i.invoice_key) heir
     WHERE h.claim_number = $1 AND h.invoice_key = heir.invoice_key`,
    [claimNumber],
  );
  await tx.query('DELETE FROM invoice_hold WHERE claim_number = $1', [claimNumber]);
}

/** Whether a newer claim was submitted in this one's place. */
export async function isTakenUp(tx: Tx, claimNumber: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM claim WHERE prior_claim_number = $1', [claimNumber]);
  return (rowCount ?? 0) > 0;
}

/** What the employee was last asked for: documents, and what else is to be mended, by its reasons. */
export async function readAsked(tx: Tx, claimNumber: string): Promise<{ documents: DocumentKind[]; reasons: string[] }> {
  const { rows } = await tx.query<{ documents: DocumentKind[] | null; reasons: string | null }>(
    `SELECT detail -> 'missing' AS documents, remark_params ->> 'reasons' AS reasons FROM claim_event
     WHERE claim_number = $1 AND type = 'INFO_REQUESTED' ORDER BY seq DESC LIMIT 1`,
    [claimNumber],
  );
  return { documents: rows[0]?.documents ?? [], reasons: rows[0]?.reasons ? rows[0].reasons.split(',') : [] };
}

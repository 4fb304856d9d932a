import type { CertificateState } from '#domain/bureau/gateway.ts';
import type { Actor } from '#domain/claim/actor.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import type { ReasonCode } from '#domain/claim/reasons.ts';
import type { Settlements } from '#domain/policy/entitle.ts';
import type { CostLine } from '#domain/policy/lines.ts';
import type { Finding } from '#domain/policy/pre-review.ts';
import type { Text } from '#domain/policy/rulebook.ts';
import type { ClaimedInvoice } from '#domain/review/agreement.ts';
import { factsOf, genericWords, type About, type ClaimFinding } from '#domain/review/finding.ts';
import type { Database, Tx } from '../database.ts';
import { KeyDestroyed, type Field } from '../vault.ts';
import { SETTLEMENTS } from './entitlements.ts';
import { believedSince, IS_GOOD } from './invoice-checks.ts';
import { findingDetailOf } from './sealed.ts';

type Reader = Pick<Database, 'query' | 'vault'>;

/** What intake looks at of a claim, beside its head: what it brought, and what is known of the person. */
export type ReviewFacts = {
  source: string;
  employeeName: string;
  /** insutype */
  scheme: string;
  settlement: Settlements;
  hospitalCode: string;
  hospitalName: string;
  visitEnd: string;
  hasDiagnosis: boolean;
  onFile: { identity: boolean; account: boolean };
  lines: CostLine[];
  /** `check`: what the bureau said last; null: nothing, or nothing bad and that too long ago */
  invoices: (ClaimedInvoice & { check: CertificateState | null })[];
  /** without those that others took the place of */
  documents: { documentId: string; kind: DocumentKind }[];
};

export async function readReviewFacts(tx: Tx, { claimNumber, at }: { claimNumber: string; at: Date }): Promise<ReviewFacts> {
  const { rows } = await tx.query<ReviewFacts>(
    `SELECT c.source, e.name AS "employeeName", e.insurance_type AS scheme, c.hospital_code AS "hospitalCode", c.hospital_name AS "hospitalName",
       to_char(c.visit_end, 'YYYY-MM-DD') AS "visitEnd", c.diagnoses IS NOT NULL AS "hasDiagnosis",
       ${SETTLEMENTS} AS settlement,
       json_build_object('identity', e.identity_no_index IS NOT NULL,
         'account', EXISTS (SELECT FROM bank_account a WHERE a.employee_id = e.id AND a.replaced_at IS NULL)) AS "onFile",
       (SELECT coalesce(json_agg(json_build_object('lineNo', l.line_no, 'itemCode', l.item_code, 'itemName', l.item_name, 'itemClass', l.item_class,
          'quantity', l.quantity::text, 'amountFen', l.amount_fen) ORDER BY l.line_no), '[]') FROM claim_line l WHERE l.claim_number = c.number) AS lines,
       (SELECT coalesce(json_agg(json_build_object('id', i.id, 'type', i.type, 'code', i.code, 'number', i.invoice_no, 'checkCode', i.check_code,
          'amountFen', i.amount_fen, 'issuedOn', i.issued_on, 'check', (
            SELECT CASE WHEN k.known THEN json_build_object('known', true, 'reversed', k.reversed, 'claimed', k.claimed) ELSE json_build_object('known', false) END
            FROM (SELECT * FROM invoice_check n WHERE n.invoice_id = i.id ORDER BY n.asked_at DESC LIMIT 1) k WHERE NOT ${IS_GOOD('k')} OR k.asked_at > $2)) ORDER BY i.issued_on, i.invoice_no), '[]')
          FROM claim_invoice i WHERE i.claim_number = c.number) AS invoices,
       (SELECT coalesce(json_agg(json_build_object('documentId', d.document_id, 'kind', d.kind) ORDER BY d.added_at, d.document_id), '[]')
          FROM claim_document d WHERE d.claim_number = c.number AND d.replaced_at IS NULL) AS documents
     FROM claim c JOIN employee e ON e.id = c.employee_id WHERE c.number = $1`,
    [claimNumber, believedSince(at)],
  );
  const [row] = rows;
  if (!row) throw new Error(`there is no claim ${claimNumber}`);
  return row;
}

/** Whether an earlier review of the claim had to do without what all of these documents say. */
export async function wasUnread(
  db: Pick<Tx, 'query'>,
  { claimNumber, documentIds }: { claimNumber: string; documentIds: readonly string[] },
): Promise<boolean> {
  const { rows } = await db.query<{ all: boolean }>(
    `SELECT $2::uuid[] <@ array_agg(f.document_id) AS all FROM claim_finding f WHERE f.claim_number = $1 AND f.about = 'UNREAD'`,
    [claimNumber, documentIds],
  );
  return rows[0]?.all ?? false;
}

/** A finding as it is kept. `facts`: equal for the same facts. */
export type KeptFinding = ClaimFinding & { facts: Buffer; overruled: boolean };

/**
 * Keeps what a review found, all of it, and says which of it a person has overruled before. `detail` is sealed: what was claimed and found instead is personal, and words may name what was
 * treated.
 */
export async function insertReview(
  tx: Tx,
  review: { claimNumber: string; employeeId: string; at: Date; rulebook: { id: string; version: string } | null; findings: readonly ClaimFinding[] },
): Promise<{ no: number; findings: KeptFinding[] }> {
  const { claimNumber, employeeId, at, rulebook } = review;
  const { rows } = await tx.query<{ no: number; overruled: Buffer[] }>(
    `INSERT INTO claim_review (claim_number, no, at, rulebook_id, rulebook_version)
     SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4 FROM claim_review WHERE claim_number = $1
     RETURNING no, ARRAY(SELECT o.facts FROM finding_overrule o WHERE o.claim_number = $1) AS overruled`,
    [claimNumber, at, rulebook?.id ?? null, rulebook?.version ?? null],
  );
  const [{ no: reviewNo, overruled } = { no: 0, overruled: [] }] = rows;
  const kept: KeptFinding[] = [];
  const details: (Buffer | null)[] = [];
  for (const [index, finding] of review.findings.entries()) {
    const facts = await tx.vault.blindIndex('claim_finding.facts', factsOf(claimNumber, finding));
    const { text, next, claimed, found } = finding;
    details.push(await sealDetail(tx, findingDetailOf({ employeeId, claimNumber, reviewNo, no: index + 1 }), JSON.stringify({ text, next, claimed, found })));
    kept.push({ ...finding, facts, overruled: overruled.some((one) => facts.equals(one)) });
  }
  if (kept.length > 0)
    await tx.query(
      `INSERT INTO claim_finding (claim_number, review_no, no, code, about, blocking, mended_by, line_no, document_kind, document_id, invoice_id, facts, detail)
       SELECT $1, $2, f.no, f.code, f.about, f.blocking, f.mended_by, f.line_no, f.document_kind, f.document_id, f.invoice_id, s.facts, s.detail
       FROM jsonb_to_recordset($3::jsonb) AS f (no int, code text, about text, blocking boolean, mended_by text, line_no int, document_kind text, document_id uuid, invoice_id uuid)
       JOIN unnest($4::bytea[], $5::bytea[]) WITH ORDINALITY AS s (facts, detail, no) ON s.no = f.no`,
      [
        ...[claimNumber, reviewNo],
        JSON.stringify(
          kept.map(({ code, about, blocking, mendedBy, lineNo, document, documentId, invoiceId }, index) => ({
            ...{ no: index + 1, code, about, blocking, mended_by: mendedBy, line_no: lineNo },
            ...{ document_kind: document, document_id: documentId, invoice_id: invoiceId },
          })),
        ),
        kept.map(({ facts }) => facts),
        details,
      ],
    );
  return { no: reviewNo, findings: kept };
}

/** null: what is medical of the person was erased, and is not kept again. */
async function sealDetail(tx: Tx, field: Field, text: string): Promise<Buffer | null> {
  return tx.vault.seal(field, text).catch((error: unknown) => {
    if (error instanceof KeyDestroyed) return null;
    throw error;
  });
}

/** The findings of a review that stop the claim and that nobody has overruled, without their words. */
export async function listStanding(tx: Pick<Tx, 'query'>, { claimNumber, reviewNo }: { claimNumber: string; reviewNo: number }): Promise<Standing[]> {
  const { rows } = await tx.query<Standing>(
    `SELECT f.code, f.about, f.mended_by AS "mendedBy", f.line_no AS "lineNo", f.document_kind AS document, f.facts FROM claim_finding f
     WHERE f.claim_number = $1 AND f.review_no = $2 AND f.blocking
       AND NOT EXISTS (SELECT FROM finding_overrule o WHERE o.claim_number = f.claim_number AND o.facts = f.facts) ORDER BY f.no`,
    [claimNumber, reviewNo],
  );
  return rows;
}
export type Standing = {
  code: ReasonCode;
  about: About | null;
  mendedBy: Finding['mendedBy'];
  lineNo: number | null;
  document: DocumentKind | null;
  facts: Buffer;
};

/** Remembers that a person has overruled all that stood in a review: it does not come back for the same facts. */
export async function overruleStanding(
  tx: Tx,
  { claimNumber, reviewNo, by, comment, at }: { claimNumber: string; reviewNo: number; by: Actor; comment: string | null; at: Date },
): Promise<void> {
  await tx.query(
    `INSERT INTO finding_overrule (claim_number, facts, at, by, comment)
     SELECT DISTINCT f.claim_number, f.facts, $3::timestamptz, $4::jsonb, $5 FROM claim_finding f WHERE f.claim_number = $1 AND f.review_no = $2 AND f.blocking
     ON CONFLICT DO NOTHING`,
    [claimNumber, reviewNo, at, JSON.stringify(by), comment],
  );
}

/** The review for which the claim was last sent back to its employee; null where something else was asked for: consent, or by a bureau or a person. */
export async function findAskedReview(tx: Pick<Tx, 'query'>, claimNumber: string): Promise<number | null> {
  const { rows } = await tx.query<{ review: number | null }>(
    `SELECT (detail ->> 'review')::int AS review FROM claim_event WHERE claim_number = $1 AND type = 'INFO_REQUESTED' ORDER BY seq DESC LIMIT 1`,
    [claimNumber],
  );
  return rows[0]?.review ?? null;
}

export type ReviewRow = { no: number; at: Date; rulebook: { id: string; version: string } | null; findings: FindingRow[] };
export type FindingRow = {
  code: ReasonCode;
  about: About | null;
  blocking: boolean;
  mendedBy: Finding['mendedBy'];
  lineNo: number | null;
  document: DocumentKind | null;
  documentId: string | null;
  invoiceNo: string | null;
  text: Text;
  next: Text;
  /** null where nothing was compared, or where it was erased */
  claimed: string | null;
  found: string | null;
  overruled: { at: Date; by: Actor; comment: string | null } | null;
};
type SealedFinding = Omit<FindingRow, 'text' | 'next' | 'claimed' | 'found' | 'overruled'> & {
  no: number;
  detail: string | null;
  overruled: { at: string; by: Actor; comment: string | null } | null;
};

/** The newest review of a claim; undefined where nobody has looked at it. */
export async function findReview(db: Reader, { number: claimNumber, employeeId }: { number: string; employeeId: string }): Promise<ReviewRow | undefined> {
  const { rows } = await db.query<Omit<ReviewRow, 'findings'> & { findings: SealedFinding[] }>(
    `SELECT r.no, r.at, CASE WHEN r.rulebook_id IS NOT NULL THEN json_build_object('id', r.rulebook_id, 'version', r.rulebook_version) END AS rulebook,
       (SELECT coalesce(json_agg(json_build_object('no', f.no, 'code', f.code, 'about', f.about, 'blocking', f.blocking, 'mendedBy', f.mended_by, 'lineNo', f.line_no,
          'document', f.document_kind, 'documentId', f.document_id, 'invoiceNo', i.invoice_no, 'detail', encode(f.detail, 'hex'), 'overruled', CASE WHEN o.facts IS NOT NULL
            THEN json_build_object('at', to_char(o.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'by', o.by, 'comment', o.comment) END) ORDER BY f.no), '[]')
        FROM claim_finding f LEFT JOIN claim_invoice i ON i.id = f.invoice_id LEFT JOIN finding_overrule o ON o.claim_number = f.claim_number AND o.facts = f.facts
        WHERE f.claim_number = r.claim_number AND f.review_no = r.no) AS findings
     FROM claim_review r WHERE r.claim_number = $1 ORDER BY r.no DESC LIMIT 1`,
    [claimNumber],
  );
  const [row] = rows;
  if (!row) return undefined;
  const findings = await Promise.all(row.findings.map((finding) => opened(db, { claimNumber, employeeId, reviewNo: row.no }, finding)));
  return { ...row, findings };
}

async function opened(
  db: Reader,
  whose: { claimNumber: string; employeeId: string; reviewNo: number },
  { no, detail, overruled, ...finding }: SealedFinding,
): Promise<FindingRow> {
  const text = detail === null ? undefined : await db.vault.open(findingDetailOf({ ...whose, no }), Buffer.from(detail, 'hex'));
  const words =
    text === undefined ? genericWords(finding.code, finding.about) : (JSON.parse(text) as Pick<ClaimFinding, 'text' | 'next' | 'claimed' | 'found'>);
  const { claimed = null, found = null } = words as Partial<ClaimFinding>;
  return { ...finding, text: words.text, next: words.next, claimed, found, overruled: overruled && { ...overruled, at: new Date(overruled.at) } };
}

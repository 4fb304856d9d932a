import { shanghaiDay } from '#domain/calendar.ts';
import type { Actor } from '#domain/claim/actor.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { AffectedClaim } from '#domain/consent/effects.ts';
import type { ConsentPurpose, ConsentStep } from '#domain/consent/purposes.ts';
import { missingConsents, type ConsentText, type StandingConsent } from '#domain/consent/texts.ts';
import type { Tx } from '../database.ts';

type Reader = Pick<Tx, 'query'>;

/** The purposes for which a step with a person's data lacks consent now; none: it may be done. */
export async function readMissingConsents(
  db: Reader,
  { employeeId, step, at }: { employeeId: string; step: ConsentStep; at: Date },
): Promise<ConsentPurpose[]> {
  const { rows } = await db.query<StandingConsent>('SELECT purpose, text_version AS "textVersion" FROM standing_consents($1)', [employeeId]);
  return missingConsents(rows, step, shanghaiDay(at));
}

/** The same for the claimant of a submission that is about to be sent. */
export async function readMissingForSubmission(db: Reader, { messageId, at }: { messageId: string; at: Date }): Promise<ConsentPurpose[]> {
  const { rows } = await db.query<StandingConsent>(
    `SELECT given.purpose, given.text_version AS "textVersion" FROM bureau_submission s JOIN claim c ON c.number = s.claim_number, standing_consents(c.employee_id) given
     WHERE s.message_id = $1`,
    [messageId],
  );
  return missingConsents(rows, 'SUBMIT', shanghaiDay(at));
}

/** How a consent came to us, or its withdrawal. */
export type ConsentEvidence = { how: 'SELF' } | { how: 'PAPER'; documentId: string; signedOn: string };

export type ConsentRow = {
  purpose: ConsentPurpose;
  kind: 'GIVEN' | 'WITHDRAWN';
  textVersion: string;
  textSha256: string;
  how: 'SELF' | 'PAPER';
  documentId: string | null;
  signedOn: string | null;
  actor: Actor;
  at: Date;
};

/** Everything that a person ever consented to or withdrew, oldest first. */
export async function listConsents(db: Reader, { employeeId }: { employeeId: string }): Promise<ConsentRow[]> {
  const { rows } = await db.query<ConsentRow>(
    `SELECT purpose, kind, text_version AS "textVersion", text_sha256 AS "textSha256", how, document_id AS "documentId", signed_on AS "signedOn", actor, at
     FROM consent WHERE employee_id = $1 ORDER BY id`,
    [employeeId],
  );
  return rows;
}

/** Appends a giving or a withdrawal. The employee has been locked, so that the newest row is the last word. */
export async function insertConsent(
  tx: Tx,
  consent: {
    employeeId: string;
    kind: ConsentRow['kind'];
    text: Pick<ConsentText, 'purpose' | 'version' | 'sha256'>;
    evidence: ConsentEvidence;
    actor: Actor;
    at: Date;
  },
): Promise<void> {
  const { text, evidence } = consent;
  const paper = evidence.how === 'PAPER' ? evidence : null;
  await tx.query(
    `INSERT INTO consent (employee_id, purpose, kind, text_version, text_sha256, how, document_id, signed_on, actor, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[consent.employeeId, text.purpose, consent.kind, text.version, text.sha256, evidence.how],
      ...[paper?.documentId ?? null, paper?.signedOn ?? null, JSON.stringify(consent.actor), consent.at],
    ],
  );
}

/** The last withdrawal among `purposes`, where it is the last word on one of them. */
export async function findWithdrawal(
  db: Reader,
  { employeeId, purposes }: { employeeId: string; purposes: readonly ConsentPurpose[] },
): Promise<{ actor: Actor } | undefined> {
  const { rows } = await db.query<{ actor: Actor }>(
    `SELECT actor FROM (
       SELECT DISTINCT ON (purpose) id, kind, actor FROM consent WHERE employee_id = $1 AND purpose = ANY ($2::text[]) ORDER BY purpose, id DESC
     ) newest WHERE kind = 'WITHDRAWN' ORDER BY id DESC LIMIT 1`,
    [employeeId, purposes],
  );
  return rows[0];
}

export type OpenClaimOfPerson = AffectedClaim & { number: string; state: ClaimState };

/** A person's claims that have not ended, oldest first, with what a withdrawal asks of them. */
export async function listOpenClaimsOf(db: Reader, { employeeId }: { employeeId: string }): Promise<OpenClaimOfPerson[]> {
  const { rows } = await db.query<OpenClaimOfPerson>(
    `SELECT c.number, c.state, c.submission_version > 0 AS "withBureau",
       EXISTS (SELECT FROM decision d WHERE d.claim_number = c.number AND d.source IN ('BUREAU', 'WRITTEN')) AS decided,
       EXISTS (SELECT FROM payment_instruction p WHERE p.claim_number = c.number AND p.status NOT IN ('FAILED', 'RETURNED')) AS ordered
     FROM claim c WHERE c.employee_id = $1 AND c.closed_at IS NULL ORDER BY c.number`,
    [employeeId],
  );
  return rows;
}

/** What a claim that waits for its employee waits for, if it is consent: none where it is documents. */
export async function readAwaitedConsents(tx: Tx, claimNumber: string): Promise<ConsentPurpose[]> {
  const { rows } = await tx.query<{ consents: ConsentPurpose[] | null }>(
    `SELECT detail -> 'consents' AS consents FROM claim_event WHERE claim_number = $1 AND type = 'INFO_REQUESTED' ORDER BY seq DESC LIMIT 1`,
    [claimNumber],
  );
  return rows[0]?.consents ?? [];
}

import type { BureauSubmission } from '#domain/bureau/gateway.ts';
import { CLAIM_KINDS, type ClaimKind } from '#domain/claim/completeness.ts';
import { bureauMessageId } from '#domain/claim/number.ts';
import type { Database, Tx } from '../database.ts';
import { openFileName } from './document-keys.ts';
import type { PersonPurpose } from './keys.ts';
import { identityNoOf, openDiagnoses } from './sealed.ts';

/** Makes the next version of a submission with its message id, before anything is sent. */
export async function insertSubmission(
  tx: Tx,
  input: { claimNumber: string; version: number; bureauCode: string; institution: string; appealsDecisionNo: string | null; at: Date },
): Promise<string> {
  const { rows } = await tx.query<{ n: number }>("SELECT nextval('bureau_message_seq') AS n");
  const messageId = bureauMessageId({ institution: input.institution, at: input.at, sequence: (rows[0]?.n ?? 0) % 10_000 });
  await tx.query(
    `INSERT INTO bureau_submission (message_id, claim_number, version, bureau_code, appeals_decision_no, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [messageId, input.claimNumber, input.version, input.bureauCode, input.appealsDecisionNo, input.at],
  );
  return messageId;
}

export async function markAccepted(tx: Tx, { messageId, acceptanceNo, at }: { messageId: string; acceptanceNo: string; at: Date }): Promise<void> {
  await tx.query('UPDATE bureau_submission SET accepted_at = coalesce(accepted_at, $2), acceptance_no = $3 WHERE message_id = $1', [
    messageId,
    at,
    acceptanceNo,
  ]);
}

type SealedDocument = Omit<BureauSubmission['documents'][number], 'fileName'> & {
  id: string;
  name: string;
  key: string;
  employeeId: string | null;
  purpose: PersonPurpose | null;
};
type SubmissionRow = Omit<BureauSubmission, 'documents' | 'messageId' | 'medicalType' | 'hospital' | 'person' | 'diagnoses'> & {
  kind: ClaimKind;
  hospitalCode: string;
  hospitalName: string;
  documents: SealedDocument[];
  employeeId: string;
  person: { personNo: string | null; name: string; personType: string; insuranceType: string };
  identityNo: Uint8Array | null;
  diagnoses: Uint8Array | null;
};

/** The submission as the bureau is to receive it, in one statement. What was erased is not in it. Throws where there is none. */
export async function readSubmission(database: Pick<Database, 'query' | 'vault'>, messageId: string): Promise<BureauSubmission> {
  const { rows } = await database.query<SubmissionRow>(
    `SELECT s.version, s.claim_number AS "claimNumber", s.appeals_decision_no AS "appealsDecisionNo", c.kind, c.insured_region AS "insuredRegion",
       c.treated_region AS "treatedRegion", c.hospital_code AS "hospitalCode", c.hospital_name AS "hospitalName", c.visit_start AS "visitStart",
       c.visit_end AS "visitEnd", c.submitted_fen AS "totalFen",
       json_build_object('personNo', e.person_no, 'name', e.name, 'personType', e.person_type, 'insuranceType', e.insurance_type) AS person,
       c.employee_id AS "employeeId", e.identity_no AS "identityNo", c.diagnoses,
       (SELECT json_agg(json_build_object('lineNo', l.line_no, 'itemCode', l.item_code, 'itemName', l.item_name, 'itemClass', l.item_class,
          'quantity', l.quantity::text, 'unitPriceFen', l.unit_price_fen, 'amountFen', l.amount_fen) ORDER BY l.line_no)
          FROM claim_line l WHERE l.claim_number = c.number) AS lines,
       (SELECT coalesce(json_agg(json_build_object('type', i.type, 'code', i.code, 'number', i.invoice_no, 'checkCode', i.check_code,
          'amountFen', i.amount_fen, 'issuedOn', i.issued_on) ORDER BY i.invoice_no), '[]')
          FROM claim_invoice i WHERE i.claim_number = c.number) AS invoices,
       (SELECT coalesce(json_agg(json_build_object('kind', cd.kind, 'sm3', d.sm3, 'sizeBytes', d.size_bytes, 'id', d.id,
          'name', encode(d.file_name, 'hex'), 'key', encode(d.wrapped_key, 'hex'), 'employeeId', d.key_employee_id, 'purpose', d.key_purpose) ORDER BY cd.added_at), '[]')
          FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = c.number AND cd.replaced_at IS NULL) AS documents
     FROM bureau_submission s JOIN claim c ON c.number = s.claim_number JOIN employee e ON e.id = c.employee_id
     WHERE s.message_id = $1`,
    [messageId],
  );
  const [row] = rows;
  if (!row) throw new Error(`no submission ${messageId}`);
  const { kind, hospitalCode, hospitalName, person, employeeId, identityNo, diagnoses, documents, ...rest } = row;
  const { claimNumber } = rest;
  return {
    ...rest,
    messageId,
    medicalType: CLAIM_KINDS[kind].medicalType,
    hospital: { code: hospitalCode, name: hospitalName },
    person: {
      ...{ ...person, personNo: person.personNo ?? '' },
      identityNo: (identityNo && (await database.vault.open(identityNoOf(employeeId), identityNo))) ?? '',
    },
    documents: await Promise.all(documents.map((document) => namedOf(database.vault, document))),
    diagnoses: (await openDiagnoses(database.vault, { employeeId, claimNumber }, diagnoses)) ?? [],
  };
}

async function namedOf(vault: Database['vault'], document: SealedDocument): Promise<BureauSubmission['documents'][number]> {
  const { id, name, key, employeeId: keyEmployeeId, purpose: keyPurpose, ...known } = document;
  const wrappedKey = Buffer.from(key, 'hex');
  return { ...known, fileName: (await openFileName(vault, { id, wrappedKey, keyEmployeeId, keyPurpose, sealedName: Buffer.from(name, 'hex') })) ?? '' };
}

/** The next `limit` claims after `after` that wait for an answer of this bureau, in the order of their numbers. */
export async function listAwaitingAnswer(
  database: Pick<Database, 'query'>,
  { bureauCode, after, limit }: { bureauCode: string; after: string; limit: number },
): Promise<string[]> {
  const { rows } = await database.query<{ number: string }>(
    `SELECT number FROM claim WHERE bureau_code = $1 AND state IN ('SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW') AND closed_at IS NULL AND number > $2
     ORDER BY number LIMIT $3`,
    [bureauCode, after, limit],
  );
  return rows.map(({ number }) => number);
}

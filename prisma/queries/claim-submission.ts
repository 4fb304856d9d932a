import type { Actor, Party } from '#domain/claim/actor.ts';
import type { Diagnosis } from '#domain/claim/diagnosis.ts';
import type { MoveType } from '#domain/claim/moves.ts';
import { formatClaimNumber, workflowIdOf } from '#domain/claim/number.ts';
import type { RemarkCode, RemarkParams } from '#domain/claim/remarks.ts';
import type { Fen } from '#domain/money.ts';
import { formatYuan } from '#domain/money.ts';
import { noticesFor } from '#domain/notices/notice.ts';
import type { Tx } from '../database.ts';
import { auditedMove } from './audit.ts';
import { STAGE_CHANGED, webhookData } from './claim-moves.ts';
import { sealDiagnoses } from './sealed.ts';

/** A claim that does not exist yet. Amounts in fen, days `yyyy-MM-dd`. */
export type NewClaim = {
  unitId: string;
  ancestorIds: readonly string[];
  employeeId: string;
  kind: string;
  source: ClaimSource;
  /** to be confirmed by the employee: no workflow is started */
  draft: boolean;
  insuredRegion: string;
  treatedRegion: string;
  bureauCode: string;
  hospital: { code: string; name: string };
  visit: { no: string | null; start: string; end: string };
  circumstances: readonly string[];
  diagnoses: readonly Diagnosis[];
  submittedFen: Fen;
  lines: readonly { itemCode: string; itemName: string; itemClass: string; quantity: string; unitPriceFen: Fen; amountFen: Fen }[];
  /** `invoiceKey`: keyed hash of `invoiceKeyText` */
  invoices: readonly {
    type: string;
    code: string;
    number: string;
    checkCode: string;
    amountFen: Fen;
    issuedOn: string;
    settlement: string;
    invoiceKey: string;
  }[];
  documents: readonly { documentId: string; kind: string }[];
  prior: { number: string; resubmissionNo: number } | null;
  actor: Actor;
  at: Date;
};
/** API: somebody submitted it; VISIT: made from what a bureau told us of a visit. */
export type ClaimSource = 'API' | 'VISIT';

/** What the row says of a claim that was just created. */
export type CreatedClaim = { number: string; state: 'DRAFT' | 'SUBMITTED'; seq: 1; turn: Party };

/** The next number of a claim; numbers of refused claims are not used again. `findClaimant` brings one along. */
export async function takeClaimNumber(tx: Tx, at: Date): Promise<string> {
  const { rows } = await tx.query<{ sequence: number }>(`SELECT nextval('claim_number_seq') AS sequence`);
  return formatClaimNumber(at, rows[0]?.sequence ?? 0);
}

/*
 * Two statements instead of `recordMove` and ten inserts: this is the one write that every submission waits for, and each round trip costs as much as the rows. Not one,
 * because the policies of what belongs to a claim look for the claim, which a statement that writes it does not see.
 */
const CREATE_HEAD = `
    INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, turn, turn_since, insured_region, treated_region,
      bureau_code, hospital_code, hospital_name, visit_no, visit_start, visit_end, circumstances, submitted_fen, prior_claim_number,
      resubmission_no, created_by, created_at, submitted_at, updated_at, diagnoses)
    SELECT $1::text, c.unit_id, c.employee_id, c.kind, c.source, c.state, 1, c.workflow_id, c.turn, $2::timestamptz, c.insured_region, c.treated_region,
      c.bureau_code, c.hospital_code, c.hospital_name, c.visit_no, c.visit_start, c.visit_end, c.circumstances, c.submitted_fen,
      c.prior_claim_number, c.resubmission_no, $3::jsonb, $2, c.submitted_at, $2, $5::bytea
    FROM jsonb_to_record($4::jsonb) AS c (unit_id uuid, employee_id uuid, kind text, source text, state text, workflow_id text, turn text,
      insured_region text, treated_region text, bureau_code text, hospital_code text, hospital_name text, visit_no text, visit_start date,
      visit_end date, circumstances text[], submitted_fen bigint, prior_claim_number text, resubmission_no int, submitted_at timestamptz)`;

const CREATE_REST = `
  WITH lines AS (
    INSERT INTO claim_line (claim_number, line_no, item_code, item_name, item_class, quantity, unit_price_fen, amount_fen)
    SELECT $1::text, l.no, l.code, l.name, l.class, l.quantity, l.price, l.amount
    FROM jsonb_to_recordset($5::jsonb) AS l (no int, code text, name text, class text, quantity numeric, price bigint, amount bigint)
  ), invoices AS (
    INSERT INTO claim_invoice (claim_number, type, code, invoice_no, check_code, amount_fen, issued_on, settlement, invoice_key)
    SELECT $1, i.type, i.code, i.number, i.check_code, i.amount, i.issued_on, i.settlement, i.key
    FROM jsonb_to_recordset($6::jsonb) AS i (type text, code text, number text, check_code text, amount bigint, issued_on date, settlement text, key text)
  ), documents AS (
    INSERT INTO claim_document (claim_number, document_id, kind, added_at)
    SELECT $1, d.id, d.kind, $2::timestamptz FROM unnest($7::uuid[], $8::text[]) AS d (id, kind)
  ), event AS (
    INSERT INTO claim_event (claim_number, seq, type, to_state, at, actor, remark, remark_params, turn)
    VALUES ($1, 1, $9::text, $4::text, $2, $3, $10::text, $11::jsonb, $16::text)
  ), audit AS (
    INSERT INTO audit_entry (claim_number, unit_id, seq, at, actor, action, detail)
    VALUES ($1, $17::uuid, 1, $2, $3::jsonb, $9, ${auditedMove({ to: '$4::text', remark: '$10::text', params: '$11::jsonb', turn: '$16::text' })})
  ), notices AS (
    INSERT INTO notice (claim_number, seq, template, params, recipient)
    SELECT $1, 1, n.template, n.params, n.recipient FROM jsonb_to_recordset($12::jsonb) AS n (template text, params jsonb, recipient jsonb)
  ), deliveries AS (
    INSERT INTO webhook_delivery (endpoint_id, claim_number, seq, event, payload)
    SELECT subscriber, $1, 1, '${STAGE_CHANGED}', $14::jsonb FROM find_subscribers($13::uuid[], '${STAGE_CHANGED}') AS subscriber
  )
  INSERT INTO workflow_command (claim_number, kind) SELECT $1, 'START' WHERE $15::boolean`;

/**
 * Writes a claim that has passed the checks at the door: head, lines, invoices, documents, event 1, audit row, messages, webhook deliveries, and
 * the command that starts its workflow (a trigger wakes the relay).
 */
export async function createClaim(tx: Tx, number: string, claim: NewClaim): Promise<CreatedClaim> {
  const state = claim.draft ? 'DRAFT' : 'SUBMITTED';
  const turn: Party = claim.draft ? 'employee' : 'system';
  const type: MoveType = 'CREATED';
  const remark = remarkOf(claim);
  const notices = noticesFor(type, state, { unitId: claim.unitId, fromState: null, params: { submitted: formatYuan(claim.submittedFen) }, tasks: [] });
  const data = { ...webhookData(number, { state, submissionVersion: 0, onHold: false }), seq: 1 };
  const actor = JSON.stringify(claim.actor);
  const diagnoses = await sealDiagnoses(tx.vault, { employeeId: claim.employeeId, claimNumber: number, diagnoses: claim.diagnoses });
  await tx.query(CREATE_HEAD, [number, claim.at, actor, JSON.stringify(headColumns(number, claim, { state, turn })), diagnoses]);
  await tx.query(CREATE_REST, [
    ...[number, claim.at, actor, state],
    JSON.stringify(
      claim.lines.map((line, index) => ({
        ...{ no: index + 1, code: line.itemCode, name: line.itemName, class: line.itemClass },
        ...{ quantity: line.quantity, price: line.unitPriceFen, amount: line.amountFen },
      })),
    ),
    JSON.stringify(
      claim.invoices.map((invoice) => ({
        ...{ type: invoice.type, code: invoice.code, number: invoice.number, check_code: invoice.checkCode, amount: invoice.amountFen },
        ...{ issued_on: invoice.issuedOn, settlement: invoice.settlement, key: invoice.invoiceKey },
      })),
    ),
    claim.documents.map((document) => document.documentId),
    claim.documents.map((document) => document.kind),
    ...[type, remark.code, JSON.stringify(remark.params), JSON.stringify(notices), claim.ancestorIds],
    JSON.stringify({ type: STAGE_CHANGED, timestamp: claim.at.toISOString(), data }),
    ...[!claim.draft, turn, claim.unitId],
  ]);
  return { number, state, seq: 1, turn };
}

function headColumns(number: string, claim: NewClaim, { state, turn }: { state: string; turn: Party }) {
  return {
    ...{ unit_id: claim.unitId, employee_id: claim.employeeId, kind: claim.kind, source: claim.source, state, workflow_id: workflowIdOf(number), turn },
    ...{ insured_region: claim.insuredRegion, treated_region: claim.treatedRegion, bureau_code: claim.bureauCode },
    ...{ hospital_code: claim.hospital.code, hospital_name: claim.hospital.name },
    ...{ visit_no: claim.visit.no, visit_start: claim.visit.start, visit_end: claim.visit.end, circumstances: claim.circumstances },
    ...{ submitted_fen: claim.submittedFen, prior_claim_number: claim.prior?.number ?? null, resubmission_no: claim.prior?.resubmissionNo ?? 0 },
    submitted_at: claim.draft ? null : claim.at.toISOString(),
  };
}

function remarkOf(claim: NewClaim): { code: RemarkCode; params: RemarkParams } {
  if (claim.prior) return { code: 'CREATED_RESUBMISSION', params: { prior: claim.prior.number } };
  return { code: claim.draft ? 'CREATED_DRAFT' : 'CREATED', params: {} };
}

/** The person that a claim is for, and where: read at the door, with the next claim number. */
export type Claimant = {
  employeeId: string;
  unitId: string;
  unitCode: string;
  ancestorIds: string[];
  insuredRegion: string;
  /** the medical key was destroyed: no claim can be made of what could not be kept */
  erased: boolean;
  sequence: number;
};

/** The active employee with this number, as far as the scope opens it, and a number for the claim in the same trip. */
export async function findClaimant(tx: Tx, { employeeNo }: { employeeNo: string }): Promise<Claimant | undefined> {
  const { rows } = await tx.query<Claimant>(
    `SELECT e.id AS "employeeId", e.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", e.insured_region AS "insuredRegion",
       EXISTS (SELECT FROM person_key k WHERE k.employee_id = e.id AND k.purpose = 'medical' AND k.destroyed_at IS NOT NULL) AS erased,
       nextval('claim_number_seq') AS sequence
     FROM employee e JOIN unit u ON u.id = e.unit_id
     WHERE e.employee_no = $1 AND e.active AND u.active`,
    [employeeNo],
  );
  return rows[0];
}

/** Where a claim stands in a chain of resubmissions, and which claim has taken it up. */
export async function findLineage(tx: Tx, number: string): Promise<{ employeeNo: string; resubmissionNo: number; takenUpBy: string | null }> {
  const { rows } = await tx.query<{ employeeNo: string; resubmissionNo: number; takenUpBy: string | null }>(
    `SELECT e.employee_no AS "employeeNo", c.resubmission_no AS "resubmissionNo",
       (SELECT min(next.number) FROM claim next WHERE next.prior_claim_number = c.number) AS "takenUpBy"
     FROM claim c JOIN employee e ON e.id = c.employee_id WHERE c.number = $1`,
    [number],
  );
  const [row] = rows;
  if (!row) throw new Error(`no claim ${number}`);
  return row;
}

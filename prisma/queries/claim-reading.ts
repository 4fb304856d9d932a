import type { DecisionLine, FundingLine, Outcome } from '#domain/bureau/decision.ts';
import type { Actor, Party } from '#domain/claim/actor.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Fen } from '#domain/money.ts';
import type { Database } from '../database.ts';
import type { AttachedRow } from './documents.ts';

type Reader = Pick<Database, 'query'>;

export type ClaimSummaryRow = {
  number: string;
  seq: number;
  state: ClaimState;
  kind: string;
  source: string;
  unitCode: string;
  /** from the root to the claim's unit */
  ancestorIds: string[];
  employeeId: string;
  employeeNo: string;
  insuredRegion: string;
  treatedRegion: string;
  bureauCode: string;
  onHold: boolean;
  escalationLevel: number;
  turn: Party | null;
  turnSince: Date | null;
  dueAt: Date | null;
  dueProvisional: boolean;
  submissionVersion: number;
  submittedFen: Fen;
  approvedFen: Fen | null;
  payableFen: Fen | null;
  paidFen: Fen;
  createdAt: Date;
  submittedAt: Date | null;
  updatedAt: Date;
  clearedAt: Date | null;
  closedAt: Date | null;
};

const SUMMARY = `c.number, c.seq, c.state, c.kind, c.source, u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", c.employee_id AS "employeeId",
  e.employee_no AS "employeeNo", c.insured_region AS "insuredRegion", c.treated_region AS "treatedRegion", c.bureau_code AS "bureauCode",
  c.on_hold AS "onHold", c.escalation_level AS "escalationLevel", c.turn, c.turn_since AS "turnSince", c.due_at AS "dueAt",
  c.due_provisional AS "dueProvisional", c.submission_version AS "submissionVersion", c.submitted_fen AS "submittedFen",
  c.approved_fen AS "approvedFen", c.payable_fen AS "payableFen", c.paid_fen AS "paidFen", c.created_at AS "createdAt",
  c.submitted_at AS "submittedAt", c.updated_at AS "updatedAt", c.cleared_at AS "clearedAt", c.closed_at AS "closedAt"`;

const FROM = 'FROM claim c JOIN unit u ON u.id = c.unit_id JOIN employee e ON e.id = c.employee_id';

/** The head of the claim if it lies in the subtree of `within`. */
export async function findClaimSummary(db: Reader, { number, within }: { number: string; within: string }): Promise<ClaimSummaryRow | undefined> {
  const { rows } = await db.query<ClaimSummaryRow>(`SELECT ${SUMMARY} ${FROM} WHERE c.number = $1 AND u.ancestor_ids @> ARRAY[$2::uuid]`, [number, within]);
  return rows[0];
}

export type ClaimRow = ClaimSummaryRow & {
  circumstances: string[];
  hospitalCode: string;
  hospitalName: string;
  visitNo: string | null;
  /** yyyy-MM-dd */
  visitStart: string;
  visitEnd: string;
  priorClaim: string | null;
  resubmissionNo: number;
  createdBy: Actor;
  lines: { lineNo: number; itemCode: string; itemName: string; itemClass: string; quantity: string; unitPriceFen: Fen; amountFen: Fen }[];
  invoices: { type: string; code: string; number: string; checkCode: string; amountFen: Fen; issuedOn: string; settlement: string }[];
  documents: (Omit<AttachedRow, 'addedAt'> & { addedAt: string })[];
};

const DOCUMENTS = `(SELECT coalesce(json_agg(json_build_object('documentId', d.id, 'kind', cd.kind, 'fileName', d.file_name, 'mediaType', d.media_type,
    'sizeBytes', d.size_bytes, 'addedAt', cd.added_at) ORDER BY cd.added_at, d.id), '[]')
  FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = c.number) AS documents`;

const DETAIL = `${SUMMARY}, c.circumstances, c.hospital_code AS "hospitalCode", c.hospital_name AS "hospitalName", c.visit_no AS "visitNo",
  c.visit_start AS "visitStart", c.visit_end AS "visitEnd", c.prior_claim_number AS "priorClaim", c.resubmission_no AS "resubmissionNo",
  c.created_by AS "createdBy", ${DOCUMENTS},
  (SELECT coalesce(json_agg(json_build_object('lineNo', l.line_no, 'itemCode', l.item_code, 'itemName', l.item_name, 'itemClass', l.item_class,
     'quantity', trim_scale(l.quantity)::text, 'unitPriceFen', l.unit_price_fen, 'amountFen', l.amount_fen) ORDER BY l.line_no), '[]')
   FROM claim_line l WHERE l.claim_number = c.number) AS lines,
  (SELECT coalesce(json_agg(json_build_object('type', i.type, 'code', i.code, 'number', i.invoice_no, 'checkCode', i.check_code,
     'amountFen', i.amount_fen, 'issuedOn', i.issued_on, 'settlement', i.settlement) ORDER BY i.issued_on, i.invoice_no), '[]')
   FROM claim_invoice i WHERE i.claim_number = c.number) AS invoices`;

/** The whole claim if it lies in the subtree of `within`. */
export async function findClaim(db: Reader, { number, within }: { number: string; within: string }): Promise<ClaimRow | undefined> {
  const { rows } = await db.query<ClaimRow>(`SELECT ${DETAIL} ${FROM} WHERE c.number = $1 AND u.ancestor_ids @> ARRAY[$2::uuid]`, [number, within]);
  return rows[0];
}

export async function listAttached(db: Reader, { number }: { number: string }): Promise<ClaimRow['documents']> {
  const { rows } = await db.query<Pick<ClaimRow, 'documents'>>(`SELECT ${DOCUMENTS} FROM claim c WHERE c.number = $1`, [number]);
  return rows[0]?.documents ?? [];
}

/** Absent filters do not filter. */
export type ClaimListFilter = {
  within: string;
  /** null: a machine sees all; a person the own claims and those of units where he or she holds a role */
  reader: { employeeId: string; unitIds: readonly string[] } | null;
  state?: string | undefined;
  /** `<state>|<was with the bureau>` pairs that show as the stage asked for */
  stageKeys?: readonly string[] | undefined;
  unitCode?: string | undefined;
  employeeNo?: string | undefined;
  bureau?: string | undefined;
  region?: string | undefined;
  onHold?: boolean | undefined;
  escalationLevel?: number | undefined;
  submittedFrom?: string | undefined;
  submittedTo?: string | undefined;
  overdue?: { is: boolean; at: Date } | undefined;
  /** where the page before ended */
  after?: { createdAt: string; number: string } | undefined;
  limit: number;
};

/** Newest first. `position` is what a cursor has to carry: the time to the microsecond, as text. */
export async function listClaims(db: Reader, filter: ClaimListFilter): Promise<(ClaimSummaryRow & { position: string })[]> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: (next: () => string) => string, ...given: unknown[]): void => {
    if (given.some((value) => value === undefined)) return;
    let index = 0;
    conditions.push(condition(() => `$${values.push(given[index++])}`));
  };
  where((next) => `u.ancestor_ids @> ARRAY[${next()}::uuid]`, filter.within);
  where((next) => `(c.employee_id = ${next()} OR u.ancestor_ids && ${next()}::uuid[])`, filter.reader?.employeeId, filter.reader?.unitIds);
  where((next) => `c.state = ${next()}`, filter.state);
  where((next) => `c.state || '|' || (c.submission_version > 0)::text = ANY (${next()}::text[])`, filter.stageKeys);
  where((next) => `u.ancestor_ids && ARRAY(SELECT id FROM unit WHERE code = ${next()})`, filter.unitCode);
  where((next) => `e.employee_no = ${next()}`, filter.employeeNo);
  where((next) => `c.bureau_code = ${next()}`, filter.bureau);
  where((next) => `c.insured_region = ${next()}`, filter.region);
  where((next) => `c.on_hold = ${next()}`, filter.onHold);
  where((next) => `c.escalation_level = ${next()}`, filter.escalationLevel);
  where((next) => `c.submitted_at >= ${next()}`, filter.submittedFrom);
  where((next) => `c.submitted_at <= ${next()}`, filter.submittedTo);
  where((next) => `coalesce(c.due_at < ${next()}, false) = ${next()}`, filter.overdue?.at, filter.overdue?.is);
  where((next) => `(c.created_at, c.number) < (${next()}::timestamptz, ${next()})`, filter.after?.createdAt, filter.after?.number);
  const { rows } = await db.query<ClaimSummaryRow & { position: string }>(
    `SELECT ${SUMMARY}, to_json(c.created_at)#>>'{}' AS position ${FROM} WHERE ${conditions.join(' AND ')}
     ORDER BY c.created_at DESC, c.number DESC LIMIT $${values.push(filter.limit)}`,
    values,
  );
  return rows;
}

export type EventRow = {
  seq: number;
  type: string;
  fromState: ClaimState | null;
  toState: ClaimState;
  at: Date;
  actor: Actor;
  remark: string;
  remarkParams: Record<string, string | number>;
  turn: Party | null;
  dueAt: Date | null;
};

export async function listEvents(db: Reader, { number }: { number: string }): Promise<EventRow[]> {
  const { rows } = await db.query<EventRow>(
    `SELECT seq, type, from_state AS "fromState", to_state AS "toState", at, actor, remark, remark_params AS "remarkParams", turn, due_at AS "dueAt"
     FROM claim_event WHERE claim_number = $1 ORDER BY seq`,
    [number],
  );
  return rows;
}

export type NoticeRow = {
  seq: number;
  template: string;
  recipient: { kind: 'claimant' | 'role'; role?: string };
  channel: string;
  status: 'PENDING' | 'SENT' | 'FAILED' | 'UNDELIVERABLE';
  createdAt: Date;
  sentAt: Date | null;
};

export async function listNotices(db: Reader, { number }: { number: string }): Promise<NoticeRow[]> {
  const { rows } = await db.query<NoticeRow>(
    `SELECT seq, template, recipient, channel, status, created_at AS "createdAt", sent_at AS "sentAt" FROM notice WHERE claim_number = $1 ORDER BY id`,
    [number],
  );
  return rows;
}

export type PaymentListRow = {
  reference: string;
  decisionNo: number;
  attempt: number;
  amountFen: Fen;
  status: 'CREATED' | 'UNKNOWN' | 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED' | 'RETURNED';
  bankCode: string;
  accountTail: string;
  createdAt: Date;
  sentAt: Date | null;
  settledAt: Date | null;
  matchedAt: Date | null;
  returnedAt: Date | null;
};

export async function listPayments(db: Reader, { number }: { number: string }): Promise<PaymentListRow[]> {
  const { rows } = await db.query<PaymentListRow>(
    `SELECT p.reference, d.no AS "decisionNo", p.attempt, p.amount_fen AS "amountFen", p.status, p.bank_code AS "bankCode",
       coalesce(right(a.account_no, 4), '') AS "accountTail", p.created_at AS "createdAt", p.sent_at AS "sentAt", p.settled_at AS "settledAt",
       p.matched_at AS "matchedAt", p.returned_at AS "returnedAt"
     FROM payment_instruction p JOIN decision d ON d.id = p.decision_id LEFT JOIN bank_account a ON a.id = p.account_id
     WHERE p.claim_number = $1 ORDER BY d.no, p.attempt`,
    [number],
  );
  return rows;
}

export type DecisionListRow = {
  no: number;
  source: string;
  sourceNo: string;
  outcome: Outcome;
  reasons: { code: string; text: string }[];
  remark: string;
  lines: DecisionLine[];
  funding: FundingLine[];
  submittedFen: Fen;
  benefitFen: Fen;
  payableFen: Fen;
  decidedBy: Actor;
  decidedAt: Date;
  recordedAt: Date;
};

export async function listDecisions(db: Reader, { number }: { number: string }): Promise<DecisionListRow[]> {
  const { rows } = await db.query<DecisionListRow>(
    `SELECT no, source, source_no AS "sourceNo", outcome, reasons, remark, lines, funding, submitted_fen AS "submittedFen",
       benefit_fen AS "benefitFen", payable_fen AS "payableFen", decided_by AS "decidedBy", decided_at AS "decidedAt", recorded_at AS "recordedAt"
     FROM decision WHERE claim_number = $1 ORDER BY no`,
    [number],
  );
  return rows;
}

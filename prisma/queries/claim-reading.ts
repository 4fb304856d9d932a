import type { DecisionLine, FundingLine, Outcome } from '#domain/bureau/decision.ts';
import type { Actor, Party } from '#domain/claim/actor.ts';
import type { Diagnosis } from '#domain/claim/diagnosis.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Fen } from '#domain/money.ts';
import { dayOf, fenOf, fenOrNull } from '../columns.ts';
import type { Database } from '../database.ts';
import type { Prisma } from '../generated/client.ts';
import { openFileName } from './document-keys.ts';
import type { AttachedRow } from './documents.ts';
import type { PersonPurpose } from './keys.ts';
import { openAccountNo, openDiagnoses } from './sealed.ts';

type Reader = Pick<Database, 'prisma'>;

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
  payoutBlocked: string | null;
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

export const SUMMARY = {
  ...{ number: true, seq: true, state: true, kind: true, source: true, employeeId: true, insuredRegion: true, treatedRegion: true, bureauCode: true },
  ...{ onHold: true, escalationLevel: true, turn: true, turnSince: true, dueAt: true, dueProvisional: true, submissionVersion: true, payoutBlocked: true },
  ...{ submittedFen: true, approvedFen: true, payableFen: true, paidFen: true },
  ...{ createdAt: true, submittedAt: true, updatedAt: true, clearedAt: true, closedAt: true },
  unit: { select: { code: true, ancestorIds: true } },
  employee: { select: { employeeNo: true } },
} as const satisfies Prisma.ClaimSelect;

export function summaryOf({ unit, employee, ...claim }: Prisma.ClaimGetPayload<{ select: typeof SUMMARY }>): ClaimSummaryRow {
  return {
    ...claim,
    ...{ state: claim.state as ClaimState, turn: claim.turn as Party | null },
    ...{ unitCode: unit.code, ancestorIds: unit.ancestorIds, employeeNo: employee.employeeNo },
    ...{ submittedFen: fenOf(claim.submittedFen), approvedFen: fenOrNull(claim.approvedFen) },
    ...{ payableFen: fenOrNull(claim.payableFen), paidFen: fenOf(claim.paidFen) },
  };
}

/** The head of the claim, as far as the scope opens it. */
export async function findClaimSummary(db: Reader, { number }: { number: string }): Promise<ClaimSummaryRow | undefined> {
  const found = await db.prisma.claim.findUnique({ where: { number }, select: SUMMARY });
  return found ? summaryOf(found) : undefined;
}

export type ClaimRow = ClaimSummaryRow & {
  circumstances: string[];
  hospitalCode: string;
  hospitalName: string;
  visitNo: string | null;
  /** yyyy-MM-dd */
  visitStart: string;
  visitEnd: string;
  /** null: they were erased */
  diagnoses: Diagnosis[] | null;
  priorClaim: string | null;
  resubmissionNo: number;
  createdBy: Actor;
  lines: { lineNo: number; itemCode: string; itemName: string; itemClass: string; quantity: string; unitPriceFen: Fen; amountFen: Fen }[];
  invoices: { type: string; code: string; number: string; checkCode: string; amountFen: Fen; issuedOn: string; settlement: string }[];
  documents: AttachedRow[];
};

const DOCUMENT = { id: true, wrappedKey: true, keyEmployeeId: true, keyPurpose: true, fileName: true, mediaType: true, sizeBytes: true } as const;

const DETAIL = {
  ...SUMMARY,
  ...{ circumstances: true, hospitalCode: true, hospitalName: true, visitNo: true, visitStart: true, visitEnd: true, diagnoses: true },
  ...{ priorClaimNumber: true, resubmissionNo: true, createdBy: true },
  lines: {
    select: { lineNo: true, itemCode: true, itemName: true, itemClass: true, quantity: true, unitPriceFen: true, amountFen: true },
    orderBy: { lineNo: 'asc' },
  },
  invoices: {
    select: { type: true, code: true, invoiceNo: true, checkCode: true, amountFen: true, issuedOn: true, settlement: true },
    orderBy: [{ issuedOn: 'asc' }, { invoiceNo: 'asc' }],
  },
  documents: {
    select: { documentId: true, kind: true, addedAt: true, replacedBy: true, document: { select: DOCUMENT } },
    orderBy: [{ addedAt: 'asc' }, { documentId: 'asc' }],
  },
} as const satisfies Prisma.ClaimSelect;

/** The whole claim, as far as the scope opens it. */
export async function findClaim(db: Reader & Pick<Database, 'vault'>, { number }: { number: string }): Promise<ClaimRow | undefined> {
  const found = await db.prisma.claim.findUnique({ where: { number }, select: DETAIL });
  if (!found) return undefined;
  const { lines, invoices, documents, priorClaimNumber, ...claim } = found;
  return {
    ...summaryOf(claim),
    ...{ circumstances: claim.circumstances, hospitalCode: claim.hospitalCode, hospitalName: claim.hospitalName },
    ...{ visitNo: claim.visitNo, visitStart: dayOf(claim.visitStart), visitEnd: dayOf(claim.visitEnd) },
    diagnoses: await openDiagnoses(db.vault, { employeeId: claim.employeeId, claimNumber: number }, claim.diagnoses),
    ...{ priorClaim: priorClaimNumber, resubmissionNo: claim.resubmissionNo, createdBy: claim.createdBy as Actor },
    lines: lines.map(({ quantity, unitPriceFen, amountFen, ...line }) => ({
      ...line,
      ...{ quantity: quantity.toFixed(), unitPriceFen: fenOf(unitPriceFen), amountFen: fenOf(amountFen) },
    })),
    invoices: invoices.map(({ invoiceNo, amountFen, issuedOn, ...invoice }) => ({
      ...invoice,
      ...{ number: invoiceNo, amountFen: fenOf(amountFen), issuedOn: dayOf(issuedOn) },
    })),
    documents: await Promise.all(documents.map((attached) => namedOf(db.vault, attached))),
  };
}

type Attached = Omit<AttachedRow, 'fileName' | 'mediaType' | 'sizeBytes'> & { document: Prisma.DocumentGetPayload<{ select: typeof DOCUMENT }> };

async function namedOf(vault: Database['vault'], { document, ...attached }: Attached): Promise<AttachedRow> {
  const { mediaType, sizeBytes, fileName: sealedName, keyPurpose, ...key } = document;
  const fileName = await openFileName(vault, { ...key, keyPurpose: keyPurpose as PersonPurpose | null, sealedName });
  return { ...attached, fileName, mediaType, sizeBytes };
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

const EVENT = {
  ...{ seq: true, type: true, fromState: true, toState: true, at: true, actor: true, remark: true, remarkParams: true, turn: true, dueAt: true },
} as const satisfies Prisma.ClaimEventSelect;

export async function listEvents(db: Reader, { number }: { number: string }): Promise<EventRow[]> {
  const events = await db.prisma.claimEvent.findMany({ where: { claimNumber: number }, select: EVENT, orderBy: { seq: 'asc' } });
  return events as EventRow[];
}

export type NoticeRow = {
  seq: number;
  template: string;
  recipient: { kind: 'claimant' | 'employee' | 'role'; role?: string };
  channel: string;
  status: 'PENDING' | 'SENT' | 'FAILED' | 'UNDELIVERABLE';
  createdAt: Date;
  sentAt: Date | null;
};

const NOTICE = {
  ...{ seq: true, template: true, recipient: true, channel: true, status: true, createdAt: true, sentAt: true },
} as const satisfies Prisma.NoticeSelect;

export async function listNotices(db: Reader, { number }: { number: string }): Promise<NoticeRow[]> {
  const notices = await db.prisma.notice.findMany({ where: { claimNumber: number }, select: NOTICE, orderBy: { id: 'asc' } });
  return notices as NoticeRow[];
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

export async function listPayments(db: Pick<Database, 'query' | 'vault'>, { number }: { number: string }): Promise<PaymentListRow[]> {
  const { rows } = await db.query<Omit<PaymentListRow, 'accountTail'> & { accountId: string; employeeId: string; accountNo: Uint8Array | null }>(
    `SELECT p.reference, d.no AS "decisionNo", p.attempt, p.amount_fen AS "amountFen", p.status, p.bank_code AS "bankCode",
       p.account_id AS "accountId", c.employee_id AS "employeeId", a.account_no AS "accountNo", p.created_at AS "createdAt", p.sent_at AS "sentAt", p.settled_at AS "settledAt",
       p.matched_at AS "matchedAt", p.returned_at AS "returnedAt"
     FROM payment_instruction p JOIN claim c ON c.number = p.claim_number JOIN decision d ON d.id = p.decision_id LEFT JOIN bank_account a ON a.id = p.account_id
     WHERE p.claim_number = $1 ORDER BY d.no, p.attempt`,
    [number],
  );
  return Promise.all(
    rows.map(async ({ accountId, employeeId, accountNo, ...payment }) => ({
      ...payment,
      accountTail: accountNo === null ? '' : (await openAccountNo(db.vault, { accountId, employeeId, accountNo })).slice(-4),
    })),
  );
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

const DECISION = {
  ...{ no: true, source: true, sourceNo: true, outcome: true, reasons: true, remark: true, lines: true, funding: true },
  ...{ submittedFen: true, benefitFen: true, payableFen: true, decidedBy: true, decidedAt: true, recordedAt: true },
} as const satisfies Prisma.DecisionSelect;

export async function listDecisions(db: Reader, { number }: { number: string }): Promise<DecisionListRow[]> {
  const decisions = await db.prisma.decision.findMany({ where: { claimNumber: number }, select: DECISION, orderBy: { no: 'asc' } });
  return decisions.map(({ submittedFen, benefitFen, payableFen, ...decision }) => ({
    ...(decision as Omit<DecisionListRow, 'submittedFen' | 'benefitFen' | 'payableFen'>),
    ...{ submittedFen: fenOf(submittedFen), benefitFen: fenOf(benefitFen), payableFen: fenOf(payableFen) },
  }));
}

import type { Actor } from '#domain/claim/actor.ts';
import type { FundingLine } from '#domain/bureau/decision.ts';
import { deadlineAfter, type HolidayTable } from '#domain/calendar.ts';
import type { ClaimKind } from '#domain/claim/completeness.ts';
import { deadlinesOf } from '#domain/claim/deadlines.ts';
import type { ClaimHead } from '#domain/claim/head.ts';
import { tasksInTheWay, type OpenTask } from '#domain/claim/tasks.ts';
import type { ClaimView } from '#domain/claim/view.ts';
import type { Fen } from '#domain/money.ts';
import { mergeSettings, type PartialUnitSettings, type UnitSettings } from '#domain/org/settings.ts';
import type { PaymentStatus } from '#domain/payout/payment.ts';
import type { Tx } from '../database.ts';

/** A claim with all that a transition decides by: read in one statement, and locked until the transaction ends where `lock` says so. */
export type ClaimContext = {
  number: string;
  seq: number;
  head: ClaimHead;
  kind: ClaimKind;
  employeeId: string;
  unitId: string;
  unitCode: string;
  /** from the root to the claim's unit */
  ancestorIds: string[];
  settings: UnitSettings;
  insuredRegion: string;
  treatedRegion: string;
  bureauCode: string;
  circumstances: string[];
  visitStart: string;
  submittedFen: Fen;
  createdAt: Date;
  tasks: OpenTask[];
  /** `decidedBefore`: the bureau would not take it because it has decided an earlier version */
  submission: { messageId: string; version: number; acceptedAt: Date | null; decidedBefore: boolean; appealsDecisionNo: string | null } | null;
  payment: PaymentRow | null;
  decision: DecisionRow | null;
  /** the bureau's last decision, by its own number: what comes after it is an appeal against it */
  bureauDecisionNo: string | null;
  /** what all decisions together give us to pay; paid, on its way, or owed */
  promisedFen: Fen;
  owed: OwedRow | null;
  /** an instruction whose money the statement shows to have come back, and which the claim still counts as paid */
  returned: PaymentRow | null;
  /** whether the statement shows the debit of everything that was paid */
  matched: boolean;
};

/** The oldest decision that is ours to pay and has no instruction that lives or succeeded. */
export type OwedRow = {
  decisionId: string;
  no: number;
  payableFen: Fen;
  attempts: number;
  /** since the last attempt the account was changed, or finance said to try again; true before the first */
  ready: boolean;
};

export type PaymentRow = {
  reference: string;
  decisionId: string;
  attempt: number;
  amountFen: Fen;
  bankCode: string;
  status: PaymentStatus;
  settledAt: Date | null;
  matchedAt: Date | null;
};

export type DecisionRow = {
  id: string;
  no: number;
  source: string;
  sourceNo: string;
  outcome: 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';
  funding: FundingLine[];
  benefitFen: Fen;
  payableFen: Fen;
  recordedAt: Date;
  decidedBy: Actor;
  reasons: { code: string; text: string }[];
};

type Row = ClaimHead &
  Omit<ClaimContext, 'head' | 'settings' | 'tasks' | 'payment' | 'returned' | 'decision' | 'submission'> & {
    settings: PartialUnitSettings[];
    tasks: OpenTask[] | null;
    submission: (Omit<NonNullable<ClaimContext['submission']>, 'acceptedAt'> & { acceptedAt: string | null }) | null;
    payment: StoredPayment | null;
    returned: StoredPayment | null;
    decision: (Omit<DecisionRow, 'recordedAt'> & { recordedAt: string }) | null;
  };

type StoredPayment = Omit<PaymentRow, 'settledAt' | 'matchedAt'> & { settledAt: string | null; matchedAt: string | null };

const PAYMENT = `json_build_object('reference', p.reference, 'decisionId', p.decision_id, 'attempt', p.attempt, 'amountFen', p.amount_fen, 'bankCode', p.bank_code,
       'status', p.status, 'settledAt', p.settled_at, 'matchedAt', p.matched_at)`;

const SELECT = `
  SELECT c.number, c.seq, c.state, c.workflow_id AS "workflowId", c.on_hold AS "onHold", c.escalation_level AS "escalationLevel",
    c.reminded_at AS "remindedAt", c.bureau_outage AS "bureauOutage", c.withdrawal_requested AS "withdrawalRequested",
    c.payout_blocked AS "payoutBlocked", c.turn, c.turn_since AS "turnSince", c.approved_fen AS "approvedFen", c.payable_fen AS "payableFen",
    c.paid_fen AS "paidFen", c.submission_version AS "submissionVersion", c.submitted_at AS "submittedAt", c.closed_at AS "closedAt",
    c.cleared_at AS "clearedAt", c.kind, c.employee_id AS "employeeId", c.unit_id AS "unitId", u.code AS "unitCode",
    u.ancestor_ids AS "ancestorIds", c.insured_region AS "insuredRegion", c.treated_region AS "treatedRegion", c.bureau_code AS "bureauCode",
    c.circumstances, c.visit_start AS "visitStart", c.submitted_fen AS "submittedFen", c.created_at AS "createdAt",
    (SELECT json_agg(a.settings ORDER BY cardinality(a.ancestor_ids)) FROM unit a WHERE a.id = ANY (u.ancestor_ids)) AS settings,
    (SELECT json_agg(json_build_object('id', t.id, 'kind', t.kind, 'level', t.level, 'version', t.version, 'role', t.role, 'choices', t.choices, 'excluded', t.excluded,
         'assignees', t.assignees) ORDER BY t.created_at, t.level, t.ordinal) FROM task t WHERE t.claim_number = c.number AND t.status = 'OPEN') AS tasks,
    (SELECT json_build_object('messageId', s.message_id, 'version', s.version, 'acceptedAt', s.accepted_at, 'decidedBefore', s.acceptance_no IS NOT DISTINCT FROM '', 'appealsDecisionNo', s.appeals_decision_no)
       FROM bureau_submission s WHERE s.claim_number = c.number ORDER BY s.version DESC LIMIT 1) AS submission,
    (SELECT ${PAYMENT} FROM payment_instruction p JOIN decision d ON d.id = p.decision_id WHERE p.claim_number = c.number
       ORDER BY p.created_at DESC, d.no DESC, p.attempt DESC LIMIT 1) AS payment,
    (SELECT ${PAYMENT} FROM payment_instruction p JOIN statement_entry s ON s.reference = p.reference AND s.kind = 'RETURN' AND s.result = 'MATCHED'
       WHERE p.claim_number = c.number AND p.status = 'SUCCEEDED' ORDER BY p.created_at LIMIT 1) AS returned,
    NOT EXISTS (SELECT FROM payment_instruction p WHERE p.claim_number = c.number AND p.status = 'SUCCEEDED' AND p.matched_at IS NULL) AS matched,
    (SELECT json_build_object('decisionId', d.id, 'no', d.no, 'payableFen', d.payable_fen, 'attempts', coalesce(last.attempt, 0), 'ready', last.attempt IS NULL
         OR EXISTS (SELECT FROM bank_account a WHERE a.employee_id = c.employee_id AND a.replaced_at IS NULL AND a.id <> last.account_id)
         OR EXISTS (SELECT FROM task t WHERE t.claim_number = c.number AND t.status = 'DECIDED' AND t.closed_at >= last.created_at
           AND (t.kind = 'PAYOUT_ATTENTION' AND t.choice IN ('RETRY', 'RELEASE_LIMIT') OR t.kind = 'CONFIRM_PAYOUT' AND t.choice = 'CONFIRM_FAILED')))
       FROM decision d LEFT JOIN LATERAL (SELECT p.attempt, p.account_id, p.created_at FROM payment_instruction p WHERE p.decision_id = d.id ORDER BY p.attempt DESC LIMIT 1) last ON true
       WHERE d.claim_number = c.number AND d.payable_fen > 0
         AND NOT EXISTS (SELECT FROM payment_instruction p WHERE p.decision_id = d.id AND p.status NOT IN ('FAILED', 'RETURNED'))
       ORDER BY d.no LIMIT 1) AS owed,
    (SELECT coalesce(sum(d.payable_fen), 0)::bigint FROM decision d WHERE d.claim_number = c.number) AS "promisedFen",
    (SELECT d.source_no FROM decision d WHERE d.claim_number = c.number AND d.source IN ('BUREAU', 'WRITTEN') ORDER BY d.no DESC LIMIT 1) AS "bureauDecisionNo",
    (SELECT json_build_object('id', d.id, 'no', d.no, 'source', d.source, 'sourceNo', d.source_no, 'outcome', d.outcome, 'funding', d.funding,
       'benefitFen', d.benefit_fen, 'payableFen', d.payable_fen, 'recordedAt', d.recorded_at, 'decidedBy', d.decided_by, 'reasons', d.reasons)
       FROM decision d WHERE d.claim_number = c.number ORDER BY d.no DESC LIMIT 1) AS decision
  FROM claim c JOIN unit u ON u.id = c.unit_id
  WHERE c.number = $1`;

/** The claim, or undefined where there is none. `lock` makes other transitions of the same claim wait. */
export async function readClaimContext(tx: Pick<Tx, 'query'>, number: string, { lock }: { lock: boolean }): Promise<ClaimContext | undefined> {
  // Locked first and read then: what a statement reads beside the row it waits for is older than the row.
  if (lock) await tx.query('SELECT FROM claim WHERE number = $1 FOR UPDATE', [number]);
  const { rows } = await tx.query<Row>(SELECT, [number]);
  const row = rows[0];
  if (!row) return undefined;
  const { submission, payment, returned, decision } = row;
  return {
    ...row,
    head: headOf(row),
    settings: mergeSettings(row.settings),
    tasks: row.tasks ?? [],
    submission: submission && { ...submission, acceptedAt: date(submission.acceptedAt) },
    payment: payment && paymentOf(payment),
    returned: returned && paymentOf(returned),
    decision: decision && { ...decision, recordedAt: new Date(decision.recordedAt) },
  };
}

function headOf(row: Row): ClaimHead {
  const { state, workflowId, onHold, escalationLevel, remindedAt, bureauOutage, withdrawalRequested, payoutBlocked, turn, turnSince } = row;
  const { approvedFen, payableFen, paidFen, submissionVersion, submittedAt, closedAt, clearedAt } = row;
  return {
    ...{ state, workflowId, onHold, escalationLevel, remindedAt, bureauOutage, withdrawalRequested, payoutBlocked, turn, turnSince },
    ...{ approvedFen, payableFen, paidFen, submissionVersion, submittedAt, closedAt, clearedAt },
  };
}

const paymentOf = (stored: StoredPayment): PaymentRow => ({ ...stored, settledAt: date(stored.settledAt), matchedAt: date(stored.matchedAt) });
const date = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** What the workflow is told, deadlines included. */
export function viewOf(claim: ClaimContext, clockwork: Clockwork): ClaimView {
  const { head, settings, payment, decision, submission } = claim;
  const { remindAt, actAt, provisional } = dueOf(claim, clockwork);
  const appealable = decision !== null && decision.outcome !== 'APPROVED';
  return {
    claimNumber: claim.number,
    state: head.state,
    seq: claim.seq,
    onHold: head.onHold,
    escalationLevel: head.escalationLevel,
    closed: head.closedAt !== null,
    employeeId: claim.employeeId,
    unitCode: claim.unitCode,
    bureauCode: claim.bureauCode,
    bankCode: payment?.bankCode ?? clockwork.bank.code,
    askBankAfterSeconds: clockwork.bank.queryAfterSeconds,
    tasks: claim.tasks,
    submission: submission && {
      messageId: submission.messageId,
      version: submission.version,
      accepted: submission.acceptedAt !== null,
      appeal: submission.appealsDecisionNo !== null,
    },
    payment: payment && { reference: payment.reference, status: payment.status, matched: claim.matched },
    returned: claim.returned !== null,
    payoutReady: claim.owed?.ready ?? false,
    payoutBlocked: head.payoutBlocked,
    withdrawalRequested: head.withdrawalRequested,
    bureauOutage: head.bureauOutage,
    appealableUntil: appealable
      ? deadlineAfter(decision.recordedAt, settings.serviceLevels.appealWindow.closesAfter, clockwork.holidays).at.toISOString()
      : null,
    remindAt: remindAt?.toISOString() ?? null,
    actAt: actAt?.toISOString() ?? null,
    provisional,
  };
}

/** What deadlines are computed with, besides the claim: the calendar, and the terms of the bank that pays. */
export type Clockwork = { holidays: HolidayTable; bank: { code: string; returnWindowSeconds: number; queryAfterSeconds: number } };

/** When the claim is due. */
export function dueOf(claim: Pick<ClaimContext, 'head' | 'settings' | 'payment' | 'createdAt' | 'tasks'>, { holidays, bank }: Clockwork) {
  const { head, settings, payment, tasks } = claim;
  return deadlinesOf({
    state: head.state,
    turnSince: head.turnSince ?? claim.createdAt,
    remindedAt: head.remindedAt,
    escalationLevel: head.escalationLevel,
    // A refused submission is no outage: the bureau was reached.
    bureauOutage: head.bureauOutage || tasks.some(({ kind }) => kind === 'BUREAU_ANSWER_CHECK'),
    waitsForTask: tasksInTheWay(tasks).length > 0,
    levels: settings.serviceLevels,
    holidays,
    settledAt: payment?.settledAt ?? null,
    payoutBlocked: head.payoutBlocked,
    returnWindowSeconds: bank.returnWindowSeconds,
  });
}

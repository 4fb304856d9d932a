import type { Role } from '../claim/actor.ts';
import type { DocumentKind } from '../claim/completeness.ts';
import type { MoveType } from '../claim/moves.ts';
import type { ClaimState } from '../claim/states.ts';
import type { OpenTask, TaskKind } from '../claim/tasks.ts';
import type { ConsentPurpose } from '../consent/purposes.ts';

export const NOTICE_TEMPLATES = [
  'DRAFT_TO_CONFIRM',
  'CLAIM_SUBMITTED',
  'MATERIALS_MISSING',
  'MATERIALS_REMINDER',
  'CONSENT_NEEDED',
  'DUPLICATE_CHECK',
  'SENT_TO_BUREAU',
  'APPROVED',
  'PARTIALLY_APPROVED',
  'DENIED',
  'PAYMENT_ORDERED',
  'PAID',
  'PAID_DIRECTLY',
  'PAYMENT_FAILED',
  'PAYMENT_RETURNED',
  'PAYMENT_DELAYED',
  'ACCOUNT_NEEDED',
  'ACCOUNT_REMINDER',
  'ACCOUNT_CHANGED',
  'IDENTITY_CHANGED',
  'SUBSTITUTION_MADE',
  'SUBSTITUTION_ENDED',
  'APPEAL_RECEIVED',
  'APPEAL_UPHELD',
  'APPEAL_GRANTED',
  'DENIAL_LIFTED',
  'WITHDRAWN',
  'WITHDRAWAL_REFUSED',
  'ON_HOLD',
  'RELEASED',
  'REVERSED',
  'BUREAU_SLOW',
  'ESCALATED',
  'TASK_WAITING',
  'TASK_OVERDUE',
  'TASK_ESCALATED',
  'APPROVAL_REQUESTED',
  'APPROVAL_PROGRESS',
  'APPROVAL_NOT_NEEDED',
  'APPROVAL_REFUSED',
  'APPROVAL_RETURNED',
  'APPROVAL_URGED',
  'APPROVAL_COPIED',
] as const;
export type NoticeTemplate = (typeof NOTICE_TEMPLATES)[number];

/**
 * Whom a message goes to. Who the claimant is, or holds the role, is looked up when it is sent. An address is fixed when it is written: whoever
 * changed an address must not so receive the message about it.
 */
export type Recipient =
  | { kind: 'claimant' }
  | { kind: 'employee'; employeeId: string }
  | { kind: 'role'; role: Role; unitId: string }
  | ({ kind: 'address' } & Address);
export type Address = { name: string; email: string; locale: string };

/** What a message may say, all optional. Amounts are decimal yuan; `until` is RFC 3339. Nothing medical: lines by number, reasons by code. */
export type NoticeParams = {
  documents?: readonly DocumentKind[];
  until?: string;
  /** what the claimant's consent is needed for */
  consents?: readonly ConsentPurpose[];
  /** true where `until` lies beyond the published holidays */
  provisional?: boolean;
  submitted?: string;
  benefit?: string;
  /** what we pay; `0.00` where the bureau pays it all itself */
  amount?: string;
  /** last four digits of the account */
  accountTail?: string;
  /** ReasonCodes or a bureau's own codes */
  reasons?: readonly string[];
  /** what was cut, line by line */
  cuts?: readonly { lineNo: number; amount: string; reason: string }[];
  /** what holds a payout up, or how an approval came to a person */
  cause?: string;
  /** of a substitution: employee numbers, and RFC 3339 */
  absentNo?: string;
  substituteNo?: string;
  from?: string;
  /** of an approval: which step it is about, and how many there are */
  step?: number;
  steps?: number;
  task?: TaskKind;
  /** 1 branch manager, 2 head office */
  level?: number;
};

export type NoticeDraft = { template: NoticeTemplate; params: NoticeParams; recipient: Recipient };

export type NoticeContext = {
  /** the claim's unit */
  unitId: string;
  fromState: ClaimState | null;
  params: NoticeParams;
  /** the tasks that the transition opens */
  tasks: readonly { kind: TaskKind; role: Role; unitId: string; level?: number; until?: string; assignees?: readonly string[] }[];
};

const AT_BUREAU: readonly ClaimState[] = ['SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'];

/** What the claimant is told of a transition, by the state it leads to where that matters. */
const TO_CLAIMANT: { [M in MoveType]?: NoticeTemplate | { [S in ClaimState]?: NoticeTemplate } } = {
  CREATED: { DRAFT: 'DRAFT_TO_CONFIRM', SUBMITTED: 'CLAIM_SUBMITTED' },
  CONFIRMED: 'CLAIM_SUBMITTED',
  INFO_REQUESTED: 'MATERIALS_MISSING',
  DUPLICATE_SUSPECTED: 'DUPLICATE_CHECK',
  INTAKE_PASSED: 'SENT_TO_BUREAU',
  REMINDED: { PENDED_INFO: 'MATERIALS_REMINDER', PAYMENT_FAILED: 'ACCOUNT_REMINDER' },
  DECIDED: { APPROVED: 'APPROVED', PARTIALLY_APPROVED: 'PARTIALLY_APPROVED', DENIED: 'DENIED' },
  APPEALED: 'APPEAL_RECEIVED',
  APPEAL_GRANTED: 'DENIAL_LIFTED',
  APPEAL_UPHELD: 'APPEAL_UPHELD',
  PAYOUT_ORDERED: 'PAYMENT_ORDERED',
  PAYMENT_FAILED: 'PAYMENT_FAILED',
  PAID: 'PAID',
  PAYMENT_RETURNED: 'PAYMENT_RETURNED',
  WITHDRAWN: 'WITHDRAWN',
  WITHDRAWAL_REFUSED: 'WITHDRAWAL_REFUSED',
  REVERSED: 'REVERSED',
  HELD: 'ON_HOLD',
  RELEASED: 'RELEASED',
};

/** The messages that a transition sends: to the claimant, and to whoever has to act on what it opened. */
export function noticesFor(type: MoveType, toState: ClaimState, context: NoticeContext): NoticeDraft[] {
  const { params, unitId } = context;
  const drafts: NoticeDraft[] = [];
  const template = claimantTemplate(type, toState, context);
  if (template) drafts.push({ template, params, recipient: { kind: 'claimant' } });
  if (type === 'REMINDED' && AT_BUREAU.includes(toState) && params.task === undefined) {
    drafts.push({ template: 'BUREAU_SLOW', params, recipient: { kind: 'role', role: 'hr', unitId } });
  }
  for (const { kind, role, level, until, unitId: decidingUnitId, assignees = [] } of context.tasks) {
    // whoever is asked in person is told so in person (approval-notices.ts)
    if (assignees.length > 0) continue;
    drafts.push({
      template: kind === 'ESCALATION' ? 'ESCALATED' : 'TASK_WAITING',
      // of what concerns the claimant a decider's mail repeats nothing
      params: { task: kind, ...(level !== undefined && { level }), ...(until !== undefined && { until }) },
      recipient: { kind: 'role', role, unitId: decidingUnitId },
    });
  }
  return drafts;
}

/** Who has to decide a task that is overdue: those who are asked in person, or whoever holds the role. */
export function overdueNotices(tasks: readonly Pick<OpenTask, 'kind' | 'role' | 'assignees'>[], unitId: string): NoticeDraft[] {
  const drafts = tasks.flatMap(({ kind, role, assignees = [] }) => {
    const people: Recipient[] = assignees.map((employeeId) => ({ kind: 'employee', employeeId }));
    const recipients: Recipient[] = people.length > 0 ? people : [{ kind: 'role', role, unitId }];
    return recipients.map((recipient): NoticeDraft => ({ template: 'TASK_OVERDUE', params: { task: kind }, recipient }));
  });
  // several seats of one role are one mail
  return [...new Map(drafts.map((draft) => [JSON.stringify(draft), draft])).values()];
}

function claimantTemplate(type: MoveType, toState: ClaimState, { fromState, params, tasks }: NoticeContext): NoticeTemplate | undefined {
  if (type === 'DECIDED' && fromState === 'APPEAL_REVIEW' && toState !== 'DENIED') return 'APPEAL_GRANTED';
  if (type === 'PAID' && fromState !== 'PAYMENT_IN_PROCESS') return 'PAID_DIRECTLY';
  // what is finance's to mend is not put on the claimant
  if (type === 'PAYMENT_FAILED' && tasks.some(({ kind }) => kind === 'PAYOUT_ATTENTION')) return 'PAYMENT_DELAYED';
  if (type === 'INFO_REQUESTED' && params.cause === 'RETURNED') return 'APPROVAL_RETURNED';
  if (params.consents) return 'CONSENT_NEEDED';
  if (type === 'PAYOUT_BLOCKED') return params.cause === 'NO_ACCOUNT' ? 'ACCOUNT_NEEDED' : undefined;
  const entry = TO_CLAIMANT[type];
  return typeof entry === 'object' ? entry[toState] : entry;
}

import type { ApprovalRefusal } from '../approval/act.ts';
import type { ClaimState } from './states.ts';
import type { OpenTask, TaskRefusal } from './tasks.ts';

/**
 * A claim as its workflow sees it: what Postgres says, and nothing that the workflow could have made up. Every write answers with the newest
 * view, so a repeated write, a reset workflow and one rebuilt from nothing all find their way from the same place. Times are RFC 3339.
 */
export type ClaimView = {
  claimNumber: string;
  state: ClaimState;
  /** the number of transitions so far; a write names the one it saw */
  seq: number;
  onHold: boolean;
  escalationLevel: number;
  closed: boolean;
  employeeId: string;
  unitCode: string;
  bureauCode: string;
  bankCode: string;
  /** how long an instruction without a final answer waits for news before the bank is asked */
  askBankAfterSeconds: number;
  tasks: OpenTask[];
  /** the submission that the bureau has, or is to get */
  submission: { messageId: string; version: number; accepted: boolean; appeal: boolean } | null;
  /** the newest instruction; `matched`: the statement shows the debit of everything that was paid */
  payment: { reference: string; status: 'CREATED' | 'UNKNOWN' | 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED' | 'RETURNED'; matched: boolean } | null;
  /** money that counts as paid has come back */
  returned: boolean;
  /** something is owed, and it may be tried: for the first time, or again with another account or on finance's word */
  payoutReady: boolean;
  /** why the payout waits, if it does */
  payoutBlocked: string | null;
  /** a withdrawal that the bureau has still to acknowledge */
  withdrawalRequested: boolean;
  /** the bureau could not be reached for longer than the service level allows */
  bureauOutage: boolean;
  /** when the claim may be appealed against until; null where there is nothing to appeal against */
  appealableUntil: string | null;
  /** when somebody is reminded, and when the state's own time is up (deny, escalate, clear, close) */
  remindAt: string | null;
  actAt: string | null;
  provisional: boolean;
};

/**
 * What a write answers: the newest view, whether this write (or the same one before) is part of it, and the refusal if the claim could not
 * do what was asked.
 */
export type Written = {
  view: ClaimView;
  done: boolean;
  refused:
    | 'CLAIM_STATE_CONFLICT'
    | 'CLAIM_ON_HOLD'
    | 'WITHDRAWAL_TOO_LATE'
    | 'APPEAL_TOO_LATE'
    | 'CONSENT_MISSING'
    | 'EMPLOYEE_UNKNOWN'
    | TaskRefusal
    | ApprovalRefusal['code']
    | null;
};

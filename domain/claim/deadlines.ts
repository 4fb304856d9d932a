import { deadlineAfter, type Deadline, type Duration, type HolidayTable } from '../calendar.ts';
import type { ServiceLevels } from '../org/settings.ts';
import { waitsForAccount, type ClaimState } from './states.ts';

export type DeadlineInput = {
  state: ClaimState;
  /** when the present turn began: entry into the state, or the hand-over to the bureau */
  turnSince: Date;
  /** when somebody was last reminded in this turn */
  remindedAt: Date | null;
  escalationLevel: number;
  bureauOutage: boolean;
  /** somebody of ours has to decide a task before anything else can happen: no bureau's clock runs, but theirs */
  waitsForTask?: boolean;
  levels: ServiceLevels;
  holidays: HolidayTable;
  /** PAID: when the bank executed the payment, and how long it may still come back */
  settledAt: Date | null;
  returnWindowSeconds: number;
  /** PAYMENT_FAILED: what holds the next attempt up */
  payoutBlocked?: string | null;
};

/** `remindAt`: a person is reminded. `actAt`: the state's own time is up. Null where nothing is due. */
export type ClaimDeadlines = { remindAt: Date | null; actAt: Date | null; provisional: boolean };

const NONE: ClaimDeadlines = { remindAt: null, actAt: null, provisional: false };

/** What a waiting claim's clock says. Pure, so that a calendar or a service level edited meanwhile simply gives another answer. */
export function deadlinesOf(input: DeadlineInput): ClaimDeadlines {
  const { levels, turnSince } = input;
  const after = (duration: Duration, start = turnSince): Deadline => deadlineAfter(start, duration, input.holidays);
  const firstReminder = (duration: Duration): Deadline | null => (input.remindedAt ? null : after(duration));

  if (input.waitsForTask) return both(firstReminder(levels.taskDue.dueAfter), escalation(input, levels.taskDue, after));
  switch (input.state) {
    case 'PENDED_INFO':
      return both(firstReminder(levels.employeeMaterials.remindAfter), after(levels.employeeMaterials.deadlineAfter));
    case 'SENT_TO_BUREAU':
      return both(input.bureauOutage ? null : after(levels.bureauAcknowledgement.outageAfter), escalation(input, levels.bureauReview, after));
    case 'IN_REVIEW':
    case 'APPEAL_REVIEW':
      return both(firstReminder(levels.bureauReview.remindAfter), escalation(input, levels.bureauReview, after));
    case 'PAYMENT_FAILED':
      if (!waitsForAccount(input)) return NONE;
      return both(after(levels.paymentFailed.remindAfter, input.remindedAt ?? turnSince), null);
    case 'PAID':
      return both(null, after({ seconds: input.returnWindowSeconds }, input.settledAt ?? turnSince));
    case 'DENIED':
      return both(null, after(levels.appealWindow.closesAfter));
    default:
      return NONE;
  }
}

/** The branch manager first, then head office, then nobody is left to escalate to. */
function escalation({ escalationLevel }: DeadlineInput, level: Escalated, after: (duration: Duration) => Deadline): Deadline | null {
  if (escalationLevel === 0) return after(level.escalateAfter);
  return escalationLevel === 1 ? after(level.escalateAgainAfter) : null;
}
type Escalated = Pick<ServiceLevels['bureauReview'], 'escalateAfter' | 'escalateAgainAfter'>;

function both(remind: Deadline | null, act: Deadline | null): ClaimDeadlines {
  return { remindAt: remind?.at ?? null, actAt: act?.at ?? null, provisional: (remind?.provisional ?? false) || (act?.provisional ?? false) };
}

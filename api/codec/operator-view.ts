import type { ClaimView, Written } from '#domain/claim/view.ts';
import type { RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import type { OpenTask } from '#domain/claim/tasks.ts';

/**
 * What operators see of a payload: where a claim is and what it waits for, never what somebody wrote about it. Fields are shown by name; whatever is added to what
 * goes to a claim has to be decided on here.
 */
const OF_CLAIMS: Record<keyof ClaimView | keyof Written | keyof OpenTask | keyof TaskDecision | keyof RequestedFor, boolean> = {
  ...{
    claimNumber: true,
    state: true,
    seq: true,
    onHold: true,
    escalationLevel: true,
    closed: true,
    employeeId: true,
    unitCode: true,
    bureauCode: true,
    bankCode: true,
  },
  ...{ askBankAfterSeconds: true, tasks: true, submission: true, payment: true, returned: true, payoutReady: true, payoutBlocked: true },
  ...{ withdrawalRequested: true, bureauOutage: true, appealableUntil: true, remindAt: true, actAt: true, provisional: true },
  ...{ view: true, done: true, refused: true },
  ...{ id: true, kind: true, role: true, level: true, choices: true, excluded: true, assignees: true },
  ...{ taskId: true, choice: true, actor: true, people: true, step: true, to: true, mode: true, version: true, comment: false, reason: false, written: false },
  ...{ to: true, people: true, step: true, mode: true },
};

const SHOWN: ReadonlySet<string> = new Set([
  ...Object.entries(OF_CLAIMS).flatMap(([name, show]) => (show ? [name] : [])),
  // parts of the fields above
  ...['messageId', 'version', 'accepted', 'appeal', 'reference', 'status', 'matched', 'type', 'via'],
  // steps, and what bureaus and banks answer to a call, without their own words
  ...['at', 'requestId', 'source', 'result', 'acceptanceNo', 'acceptedAt', 'code', 'amountFen', 'bankStatus', 'settledAt', 'cause'],
  // answers of updates, the status, what the poller and the reconciliation count
  ...['ok', 'waitingFor', 'until', 'openTaskIds', 'asked', 'found', 'days', 'lines', 'unexplained', 'currentDetails'],
]);

const STRUCK = '■';
/** A number of this length could be somebody's. Ours have eight digits at most in a row. */
const LONG_NUMBER = /\d{11,}[\dXx]*/g;
const NOT_ASCII = /[^\x20-\x7e·\n]+/g;
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/g;

/** `value` as it is shown. Texts of failures keep our own words and lose what they quote. */
export function operatorView(value: unknown): unknown {
  if (typeof value === 'string') return words(value);
  if (isFailure(value)) return { message: words(value.message), stack_trace: callsOf(value.stack_trace) };
  return shown(value);
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, SHOWN.has(name) ? shown(each) : STRUCK]));
}

const words = (text: string): string => text.replaceAll(QUOTED, STRUCK).replaceAll(NOT_ASCII, STRUCK).replaceAll(LONG_NUMBER, STRUCK);

/** The calls of a stack; its first lines repeat the message. */
const callsOf = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');

/** Message and stack trace of a failure, as the SDK makes a payload of them. */
function isFailure(value: unknown): value is { message: string; stack_trace: string } {
  const { message, stack_trace: stack } = (value ?? {}) as { message?: unknown; stack_trace?: unknown };
  return typeof message === 'string' && typeof stack === 'string';
}

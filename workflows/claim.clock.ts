import type { ClaimView } from '#domain/claim/view.ts';
import { LONGEST_REST_MS, RETRY_BLOCKED_PAYOUT_MS } from './activity-options.ts';

/** When a claim has to be looked at although nothing has come. */
export type ClaimClock = {
  /** what is due now, if anything; the state's own deadline before a reminder */
  due(view: ClaimView): 'remind' | 'expire' | null;
  /** Meeting what is due changed nothing (the debit is not on the statement yet, a task is open): it is not met again before the claim changes. */
  settle(view: ClaimView): void;
  /** milliseconds until the claim's next deadline; null where there is none */
  untilDeadline(view: ClaimView): number | null;
  /** milliseconds until the claim has to be looked at; null where only a message or the call under way can move it */
  untilLook(view: ClaimView, calling: boolean): number | null;
  /** A call gave up, which it does as soon as its next attempt would come after the deadline: it is made again after that, or in a while. */
  rest(call: string, view: ClaimView): void;
  rests(call: string): boolean;
  ring(): void;
  /** Whether it is time to try again what could not be done before; told once. */
  rang(): boolean;
};

export function openClock(): ClaimClock {
  let settled = { view: '', until: 0 };
  let resting = { call: '', until: 0 };
  let bell = false;

  const deadlines = (view: ClaimView): { kind: 'remind' | 'expire'; at: number }[] => {
    const all = [
      { kind: 'expire' as const, at: view.actAt },
      { kind: 'remind' as const, at: view.remindAt },
    ];
    const after = settled.view === JSON.stringify(view) ? settled.until : 0;
    return all.flatMap(({ kind, at }) => (at !== null && Date.parse(at) > after ? [{ kind, at: Date.parse(at) }] : []));
  };
  const untilDeadline = (view: ClaimView): number | null => {
    const times = deadlines(view).map(({ at }) => at);
    return times.length === 0 ? null : Math.min(...times) - Date.now();
  };

  return {
    untilDeadline,
    due: (view) => deadlines(view).find(({ at }) => at <= Date.now())?.kind ?? null,
    settle(view) {
      settled = { view: JSON.stringify(view), until: Date.now() };
    },
    untilLook(view, calling) {
      // A call under way ends by itself at the deadline.
      if (calling) return null;
      if (view.state === 'PAYMENT_IN_PROCESS') return view.payment?.status === 'CREATED' ? null : view.askBankAfterSeconds * 1_000;
      if (view.onHold && view.state !== 'PAID') return null;
      if (view.payoutBlocked) return RETRY_BLOCKED_PAYOUT_MS;
      const [deadline, rest] = [untilDeadline(view), resting.until - Date.now()];
      return rest > 0 ? Math.min(deadline ?? rest, rest) : deadline;
    },
    rest(call, view) {
      resting = { call, until: Date.now() + Math.min(untilDeadline(view) ?? LONGEST_REST_MS, LONGEST_REST_MS) };
    },
    rests: (call) => resting.call === call && Date.now() < resting.until,
    ring() {
      bell = true;
    },
    rang() {
      const rung = bell;
      bell = false;
      return rung;
    },
  };
}

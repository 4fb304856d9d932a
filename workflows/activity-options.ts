import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { READ_ATTEMPTS } from './reading.messages.ts';

/**
 * Every time-out and retry, by kind of work. A write is one short transaction: it runs inside the workflow task, which halves the history, and
 * where the database does not answer soon it goes on as an ordinary activity, which may wait for as long as it takes.
 */
export const WRITE_AT_ONCE: LocalActivityOptions = {
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  retry: { initialInterval: '250ms', maximumAttempts: 2 },
};

export const WRITE_PATIENTLY: ActivityOptions = {
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
};

/** A call whose worker is not heard of for this long is taken over by another. */
const HEARTBEAT = '15s';

/** A bureau may be away for days. `scheduleToCloseTimeout` is the claim's next deadline, so that an outage shows without a timer of its own. */
export const CALL_BUREAU: ActivityOptions = {
  // a submission under way is waited for before a withdrawal is sent after it
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '30s',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
};

/** What a bureau knows of an invoice: a claim goes on without it where the bureau does not say so soon. */
export const CHECK_INVOICES: ActivityOptions = {
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '30s' },
};

/** A call to a bureau that gave up before its deadline rests until then, and no longer than this. */
export const LONGEST_REST_MS = 5 * 60_000;

/** What the bank does not answer for certain comes back as `unknown`, so that only a fault of ours is retried. */
export const CALL_BANK: ActivityOptions = {
  startToCloseTimeout: '1m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
};

/** A payout that is stopped or over a daily limit is tried again this often; who lifts the stop need not tell every claim. */
export const RETRY_BLOCKED_PAYOUT_MS = 15 * 60_000;

/**
 * A photograph takes seconds and may take three minutes, after those that came before it. A reader that was killed is noticed by its heartbeat; one that is away is waited for. Where a
 * file defeats the reader without being to blame, it is tried over three quarters of an hour.
 */
export const READ_DOCUMENT: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '2s', backoffCoefficient: 4, maximumInterval: '15m', maximumAttempts: READ_ATTEMPTS },
};

/** A slice of a simulation is some seconds of work. Whatever it fails with it is tried again for a day; then it is given up, as far as it came. */
export const SETTLE_SLICE: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT,
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
};

/** Reading what a claim brought: it goes on without that where the readers have too much to do, or are away. */
export const READ_INVOICES: ActivityOptions = { ...READ_DOCUMENT, scheduleToCloseTimeout: '10m' };
/** Where it went on without that before, it does not wait for as long every time that it comes back. */
export const READ_INVOICES_AGAIN: ActivityOptions = { ...READ_DOCUMENT, scheduleToCloseTimeout: '1m' };

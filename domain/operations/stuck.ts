/**
 * Why a claim may be standing still, as an operator looks for it. One claim may stand under several. What `key` tells apart within a reason is said beside it.
 * Everything comes from Postgres: what one workflow does at this moment is asked of Temporal for one claim at a time.
 */
export const STUCK_REASONS = [
  /** key: the bureau. It has the claim and has not decided yet */
  'WAITING_BUREAU',
  /** key: the bureau. It could not be reached for longer than the unit's service level */
  'BUREAU_OUTAGE',
  /** key: the activity. A call fails, and is made again and again */
  'RETRYING',
  /** key: the bank. It has not said what became of an instruction */
  'PAYMENT_UNKNOWN',
  /** key: why (domain/claim/remarks.ts). A stop, a limit, no account, a doubt */
  'PAYOUT_BLOCKED',
  /** no key. Somebody put the claim on hold */
  'ON_HOLD',
  /** key: whose turn it is. The time for it is over */
  'OVERDUE',
  /** key: what was found instead. No workflow runs for the claim */
  'NO_WORKFLOW',
  /** key: the channel. A message of the claim was given up */
  'UNDELIVERABLE',
] as const;
export type StuckReason = (typeof STUCK_REASONS)[number];

/** What NO_WORKFLOW says where the claim was accepted and Temporal has not been told yet: it is away, or no worker relays. */
export const NOT_STARTED = 'NOT_STARTED';
/** How long Temporal may take to hear of a new claim before that counts as stuck. */
export const START_PATIENCE_MS = 2 * 60_000;

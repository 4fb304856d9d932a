import type { ClaimState } from './states.ts';

/**
 * Every way in which a claim may move. A move whose `to` is `same` leaves the state and adds a line to the history.
 * The table is the law: the write refuses what is not in it.
 */
const MOVES = {
  CREATED: { from: [], to: ['DRAFT', 'SUBMITTED'] },
  CONFIRMED: { from: ['DRAFT'], to: ['SUBMITTED'] },
  /** intake found something that the employee can mend */
  INFO_REQUESTED: { from: ['SUBMITTED', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'], to: ['PENDED_INFO'] },
  MATERIALS_COMPLETED: { from: ['PENDED_INFO'], to: ['SUBMITTED'] },
  DUPLICATE_SUSPECTED: { from: ['SUBMITTED'], to: ['PENDED_DUPLICATE'] },
  DUPLICATE_CLEARED: { from: ['PENDED_DUPLICATE'], to: ['SUBMITTED'] },
  /** the review found what is for HR to settle */
  PRE_REVIEW_REQUESTED: { from: ['SUBMITTED'], to: 'same' },
  PRE_REVIEW_DECIDED: { from: ['SUBMITTED'], to: 'same' },
  /** the employee wants a person to look at what the review found */
  REVIEW_REQUESTED: { from: ['PENDED_INFO'], to: ['SUBMITTED'] },
  APPROVAL_REQUESTED: { from: ['SUBMITTED'], to: 'same' },
  /** somebody approved; the remark says whether the step is passed by it */
  APPROVAL_STEP_DECIDED: { from: ['SUBMITTED'], to: 'same' },
  /** others are asked or told, without a decision: passed on, added, gone back to an earlier step, taken back */
  APPROVAL_CHANGED: { from: ['SUBMITTED'], to: 'same' },
  APPROVAL_URGED: { from: ['SUBMITTED'], to: 'same' },
  INTAKE_PASSED: { from: ['SUBMITTED'], to: ['SENT_TO_BUREAU'] },
  BUREAU_ACCEPTED: { from: ['SENT_TO_BUREAU'], to: ['IN_REVIEW'] },
  BUREAU_OUTAGE: { from: ['SENT_TO_BUREAU'], to: 'same' },
  /** an answer that does not add up is shown to a person instead of being paid */
  ANSWER_DOUBTED: { from: ['SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'], to: 'same' },
  REMINDED: { from: ['SUBMITTED', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW', 'PENDED_INFO', 'PAYMENT_FAILED'], to: 'same' },
  ESCALATED: { from: ['SUBMITTED', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'], to: 'same' },
  ESCALATION_DECIDED: { from: ['SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'], to: 'same' },
  RESUBMITTED_TO_BUREAU: { from: ['SENT_TO_BUREAU', 'IN_REVIEW', 'APPEAL_REVIEW'], to: ['SENT_TO_BUREAU', 'APPEAL_REVIEW'] },
  DECIDED: {
    from: ['SUBMITTED', 'SENT_TO_BUREAU', 'IN_REVIEW', 'PENDED_INFO', 'PENDED_DUPLICATE', 'APPEAL_REVIEW'],
    to: ['APPROVED', 'PARTIALLY_APPROVED', 'DENIED'],
  },
  APPEALED: { from: ['DENIED', 'PARTIALLY_APPROVED', 'PAID'], to: ['APPEAL_REVIEW'] },
  /** HR lifts a denial of the employer's own; intake runs again */
  APPEAL_GRANTED: { from: ['APPEAL_REVIEW'], to: ['SUBMITTED'] },
  APPEAL_SENT: { from: ['APPEAL_REVIEW'], to: 'same' },
  /**
   * an upheld appeal on a partial approval that was paid goes back to PAID, one against a denial to DENIED; the bureau may have asked for material in
   * between, which leads through intake again
   */
  APPEAL_UPHELD: { from: ['APPEAL_REVIEW', 'PENDED_INFO', 'SUBMITTED', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW'], to: ['DENIED', 'PAID'] },
  /** also before an instruction that exists is sent: a stop */
  PAYOUT_BLOCKED: { from: ['APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_FAILED', 'PAYMENT_IN_PROCESS'], to: 'same' },
  PAYOUT_UNBLOCKED: { from: ['APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_FAILED', 'PAYMENT_IN_PROCESS'], to: 'same' },
  PAYOUT_ORDERED: { from: ['APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_FAILED'], to: ['PAYMENT_IN_PROCESS'] },
  PAYMENT_UNCLEAR: { from: ['PAYMENT_IN_PROCESS'], to: 'same' },
  PAYMENT_FAILED: { from: ['PAYMENT_IN_PROCESS'], to: ['PAYMENT_FAILED'] },
  /** the bank's statement does not fit the claim's payments, at whatever time it comes */
  PAYOUT_DOUBTED: { from: 'any', to: 'same' },
  PAYOUT_DOUBT_DECIDED: { from: 'any', to: 'same' },
  /** straight from a decision where nothing is left for us to pay; from PAYMENT_FAILED where two people of finance say that it was paid after all */
  PAID: { from: ['PAYMENT_IN_PROCESS', 'APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_FAILED'], to: ['PAID'] },
  PAYMENT_RETURNED: { from: ['PAID'], to: ['PAYMENT_FAILED'] },
  CLEARED: { from: ['PAID'], to: 'same' },
  DENIAL_FINAL: { from: ['DENIED'], to: 'same' },
  WITHDRAWAL_REQUESTED: { from: ['SUBMITTED', 'PENDED_INFO', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW'], to: 'same' },
  WITHDRAWAL_REFUSED: { from: ['SUBMITTED', 'PENDED_INFO', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW'], to: 'same' },
  WITHDRAWN: { from: ['DRAFT', 'SUBMITTED', 'PENDED_INFO', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW'], to: ['WITHDRAWN'] },
  REVERSAL_REQUESTED: { from: ['PAID'], to: 'same' },
  REVERSAL_CANCELLED: { from: ['PAID'], to: 'same' },
  REVERSED: { from: ['PAID'], to: ['REVERSED'] },
  HELD: { from: 'any', to: 'same' },
  RELEASED: { from: 'any', to: 'same' },
  ANSWER_WHILE_HELD: { from: 'any', to: 'same' },
  /** an operator did something to the claim's workflow (domain/operations/operation.ts); the claim stays where it is */
  OPERATED: { from: 'any', to: 'same' },
} as const satisfies Record<string, { from: readonly ClaimState[] | 'any'; to: readonly ClaimState[] | 'same' }>;

export type MoveType = keyof typeof MOVES;
export const MOVE_TYPES = Object.keys(MOVES) as MoveType[];

/** Whether `type` may lead from `from` (null: no claim yet) to `to`. */
export function mayMove(type: MoveType, from: ClaimState | null, to: ClaimState): boolean {
  const move: { from: readonly ClaimState[] | 'any'; to: readonly ClaimState[] | 'same' } = MOVES[type];
  if (from === null) return move.from.length === 0 && move.to !== 'same' && move.to.includes(to);
  const fromOk = move.from === 'any' || move.from.includes(from);
  return fromOk && (move.to === 'same' ? from === to : move.to.includes(to));
}

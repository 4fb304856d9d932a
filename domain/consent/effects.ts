import { mayMove } from '../claim/moves.ts';
import type { ClaimState } from '../claim/states.ts';
import { neededFor, type ConsentPurpose } from './purposes.ts';

/** What the withdrawal of a consent does to an open claim. */
export const WITHDRAWAL_EFFECTS = {
  WITHDRAWN: { zh: '申请自动撤回', en: 'The claim is withdrawn by itself' },
  WITHDRAWAL_REQUESTED: { zh: '向医保局申请撤回，以其答复为准', en: 'The bureau is asked to let go of the claim; its answer counts' },
  PAYOUT_WAITS: { zh: '申请照常办理，付款暂缓，重新同意后自动付款', en: 'The claim goes on; its payment waits until you consent again' },
  GOES_ON: { zh: '付款指令已经发出，继续办理，因为付款无法召回', en: 'An instruction to pay exists: it goes on, because a payment cannot be called back' },
  NOTHING_FURTHER: { zh: '已作出的决定不受影响，其后不再依此同意提供信息', en: 'What was decided stands; nothing further is given under this consent' },
} as const satisfies Record<string, { zh: string; en: string }>;
export type WithdrawalEffect = keyof typeof WITHDRAWAL_EFFECTS;

/** An open claim, as far as a withdrawal goes. */
export type AffectedClaim = {
  state: ClaimState;
  /** the bureau has been sent a version of it */
  withBureau: boolean;
  /** the bureau has decided: what comes after is an appeal */
  decided: boolean;
  /** an instruction lives or has paid */
  ordered: boolean;
};

/** Whether a claim may still be withdrawn, at once or by asking the bureau. */
export function isWithdrawable({ state, decided }: Pick<AffectedClaim, 'state' | 'decided'>): boolean {
  return !decided && (state === 'DRAFT' || mayMove('WITHDRAWAL_REQUESTED', state, state));
}

/** The same that the workflow does once it hears of the withdrawal: said before, and again with it. */
export function effectOfWithdrawal(purpose: ConsentPurpose, claim: AffectedClaim): WithdrawalEffect {
  if (neededFor('SUBMIT').includes(purpose) && isWithdrawable(claim)) return claim.withBureau ? 'WITHDRAWAL_REQUESTED' : 'WITHDRAWN';
  const toPay = neededFor('PAY').includes(purpose);
  // a decision of the employer's own alone, or a bureau's denial: there is nothing to pay, and an appeal would ask for the consent
  if (!toPay || claim.state === 'DENIED') return 'NOTHING_FURTHER';
  return claim.ordered ? 'GOES_ON' : 'PAYOUT_WAITS';
}

/**
 * The states of a claim and the five stages that an employee sees. Stages are computed from the state, never stored.
 */
export const CLAIM_STATES = [
  'DRAFT',
  'SUBMITTED',
  'PENDED_INFO',
  'PENDED_DUPLICATE',
  'SENT_TO_BUREAU',
  'IN_REVIEW',
  'APPROVED',
  'PARTIALLY_APPROVED',
  'PAYMENT_IN_PROCESS',
  'PAYMENT_FAILED',
  'PAID',
  'DENIED',
  'APPEAL_REVIEW',
  'WITHDRAWN',
  'REVERSED',
] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** 申请提交成功 · 医保局审核中 · 审核通过 · 资金发放中 · 已到账 */
export const STAGES = ['SUBMITTED', 'BUREAU_REVIEW', 'APPROVED', 'PAYMENT', 'MONEY_ARRIVED'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_LABELS: Record<Stage, { zh: string; en: string }> = {
  SUBMITTED: { zh: '申请提交成功', en: 'Application submitted' },
  BUREAU_REVIEW: { zh: '医保局审核中', en: 'Under review by the bureau' },
  APPROVED: { zh: '审核通过', en: 'Approved' },
  PAYMENT: { zh: '资金发放中', en: 'Payment on its way' },
  MONEY_ARRIVED: { zh: '已到账', en: 'The money has arrived' },
};

/** What stands beside the stage when the claim does not simply go on. */
export const STAGE_NOTES = {
  DRAFT: { zh: '待确认', en: 'To be confirmed' },
  MATERIALS_MISSING: { zh: '待补材料', en: 'Material needed' },
  CHECKING: { zh: '核实中', en: 'Being verified' },
  CHECK_ACCOUNT: { zh: '请核对账户', en: 'Please check your account' },
  DENIED: { zh: '未通过', en: 'Not approved' },
  APPEAL: { zh: '复核中', en: 'Under appeal' },
  WITHDRAWN: { zh: '已撤回', en: 'Withdrawn' },
  REVERSED: { zh: '已冲正', en: 'Reversed' },
  ON_HOLD: { zh: '已暂停', en: 'On hold' },
} as const satisfies Record<string, { zh: string; en: string }>;
export type StageNote = keyof typeof STAGE_NOTES;

export type StageView = { stage: Stage | null; note: StageNote | null; ended: boolean };

/** Whether a payment that failed waits for the employee to mend the account: not where something of ours is in the way. */
export function waitsForAccount({ payoutBlocked }: { payoutBlocked?: string | null }): boolean {
  return !payoutBlocked || payoutBlocked === 'NO_ACCOUNT';
}

/**
 * The stage of a claim. A claim that has been with the bureau once never falls back to the first stage while something is mended.
 * `onHold` only adds its note where the state has none.
 */
export function stageOf(claim: { state: ClaimState; submissionVersion: number; onHold: boolean; payoutBlocked?: string | null }): StageView {
  const seen: Stage = claim.submissionVersion > 0 ? 'BUREAU_REVIEW' : 'SUBMITTED';
  const hold: StageNote | null = claim.onHold ? 'ON_HOLD' : null;
  switch (claim.state) {
    case 'DRAFT':
      return { stage: null, note: 'DRAFT', ended: false };
    case 'SUBMITTED':
      return { stage: seen, note: hold, ended: false };
    case 'PENDED_INFO':
      return { stage: seen, note: 'MATERIALS_MISSING', ended: false };
    case 'PENDED_DUPLICATE':
      return { stage: seen, note: 'CHECKING', ended: false };
    case 'SENT_TO_BUREAU':
    case 'IN_REVIEW':
      return { stage: 'BUREAU_REVIEW', note: hold, ended: false };
    case 'APPROVED':
    case 'PARTIALLY_APPROVED':
      return { stage: 'APPROVED', note: hold, ended: false };
    case 'PAYMENT_IN_PROCESS':
      return { stage: 'PAYMENT', note: hold, ended: false };
    case 'PAYMENT_FAILED':
      return { stage: 'PAYMENT', note: waitsForAccount(claim) ? 'CHECK_ACCOUNT' : hold, ended: false };
    case 'PAID':
      return { stage: 'MONEY_ARRIVED', note: null, ended: false };
    case 'DENIED':
      return { stage: 'BUREAU_REVIEW', note: 'DENIED', ended: true };
    case 'APPEAL_REVIEW':
      return { stage: 'BUREAU_REVIEW', note: 'APPEAL', ended: false };
    case 'WITHDRAWN':
      return { stage: seen, note: 'WITHDRAWN', ended: true };
    case 'REVERSED':
      return { stage: 'MONEY_ARRIVED', note: 'REVERSED', ended: true };
  }
}

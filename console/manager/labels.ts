import { say } from '../i18n/language.ts';

type Label = { zh: string; en: string };

/** What tasks and choices are called where somebody decides. A kind of the API that is not here yet shows by its code. */
const KINDS: Readonly<Record<string, Label>> = {
  DUPLICATE_REVIEW: { zh: '疑似重复核实', en: 'Suspected duplicate' },
  PRE_REVIEW: { zh: '预审意见复核', en: 'Findings of the pre-review' },
  APPROVAL: { zh: '审批', en: 'Approval' },
  ESCALATION: { zh: '超时升级', en: 'Escalation' },
  BUREAU_ANSWER_CHECK: { zh: '医保局答复核对', en: "Bureau's answer" },
  CONFIRM_DECISION: { zh: '书面决定复核', en: 'Written decision, second look' },
  APPEAL_REVIEW: { zh: '复核申请', en: 'Appeal' },
  PAYOUT_ATTENTION: { zh: '付款异常', en: 'Payment' },
  CONFIRM_PAYOUT: { zh: '付款结果复核', en: 'Payment, second look' },
  CLAWBACK: { zh: '追回款项', en: 'Recovery of money' },
};

/** With what it does, for those that do not say so themselves. */
const CHOICES: Readonly<Record<string, Label & { does?: Label }>> = {
  APPROVE: { zh: '同意', en: 'Approve' },
  REFUSE: { zh: '拒绝', en: 'Refuse', does: { zh: '申请以“未通过”结束，申请人可申请复核。', en: 'The claim ends as denied; the employee may appeal.' } },
  TRANSFER: { zh: '转交', en: 'Pass on', does: { zh: '由另一人代替您审批。', en: 'Another person decides in your place.' } },
  RETURN: { zh: '退回', en: 'Return', does: { zh: '退回补充或退回前面的步骤。', en: 'Back to the employee, or to an earlier step.' } },
  ADD_BEFORE: { zh: '前加签', en: 'Add before', does: { zh: '请他人先审批，再轮到您。', en: 'Others decide first, then you.' } },
  ADD_AFTER: { zh: '后加签', en: 'Add after', does: { zh: '您同意，并请他人随后审批。', en: 'You approve, and others decide after you.' } },
  ADD_PARALLEL: { zh: '并加签', en: 'Add beside', does: { zh: '请他人与您同时审批。', en: 'Others decide beside you.' } },
  CC: { zh: '抄送', en: 'Copy to', does: { zh: '告知他人，待办仍由您处理。', en: 'Tells others; the task stays yours.' } },
  NOT_DUPLICATE: { zh: '不是重复', en: 'No duplicate', does: { zh: '申请继续，同一提示不再出现。', en: 'The claim goes on, and this is not found again.' } },
  DUPLICATE: { zh: '确为重复', en: 'Duplicate', does: { zh: '申请以“重复报销”结束。', en: 'The claim ends as a duplicate.' } },
  OVERRULE: { zh: '不采纳，继续办理', en: 'Overrule', does: { zh: '预审意见不成立，申请继续。', en: 'The findings do not hold; the claim goes on.' } },
  WAIT: { zh: '继续等待', en: 'Wait on', does: { zh: '再给医保局一段时间，到期再提醒。', en: 'Gives the bureau more time.' } },
  RESUBMIT: { zh: '重新提交医保局', en: 'Submit again', does: { zh: '向医保局重新发送同一申请。', en: 'Sends the claim to the bureau anew.' } },
  RECORD_DECISION: {
    zh: '录入书面决定',
    en: "Record the bureau's written decision",
    does: { zh: '录入后须由另一人复核。', en: 'Somebody else confirms what you record.' },
  },
  CONFIRM: { zh: '确认无误', en: 'Confirm' },
  REJECT: { zh: '不予确认', en: 'Reject' },
  UPHOLD: { zh: '维持原决定', en: 'Uphold' },
  GRANT: { zh: '支持复核', en: 'Grant', does: { zh: '撤销原决定，申请重新办理。', en: 'The decision is lifted, and the claim goes on.' } },
  RETRY: { zh: '重新付款', en: 'Try again' },
  RELEASE_LIMIT: { zh: '本笔放行', en: 'Release this payment', does: { zh: '超出限额仍支付这一笔。', en: 'Pays this one in spite of the limit.' } },
  CONFIRM_PAID: {
    zh: '确认已付',
    en: 'It was paid',
    does: { zh: '以银行记录为准；须由另一人复核。', en: 'By the bank’s own records; somebody else confirms it.' },
  },
  CONFIRM_FAILED: {
    zh: '确认未付',
    en: 'It was not paid',
    does: { zh: '以银行记录为准；复核后重新付款。', en: 'By the bank’s own records; once confirmed it is paid anew.' },
  },
  RECOVERED: { zh: '已追回', en: 'Recovered' },
  CANCEL: { zh: '取消追回', en: 'Give up the recovery' },
};

/** What became of an approval, in its trail. */
const TRAIL: Readonly<Record<string, Label>> = {
  ASK: { zh: '请审批', en: 'asked' },
  COPY: { zh: '抄送', en: 'copy to' },
  RECALL: { zh: '撤回同意', en: 'recalled' },
  URGE: { zh: '催办', en: 'reminded' },
  LIFT: { zh: '复核后撤销拒绝', en: 'refusal lifted' },
  RESUME: { zh: '申请人已补充', en: 'completed by the employee' },
  WITHDRAW: { zh: '申请人撤回', en: 'withdrawn' },
};

const BLOCKS: Readonly<Record<string, Label>> = {
  ABOVE_LIMIT: { zh: '超出单笔限额', en: 'Above the limit for one payment' },
  ABOVE_DAILY_LIMIT: { zh: '超出当日限额', en: 'Above the limit of the day' },
  OWN_ACCOUNT_SHORT: { zh: '付款账户余额不足', en: 'Our own account is short' },
  LATE_SUCCESS: { zh: '银行先报失败后报成功', en: 'The bank said “failed”, then “paid”' },
};

const labelled =
  (labels: Readonly<Record<string, Label>>) =>
  (code: string): string => {
    const label = labels[code];
    return label ? say(label) : code;
  };

export const kindLabel = labelled(KINDS);
export const choiceLabel = labelled(CHOICES);
export const trailLabel = labelled({ ...CHOICES, ...TRAIL });
export const blockLabel = labelled(BLOCKS);
export const choiceDoes = (code: string): string | undefined => {
  const does = CHOICES[code]?.does;
  return does && say(does);
};

/** What is to be written beside a choice, and nothing else may be: for many at once there is no room for it. */
const COMES_WITH: Readonly<Record<string, 'person' | 'people' | 'added' | 'step' | 'written'>> = {
  TRANSFER: 'person',
  RETURN: 'step',
  ADD_BEFORE: 'added',
  ADD_AFTER: 'added',
  ADD_PARALLEL: 'people',
  CC: 'people',
  RECORD_DECISION: 'written',
};
export const comesWith = (kind: string, choice: string) => (choice === 'RETURN' && kind !== 'APPROVAL' ? undefined : COMES_WITH[choice]);
export const forMany = (choice: string): boolean => !(choice in COMES_WITH);
/** What is chosen now and then, and would push the rest off the screen. */
const SELDOM: ReadonlySet<string> = new Set(['TRANSFER', 'ADD_BEFORE', 'ADD_AFTER', 'ADD_PARALLEL', 'CC']);
export const isSeldom = (choice: string): boolean => SELDOM.has(choice);

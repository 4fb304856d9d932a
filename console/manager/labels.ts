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
  RETRY: {
    ...{ zh: '重新付款', en: 'Try again' },
    does: { zh: '重新检查后付款；原因仍在会再次停下。', en: 'It is looked at anew and paid; it stops again if nothing has changed.' },
  },
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
  RECOVERED: { zh: '已追回', en: 'Recovered', does: { zh: '申请记为已冲正，额度退回。', en: 'The claim is reversed, and its quota free again.' } },
  CANCEL: { zh: '取消追回', en: 'Give up the recovery', does: { zh: '不再追回，申请仍为已到账。', en: 'Nothing is asked back; the claim stays paid.' } },
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

/** What holds a payment up or does not fit, and what that means for whoever decides. */
const BLOCKS: Readonly<Record<string, Label & { means?: Label }>> = {
  ABOVE_LIMIT: {
    ...{ zh: '超出单笔限额', en: 'Above the limit for one payment' },
    means: { zh: '还没有向银行发出付款。', en: 'Nothing was sent to the bank.' },
  },
  ABOVE_DAILY_LIMIT: {
    ...{ zh: '超出当日限额', en: 'Above the limit of the day' },
    means: { zh: '还没有向银行发出付款。次日可重新付款，或放行本笔。', en: 'Nothing was sent to the bank. Try again tomorrow, or release this one.' },
  },
  OWN_ACCOUNT_SHORT: {
    ...{ zh: '付款账户余额不足', en: 'Our own account is short' },
    means: { zh: '银行已拒绝，款项没有付出。补足账户后重新付款。', en: 'The bank refused it: nothing was paid. Fill the account up, then try again.' },
  },
  LATE_SUCCESS: {
    ...{ zh: '银行先报失败后报成功', en: 'The bank said “failed”, then “paid”' },
    means: { zh: '请在网银核对这一笔：确认之前不会再次付款。', en: 'Look it up at the bank: nothing is paid again until you say what happened.' },
  },
  AMOUNT_DIFFERS: { zh: '银行回报的金额与指令不符', en: 'The bank reports another amount than was ordered' },
  PAYEE_DIFFERS: { zh: '银行回报的收款账户与指令不符', en: 'The bank reports another payee than was ordered' },
  REFERENCE_DIFFERS: { zh: '银行回报的参考号与指令不符', en: 'The bank reports another reference than was ordered' },
  UNEXPECTED: { zh: '银行流水上有不应有的记录', en: 'The statement shows an entry that should not be there' },
  DEBITED: { zh: '银行称未付，但流水已扣款', en: 'The bank calls it failed, its statement shows the debit' },
};
const DOUBTED: Label = {
  zh: '请在网银和流水上核对：这笔钱可能已付，也可能没有。两人确认之前不会再次付款。',
  en: 'Look at the bank’s records: the money may have gone, or not. Nothing is paid again until two people have said which.',
};

/** What a bureau says no with, and what can be wrong with its answer. */
const FAULTS: Readonly<Record<string, Label>> = {
  'DZ-PERSON': { zh: '医保局查无此人', en: 'the bureau does not know the person' },
  'DZ-INVOICE': { zh: '票据已在医保局报销', en: 'the bureau has reimbursed the invoice already' },
  'DZ-FORMAT': { zh: '信息格式有误', en: 'something is not in the right form' },
  LINES_DO_NOT_ADD_UP: { zh: '明细合计不符', en: 'its lines do not add up' },
  FUNDING_DOES_NOT_ADD_UP: { zh: '资金合计不符', en: 'its funding does not add up' },
  LINES_DIFFER_FROM_CLAIM: { zh: '明细与申报不一致', en: 'its lines are not those of the claim' },
  NEGATIVE_AMOUNT: { zh: '含负数金额', en: 'an amount is negative' },
  OUTCOME_CONTRADICTS_AMOUNTS: { zh: '结论与金额矛盾', en: 'its outcome contradicts its amounts' },
};

/** What a choice does where that depends on what it is about. */
const DOES: Readonly<Record<string, Label>> = {
  'PRE_REVIEW OVERRULE': {
    zh: '您判断阻止提交的预审意见不成立：申请继续，同样的事实不再提示。您的理由与姓名留在记录中，申请人可见。',
    en: 'You say that what stops the claim does not hold: it goes on, and the same facts are not found again. Your reason is kept under your name, and the employee sees it.',
  },
  'PRE_REVIEW RETURN': { zh: '预审意见随通知发给申请人，由申请人补充或更正。', en: 'The employee is told of the findings, and mends the claim.' },
  'PRE_REVIEW REFUSE': {
    zh: '申请以“未通过”结束；申请人可申请复核，由另一人审理。',
    en: 'The claim ends as denied; the employee may appeal, and somebody else hears it.',
  },
  'ESCALATION WAIT': {
    zh: '医保局重新得到完整的审核时限；再次超时会升级到总部。',
    en: 'The bureau gets its whole time again; if it runs out, head office is asked.',
  },
  'ESCALATION RETURN': { zh: '退回申请人补充材料，补齐后重新提交医保局。', en: 'Back to the employee; once mended it goes to the bureau again.' },
  'ESCALATION REFUSE': {
    zh: '由单位结束申请，不再等医保局；申请人可申请复核，由另一人审理。',
    en: 'We end the claim without the bureau; the employee may appeal, and somebody else hears it.',
  },
  'BUREAU_ANSWER_CHECK WAIT': { zh: '等医保局更正答复，审核时限重新计算。', en: 'The bureau may mend its answer; its time begins again.' },
  'BUREAU_ANSWER_CHECK RETURN': { zh: '退回申请人更正，补齐后重新提交医保局。', en: 'Back to the employee; once mended it goes to the bureau again.' },
  'CONFIRM_DECISION CONFIRM': {
    zh: '与扫描件一致：书面决定生效，如同医保局答复，随后付款。',
    en: 'It is what the scan says: the decision is in force like any of the bureau’s, and is paid.',
  },
  'CONFIRM_DECISION REJECT': { zh: '与扫描件不符：回到原待办，可重新录入。', en: 'It is not: the task before it is open again.' },
  'APPEAL_REVIEW UPHOLD': { zh: '原决定不变，单位的复核到此结束。', en: 'The decision stands; this was the last word of ours.' },
  'CONFIRM_PAYOUT CONFIRM_PAID': { zh: '您与上一位一致：记为已付。', en: 'You agree with who said so first: it counts as paid.' },
  'CONFIRM_PAYOUT CONFIRM_FAILED': {
    zh: '您与上一位一致：记为未付，随后可重新付款。',
    en: 'You agree with who said so first: it counts as not paid, and may be paid anew.',
  },
  'CONFIRM_PAYOUT REJECT': { zh: '您不同意：问题重新打开，不会付款。', en: 'You do not agree: the question is open again, and nothing is paid.' },
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
export const faultLabel = labelled(FAULTS);
export const choiceDoes = (kind: string, code: string): string | undefined => {
  const does = DOES[`${kind} ${code}`] ?? CHOICES[code]?.does;
  return does && say(does);
};
/** What that means; of what is not known better, that nobody knows where the money is. */
export const blockMeans = (code: string): string => say(BLOCKS[code]?.means ?? DOUBTED);

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

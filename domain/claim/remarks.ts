import { CONSENT_LABELS, isConsentPurpose, neededFor, type ConsentPurpose } from '../consent/purposes.ts';
import { formatDate, formatList, type Locale } from '../locale.ts';
import { DOCUMENT_KINDS, type DocumentKind } from './completeness.ts';
import type { MoveType } from './moves.ts';
import { reasonFor } from './reasons.ts';
import { waitsForAccount, type ClaimState } from './states.ts';

/**
 * The line that the history shows for a transition. Every move has a remark of its own name; further codes tell apart what a move's name cannot.
 * `{name}` stands inside [brackets] and is filled in; where it is not known, the whole of [the part] is left out.
 */
const REMARKS = {
  CREATED: { zh: '报销申请已提交', en: 'Claim submitted' },
  CREATED_DRAFT: { zh: '已根据就诊信息自动生成申请，待本人确认', en: 'Draft made from the visit; to be confirmed by the employee' },
  CREATED_RESUBMISSION: { zh: '已重新提交[，原申请{prior}]', en: 'Submitted again[, after {prior}]' },
  CONFIRMED: { zh: '本人已确认，申请已提交', en: 'Confirmed by the employee and submitted' },
  INFO_REQUESTED: { zh: '需补充材料[：{documents}][；请在{until}前补齐]', en: 'Documents needed[: {documents}][; due by {until}]' },
  INFO_TO_MEND: {
    zh: '需补充或更正[：{documents}][（{reasons}）][；请在{until}前完成]',
    en: 'To be added or mended[: {documents}][ ({reasons})][; due by {until}]',
  },
  INFO_REQUESTED_BY_BUREAU: {
    zh: '医保局要求补充材料[：{documents}][；请在{until}前补齐]',
    en: 'The bureau asks for documents[: {documents}][; due by {until}]',
  },
  INFO_REQUESTED_BY_REVIEWER: {
    zh: '审核人退回补充[：{documents}][（{reasons}）][；请在{until}前补齐]',
    en: 'Returned by a reviewer for completion[: {documents}][ ({reasons})][; due by {until}]',
  },
  CONSENT_NEEDED: { zh: '需本人同意后继续[：{consents}][；请在{until}前同意]', en: 'Your consent is needed[: {consents}][; until {until}]' },
  CONSENT_GIVEN: { zh: '本人已同意，申请继续', en: 'Consent was given; the claim goes on' },
  MATERIALS_COMPLETED: { zh: '材料已补齐', en: 'The documents are complete' },
  DUPLICATE_SUSPECTED: { zh: '疑似重复报销，人工核实中', en: 'Looks like a duplicate; being verified' },
  DUPLICATE_CLEARED: { zh: '已核实，不属于重复报销', en: 'Verified: not a duplicate' },
  PRE_REVIEW_REQUESTED: { zh: '预审发现需人工核实的事项[：{reasons}]', en: 'The review found what HR has to look into[: {reasons}]' },
  PRE_REVIEW_DECIDED: { zh: '人力资源已核实，预审意见不成立', en: 'HR looked into it: the findings do not hold' },
  REVIEW_REQUESTED: { zh: '本人申请人工复核预审意见', en: 'The employee asked for a person to look at the findings' },
  APPROVAL_REQUESTED: { zh: '已提交单位审批[（第{step}步，共{steps}步）]', en: "Put to the employer's approver[ (step {step} of {steps})]" },
  APPROVAL_STEP_DECIDED: { zh: '单位审批已通过一步[（第{step}步，共{steps}步）]', en: "A step of the employer's approval passed[ (step {step} of {steps})]" },
  APPROVAL_GIVEN: {
    zh: '一位审批人已同意，本步尚待他人[（第{step}步，共{steps}步）]',
    en: 'An approver agreed; others are still to decide[ (step {step} of {steps})]',
  },
  APPROVAL_CHANGED: { zh: '审批人有调整', en: 'The approvers changed' },
  APPROVAL_TRANSFERRED: { zh: '审批已转交他人', en: 'The approval was passed on to somebody else' },
  APPROVAL_ADDED: { zh: '审批已加签', en: 'Further approvers were added' },
  APPROVAL_RETURNED: { zh: '审批已退回[至第{to}步]', en: 'The approval went back[ to step {to}]' },
  APPROVAL_RECALLED: { zh: '审批人撤回了已作的同意', en: 'An approver took the approval back' },
  APPROVAL_COPIED: { zh: '审批已抄送他人', en: 'Others were sent a copy' },
  APPROVAL_URGED: { zh: '已催办审批人', en: 'The approvers were reminded' },
  INTAKE_PASSED: { zh: '预审通过，提交医保局', en: 'Checks passed; on its way to the bureau' },
  BUREAU_ACCEPTED: { zh: '医保局已受理[，受理号{acceptanceNo}]', en: 'Accepted by the bureau[, number {acceptanceNo}]' },
  BUREAU_OUTAGE: { zh: '医保局系统暂不可用，恢复后自动提交', en: 'The bureau cannot be reached; sent again as soon as it can' },
  ANSWER_DOUBTED: { zh: '医保局答复需人工核对[：{code}][：{fault}]', en: "The bureau's answer is checked by a person[: {code}][: {fault}]" },
  REMINDED: { zh: '已发送提醒', en: 'A reminder was sent' },
  REMINDED_EMPLOYEE: { zh: '已提醒本人补充材料[，截止{until}]', en: 'The employee was reminded of the documents[, due by {until}]' },
  REMINDED_BUREAU: { zh: '医保局审核时间较长，已提醒跟进', en: 'The bureau takes long; HR was asked to follow up' },
  REMINDED_ACCOUNT: { zh: '已提醒本人核对收款账户', en: 'The employee was reminded to check the account' },
  REMINDED_TASK: { zh: '待办超期，已提醒处理人', en: 'A task is overdue; whoever has to decide it was reminded' },
  ESCALATED: { zh: '超过服务时限，已升级至单位负责人', en: 'Beyond the service level; escalated to the branch manager' },
  ESCALATED_HEAD_OFFICE: { zh: '仍超时未决，已升级至总部', en: 'Still undecided; escalated to head office' },
  ESCALATION_DECIDED: { zh: '升级事项已处理', en: 'The escalation was dealt with' },
  ESCALATION_WAIT: { zh: '负责人决定继续等待医保局', en: 'The manager decided to wait on' },
  RESUBMITTED_TO_BUREAU: { zh: '已重新提交医保局[（第{version}次）]', en: 'Sent to the bureau again[ (version {version})]' },
  DECIDED: { zh: '已作出决定', en: 'Decided' },
  DECIDED_APPROVED: { zh: '审核通过[，报销{benefit}元]', en: 'Approved[: CNY {benefit}]' },
  DECIDED_PARTIALLY: { zh: '部分通过[，申报{submitted}元][，报销{benefit}元]', en: 'Approved in part[: CNY {benefit}][ of {submitted}]' },
  DECIDED_DENIED: { zh: '审核未通过[：{reasons}]', en: 'Denied[: {reasons}]' },
  APPEALED: { zh: '已申请复核', en: 'Appealed' },
  APPEAL_GRANTED: { zh: '复核通过，撤销原决定，重新处理', en: 'Appeal granted; the denial is lifted and the claim goes on' },
  APPEAL_SENT: { zh: '复核申请已送达医保局', en: 'The appeal was sent to the bureau' },
  APPEAL_UPHELD: { zh: '复核维持原决定', en: 'The decision was upheld' },
  PAYOUT_BLOCKED: { zh: '付款暂缓[：{cause}]', en: 'The payment waits[: {cause}]' },
  PAYOUT_UNBLOCKED: { zh: '付款已恢复', en: 'The payment may go on' },
  PAYOUT_DOUBTED: { zh: '银行记录与付款不符，财务核实中[：{cause}]', en: "The bank's records do not fit the payment; finance is on it[: {cause}]" },
  PAYOUT_DOUBT_DECIDED: { zh: '付款核实有进展', en: 'Finance dealt with the doubt about the payment' },
  PAYOUT_ORDERED: { zh: '已提交银行付款[{amount}元]', en: 'Payment ordered from the bank[: CNY {amount}]' },
  PAYMENT_UNCLEAR: { zh: '银行结果未明，正在查询[：{cause}]', en: 'The bank has not said for certain; asking[: {cause}]' },
  PAYMENT_FAILED: { zh: '付款未成功[：{code}]', en: 'The payment failed[: {code}]' },
  PAID: { zh: '已到账[{amount}元][（尾号{tail}）]', en: 'The money has arrived[: CNY {amount}][, account ending in {tail}]' },
  PAID_DIRECTLY: { zh: '款项由医保局直接支付，单位无需付款', en: 'Paid by the bureau itself; nothing is left for the employer to pay' },
  PAYMENT_RETURNED: { zh: '银行退票[（{amount}元）]，请核对收款账户', en: 'The bank returned the money[ (CNY {amount})]; the account needs checking' },
  CLEARED: { zh: '对账完成，流程结束', en: 'Reconciled with the bank statement; done' },
  DENIAL_FINAL: { zh: '复核期限已过，决定生效', en: 'The time for an appeal is over; the decision stands' },
  WITHDRAWAL_REQUESTED: { zh: '已申请撤回，等待医保局确认', en: 'Withdrawal requested; waiting for the bureau' },
  WITHDRAWAL_REFUSED: { zh: '医保局已作出决定，未能撤回', en: 'The bureau had decided already; not withdrawn' },
  WITHDRAWN: { zh: '申请已撤回', en: 'Withdrawn' },
  REVERSAL_REQUESTED: { zh: '已发起冲正[，应退回{amount}元]', en: 'Reversal started[; CNY {amount} to be paid back]' },
  REVERSAL_CANCELLED: { zh: '冲正已取消', en: 'The reversal was called off' },
  REVERSED: { zh: '已冲正', en: 'Reversed' },
  HELD: { zh: '申请已暂停', en: 'Put on hold' },
  RELEASED: { zh: '申请已恢复', en: 'Taken off hold' },
  ANSWER_WHILE_HELD: { zh: '暂停期间收到医保局答复，恢复后处理', en: 'The bureau answered during the hold; acted on when it ends' },
  OPERATED: { zh: '运维人员处理了流程', en: 'An operator saw to the process' },
  OPERATED_RETRY: { zh: '运维人员要求立即重试未成功的调用', en: 'An operator had a failed call tried again at once' },
  OPERATED_POLL: { zh: '运维人员要求立即向医保局查询结果', en: 'An operator had the bureau asked for its answers' },
  OPERATED_NUDGE: { zh: '运维人员重新唤醒流程', en: 'An operator had the claim looked at again' },
  OPERATED_CANCEL: { zh: '运维人员要求流程结束；申请不受影响，稍后自动继续', en: 'An operator asked the process to end; the claim goes on by itself' },
  OPERATED_TERMINATE: { zh: '运维人员终止了流程；申请不受影响，稍后自动继续', en: 'An operator ended the process; the claim goes on by itself' },
  OPERATED_RECOVER: { zh: '运维人员恢复了流程', en: 'An operator had the process started again' },
} as const satisfies Record<string, Text> & Record<MoveType, Text>;

type Text = Record<Locale, string>;
export type RemarkCode = keyof typeof REMARKS;
export const REMARK_CODES = Object.keys(REMARKS) as RemarkCode[];

/** What holds a payout up, what banks and bureaus answer, and what can be wrong with an answer. Anything else is for the log, not for the history. */
const CAUSES: Readonly<Record<string, Text>> = {
  STOPPED: { zh: '支付已统一暂停', en: 'all payments are stopped' },
  NO_ACCOUNT: { zh: '尚无收款账户', en: 'there is no account to pay to' },
  ABOVE_LIMIT: { zh: '超过单笔限额，财务处理中', en: 'above the limit for one payment; finance is on it' },
  ABOVE_DAILY_LIMIT: { zh: '超过当日限额，财务处理中', en: "above the day's limit; finance is on it" },
  CONSENT_MISSING: { zh: '待本人同意向付款银行提供收款信息', en: 'your consent to tell the bank whom to pay is needed' },
  OWN_ACCOUNT_SHORT: { zh: '单位账户余额不足，财务处理中', en: "the employer's account is short; finance is on it" },
  AMOUNT_DIFFERS: { zh: '金额不符，财务处理中', en: 'the amount differs; finance is on it' },
  PAYEE_DIFFERS: { zh: '收款账户不符，财务处理中', en: 'the payee differs; finance is on it' },
  REFERENCE_DIFFERS: { zh: '银行流水号不符，财务处理中', en: 'the reference differs; finance is on it' },
  UNEXPECTED: { zh: '对账单上有不应有的记录，财务处理中', en: 'the statement shows an entry that should not be; finance is on it' },
  LATE_SUCCESS: { zh: '银行先称失败后称成功，财务处理中', en: 'the bank said that it failed, then that it was paid; finance is on it' },
  DOUBTED: { zh: '先前付款核实中', en: 'an earlier payment is being looked into' },
  DEBITED: { zh: '银行称付款失败，但对账单已扣款，财务处理中', en: 'the bank calls it failed, its statement shows the debit; finance is on it' },
  '41': { zh: '无此卡号', en: 'there is no such card' },
  '42': { zh: '无此账号', en: 'there is no such account' },
  '44': { zh: '账户已销户', en: 'the account is closed' },
  '45': { zh: '账户已冻结', en: 'the account is frozen' },
  '46': { zh: '单位账户余额不足，财务处理中', en: "the employer's account is short; finance is on it" },
  '49': { zh: '户名不符', en: 'the name does not match' },
  '53': { zh: '金额有误', en: 'the amount is wrong' },
  '54': { zh: '户名有误', en: 'the name is wrong' },
  'DZ-PERSON': { zh: '医保局查无此人', en: 'the bureau does not know the person' },
  'DZ-INVOICE': { zh: '票据已在医保局报销', en: 'the bureau has reimbursed the invoice already' },
  'DZ-FORMAT': { zh: '信息格式有误', en: 'something is not in the right form' },
  'DZ-DECIDED': { zh: '医保局已作出决定', en: 'the bureau has decided already' },
  LINES_DO_NOT_ADD_UP: { zh: '明细合计不符', en: 'its lines do not add up' },
  FUNDING_DOES_NOT_ADD_UP: { zh: '资金合计不符', en: 'its funding does not add up' },
  LINES_DIFFER_FROM_CLAIM: { zh: '明细与申报不一致', en: 'its lines are not those of the claim' },
  NEGATIVE_AMOUNT: { zh: '含负数金额', en: 'an amount is negative' },
  OUTCOME_CONTRADICTS_AMOUNTS: { zh: '结论与金额矛盾', en: 'its outcome contradicts its amounts' },
};

/** Values of a remark as stored: amounts in decimal yuan, `until` in RFC 3339, `documents` and `reasons` as codes with commas between. */
export type RemarkParams = Readonly<Record<string, string | number>>;

/** The text of a stored remark; a code that this version does not know is shown as it is. */
export function renderRemark(code: string, params: RemarkParams, locale: Locale): string {
  return isRemarkCode(code) ? fillIn(REMARKS[code][locale], params, locale) : code;
}

function isRemarkCode(code: string): code is RemarkCode {
  return Object.hasOwn(REMARKS, code);
}

function fillIn(template: string, params: RemarkParams, locale: Locale): string {
  return template.replaceAll(/\[([^[\]]*)\]/g, (_, part: string) => {
    let known = true;
    const filled = part.replaceAll(/\{(\w+)\}/g, (__, name: string) => {
      const value = Object.hasOwn(params, name) ? format(name, String(params[name]), locale) : '';
      if (value === '') known = false;
      return value;
    });
    return known ? filled : '';
  });
}

function format(name: string, value: string, locale: Locale): string {
  if (name === 'cause' || name === 'code' || name === 'fault') return Object.hasOwn(CAUSES, value) ? (CAUSES[value]?.[locale] ?? '') : '';
  if (name === 'until') return formatDate(value, locale);
  if (value !== '' && name === 'consents')
    return formatList(
      value.split(',').map((purpose) => (isConsentPurpose(purpose) ? CONSENT_LABELS[purpose][locale] : purpose)),
      locale,
    );
  if (value !== '' && name === 'documents')
    return formatList(
      value.split(',').map((kind) => documentLabel(kind, locale)),
      locale,
    );
  if (value !== '' && name === 'reasons')
    return formatList(
      value.split(',').map((code) => reasonFor(code)?.[locale] ?? code),
      locale,
    );
  return value;
}

export function documentLabel(kind: string, locale: Locale): string {
  return Object.hasOwn(DOCUMENT_KINDS, kind) ? DOCUMENT_KINDS[kind as DocumentKind][locale] : kind;
}

const NEXT_STEP: Record<ClaimState, Text> = {
  DRAFT: { zh: '请核对自动生成的申请并确认提交', en: 'Check the draft and confirm it' },
  SUBMITTED: { zh: '无需操作，系统正在核对材料', en: 'Nothing to do: the documents are being checked' },
  PENDED_INFO: {
    zh: '请[在{until}前]补充材料[：{documents}]，完成后点击“材料已齐”',
    en: 'Add the documents asked for[ by {until}][: {documents}]; then press “materials complete”',
  },
  PENDED_DUPLICATE: { zh: '无需操作，人力资源正在核实', en: 'Nothing to do: HR is verifying the claim' },
  SENT_TO_BUREAU: { zh: '无需操作，等待医保局受理', en: 'Nothing to do: waiting for the bureau to accept it' },
  IN_REVIEW: { zh: '无需操作，等待医保局审核', en: "Nothing to do: waiting for the bureau's decision" },
  APPROVED: { zh: '无需操作，即将付款', en: 'Nothing to do: the payment follows' },
  PARTIALLY_APPROVED: { zh: '无需操作，即将付款；如有异议可申请复核[，截止{until}]', en: 'Nothing to do: the payment follows. You may appeal[ until {until}]' },
  PAYMENT_IN_PROCESS: { zh: '无需操作，银行处理中', en: 'Nothing to do: the bank is paying' },
  PAYMENT_FAILED: { zh: '请核对并更新收款账户，更新后自动重新付款', en: 'Check and correct your account; payment is then tried again by itself' },
  PAID: { zh: '请查收款项', en: 'Please check that the money has arrived' },
  DENIED: { zh: '如有异议可申请复核[，截止{until}]；也可更正后重新提交', en: 'You may appeal[ until {until}], or correct the claim and submit it again' },
  APPEAL_REVIEW: { zh: '无需操作，复核中', en: 'Nothing to do: the appeal is being heard' },
  WITHDRAWN: { zh: '申请已撤回；如需报销请重新提交', en: 'Withdrawn; submit a new claim if you need one' },
  REVERSED: { zh: '申请已冲正；如有疑问请联系财务', en: 'Reversed; ask finance if anything is unclear' },
};
const TO_MEND: Text = {
  zh: '请[在{until}前]补充或更正[：{documents}][（{reasons}）]，完成后点击“材料已齐”',
  en: 'Add or mend what is asked for[ by {until}][: {documents}][ ({reasons})]; then press “materials complete”',
};
const CONSENT_FIRST: Text = {
  zh: '请[在{until}前]确认是否同意[：{consents}]，同意后申请自动继续',
  en: 'Say whether you consent[ by {until}][: {consents}]; with your consent the claim goes on by itself',
};
const FINANCE_IS_ON_IT: Text = { zh: '无需操作，财务处理中', en: 'Nothing to do: finance is on it' };
const ON_HOLD: Text = {
  zh: '申请已暂停，恢复后自动继续；如有疑问请联系人力资源',
  en: 'On hold; it goes on by itself once released. Ask HR if anything is unclear',
};

/**
 * What the employee should do next, in one sentence. `documents` are what is missing (PENDED_INFO); `until` is RFC 3339: the deadline, or
 * how long a decision can be appealed against.
 */
export function nextStepFor(
  claim: {
    state: ClaimState;
    onHold: boolean;
    payoutBlocked?: string | null;
    documents?: readonly DocumentKind[];
    /** what else is to be mended, by its reasons */
    reasons?: readonly string[];
    /** what the employee's consent is needed for, if the claim waits for that */
    consents?: readonly ConsentPurpose[];
    until?: string | null;
  },
  locale: Locale,
): string {
  if (claim.onHold && claim.state !== 'PENDED_INFO' && claim.state !== 'PAYMENT_FAILED') return ON_HOLD[locale];
  if (claim.state === 'PAYMENT_FAILED' && claim.payoutBlocked !== 'CONSENT_MISSING' && !waitsForAccount(claim)) return FINANCE_IS_ON_IT[locale];
  const consents = claim.payoutBlocked === 'CONSENT_MISSING' ? neededFor('PAY') : (claim.consents ?? []);
  const consentBy = claim.state === 'PENDED_INFO' ? (claim.until ?? '') : '';
  if (consents.length > 0) return fillIn(CONSENT_FIRST[locale], { consents: consents.join(','), until: consentBy }, locale);
  const params = { documents: claim.documents?.join(',') ?? '', reasons: claim.reasons?.join(',') ?? '', until: claim.until ?? '' };
  const step = params.reasons === '' ? NEXT_STEP[claim.state] : TO_MEND;
  return fillIn(step[locale], params, locale);
}

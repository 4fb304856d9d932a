import { REASONS, reasonCodeFor } from '../claim/reasons.ts';
import { documentLabel } from '../claim/remarks.ts';
import type { TaskKind } from '../claim/tasks.ts';
import { CONSENT_LABELS } from '../consent/purposes.ts';
import { formatDate, formatList, type Locale } from '../locale.ts';
import { APPROVAL_TEMPLATES } from './approval-templates.ts';
import type { NoticeParams, NoticeTemplate } from './notice.ts';
import { before, type Block, type Words } from './words.ts';

const DIRECT: Record<Locale, string> = { zh: '款项由医保局直接支付给您。', en: 'The bureau itself pays you the money.' };

/** The words of every message. No diagnosis, item, hospital or other claimant is ever named: a mail may be read by others. */
export const TEMPLATES: Record<NoticeTemplate, Record<Locale, (params: NoticeParams) => Words>> = {
  DRAFT_TO_CONFIRM: {
    zh: () => ({ subject: '请确认您的报销申请', body: ['根据就诊信息，系统已为您生成一份报销申请。请核对内容并确认提交。'] }),
    en: () => ({ subject: 'Please confirm your claim', body: ['We made a claim from the details of your visit. Please check and confirm it.'] }),
  },
  CLAIM_SUBMITTED: {
    zh: () => ({ subject: '报销申请提交成功', body: ['您的报销申请已提交成功。后续每一步进展都会通知您，无需另行询问。'] }),
    en: () => ({ subject: 'Your claim was submitted', body: ['We have your claim. You will hear from us at every step; there is no need to ask.'] }),
  },
  MATERIALS_MISSING: {
    zh: (p) => ({
      subject: '报销申请需补充材料',
      body: [...wanted(p, 'zh'), '完成后请点击“材料已齐”，申请将自动继续。逾期未补，申请将被退回。'],
    }),
    en: (p) => ({
      subject: 'Your claim needs documents',
      body: [...wanted(p, 'en'), 'Press “materials complete” when you have done so, and the claim goes on by itself. Otherwise it will be denied.'],
    }),
  },
  MATERIALS_REMINDER: {
    zh: (p) => ({
      subject: '提醒：报销申请待补材料',
      body: [...wanted(p, 'zh'), '逾期未补，申请将被退回。'],
    }),
    en: (p) => ({
      subject: 'Reminder: your claim waits for documents',
      body: [...wanted(p, 'en'), 'Otherwise it will be denied.'],
    }),
  },
  CONSENT_NEEDED: {
    zh: (p) => ({
      subject: '报销申请需要您的同意',
      body: [`您的报销申请需要您同意后才能继续${before(p, 'zh')}：`, consents(p, 'zh'), '是否同意由您决定，可随时撤回；同意后申请自动继续。'],
    }),
    en: (p) => ({
      subject: 'Your claim needs your consent',
      body: [
        `Your claim cannot go on without your consent${before(p, 'en')}:`,
        consents(p, 'en'),
        'It is yours to give or not, and to withdraw at any time. Once it is given the claim goes on by itself.',
      ],
    }),
  },
  DUPLICATE_CHECK: {
    zh: () => ({ subject: '报销申请核实中', body: ['您的报销申请中有票据需要核实，人力资源正在处理。您暂时无需操作，结果会通知您。'] }),
    en: () => ({
      subject: 'Your claim is being verified',
      body: ['An invoice of your claim has to be verified, and HR is on it. There is nothing to do for now; you will hear the result.'],
    }),
  },
  SENT_TO_BUREAU: {
    zh: () => ({ subject: '报销申请已提交医保局', body: ['您的报销申请已通过核对，正在由医保局审核。'] }),
    en: () => ({ subject: 'Your claim is with the bureau', body: ['Your claim passed our checks and is now reviewed by the healthcare-security bureau.'] }),
  },
  APPROVED: {
    zh: (p) => ({
      subject: '报销申请审核通过',
      body: [
        p.amount === '0.00' ? `您的报销申请已通过医保局审核。${DIRECT.zh}` : '您的报销申请已通过医保局审核,资金将在2个工作日内到账',
        p.benefit && `报销金额：${p.benefit}元。`,
      ],
    }),
    en: (p) => ({
      subject: 'Your claim was approved',
      body: [
        p.amount === '0.00'
          ? `The bureau has approved your claim. ${DIRECT.en}`
          : 'The bureau has approved your claim; the money will be in your account within 2 working days.',
        p.benefit && `Amount: CNY ${p.benefit}.`,
      ],
    }),
  },
  PARTIALLY_APPROVED: {
    zh: (p) => ({
      subject: '报销申请部分通过',
      body: [partly(p, 'zh'), ...cuts(p, 'zh'), p.amount === '0.00' ? DIRECT.zh : '可付部分将在2个工作日内到账。', appeal(p, 'zh')],
    }),
    en: (p) => ({
      subject: 'Your claim was approved in part',
      body: [
        partly(p, 'en'),
        ...cuts(p, 'en'),
        p.amount === '0.00' ? DIRECT.en : 'What is payable will be in your account within 2 working days.',
        appeal(p, 'en'),
      ],
    }),
  },
  DENIED: {
    zh: (p) => ({ subject: '报销申请未通过', body: ['您的报销申请未通过审核。', ...reasons(p, 'zh'), appeal(p, 'zh'), '您也可以更正后重新提交。'] }),
    en: (p) => ({
      subject: 'Your claim was not approved',
      body: ['Your claim was not approved.', ...reasons(p, 'en'), appeal(p, 'en'), 'You may also correct it and submit it again.'],
    }),
  },
  PAYMENT_ORDERED: {
    zh: (p) => ({ subject: '报销款项发放中', body: [`报销款项${p.amount ? `${p.amount}元` : ''}已提交银行，正在发放${tail(p, 'zh')}。`] }),
    en: (p) => ({ subject: 'Your money is on its way', body: [`The bank has our order to pay you${p.amount ? ` CNY ${p.amount}` : ''}${tail(p, 'en')}.`] }),
  },
  PAID: {
    zh: (p) => ({ subject: '报销款项已到账', body: [`报销款项${p.amount ? `${p.amount}元` : ''}已到账${tail(p, 'zh')}，请查收。`] }),
    en: (p) => ({
      subject: 'The money has arrived',
      body: [`The bank has paid you${p.amount ? ` CNY ${p.amount}` : ''}${tail(p, 'en')}. Please check that it has arrived.`],
    }),
  },
  PAID_DIRECTLY: {
    zh: () => ({ subject: '报销处理完成', body: [`您的报销申请已处理完成。${DIRECT.zh}`] }),
    en: () => ({ subject: 'Your claim is done', body: [`Your claim is done. ${DIRECT.en}`] }),
  },
  PAYMENT_FAILED: {
    zh: (p) => ({ subject: '付款未成功，请核对账户', body: [`报销款项未能付至您的账户${tail(p, 'zh')}。请核对并更新收款账户，更新后自动重新付款。`] }),
    en: (p) => ({
      subject: 'Payment failed: please check your account',
      body: [`Your money could not be paid${tail(p, 'en')}. Please check and correct your account; we then pay again by ourselves.`],
    }),
  },
  PAYMENT_RETURNED: {
    zh: (p) => ({ subject: '银行退票，请核对账户', body: [`此前的报销款项被银行退回${tail(p, 'zh')}。请核对并更新收款账户，更新后自动重新付款。`] }),
    en: (p) => ({
      subject: 'The bank returned your money: please check your account',
      body: [`The money paid before came back from the bank${tail(p, 'en')}. Please check and correct your account; we then pay again by ourselves.`],
    }),
  },
  PAYMENT_DELAYED: {
    zh: () => ({ subject: '付款延迟', body: ['报销款项暂未付出，原因不在您的账户，财务正在处理。您无需操作，到账时会通知您。'] }),
    en: () => ({
      subject: 'Your payment is delayed',
      body: ['Your money could not be paid yet. Your account is not the reason; finance is on it. There is nothing to do, and you will hear when it is paid.'],
    }),
  },
  ACCOUNT_NEEDED: {
    zh: () => ({ subject: '请登记收款账户', body: ['您的报销申请已通过，但尚无收款账户。请登记，登记后自动付款。'] }),
    en: () => ({
      subject: 'Please give us an account',
      body: ['Your claim was approved, but we have no account to pay to. Give us one, and we pay by ourselves.'],
    }),
  },
  ACCOUNT_REMINDER: {
    zh: () => ({ subject: '提醒：请核对收款账户', body: ['您的报销款项仍在等待正确的收款账户。请核对并更新，更新后自动重新付款。'] }),
    en: () => ({
      subject: 'Reminder: please check your account',
      body: ['Your money still waits for a correct account. Please check and correct it; we then pay again by ourselves.'],
    }),
  },
  ACCOUNT_CHANGED: {
    zh: (p) => ({
      subject: '收款账户已变更',
      body: [`您的收款账户已变更${p.accountTail ? `为尾号${p.accountTail}的账户` : ''}。如非本人操作，请立即联系人力资源。`],
    }),
    en: (p) => ({
      subject: 'Your account for payments was changed',
      body: [`Your account for payments was changed${p.accountTail ? ` to the one ending in ${p.accountTail}` : ''}. If this was not you, call HR at once.`],
    }),
  },
  IDENTITY_CHANGED: {
    zh: () => ({
      subject: '登记的姓名或邮箱已变更',
      body: ['您登记的姓名或邮箱已变更。七天内变更收款账户须由另一人办理。如非本人要求，请立即联系人力资源。'],
    }),
    en: () => ({
      subject: 'Your name or e-mail address was changed',
      body: [
        'Your name or e-mail address in our records was changed. For seven days it takes another person to change the account for payments. If you did not ask for it, call HR at once.',
      ],
    }),
  },
  SUBSTITUTION_MADE: {
    zh: (p) => ({
      subject: '代理已设置',
      body: [
        `${period(p, 'zh')}，工号${p.substituteNo ?? ''}代工号${p.absentNo ?? ''}处理待办。`,
        '代理人以本人名义办理，每一步都记录为“代”。如对此有疑问，请立即联系人力资源。',
      ],
    }),
    en: (p) => ({
      subject: 'Somebody stands in',
      body: [
        `${period(p, 'en')}, ${p.substituteNo ?? ''} stands in for ${p.absentNo ?? ''}.`,
        'Whatever is decided so is recorded under both. If this surprises you, call HR at once.',
      ],
    }),
  },
  SUBSTITUTION_ENDED: {
    zh: (p) => ({
      subject: '代理已结束',
      body: [`工号${p.substituteNo ?? ''}代工号${p.absentNo ?? ''}处理待办的代理，于${formatDate(p.until ?? '', 'zh')}结束。`],
    }),
    en: (p) => ({
      subject: 'A substitution ends',
      body: [`${p.substituteNo ?? ''} stands in for ${p.absentNo ?? ''} until ${formatDate(p.until ?? '', 'en')} and no longer.`],
    }),
  },
  APPEAL_RECEIVED: {
    zh: () => ({ subject: '复核申请已收到', body: ['我们已收到您的复核申请，将由另一位审核人处理。结果会通知您。'] }),
    en: () => ({
      subject: 'We have your appeal',
      body: ['We have your appeal. Somebody other than the first reviewer hears it, and you will be told the result.'],
    }),
  },
  APPEAL_UPHELD: {
    zh: (p) => ({ subject: '复核结果：维持原决定', body: ['经复核，维持原决定。', ...reasons(p, 'zh')] }),
    en: (p) => ({ subject: 'Your appeal: the decision stands', body: ['The decision was upheld.', ...reasons(p, 'en')] }),
  },
  APPEAL_GRANTED: {
    zh: (p) => ({
      subject: '复核结果：已改判',
      body: [
        `您的复核申请获得支持${p.benefit ? `，报销金额调整为${p.benefit}元` : ''}。${p.amount === '0.00' ? '' : '应补款项将在2个工作日内到账。'}`,
        ...cuts(p, 'zh'),
      ],
    }),
    en: (p) => ({
      subject: 'Your appeal was granted',
      body: [
        `Your appeal was granted${p.benefit ? `; the claim now comes to CNY ${p.benefit}` : ''}.${p.amount === '0.00' ? '' : ' What is still owed will be in your account within 2 working days.'}`,
        ...cuts(p, 'en'),
      ],
    }),
  },
  DENIAL_LIFTED: {
    zh: () => ({ subject: '复核结果：撤销原决定', body: ['您的复核申请获得支持，原决定已撤销，申请将继续处理。'] }),
    en: () => ({ subject: 'Your appeal was granted', body: ['Your appeal was granted: the denial is lifted, and your claim goes on.'] }),
  },
  WITHDRAWN: {
    zh: () => ({ subject: '报销申请已撤回', body: ['您的报销申请已撤回。如需报销，请重新提交。'] }),
    en: () => ({ subject: 'Your claim was withdrawn', body: ['Your claim was withdrawn. Submit a new one if you need it.'] }),
  },
  WITHDRAWAL_REFUSED: {
    zh: () => ({ subject: '报销申请未能撤回', body: ['医保局已作出决定，您的申请未能撤回，将按决定继续处理。'] }),
    en: () => ({ subject: 'Your claim could not be withdrawn', body: ['The bureau had decided already, so your claim goes on as decided.'] }),
  },
  ON_HOLD: {
    zh: () => ({ subject: '报销申请已暂停', body: ['您的报销申请已暂停处理，恢复后自动继续。如有疑问请联系人力资源。'] }),
    en: () => ({ subject: 'Your claim is on hold', body: ['Your claim was put on hold and goes on by itself once released. Ask HR if anything is unclear.'] }),
  },
  RELEASED: {
    zh: () => ({ subject: '报销申请已恢复', body: ['您的报销申请已恢复处理。'] }),
    en: () => ({ subject: 'Your claim goes on', body: ['Your claim was taken off hold and goes on.'] }),
  },
  REVERSED: {
    zh: (p) => ({ subject: '报销已冲正', body: [`您的报销已冲正${p.amount ? `，涉及金额${p.amount}元` : ''}。如有疑问请联系财务。`] }),
    en: (p) => ({
      subject: 'Your claim was reversed',
      body: [`Your claim was reversed${p.amount ? `; it concerns CNY ${p.amount}` : ''}. Ask finance if anything is unclear.`],
    }),
  },
  BUREAU_SLOW: {
    zh: () => ({ subject: '医保局审核时间较长，请跟进', body: ['以下申请已超过提醒时限，医保局尚未作出决定。请与医保局联系跟进；超过服务时限将自动升级。'] }),
    en: () => ({
      subject: 'The bureau takes long: please follow up',
      body: ['The bureau has not decided this claim in the usual time. Please ask there; beyond the service level it is escalated.'],
    }),
  },
  ESCALATED: {
    zh: (p) => ({
      subject: p.level === 2 ? '超时升级（总部）：请处理' : '超时升级：请处理',
      body: [`以下申请超过服务时限，医保局仍未作出决定，请您决定下一步${before(p, 'zh')}：继续等待、重新提交、录入书面决定、退回补充或不予通过。`],
    }),
    en: (p) => ({
      subject: p.level === 2 ? 'Escalated to head office: please decide' : 'Escalated: please decide',
      body: [
        `The bureau has not decided this claim within the service level. Please decide what to do${before(p, 'en')}: wait on, submit again, record the written decision, return it, or refuse.`,
      ],
    }),
  },
  TASK_WAITING: {
    zh: (p) => ({ subject: `待办：${taskLabel(p, 'zh')}`, body: [`有一项待办等待您处理${before(p, 'zh')}：${taskLabel(p, 'zh')}。`] }),
    en: (p) => ({ subject: `To do: ${taskLabel(p, 'en')}`, body: [`Something waits for your decision${before(p, 'en')}: ${taskLabel(p, 'en')}.`] }),
  },
  TASK_OVERDUE: {
    zh: (p) => ({
      subject: `待办已超期：${taskLabel(p, 'zh')}`,
      body: [`以下申请因您的待办未处理而停在原处：${taskLabel(p, 'zh')}。请尽快处理；继续超期将自动升级。`],
    }),
    en: (p) => ({
      subject: `Overdue: ${taskLabel(p, 'en')}`,
      body: [`This claim stands still until you decide: ${taskLabel(p, 'en')}. Please do so soon; otherwise it is escalated.`],
    }),
  },
  TASK_ESCALATED: {
    zh: (p) => ({
      subject: p.level === 2 ? '待办超期升级（总部）' : '待办超期升级',
      body: [`以下申请因待办长期无人处理而停在原处：${taskLabel(p, 'zh')}。请督促处理人，或安排有相应角色的人员处理。`],
    }),
    en: (p) => ({
      subject: p.level === 2 ? 'A task nobody decides (head office)' : 'A task nobody decides',
      body: [`This claim stands still because nobody has decided: ${taskLabel(p, 'en')}. Please see to it that somebody who holds the role does.`],
    }),
  },
  ...APPROVAL_TEMPLATES,
};

function period({ from = '', until = '' }: NoticeParams, locale: Locale): string {
  const [start, end] = [formatDate(from, locale), formatDate(until, locale)];
  return locale === 'zh' ? `${start}至${end}` : `From ${start} to ${end}`;
}

const TASK_LABELS: Record<TaskKind, Record<Locale, string>> = {
  DUPLICATE_REVIEW: { zh: '核实疑似重复报销', en: 'verify a suspected duplicate' },
  PRE_REVIEW: { zh: '复核预审意见', en: 'look into what a review found' },
  APPROVAL: { zh: '审批报销申请', en: 'approve a claim' },
  ESCALATION: { zh: '处理超时申请', en: 'decide on an overdue claim' },
  BUREAU_ANSWER_CHECK: { zh: '核对医保局答复', en: "check a bureau's answer" },
  CONFIRM_DECISION: { zh: '复核录入的书面决定', en: 'confirm a recorded decision' },
  APPEAL_REVIEW: { zh: '处理复核申请', en: 'hear an appeal' },
  PAYOUT_ATTENTION: { zh: '处理付款异常', en: 'see to a payment' },
  CONFIRM_PAYOUT: { zh: '复核付款结果', en: 'confirm what became of a payment' },
  CLAWBACK: { zh: '追回款项', en: 'recover money' },
};

function taskLabel({ task }: NoticeParams, locale: Locale): string {
  return task ? TASK_LABELS[task][locale] : { zh: '待处理事项', en: 'a task' }[locale];
}

function tail({ accountTail }: NoticeParams, locale: Locale): string {
  if (!accountTail) return '';
  return locale === 'zh' ? `（尾号${accountTail}）` : ` to the account ending in ${accountTail}`;
}

function consents(params: NoticeParams, locale: Locale): Block | undefined {
  return params.consents?.length ? params.consents.map((purpose) => CONSENT_LABELS[purpose][locale]) : undefined;
}

/** What the employee is asked for: documents, what else is to be mended, or (where a person sent the claim back) whatever that person wrote. */
function wanted(params: NoticeParams, locale: Locale): readonly (Block | undefined)[] {
  const zh = locale === 'zh';
  const papers = documents(params, locale);
  const mend = reasons(params, locale);
  const until = before(params, locale);
  return [
    ...(papers ? [zh ? `您的报销申请需补充以下材料${until}：` : `Your claim needs these documents${until}:`, papers] : []),
    ...(papers ? [] : [zh ? `您的报销申请需要更正${until}。` : `Something in your claim has to be mended${until}.`]),
    ...mend,
  ];
}

function documents(params: NoticeParams, locale: Locale): Block | undefined {
  return params.documents?.length ? params.documents.map((kind) => documentLabel(kind, locale)) : undefined;
}

function partly({ benefit, submitted }: NoticeParams, locale: Locale): string {
  if (locale === 'zh') return `您的报销申请已部分通过医保局审核${submitted ? `，申报${submitted}元` : ''}${benefit ? `，报销${benefit}元` : ''}。`;
  return `The bureau has approved your claim in part${benefit ? `: CNY ${benefit}` : ''}${submitted ? ` of CNY ${submitted}` : ''}.`;
}

function cuts({ cuts: lines }: NoticeParams, locale: Locale): readonly Block[] {
  if (!lines?.length) return [];
  return [
    { zh: '未报销部分及原因：', en: 'What is not paid, and why:' }[locale],
    lines.map(({ lineNo, amount, reason }) => {
      const why = reasonText(reason, locale);
      return locale === 'zh' ? `第${lineNo}项：${amount}元，${why}` : `Line ${lineNo}: CNY ${amount}, ${why}`;
    }),
  ];
}

function reasons({ reasons: codes }: NoticeParams, locale: Locale): readonly Block[] {
  if (!codes?.length) return [];
  const known = codes.flatMap((code) => reasonCodeFor(code) ?? []);
  const steps = [...new Set(known.map((code) => REASONS[code].next[locale]))];
  const why = formatList([...new Set(codes.map((code) => reasonText(code, locale)))], locale);
  return locale === 'zh' ? [`原因：${why}。`, ...steps.map((step) => `${step}。`)] : [`Reason: ${why}.`, ...steps.map((step) => `${step}.`)];
}

/** A bureau's own words stay on the claim's page: they may be medical. */
function reasonText(code: string, locale: Locale): string {
  const known = reasonCodeFor(code);
  if (known) return REASONS[known][locale];
  return { zh: '医保局说明，详见申请页面', en: "the bureau's own reason, see the claim's page" }[locale];
}

function appeal({ until }: NoticeParams, locale: Locale): string {
  if (locale === 'zh') return until ? `如有异议，可在${formatDate(until, 'zh')}前在申请页面申请复核。` : '如有异议，可在申请页面申请复核。';
  return `If you disagree, you may appeal on the claim's page${until ? ` until ${formatDate(until, 'en')}` : ''}.`;
}

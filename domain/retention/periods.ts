/**
 * How long what is kept: data, with the law that it comes from. Days are calendar days. `least` and `most` are what the law leaves to the employer: a unit may
 * choose within them for itself and what is below it (settings), and a setting outside of them counts as the nearest bound. Sources were last read on 2026-11-22.
 */
export type Period = {
  /** what is erased, or what stays of it */
  zh: string;
  en: string;
  /** from when on the days are counted */
  from: string;
  days: number;
  least: number;
  most: number;
  /** 法律依据, and what follows from it here */
  law: string;
  why: string;
};

const YEAR = 365;

/** What the daily job erases once its time is over. */
export const ERASED = {
  MEDICAL_CONTENT: {
    zh: '医疗内容：费用项目、医院、就诊号、情形、病历与证明材料、审核与处理意见的文字（办理经过与审计链中的除外）',
    en: 'Medical content: items of the fee list, hospital, visit, circumstances, medical papers, the words of decisions and comments (not in the history and the audit of the claim)',
    from: 'the end of the claim, and never before the time for an appeal is over',
    days: 3 * YEAR + 1,
    least: 183,
    most: 5 * YEAR + 2,
    law: 'PIPL 19, 47; Civil Code 188; Administrative Litigation Law 46; Administrative Penalty Law 36',
    why: 'Claims from a reimbursement lapse after three years; the bureau can be sued for six months; fraud against the fund is fined for two years, at most for five.',
  },
  UNATTACHED_DOCUMENTS: {
    zh: '上传后从未用于任何申请的文件',
    en: 'Files that were uploaded and never became part of anything',
    from: 'the upload',
    days: 30,
    least: 1,
    most: 90,
    law: 'PIPL 19',
    why: 'They serve no purpose; a month leaves time to finish a claim.',
  },
  UPLOADS: {
    zh: '未传完的文件',
    en: 'Files that were begun to be uploaded',
    from: 'the day that they are given to arrive in',
    days: 0,
    least: 0,
    most: 1,
    law: 'PIPL 19',
    why: 'What has arrived whole is a document by then; the rest serves nothing.',
  },
  BUREAU_MESSAGES: {
    zh: '医保局消息正文（保留编号、摘要和时间）',
    en: 'The bodies of messages from bureaus; number, digest and time stay',
    from: 'the end of the claim; the arrival, where no claim came of it',
    days: 183,
    least: 30,
    most: 5 * YEAR + 2,
    law: 'PIPL 19; Network Data Regulations 12 (the record of the exchange: 3 years)',
    why: 'The decision itself is kept; the body repeats it and serves to settle what the bureau said.',
  },
  NOTICES: {
    zh: '已处理完的通知',
    en: 'Messages to people, once sent or given up',
    from: 'the sending',
    days: 183,
    least: 30,
    most: 3 * YEAR + 1,
    law: 'PIPL 19; Cybersecurity Law 21',
    why: 'Whether somebody was told is asked for some months; the history of the claim says it for ever.',
  },
  WEBHOOK_DELIVERIES: {
    zh: '已处理完的推送',
    en: 'Events to subscribers, once sent or given up',
    from: 'the sending',
    days: 3 * YEAR + 1,
    least: 3 * YEAR + 1,
    most: 5 * YEAR + 2,
    law: 'Network Data Regulations 12',
    why: 'They tell another system of a claim: a record of disclosure, for three years.',
  },
  WORKFLOW_COMMANDS: {
    zh: '已处理完的流程指令',
    en: 'What the workflows were told, once told',
    from: 'the telling',
    days: 183,
    least: 183,
    most: 3 * YEAR + 1,
    law: 'Cybersecurity Law 21',
    why: 'A log of the works, for six months.',
  },
  IDENTITY_CHANGES: {
    zh: '姓名与邮箱的变更前记录',
    en: 'How people were known before a change of name or address',
    from: 'the change',
    days: 183,
    least: 30,
    most: 3 * YEAR + 1,
    law: 'PIPL 19; Cybersecurity Law 21',
    why: 'Decision 0011 looks back seven days; disputes about a diverted payment come within months.',
  },
  STORED_ANSWERS: {
    zh: '重复请求的原答复正文（保留编号与指纹）',
    en: 'The bodies of answers kept for a repeated request; key and fingerprint stay',
    from: 'the request',
    days: 90,
    least: 7,
    most: YEAR,
    law: 'PIPL 19',
    why: 'They hold whole claims, and nobody repeats a request after months. It is still not carried out twice.',
  },
  SESSIONS: {
    zh: '已结束的登录会话',
    en: 'Sessions that are over',
    from: 'their end',
    days: 183,
    least: 183,
    most: YEAR,
    law: 'Cybersecurity Law 21',
    why: 'Who was signed in when: a log, for six months.',
  },
  RATE_LIMITS: {
    zh: '已恢复的限流计数',
    en: 'Rate limits that are full again',
    from: 'the moment they say nothing any more',
    days: 1,
    least: 0,
    most: 30,
    law: 'PIPL 19',
    why: 'Some name a hash of an address.',
  },
} as const satisfies Record<string, Period>;
export type ErasureRule = keyof typeof ERASED;
export const ERASURE_RULES = Object.keys(ERASED) as ErasureRule[];

/** What a unit may choose for itself: what belongs to a unit. The rest belongs to the installation. */
export const CONFIGURABLE = [
  'MEDICAL_CONTENT',
  'UNATTACHED_DOCUMENTS',
  'BUREAU_MESSAGES',
  'NOTICES',
  'WEBHOOK_DELIVERIES',
  'WORKFLOW_COMMANDS',
  'IDENTITY_CHANGES',
] as const satisfies readonly ErasureRule[];
export type ConfigurableRule = (typeof CONFIGURABLE)[number];

/** What no job erases: the law asks for it, and none of it says of what somebody is ill. */
export const KEPT = {
  VOUCHERS: {
    zh: '会计凭证：申请与票据的金额和号码、票据与费用清单原件、书面决定、决定金额、付款与对账',
    en: 'Vouchers: amounts and numbers of claims and invoices, originals of invoices and fee lists, letters of written decisions, amounts decided, payments, statements',
    days: 30 * YEAR + 8,
    law: 'Accounting Law 23; Measures for Accounting Archives (30 years)',
    why: 'The oldest are due after thirty years; destroying them takes a procedure of its own.',
  },
  DISCLOSURES: {
    zh: '对外提供记录：提交医保局、付款、查看敏感信息、同意与撤回',
    en: 'Records of disclosure: submissions, payments, looks at sensitive data, consents and their withdrawal',
    days: 3 * YEAR + 1,
    law: 'Network Data Regulations 12; PIPL 56',
    why: 'Three years at least; they are part of the history and of the audit, and stay with them.',
  },
  AUDIT: {
    zh: '审计链与办理经过',
    en: 'The audit chains and the histories of claims',
    days: 30 * YEAR + 8,
    law: 'Accounting Law 23; Cybersecurity Law 21',
    why: 'They prove the vouchers. A chain from which something is taken proves nothing.',
  },
  LOGS: {
    zh: '系统日志文件',
    en: 'Log files of the processes',
    days: 183,
    law: 'Cybersecurity Law 21',
    why: 'Six months at least. They are files of whoever runs the processes, and hold no personal data.',
  },
  IMPACT_ASSESSMENT: {
    zh: '个人信息保护影响评估报告',
    en: 'The report of the personal-information impact assessment',
    days: 3 * YEAR + 1,
    law: 'PIPL 55, 56',
    why: 'Three years at least; a paper of the employer, not in this system.',
  },
} as const satisfies Record<string, Omit<Period, 'from' | 'least' | 'most'>>;

/** The days that count for a rule: what a unit has chosen, within what the law leaves. */
export function daysFor(rule: ErasureRule, chosen?: number): number {
  const { days, least, most } = ERASED[rule];
  return Math.min(Math.max(chosen ?? days, least), most);
}

const DAY_MS = 86_400_000;

/** What ended before this is due at `now`. */
export function dueBefore(days: number, now: Date): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

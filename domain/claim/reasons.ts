/**
 * Why something is not (wholly) paid, or cannot go on. `carc` is the number of the X12 claim adjustment reason that a code corresponds to;
 * the wording is ours. `bearer`: PR the patient, OA another party or nobody yet, CO the employer by contract.
 */
export type Reason = {
  carc: number | null;
  zh: string;
  en: string;
  /** what the employee can do about it */
  next: { zh: string; en: string };
  appealable: boolean;
  bearer: 'PR' | 'OA' | 'CO';
};

const ADD_DOCUMENTS = { zh: '请按清单补充材料后点击“材料已齐”', en: 'Add the listed documents, then press “materials complete”' };
const RESUBMIT = { zh: '请更正后重新提交', en: 'Correct it and submit again' };
const NOTHING = { zh: '无需操作', en: 'Nothing to do' };
const APPEAL = { zh: '如有异议，可在期限内申请复核', en: 'If you disagree, appeal before the deadline' };
const PROVE_INSURANCE = { zh: '如参保信息有误，请附参保证明申请复核', en: 'If the insurance record is wrong, appeal with proof of insurance' };

const CATALOGUE = {
  DOC_REQUIRED: { carc: 252, zh: '缺少必要材料', en: 'A required document is missing', next: ADD_DOCUMENTS, appealable: false, bearer: 'OA' },
  DOC_WRONG: { carc: 250, zh: '材料与要求不符', en: 'A document is not the one asked for', next: ADD_DOCUMENTS, appealable: false, bearer: 'OA' },
  DOC_INCOMPLETE: { carc: 251, zh: '材料不完整', en: 'A document is incomplete', next: ADD_DOCUMENTS, appealable: false, bearer: 'OA' },
  INFO_NOT_SUPPLIED: { carc: 227, zh: '逾期未补充材料', en: 'The documents asked for did not come in time', next: RESUBMIT, appealable: true, bearer: 'PR' },
  DATA_ERROR: { carc: 16, zh: '申报信息有误', en: 'Something in the claim is wrong or cannot be read', next: RESUBMIT, appealable: false, bearer: 'OA' },
  DUPLICATE: { carc: 18, zh: '重复报销', en: 'This was claimed before', next: APPEAL, appealable: true, bearer: 'OA' },
  NOT_IN_CATALOGUE: { carc: 96, zh: '医保目录外费用', en: 'The item is not in the insurance catalogue', next: APPEAL, appealable: true, bearer: 'PR' },
  PLAN_EXCLUDES: { carc: 204, zh: '补充医疗计划不包含该项', en: "The employer's plan does not cover this", next: APPEAL, appealable: true, bearer: 'PR' },
  QUOTA_USED: { carc: 119, zh: '年度额度已用尽', en: "The year's limit is used up", next: NOTHING, appealable: true, bearer: 'PR' },
  NOT_INSURED: { carc: 31, zh: '未查到参保信息', en: 'No insurance was found for the person', next: PROVE_INSURANCE, appealable: true, bearer: 'PR' },
  BEFORE_COVERAGE: { carc: 26, zh: '就诊早于参保生效日', en: 'Treated before the insurance began', next: PROVE_INSURANCE, appealable: true, bearer: 'PR' },
  AFTER_COVERAGE: { carc: 27, zh: '就诊晚于参保终止日', en: 'Treated after the insurance ended', next: PROVE_INSURANCE, appealable: true, bearer: 'PR' },
  COVERAGE_LAPSED: {
    carc: 200,
    zh: '就诊时处于断缴期',
    en: 'Contributions were interrupted when treated',
    next: { zh: '请联系人力资源核对缴费；如为单位原因，可申请复核', en: 'Ask HR to check the contributions; appeal if the gap was the employer’s' },
    appealable: true,
    bearer: 'CO',
  },
  LATE_FILING: { carc: 29, zh: '超过报销时限', en: 'Filed after the deadline', next: APPEAL, appealable: true, bearer: 'PR' },
  OTHER_PAYER_FIRST: {
    carc: 22,
    zh: '应由其他方先行支付',
    en: 'Another payer comes first',
    next: { zh: '请先向该支付方结算，再凭结算单重新提交', en: 'Settle with that payer first, then submit again with its statement' },
    appealable: true,
    bearer: 'OA',
  },
  PAID_ON_THE_SPOT: { carc: 23, zh: '基金已在医院直接结算', en: 'The funds paid this at the hospital', next: NOTHING, appealable: true, bearer: 'OA' },
  WRONG_BUREAU: {
    carc: 109,
    zh: '不属于本统筹区',
    en: 'Another bureau is responsible',
    next: { zh: '请核对参保地后重新提交', en: 'Check the insured region and submit again' },
    appealable: true,
    bearer: 'OA',
  },
  NO_CROSS_REGION_RECORD: {
    carc: 197,
    zh: '未办理异地就医备案',
    en: 'Treatment in another region was not filed',
    next: { zh: '如已备案或属急诊抢救，请附证明重新提交', en: 'If it was filed, or an emergency, submit again with the proof' },
    appealable: true,
    bearer: 'PR',
  },
  NOT_DESIGNATED_HOSPITAL: { carc: 242, zh: '非定点医疗机构', en: 'The hospital is not a designated one', next: APPEAL, appealable: true, bearer: 'PR' },
  SPANS_YEARS: {
    carc: 268,
    zh: '费用跨年度，请分单申报',
    en: 'The costs belong to two years: claim each on its own',
    next: { zh: '请按年度拆分后分别提交', en: 'Split the claim by year and submit both' },
    appealable: false,
    bearer: 'OA',
  },
  DEDUCTIBLE: { carc: 1, zh: '起付线以下', en: 'Below the deductible', next: NOTHING, appealable: true, bearer: 'PR' },
  COINSURANCE: { carc: 2, zh: '按比例自付', en: 'Your share of the cost', next: NOTHING, appealable: true, bearer: 'PR' },
  COPAY: { carc: 3, zh: '定额自付', en: 'Your fixed part of the cost', next: NOTHING, appealable: true, bearer: 'PR' },
  ABOVE_TARIFF: { carc: 45, zh: '超过支付限价', en: 'Above the highest price that is paid', next: NOTHING, appealable: true, bearer: 'PR' },
  APPEAL_UPHELD: { carc: 193, zh: '复核维持原决定', en: 'The decision was upheld on appeal', next: NOTHING, appealable: false, bearer: 'OA' },
  APPEAL_LATE: { carc: 286, zh: '复核申请超过期限', en: 'The appeal came too late', next: NOTHING, appealable: false, bearer: 'OA' },
  BANK_RETURNED: {
    carc: null,
    zh: '银行退票',
    en: 'The bank returned the money',
    next: { zh: '请核对收款账户', en: 'Check your account' },
    appealable: false,
    bearer: 'OA',
  },
  WORK_INJURY: {
    carc: null,
    zh: '应由工伤保险支付',
    en: 'Work injury: the work-injury fund pays',
    next: { zh: '请联系人力资源申报工伤', en: 'Ask HR to report the work injury' },
    appealable: true,
    bearer: 'OA',
  },
  THIRD_PARTY: {
    carc: null,
    zh: '应由第三人负担',
    en: 'A third party is liable',
    next: { zh: '请向责任方主张；如无第三人责任，请附证明申请复核', en: 'Claim from who is liable; if nobody is, appeal with proof' },
    appealable: true,
    bearer: 'OA',
  },
  PUBLIC_HEALTH: { carc: null, zh: '应由公共卫生负担', en: 'Public health pays for this', next: APPEAL, appealable: true, bearer: 'OA' },
  TREATED_ABROAD: { carc: null, zh: '境外就医不予支付', en: 'Treatment abroad is not covered', next: APPEAL, appealable: true, bearer: 'PR' },
  INVOICE_FALSE: { carc: null, zh: '票据查验不实', en: 'The invoice could not be verified', next: APPEAL, appealable: true, bearer: 'PR' },
  INVOICE_REVERSED: {
    carc: null,
    zh: '票据已冲红',
    en: 'The invoice was reversed by its issuer',
    next: { zh: '请换开票据后重新提交', en: 'Get a new invoice and submit again' },
    appealable: true,
    bearer: 'OA',
  },
  INVOICE_CLAIMED: { carc: null, zh: '票据已报销', en: 'The invoice was reimbursed already', next: APPEAL, appealable: true, bearer: 'OA' },
  NO_RULE: {
    carc: null,
    zh: '政策未涵盖',
    en: 'No rule covers this',
    next: { zh: '无需操作，由人力资源人工核定', en: 'Nothing to do: HR decides' },
    appealable: true,
    bearer: 'OA',
  },
  NOT_VERIFIED: { carc: null, zh: '未能核验', en: 'This could not be checked', next: NOTHING, appealable: false, bearer: 'OA' },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof CATALOGUE;
export const REASONS: Readonly<Record<ReasonCode, Reason>> = CATALOGUE;
export const REASON_CODES = Object.keys(CATALOGUE) as ReasonCode[];

const CODE_BY_CARC = new Map(REASON_CODES.flatMap((code) => (REASONS[code].carc === null ? [] : [[String(REASONS[code].carc), code] as const])));

export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(CATALOGUE, text);
}

/** Our code for our own code or an X12 number, which bureaus send as text; undefined for a bureau's own code. */
export function reasonCodeFor(code: string | number): ReasonCode | undefined {
  const text = String(code);
  return isReasonCode(text) ? text : CODE_BY_CARC.get(text);
}

export function reasonFor(code: string | number): (Reason & { code: ReasonCode }) | undefined {
  const known = reasonCodeFor(code);
  return known && { code: known, ...REASONS[known] };
}

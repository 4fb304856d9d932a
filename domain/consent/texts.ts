import type { Day } from '../calendar.ts';
import { neededFor, type ConsentPurpose, type ConsentStep } from './purposes.ts';

/**
 * The wording that people agree to. A version never changes once it is in force: a new one is added below it. `material`: purpose, manner or kinds of data
 * have changed, so that earlier consents no longer count (PIPL 14). `sha256` is over `zh`, a line feed, and `en`; a test holds it to the words.
 */
export type ConsentText = { purpose: ConsentPurpose; version: string; from: Day; material: boolean; zh: string; en: string; sha256: string };

export const CONSENT_TEXTS: readonly ConsentText[] = [
  {
    purpose: 'SENSITIVE_DATA',
    version: '2026-1',
    from: '2026-01-01',
    material: true,
    zh: `为办理医疗费用报销，您所在的单位需要处理您的敏感个人信息：就诊时间与医院、诊断与病历材料、费用明细与票据、身份证件号码、收款账户。没有这些信息无法办理报销；不同意只影响报销的办理，不影响您的其他权益。这些信息加密保存，仅由办理报销所必需的人员查看，查看均有记录。医疗内容在报销办结后按保存期限删除；票据与付款凭证依会计法律保存三十年。
您可以随时撤回同意，与给予同意同样方便。撤回后：尚未提交医保局的申请自动撤回；已提交、尚未决定的，我们向医保局申请撤回；已决定、尚未付款的，暂缓付款；付款指令已经发出的继续办理，因为付款无法召回。撤回不影响撤回前已进行的处理。`,
    en: `To reimburse your medical costs your employer has to handle sensitive personal information of yours: dates and hospital of a visit, diagnosis and medical papers, lists of fees and invoices, the number of your identity document, and the account that is paid to. Without it no claim can be handled; if you do not consent, nothing else changes for you. The data are kept encrypted and seen only by those who need them for the claim, and each look is recorded. Medical content is erased some time after a claim has ended; invoices and proof of payment are kept for thirty years as accounting law asks.
You may withdraw this consent at any time, as easily as you gave it. Then: a claim that the bureau does not have yet is withdrawn by itself; of one that it has and has not decided we ask the bureau to let go; one that is decided and not paid waits with the payment; where an instruction to pay exists it goes on, because a payment cannot be called back. What was done before stays lawful.`,
    sha256: '8d7bddf90b461857b7b4fe303b6d72098a0daef344bd06c1cd293f88ea6004c2',
  },
  {
    purpose: 'SHARING_BUREAU',
    version: '2026-1',
    from: '2026-01-01',
    material: true,
    zh: `为办理医疗费用报销，您所在的单位需要向您参保地的医疗保障经办机构提供，并从该机构接收：您的姓名、身份证件号码与人员编号、就诊时间与医院、诊断与病历材料、费用明细与票据，仅用于审核和决定您的报销申请，以加密通道逐笔传送。接收机构的名称随本文列出，联系方式可向人力资源查询。
您可以随时撤回同意，与给予同意同样方便。撤回后：尚未提交的申请自动撤回；已提交、尚未决定的，我们向该机构申请撤回，以其答复为准；已作出的决定不受影响，其后不再提供任何信息；付款指令已经发出的继续办理，因为付款无法召回。该机构已收到的信息由其依法处理。`,
    en: `To reimburse your medical costs your employer has to give to the healthcare-security bureau of the region where you are insured, and to receive from it: your name, the number of your identity document and your number there, dates and hospital of a visit, diagnosis and medical papers, lists of fees and invoices. They serve to examine and decide your claim and nothing else, and travel claim by claim over an encrypted connection. The bureau is named beside this text; HR tells you how to reach it.
You may withdraw this consent at any time, as easily as you gave it. Then: a claim that was not sent yet is withdrawn by itself; of one that was sent and is not decided we ask the bureau to let go, and its answer counts; a decision that was made stands, and nothing further is sent; where an instruction to pay exists it goes on, because a payment cannot be called back. What the bureau has received it handles under its own law.`,
    sha256: '3d99f699395ec1a443137efab319ee75f5dc1ef6e9afc12742d3f7e301ee6126',
  },
  {
    purpose: 'SHARING_BANK',
    version: '2026-1',
    from: '2026-01-01',
    material: true,
    zh: `为向您支付报销款，您所在的单位需要向付款银行提供：您的姓名、收款账号与开户行、付款金额、报销申请编号，仅用于付款和对账；不提供任何医疗信息。接收银行的名称随本文列出，联系方式可向财务查询。
您可以随时撤回同意，与给予同意同样方便。撤回后：申请照常审核，付款暂缓，重新同意后自动付款；付款指令已经发出的继续办理，因为付款无法召回。`,
    en: `To pay you, your employer has to give to the paying bank: your name, the number of your account and its bank, the amount, and the number of the claim. They serve to pay and to reconcile and nothing else; nothing medical is given. The bank is named beside this text; finance tells you how to reach it.
You may withdraw this consent at any time, as easily as you gave it. Then: a claim goes on to be examined, its payment waits, and follows by itself once you consent again; where an instruction to pay exists it goes on, because a payment cannot be called back.`,
    sha256: 'da81bbb4dd3c0e9e6baa31a75dcdf106005468690f399781b434a26d3fa0a37f',
  },
];

/** The wording in force on `day` (in Shanghai); throws where a purpose has none, which a test excludes. */
export function textInForce(purpose: ConsentPurpose, day: Day): ConsentText {
  const text = CONSENT_TEXTS.findLast((one) => one.purpose === purpose && one.from <= day);
  if (!text) throw new RangeError(`no wording for ${purpose} on ${day}`);
  return text;
}

/** Whether a consent to that version still counts on `day`: nothing material has changed since. */
export function stillCounts({ purpose, textVersion }: StandingConsent, day: Day, texts: readonly ConsentText[] = CONSENT_TEXTS): boolean {
  const inForce = texts.filter((one) => one.purpose === purpose && one.from <= day);
  const agreed = inForce.findIndex(({ version }) => version === textVersion);
  return agreed >= 0 && !inForce.slice(agreed + 1).some(({ material }) => material);
}

/** A consent that was given and not withdrawn since. */
export type StandingConsent = { purpose: ConsentPurpose; textVersion: string };

/** The purposes for which `step` lacks consent on `day`. */
export function missingConsents(standing: readonly StandingConsent[], step: ConsentStep, day: Day): ConsentPurpose[] {
  return neededFor(step).filter((purpose) => !standing.some((one) => one.purpose === purpose && stillCounts(one, day)));
}

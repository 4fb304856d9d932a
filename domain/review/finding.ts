import { REASONS, type ReasonCode } from '../claim/reasons.ts';
import type { Finding } from '../policy/pre-review.ts';
import type { Text } from '../policy/rulebook.ts';

const REPLACE: Text = {
  zh: '请更换为正确的文件后点击“材料已齐”；如申报有误，请撤回后重新提交；如认为无误，可申请人工复核',
  en: 'Replace the file by the right one, then press “materials complete”; if the claim is wrong, withdraw it and submit again; if neither is, ask for a person',
};
const LOOK: Text = { zh: '请核对；如有误，请更换文件或撤回后重新提交', en: 'Please check; if it is wrong, replace the file, or withdraw and submit again' };
const HR_LOOKS: Text = { zh: '无需操作，由人力资源核实', en: 'Nothing to do: HR looks into it' };
const NOTHING: Text = { zh: '无需操作', en: 'Nothing to do' };

/** What exactly is the matter, where the reason alone would not tell anybody what to do. */
export const ABOUTS = {
  PAYER: { zh: '票据交款人与本人不一致', en: 'The invoice names another payer', next: REPLACE },
  NUMBER: { zh: '票据号码与申报不一致', en: 'The number on the invoice is not the one that is claimed', next: REPLACE },
  BILL_CODE: { zh: '票据代码与申报不一致', en: 'The code on the invoice is not the one that is claimed', next: REPLACE },
  CHECK_CODE: { zh: '票据校验码与申报不一致', en: 'The check code on the invoice is not the one that is claimed', next: REPLACE },
  AMOUNT: { zh: '票据金额与申报不一致', en: 'The amount on the invoice is not the one that is claimed', next: REPLACE },
  DATE: { zh: '票据日期与申报不一致', en: 'The date on the invoice is not the one that is claimed', next: LOOK },
  BEFORE_VISIT: { zh: '票据开具早于就诊', en: 'The invoice is older than the visit', next: REPLACE },
  AFTER_VISIT: { zh: '票据开具明显晚于就诊', en: 'The invoice is much younger than the visit', next: LOOK },
  HOSPITAL: { zh: '票据上的医院与申报不一致', en: 'The invoice names another hospital', next: LOOK },
  FILE_OF_INVOICE: {
    zh: '缺少该票据的文件',
    en: 'None of the files is that of this invoice',
    next: { zh: '请补充该票据的文件后点击“材料已齐”', en: 'Add the file of this invoice, then press “materials complete”' },
  },
  UNREADABLE: { zh: '票据文件未能识别，未与申报核对', en: 'The file of the invoice could not be read, and was not compared with the claim', next: NOTHING },
  UNREAD: { zh: '票据文件尚未识别，未与申报核对', en: 'The file of the invoice was not read in time, and was not compared with the claim', next: NOTHING },
  BUREAU_SILENT: { zh: '医保局暂未答复票据状态', en: 'The bureau did not say in time what it knows of the invoice', next: NOTHING },
  UNKNOWN_TO_BUREAU: { zh: '医保局查无此票', en: 'The bureau knows no such invoice', next: HR_LOOKS },
  REVERSED: { zh: '票据已被开票方冲红', en: 'The invoice was reversed by its issuer', next: HR_LOOKS },
  CLAIMED: { zh: '医保局显示票据已报销', en: 'The bureau says that the invoice was reimbursed before', next: HR_LOOKS },
  BEING_CLAIMED: { zh: '医保局显示票据正在报销', en: 'The bureau says that the invoice is being reimbursed', next: HR_LOOKS },
  DIAGNOSIS: {
    zh: '缺少诊断信息',
    en: 'There is no diagnosis',
    next: {
      zh: '请撤回后填写诊断重新提交；如无法填写，可申请人工复核',
      en: 'Withdraw the claim and submit it with the diagnosis; if there is none, ask for a person',
    },
  },
  NO_RULEBOOK: { zh: '参保地尚无政策规则', en: 'There is no rulebook for the insured region', next: HR_LOOKS },
  NOT_IN_FORCE: { zh: '就诊当日没有生效的政策', en: 'No rule was in force on the day of treatment', next: HR_LOOKS },
  KIND_NOT_COVERED: { zh: '政策未涵盖该医疗类别', en: 'The rulebook does not cover this kind of treatment', next: HR_LOOKS },
  CASE_NOT_COVERED: { zh: '政策未涵盖该人员或医院级别', en: 'The rulebook does not cover this person or grade of hospital', next: HR_LOOKS },
  HOSPITAL_UNKNOWN: { zh: '医院级别未知，无法测算金额', en: 'The grade of the hospital is not known: the amount is not estimated', next: NOTHING },
  AGE_UNKNOWN: { zh: '人员年龄未知，无法测算金额', en: "The person's age is not known: the amount is not estimated", next: NOTHING },
  SETTLEMENT_MIXED: {
    zh: '部分票据已在医院直接结算、部分未结算，请分单申报',
    en: 'Some invoices were settled at the hospital and others were not: each belong in a claim of their own',
    next: HR_LOOKS,
  },
  PLAN_UNKNOWN: { zh: '单位的补充医疗计划不存在，无法测算金额', en: "The unit's plan does not exist: the amount is not estimated", next: NOTHING },
} as const satisfies Record<string, Text & { next: Text }>;
export type About = keyof typeof ABOUTS;

/**
 * A finding about a claim that was taken in. `claimed` and `found`: what the claim says and what was seen instead, for whoever has to compare them; personal, and
 * sealed where it is kept.
 */
export type ClaimFinding = Finding & { about?: About; documentId?: string; invoiceId?: string; claimed?: string; found?: string };

export function finding(
  code: ReasonCode,
  about: About,
  rest: Pick<ClaimFinding, 'blocking' | 'mendedBy'> & Partial<Pick<ClaimFinding, 'document' | 'documentId' | 'invoiceId' | 'claimed' | 'found'>>,
): ClaimFinding {
  const { zh, en, next } = ABOUTS[about];
  return { code, about, text: { zh, en }, next, ...rest };
}

/** What a finding says where the words it was found with were erased. */
export function genericWords(code: ReasonCode, about: About | null): { text: Text; next: Text } {
  const { zh, en, next } = about === null ? REASONS[code] : ABOUTS[about];
  return { text: { zh, en }, next };
}

/**
 * The facts of a finding: the same twice where nothing has changed that it was found from. Words are not part of it, so that another wording is not another finding.
 * Hashed before it is kept.
 */
export function factsOf(claimNumber: string, { code, about, lineNo, document, documentId, invoiceId, claimed, found }: ClaimFinding): string {
  return JSON.stringify([claimNumber, code, about, lineNo, document, documentId, invoiceId, claimed, found].map((fact) => fact ?? null));
}

/** Findings that a claim may not go on with, by whose turn they make it. What nobody can mend is for HR to decide. */
export function standing<F extends Pick<Finding, 'blocking' | 'mendedBy'> & { overruled: boolean }>(findings: readonly F[]): { employee: F[]; hr: F[] } {
  const open = findings.filter(({ blocking, overruled }) => blocking && !overruled);
  return { employee: open.filter(({ mendedBy }) => mendedBy === 'employee'), hr: open.filter(({ mendedBy }) => mendedBy !== 'employee') };
}

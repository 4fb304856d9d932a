import { z } from 'zod';
import type { BureauAnswer, FundingSource, Outcome } from '#domain/bureau/decision.ts';
import type { VisitFeed } from '#domain/bureau/visit.ts';
import { reasonCodeFor } from '#domain/claim/reasons.ts';
import { day, instant, problemsOf, yuan } from './gateway-fields.ts';
import { parseStorableJson } from './storable-json.ts';

/** What a bureau tells us (docs/gateways.md), field by field, in our words. It decides money, so a decision is read strictly. */
const FUNDS: Record<string, FundingSource> = { '310100': 'bureau_fund', '330100': 'large_amount', '370100': 'employer_plan' };
const OUTCOMES: Record<'1' | '2' | '3', Outcome> = { '1': 'APPROVED', '2': 'PARTIALLY_APPROVED', '3': 'DENIED' };
const MAX_LINES = 2_000;

/** Visible ASCII, as every number of the interface is. */
export const id = (max: number) =>
  z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'not an id')
    .max(max);
const remark = z.string().max(2_000).default('');
const region = z.string().regex(/^\d{6}$/, 'not a region');
const lineNo = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'not a line number')
  .transform(Number);

const decisionHead = {
  dcsn_no: id(40),
  corr_id: id(40),
  osubmit_msgid: id(30),
  dcsn_time: instant,
  remark,
  resn: z
    .array(z.strictObject({ code: id(40), text: z.string().max(500).default('') }))
    .max(100)
    .default([]),
};
const decided = z.strictObject({
  ...decisionHead,
  rslt_type: z.enum(['1', '2', '3']),
  missing: z.array(z.never()).default([]),
  lines: z
    .array(
      z.strictObject({
        feedetl_sn: lineNo,
        det_item_fee_sumamt: yuan,
        inscp_scp_amt: yuan,
        act_pay_dedc: yuan,
        pay_amt: yuan,
        adjustments: z.array(z.strictObject({ resn_code: id(40), amt: yuan })).max(100),
      }),
    )
    .min(1)
    .max(MAX_LINES),
  setldetail: z
    .array(
      z.strictObject({
        fund_pay_type: z.string().transform((code, context): FundingSource => {
          const source = Object.hasOwn(FUNDS, code) ? FUNDS[code] : undefined;
          if (source) return source;
          context.addIssue('an unknown fund');
          return z.NEVER;
        }),
        fund_payamt: yuan,
      }),
    )
    .max(20),
});
const informationNeeded = z.strictObject({
  ...decisionHead,
  rslt_type: z.literal('4'),
  missing: z
    .array(z.strictObject({ file_type: id(40), remark: z.string().max(500).default('') }))
    .min(1)
    .max(100),
  lines: z.array(z.never()).default([]),
  setldetail: z.array(z.never()).default([]),
});
const decision = z.discriminatedUnion('rslt_type', [decided, informationNeeded]);

/** Our reason code for an X12 number; a bureau's own code stays as it is. */
const ourCode = (code: string): string => reasonCodeFor(code) ?? code;

export type Read<T> = { ok: true; value: T } | { ok: false; why: string };

/** A `decision` element of DZ11 or of DZ02's results. Whether its sums are right is findDecisionFault's question, not this one's. */
export function readDecision(element: unknown): Read<BureauAnswer> {
  const parsed = decision.safeParse(element);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  const told = parsed.data;
  const head = {
    decisionNo: told.dcsn_no,
    claimNumber: told.corr_id,
    answersMessageId: told.osubmit_msgid,
    decidedAt: told.dcsn_time,
    remark: told.remark,
  };
  if (told.rslt_type === '4') {
    const missing = told.missing.map((one) => ({ documentKind: one.file_type, remark: one.remark }));
    return { ok: true, value: { kind: 'information-needed', ...head, missing } };
  }
  return {
    ok: true,
    value: {
      kind: 'decision',
      ...head,
      outcome: OUTCOMES[told.rslt_type],
      reasons: told.resn.map(({ code, text }) => ({ code: ourCode(code), text })),
      lines: told.lines.map((line) => ({
        lineNo: line.feedetl_sn,
        submittedFen: line.det_item_fee_sumamt,
        eligibleFen: line.inscp_scp_amt,
        deductibleFen: line.act_pay_dedc,
        benefitFen: line.pay_amt,
        adjustments: line.adjustments.map((one) => ({ code: ourCode(one.resn_code), amountFen: one.amt })),
      })),
      funding: told.setldetail.map((one) => ({ source: one.fund_pay_type, amountFen: one.fund_payamt })),
    },
  };
}

const visit = z.object({
  visit_no: id(40),
  psn_no: id(30),
  insuplc_admdvs: region,
  mdtrtarea_admvs: region,
  med_type: id(6),
  fixmedins_code: id(30),
  fixmedins_name: z.string().min(1).max(200),
  begntime: day,
  endtime: day,
  medfee_sumamt: yuan,
  feedetail: z
    .array(
      z.object({
        feedetl_sn: lineNo,
        med_list_codg: z.string().max(50),
        med_list_name: z.string().min(1).max(200),
        chrgitm_lv: z.enum(['01', '02', '03']),
        cnt: z.string().regex(/^\d{1,8}(\.\d{1,4})?$/, 'not a quantity'),
        pric: yuan,
        det_item_fee_sumamt: yuan,
      }),
    )
    .min(1)
    .max(MAX_LINES),
  invoices: z
    .array(
      z.object({
        elecSetlCertType: z.enum(['1', '2', '3']),
        elecSetlCertCode: z.string().max(50),
        elecSetlCertNo: id(50),
        elecSetlCertChkcode: z.string().max(50),
        billAmt: yuan,
        billDate: day,
      }),
    )
    .max(100),
});

function readVisit(element: unknown): Read<VisitFeed> {
  const parsed = visit.safeParse(element);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  const told = parsed.data;
  return {
    ok: true,
    value: {
      visitNo: told.visit_no,
      personNo: told.psn_no,
      insuredRegion: told.insuplc_admdvs,
      treatedRegion: told.mdtrtarea_admvs,
      medicalType: told.med_type,
      hospital: { code: told.fixmedins_code, name: told.fixmedins_name },
      visitStart: told.begntime,
      visitEnd: told.endtime,
      totalFen: told.medfee_sumamt,
      lines: told.feedetail.map((line) => ({
        lineNo: line.feedetl_sn,
        itemCode: line.med_list_codg,
        itemName: line.med_list_name,
        itemClass: line.chrgitm_lv,
        quantity: line.cnt,
        unitPriceFen: line.pric,
        amountFen: line.det_item_fee_sumamt,
      })),
      invoices: told.invoices.map((invoice) => ({
        type: invoice.elecSetlCertType,
        code: invoice.elecSetlCertCode,
        number: invoice.elecSetlCertNo,
        checkCode: invoice.elecSetlCertChkcode,
        amountFen: invoice.billAmt,
        issuedOn: invoice.billDate,
      })),
    },
  };
}

const callback = z.object({ msgid: id(30), infno: z.string(), input: z.record(z.string(), z.unknown()) });

/** A callback in our words; `raw` is its `decision` or `visit` as it came. */
export type BureauCallback =
  | { kind: 'decision'; infno: 'DZ11'; messageId: string; claimNumber: string; answer: BureauAnswer; raw: unknown }
  | { kind: 'visit'; infno: 'DZ13'; messageId: string; claimNumber: null; answer: VisitFeed; raw: unknown };
/** `why` names fields, never values. */
export type ParsedBureauCallback = { ok: true; message: BureauCallback } | { ok: false; messageId: string | null; why: string };

/** Reads the body of a callback whose signature has been verified. Never throws. */
export function parseBureauCallback(rawBody: Uint8Array): ParsedBureauCallback {
  const json = parseStorableJson(rawBody);
  if (!json.ok) return { ok: false, messageId: null, why: json.why };
  const envelope = callback.safeParse(json.value);
  if (!envelope.success) return { ok: false, messageId: null, why: problemsOf(envelope.error) };
  const { msgid: messageId, infno, input } = envelope.data;
  if (infno === 'DZ11') {
    const raw = input['decision'];
    const answer = readDecision(raw);
    if (!answer.ok) return { ok: false, messageId, why: answer.why };
    return { ok: true, message: { kind: 'decision', infno, messageId, claimNumber: answer.value.claimNumber, answer: answer.value, raw } };
  }
  if (infno === 'DZ13') {
    const raw = input['visit'];
    const answer = readVisit(raw);
    if (!answer.ok) return { ok: false, messageId, why: answer.why };
    return { ok: true, message: { kind: 'visit', infno, messageId, claimNumber: null, answer: answer.value, raw } };
  }
  return { ok: false, messageId, why: 'infno: not a callback' };
}

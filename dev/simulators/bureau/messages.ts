import { z } from 'zod';
import { fenOf } from '../shared/money.ts';

const text = z.string().min(1);
const region = z.string().regex(/^\d{6}$/);
const yuan = z.string().refine((value) => fenOf(value) !== undefined, 'not decimal yuan with two places');
const time = z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** The request envelope, whatever the transaction. */
export const Envelope = z.object({
  infno: text.max(4),
  msgid: z.string().regex(/^.{12}\d{18}$/),
  mdtrtarea_admvs: region,
  insuplc_admdvs: region.or(z.literal('')),
  recer_sys_code: text.max(10),
  signtype: z.literal('SM3'),
  infver: z.literal('V1.0'),
  opter_type: z.literal('1'),
  opter: text.max(30),
  opter_name: text.max(50),
  inf_time: time,
  fixmedins_code: z.string().length(12),
  fixmedins_name: text.max(20),
  sign_no: z.string().max(30),
  input: z.record(z.string(), z.unknown()),
});
export type Envelope = z.infer<typeof Envelope>;

export const Invoice = z.object({
  elecSetlCertType: text,
  elecSetlCertCode: z.string(),
  elecSetlCertNo: text,
  elecSetlCertChkcode: z.string(),
});
export type Invoice = z.infer<typeof Invoice>;

const FeeDetail = z.object({
  feedetl_sn: text,
  med_list_codg: z.string(),
  med_list_name: text,
  chrgitm_lv: z.enum(['01', '02', '03']),
  det_item_fee_sumamt: yuan,
});

export const Claim = z.object({
  corr_id: text,
  subm_no: z.coerce.number().int().positive(),
  prev_dcsn_no: z.string(),
  psn_no: text,
  psn_name: text,
  certno: text,
  insutype: text,
  insuplc_admdvs: region,
  mdtrtarea_admvs: region,
  med_type: text,
  begntime: time,
  endtime: time,
  medfee_sumamt: yuan,
  feedetail: z.array(FeeDetail).min(1),
  invoices: z.array(Invoice.extend({ billAmt: yuan, billDate: date })),
  attachments: z.array(z.object({ file_type: text, file_name: text, sm3: z.string().regex(/^[0-9a-f]{64}$/) })),
});
export type Claim = z.infer<typeof Claim>;

export const Inputs = {
  signIn: z.object({ signIn: z.object({ opter_no: text, mac: z.string(), ip: z.string() }) }),
  person: z.object({
    data: z.object({
      mdtrt_cert_type: z.enum(['01', '02', '03']),
      mdtrt_cert_no: text,
      certno: z.string(),
      psn_name: z.string(),
    }),
  }),
  certificate: z.object({ data: Invoice }),
  claim: z.object({ claim: Claim }),
  query: z.object({ corr_ids: z.array(text).min(1).max(100) }),
  withdrawal: z.object({ corr_id: text, wdr_time: time }),
};

export type Adjustment = { resn_code: string; amt: string };
export type DecisionLine = {
  feedetl_sn: string;
  det_item_fee_sumamt: string;
  inscp_scp_amt: string;
  act_pay_dedc: string;
  pay_amt: string;
  adjustments: Adjustment[];
};
export type Decision = {
  dcsn_no: string;
  corr_id: string;
  osubmit_msgid: string;
  rslt_type: '1' | '2' | '3' | '4';
  dcsn_time: string;
  remark: string;
  resn: { code: string; text: string }[];
  missing: { file_type: string; remark: string }[];
  lines: DecisionLine[];
  setldetail: { fund_pay_type: string; fund_payamt: string }[];
};

/** A refusal that belongs to the transaction: HTTP 200, `infcode` -1. */
export type Refused = { refused: `[${string}] ${string}` };

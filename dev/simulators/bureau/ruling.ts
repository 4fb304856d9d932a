import { z } from 'zod';
import { fenOf, share, yuanOf } from '../shared/money.ts';
import type { Claim, Decision, DecisionLine } from './messages.ts';

const yuan = z.string().refine((value) => fenOf(value) !== undefined, 'not decimal yuan with two places');
const basisPoints = z.int().min(0).max(10_000);

/** How a bureau decides when nobody says otherwise. */
export const Plan = z.strictObject({
  delayMs: z.int().nonnegative().default(500),
  ratioBasisPoints: basisPoints.default(8_000),
  deductible: yuan.default('0.00'),
  /** Which funds pay, in which proportion; the last takes what rounding leaves. */
  funds: z
    .array(z.strictObject({ fund_pay_type: z.string(), basisPoints }))
    .min(1)
    .default([{ fund_pay_type: '310100', basisPoints: 10_000 }]),
  /** Without callbacks only DZ02 tells. */
  callbacks: z.boolean().default(true),
  /** Decide nothing until told to. */
  hold: z.boolean().default(false),
});
export type Plan = z.infer<typeof Plan>;

/** One decision as told by the control API, or by default. */
export const Ruling = z.strictObject({
  outcome: z.enum(['approve', 'deny', 'missing']).default('approve'),
  /** After the submission, or after the ruling before this one; without it the plan's. */
  delayMs: z.int().nonnegative().optional(),
  remark: z.string().default(''),
  /** With `deny`; the first code explains every line. */
  resn: z.array(z.strictObject({ code: z.string(), text: z.string() })).default([]),
  missing: z.array(z.strictObject({ file_type: z.string(), remark: z.string() })).default([]),
  /** With `approve`: what these lines are paid, whatever the arithmetic says. */
  lines: z.array(z.strictObject({ feedetl_sn: z.string(), pay_amt: yuan, resn_code: z.string().default('45') })).default([]),
});
export type Ruling = z.infer<typeof Ruling>;

const NOTHING_PAID: Readonly<Record<string, string>> = { '1': '起付线以下', '96': '目录外' };

type Judged = Pick<Decision, 'rslt_type' | 'resn' | 'missing' | 'lines' | 'setldetail' | 'remark'>;

/**
 * The decision on a claim: class 丙 is denied (96), the deductible (1) is used up in line order, the rest is paid by the
 * ratio, half up to the fen (2 for what is left). Lines that the ruling names are paid as it says.
 * Approved in part (`2`) when a line was cut for another reason than deductible and ratio; denied (`3`) when nothing is paid.
 */
export function judge(options: { claim: Claim; ruling: Ruling; plan: Plan }): Judged {
  const { claim, ruling, plan } = options;
  const base = { remark: ruling.remark, resn: ruling.resn, missing: [] };
  if (ruling.outcome === 'missing') {
    const missing = ruling.missing.length > 0 ? ruling.missing : [{ file_type: 'INVOICE', remark: '请补原始票据' }];
    return { ...base, rslt_type: '4', missing, lines: [], setldetail: [] };
  }
  if (ruling.outcome === 'deny') {
    const resn = ruling.resn.length > 0 ? ruling.resn : [{ code: '204', text: '计划不含' }];
    const code = resn[0]?.code ?? '204';
    const lines = claim.feedetail.map((line) => lineOf(line, 0, 0, [{ code, fen: fen(line.det_item_fee_sumamt) }]));
    return { ...base, rslt_type: '3', resn, lines, setldetail: [] };
  }

  let deductible = fen(plan.deductible);
  const lines = claim.feedetail.map((line) => {
    const fee = fen(line.det_item_fee_sumamt);
    const told = ruling.lines.find((each) => each.feedetl_sn === line.feedetl_sn);
    if (told) {
      const paid = Math.min(fee, fen(told.pay_amt));
      return lineOf(line, paid, 0, [{ code: told.resn_code, fen: fee - paid }], paid);
    }
    if (line.chrgitm_lv === '03') return lineOf(line, 0, 0, [{ code: '96', fen: fee }]);
    const deducted = Math.min(deductible, fee);
    deductible -= deducted;
    const paid = share(fee - deducted, plan.ratioBasisPoints);
    const withheld = [
      { code: '1', fen: deducted },
      { code: '2', fen: fee - deducted - paid },
    ];
    return lineOf(line, fee, deducted, withheld, paid);
  });
  const total = lines.reduce((sum, line) => sum + fen(line.pay_amt), 0);
  const cut = lines.filter((line) => line.adjustments.some(({ resn_code }) => resn_code !== '1' && resn_code !== '2'));
  if (total === 0) {
    const codes = [...new Set(lines.flatMap((line) => line.adjustments.map(({ resn_code }) => resn_code)))];
    const resn = codes.map((code) => ({ code, text: NOTHING_PAID[code] ?? '未予支付' }));
    return { ...base, rslt_type: '3', resn, lines, setldetail: [] };
  }
  return { ...base, rslt_type: cut.length > 0 ? '2' : '1', lines, setldetail: fundsOf(total, plan) };
}

function lineOf(line: Claim['feedetail'][number], inScope: number, deducted: number, withheld: { code: string; fen: number }[], paid = 0): DecisionLine {
  return {
    feedetl_sn: line.feedetl_sn,
    det_item_fee_sumamt: line.det_item_fee_sumamt,
    inscp_scp_amt: yuanOf(inScope),
    act_pay_dedc: yuanOf(deducted),
    pay_amt: yuanOf(paid),
    adjustments: withheld.filter((each) => each.fen > 0).map((each) => ({ resn_code: each.code, amt: yuanOf(each.fen) })),
  };
}

function fundsOf(total: number, plan: Plan): Decision['setldetail'] {
  let left = total;
  return plan.funds.map(({ fund_pay_type, basisPoints: part }, index) => {
    const amount = index === plan.funds.length - 1 ? left : Math.min(left, share(total, part));
    left -= amount;
    return { fund_pay_type, fund_payamt: yuanOf(amount) };
  });
}

/** Amounts were checked on arrival; one that is wrong here is a mistake of the simulator. */
function fen(yuanText: string): number {
  const value = fenOf(yuanText);
  if (value === undefined) throw new Error(`not an amount: ${yuanText}`);
  return value;
}

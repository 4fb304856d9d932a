import { createHash, randomInt } from 'node:crypto';
import type { z } from 'zod';
import { businessNow, shanghaiTime } from '../shared/clock.ts';
import { fenOf } from '../shared/money.ts';
import { type Answered, type Books, type Bureau, type BureauEntry, invoiceKey, isWaiting } from './books.ts';
import { type Claim, type Envelope, Inputs, type Refused } from './messages.ts';

type Effects = Pick<Extract<BureauEntry, { kind: 'transaction' }>, 'signedIn' | 'submitted' | 'withdrawn'>;
type Outcome = { output: object; effects?: Effects } | Refused;
type Transaction = (context: { bureau: Bureau; books: Books; envelope: Envelope }) => Outcome;

const refuse = (code: string, text: string): Refused => ({ refused: `[${code}] ${text}` });

/** A transaction whose `input` is checked first; a wrong field is `[DZ-FORMAT]`. */
function transaction<Input>(
  input: z.ZodType<Input>,
  run: (context: { bureau: Bureau; books: Books; envelope: Envelope; input: Input }) => Outcome,
): Transaction {
  return (context) => {
    const parsed = input.safeParse(context.envelope.input);
    if (parsed.success) return run({ ...context, input: parsed.data });
    const [issue] = parsed.error.issues;
    return refuse('DZ-FORMAT', `${issue?.path.join('.') ?? 'input'}: ${issue?.message ?? 'wrong'}`);
  };
}

const TRANSACTIONS: Record<string, Transaction> = {
  '9001': transaction(Inputs.signIn, ({ books }) => {
    const sign_no = String(randomInt(1e9, 1e10));
    return { output: { signinoutb: { sign_time: shanghaiTime(businessNow(books.clock)), sign_no } }, effects: { signedIn: sign_no } };
  }),

  '1101': transaction(Inputs.person, ({ bureau, input: { data } }) => {
    const certno = data.certno === '' ? data.mdtrt_cert_no : data.certno;
    const person = bureau.people.get(certno);
    if (person?.known === false) return refuse('DZ-PERSON', 'no such person in this region');
    if (person?.psn_name !== undefined && data.psn_name !== '' && person.psn_name !== data.psn_name)
      return refuse('DZ-PERSON', 'name and certificate do not belong together');
    const psn_no = person?.psn_no ?? personNumber(bureau.code, certno);
    const insurance = {
      insutype: '310',
      psn_type: person?.psn_type ?? '11',
      psn_insu_stas: person?.psn_insu_stas ?? '1',
      insuplc_admdvs: bureau.code,
      emp_name: person?.emp_name ?? '',
      balc: '0.00',
    };
    return { output: { baseinfo: { psn_no, psn_name: person?.psn_name ?? data.psn_name }, insuinfo: [insurance] } };
  }),

  '5501': transaction(Inputs.certificate, ({ bureau, input: { data } }) => {
    const { known = true, rhredFlag = '0', reimFlag = '0' } = bureau.certificates.get(invoiceKey(data)) ?? {};
    if (!known) return refuse('DZ-CERT', 'there is no such bill');
    return { output: { rhredFlag, reimFlag } };
  }),

  DZ01: transaction(Inputs.claim, ({ bureau, books, envelope, input: { claim } }) => {
    const refused = refusalOf(bureau, claim);
    if (refused) return refused;
    const acptNo = `${bureau.code}A${String(bureau.answers.size + 1).padStart(10, '0')}`;
    const instruction = bureau.instructions.get(claim.corr_id);
    const rulings = instruction?.rulings ?? (bureau.settings.plan.hold ? [] : [DEFAULT_RULING]);
    const now = Date.now();
    const submitted = { msgid: envelope.msgid, claim, acptNo, acceptedMs: now, rulings, done: 0, fromMs: now };
    const acpt_time = shanghaiTime(businessNow(books.clock));
    return { output: { acpt_no: acptNo, acpt_time }, effects: { submitted } };
  }),

  DZ02: transaction(Inputs.query, ({ bureau, input }) => {
    const results = input.corr_ids.flatMap((corr_id) => {
      const file = bureau.cases.get(corr_id);
      if (!file || file.withdrawn) return [];
      if (!isWaiting(file)) return file.decisions;
      const inReview = Date.now() - file.submission.acceptedMs >= bureau.settings.plan.delayMs / 2;
      return [...file.decisions, { corr_id, stas: inReview ? '1' : '0' }];
    });
    return { output: { results } };
  }),

  DZ03: transaction(Inputs.withdrawal, ({ bureau, input }) => {
    const file = bureau.cases.get(input.corr_id);
    if (!file) return { output: { wdr_stas: '3' } };
    if (file.withdrawn) return { output: { wdr_stas: '1' } };
    const open = isWaiting(file) || file.decisions.at(-1)?.rslt_type === '4';
    if (!open) return { output: { wdr_stas: '2' } };
    return { output: { wdr_stas: '1' }, effects: { withdrawn: input.corr_id } };
  }),
};

const DEFAULT_RULING = { outcome: 'approve' as const, remark: '', resn: [], missing: [], lines: [] };

/** Runs one transaction against the books, without changing them: the caller records answer and effects as one entry. */
export function transact(context: { bureau: Bureau; books: Books; envelope: Envelope }): {
  answer: Answered;
  effects: Effects;
} {
  const run = TRANSACTIONS[context.envelope.infno];
  const outcome = run ? run(context) : refuse('DZ-FORMAT', 'infno is not served here');
  if ('refused' in outcome) return { answer: { infcode: -1, err_msg: outcome.refused, output: {} }, effects: {} };
  return { answer: { infcode: 0, err_msg: '', output: outcome.output }, effects: outcome.effects ?? {} };
}

function refusalOf(bureau: Bureau, claim: Claim): Refused | undefined {
  if (!belongs(bureau.code, claim.insuplc_admdvs)) return refuse('DZ-PERSON', 'insured in another region');
  const person = bureau.people.get(claim.certno);
  if (person?.known === false) return refuse('DZ-PERSON', 'no such person in this region');
  if (person?.psn_name !== undefined && person.psn_name !== claim.psn_name) return refuse('DZ-PERSON', 'name and certificate do not belong together');

  const total = claim.feedetail.reduce((sum, line) => sum + (fenOf(line.det_item_fee_sumamt) ?? 0), 0);
  if (total !== fenOf(claim.medfee_sumamt)) return refuse('DZ-FORMAT', 'feedetail does not add up to medfee_sumamt');
  const numbers = new Set(claim.feedetail.map((line) => line.feedetl_sn));
  if (numbers.size !== claim.feedetail.length) return refuse('DZ-FORMAT', 'feedetl_sn is used twice');

  const file = bureau.cases.get(claim.corr_id);
  const last = file?.decisions.at(-1);
  if (file) {
    if (file.withdrawn) return refuse('DZ-DECIDED', 'the claim was withdrawn');
    if (claim.subm_no <= file.submission.claim.subm_no) return refuse('DZ-FORMAT', `subm_no ${claim.subm_no} is not above ${file.submission.claim.subm_no}`);
    const appealed = last !== undefined && claim.prev_dcsn_no === last.dcsn_no;
    if (!isWaiting(file) && last?.rslt_type !== '4' && !appealed) return refuse('DZ-DECIDED', 'decided; an appeal names the latest decision in prev_dcsn_no');
  }
  for (const invoice of claim.invoices) {
    const certificate = bureau.certificates.get(invoiceKey(invoice));
    if (certificate?.known === false) return refuse('DZ-INVOICE', 'there is no such bill');
    if (certificate?.rhredFlag === '1') return refuse('DZ-INVOICE', 'an invoice was reversed');
    if (certificate && certificate.reimFlag !== '0' && certificate.claim !== claim.corr_id)
      return refuse('DZ-INVOICE', 'an invoice was reimbursed or is being reimbursed');
  }
  return undefined;
}

/** A district belongs to its city, a city to its province: 130102 to 130100, 110105 to 110000. */
function belongs(bureau: string, region: string): boolean {
  return region.startsWith(bureau.replace(/(00){1,2}$/, ''));
}

function personNumber(region: string, certno: string): string {
  const digest = createHash('sha256').update(`${region} ${certno}`).digest();
  return `${region}${String(digest.readUIntBE(0, 6)).padStart(15, '0')}`;
}

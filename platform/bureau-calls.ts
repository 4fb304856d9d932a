import { z } from 'zod';
import type { BureauAnswer } from '#domain/bureau/decision.ts';
import type { BureauSubmission, Certificate, CertificateState } from '#domain/bureau/gateway.ts';
import { formatYuan } from '#domain/money.ts';
import { id, readDecision, type Read } from './bureau-codec.ts';
import { instant, problemsOf } from './gateway-fields.ts';

/** What we ask of a bureau, and what it answers (docs/gateways.md): input and output of the transactions. */

/** The `claim` of DZ01. */
export function encodeClaim(submission: BureauSubmission): Record<string, unknown> {
  return {
    corr_id: submission.claimNumber,
    subm_no: submission.version,
    prev_dcsn_no: submission.appealsDecisionNo ?? '',
    psn_no: submission.person.personNo,
    psn_name: submission.person.name,
    certno: submission.person.identityNo,
    psn_type: submission.person.personType,
    insutype: submission.person.insuranceType,
    insuplc_admdvs: submission.insuredRegion,
    mdtrtarea_admvs: submission.treatedRegion,
    med_type: submission.medicalType,
    fixmedins_code: submission.hospital.code,
    fixmedins_name: submission.hospital.name,
    begntime: `${submission.visitStart} 00:00:00`,
    endtime: `${submission.visitEnd} 00:00:00`,
    medfee_sumamt: formatYuan(submission.totalFen),
    diseinfo: submission.diagnoses.map(({ code, name }, index) => ({ diag_srt_no: index + 1, diag_code: code, diag_name: name })),
    feedetail: submission.lines.map((line) => ({
      feedetl_sn: line.lineNo.toString(),
      med_list_codg: line.itemCode,
      med_list_name: line.itemName,
      chrgitm_lv: line.itemClass,
      cnt: line.quantity,
      pric: formatYuan(line.unitPriceFen),
      det_item_fee_sumamt: formatYuan(line.amountFen),
    })),
    invoices: submission.invoices.map((invoice) => ({
      ...encodeCertificate(invoice),
      billAmt: formatYuan(invoice.amountFen),
      billDate: invoice.issuedOn,
    })),
    attachments: submission.documents.map((document) => ({
      file_type: document.kind,
      file_name: document.fileName,
      sm3: document.sm3,
      size: document.sizeBytes,
    })),
  };
}

/** The `data` of 5501, and the first four fields of a bill in DZ01. */
export function encodeCertificate({ type, code, number, checkCode }: Certificate) {
  return { elecSetlCertType: type, elecSetlCertCode: code, elecSetlCertNo: number, elecSetlCertChkcode: checkCode };
}

const pending = z.object({ corr_id: id(40), stas: z.enum(['0', '1']) });
const results = z.object({ results: z.array(z.unknown()).max(10_000) });
const acceptance = z.object({ acpt_no: id(40), acpt_time: instant });
const withdrawal = z.object({ wdr_stas: z.enum(['1', '2', '3']) });
const certificateState = z.object({ rhredFlag: z.enum(['0', '1']), reimFlag: z.enum(['0', '1', '2']) });
const signIn = z.object({ signinoutb: z.object({ sign_no: id(30) }) });

/** DZ02's results: answers in the order in which the bureau gave them (newest last), and what could not be read. Claims in review are left out. */
export function readQueryResults(output: unknown): Read<{ answers: { answer: BureauAnswer; raw: unknown }[]; unreadable: { raw: unknown; why: string }[] }> {
  const parsed = results.safeParse(output);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  const answers: { answer: BureauAnswer; raw: unknown }[] = [];
  const unreadable: { raw: unknown; why: string }[] = [];
  for (const raw of parsed.data.results) {
    if (pending.safeParse(raw).success) continue;
    const answer = readDecision(raw);
    if (answer.ok) answers.push({ answer: answer.value, raw });
    else unreadable.push({ raw, why: answer.why });
  }
  return { ok: true, value: { answers, unreadable } };
}

export function readAcceptance(output: unknown): Read<{ acceptanceNo: string; acceptedAt: string }> {
  const parsed = acceptance.safeParse(output);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  return { ok: true, value: { acceptanceNo: parsed.data.acpt_no, acceptedAt: parsed.data.acpt_time } };
}

export function readWithdrawal(output: unknown): Read<'withdrawn' | 'already-decided' | 'unknown'> {
  const parsed = withdrawal.safeParse(output);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  return { ok: true, value: ({ '1': 'withdrawn', '2': 'already-decided', '3': 'unknown' } as const)[parsed.data.wdr_stas] };
}

/** A flag that the interface does not know is no answer: whether a bill was reversed is not guessed. */
export function readCertificateState(output: unknown): Read<CertificateState> {
  const parsed = certificateState.safeParse(output);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  const { rhredFlag, reimFlag } = parsed.data;
  const claimed = ({ '0': 'no', '1': 'yes', '2': 'in-progress' } as const)[reimFlag];
  return { ok: true, value: { known: true, reversed: rhredFlag === '1', claimed } };
}

export function readSignIn(output: unknown): Read<string> {
  const parsed = signIn.safeParse(output);
  return parsed.success ? { ok: true, value: parsed.data.signinoutb.sign_no } : { ok: false, why: problemsOf(parsed.error) };
}

import type { Clock } from '../shared/clock.ts';
import type { FaultEntry } from '../shared/faults.ts';
import type { Callback, OutboxEntry } from '../shared/outbox.ts';
import type { Claim, Decision, Invoice } from './messages.ts';
import type { Plan, Ruling } from './ruling.ts';

export type BureauSettings = { callbackUrl?: string | undefined; plan: Plan };
export type Person = {
  certno: string;
  known: boolean;
  psn_no?: string | undefined;
  psn_name?: string | undefined;
  psn_type?: string | undefined;
  psn_insu_stas?: string | undefined;
  emp_name?: string | undefined;
};
/** `known: false`: the bureau has never heard of it. */
export type Certificate = { known: boolean; rhredFlag: '0' | '1'; reimFlag: '0' | '1' | '2'; claim?: string | undefined };
export type Answered = { infcode: 0 | -1; err_msg: string; output: object };

export type Submission = {
  msgid: string;
  claim: Claim;
  acptNo: string;
  acceptedMs: number;
  /** What will be decided without further telling, in order; `done` of them are. */
  rulings: Ruling[];
  done: number;
  /** When the next ruling's delay begins to run. */
  fromMs: number;
};
export type CaseFile = { corrId: string; submission: Submission; decisions: Decision[]; withdrawn: boolean };
/** What the control API wants done with a claim's next submission: these rulings, or (empty) none until told. */
export type Instruction = { rulings: Ruling[] };

/** One line of the ledger. A line with a `callback` queues that callback in the same write. */
export type BureauEntry =
  | { kind: 'started'; settings: Record<string, BureauSettings> }
  | { kind: 'configured'; bureau: string; settings: BureauSettings }
  | { kind: 'clock'; offsetMs: number }
  | { kind: 'person'; bureau: string; person: Person }
  | { kind: 'certificate'; bureau: string; invoice: string; certificate: Certificate }
  | { kind: 'instructed'; bureau: string; corrId: string; instruction: Instruction }
  | { kind: 'signed-out'; bureau: string }
  | { kind: 'refused'; bureau: string; why: string }
  | {
      kind: 'transaction';
      bureau: string;
      infno: string;
      msgid: string;
      /** Of `infno` and `input`, to tell a repetition from another message with the same id. */
      digest: string;
      input: object;
      answer: Answered;
      repeated?: true;
      signedIn?: string;
      submitted?: Submission;
      withdrawn?: string;
    }
  | { kind: 'decided'; bureau: string; decision: Decision; planned: boolean; callback?: Callback | undefined }
  | { kind: 'called'; bureau: string; callback: Callback }
  | OutboxEntry
  | FaultEntry;

export type Bureau = {
  code: string;
  settings: BureauSettings;
  /** Every `sign_no` in force. */
  signOns: Set<string>;
  cases: Map<string, CaseFile>;
  people: Map<string, Person>;
  certificates: Map<string, Certificate>;
  instructions: Map<string, Instruction>;
  answers: Map<string, { digest: string; answer: Answered }>;
  decisions: number;
};
export type Books = {
  bureaus: Map<string, Bureau>;
  clock: Clock;
  /** Callbacks ever made: numbers the next one. */
  callbacks: number;
  apply(entry: BureauEntry): void;
};

/** The same invoice whoever sends it: type, code, number. */
export const invoiceKey = (invoice: Invoice) => [invoice.elecSetlCertType, invoice.elecSetlCertCode, invoice.elecSetlCertNo].join('/');

/** Everything the simulated bureaus know, folded from the ledger. */
export function createBooks(): Books {
  const bureaus = new Map<string, Bureau>();
  const books: Books = { bureaus, clock: { offsetMs: 0 }, callbacks: 0, apply: (entry) => apply(entry) };
  let configured: Record<string, BureauSettings> = {};

  const bureauOf = (code: string): Bureau => {
    const found = bureaus.get(code);
    if (found) return found;
    const opened: Bureau = {
      code,
      settings: { plan: { delayMs: 0, ratioBasisPoints: 0, deductible: '0.00', funds: [], callbacks: false, hold: true } },
      signOns: new Set(),
      cases: new Map(),
      people: new Map(),
      certificates: new Map(),
      instructions: new Map(),
      answers: new Map(),
      decisions: 0,
    };
    bureaus.set(code, opened);
    return opened;
  };
  const mark = (bureau: Bureau, file: CaseFile, reimFlag: Certificate['reimFlag']) => {
    for (const invoice of file.submission.claim.invoices) {
      const key = invoiceKey(invoice);
      const before = bureau.certificates.get(key);
      if (before?.claim !== undefined && before.claim !== file.corrId) continue;
      bureau.certificates.set(key, { known: true, rhredFlag: before?.rhredFlag ?? '0', reimFlag, claim: file.corrId });
    }
  };
  const submit = (bureau: Bureau, submission: Submission) => {
    const corrId = submission.claim.corr_id;
    const before = bureau.cases.get(corrId);
    if (before) mark(bureau, before, '0');
    const file = { corrId, submission, decisions: before?.decisions ?? [], withdrawn: false };
    bureau.cases.set(corrId, file);
    bureau.instructions.delete(corrId);
    mark(bureau, file, '2');
  };
  const decide = (bureau: Bureau, decision: Decision, planned: boolean, atMs: number) => {
    bureau.decisions += 1;
    const file = bureau.cases.get(decision.corr_id);
    if (!file) return;
    file.decisions.push(decision);
    file.submission.done = planned ? file.submission.done + 1 : file.submission.rulings.length;
    file.submission.fromMs = atMs;
    mark(bureau, file, decision.rslt_type === '3' ? '0' : decision.rslt_type === '4' ? '2' : '1');
  };

  const apply = (entry: BureauEntry & { at?: string }) => {
    if ('callback' in entry && entry.callback) books.callbacks += 1;
    switch (entry.kind) {
      case 'started':
        // The configuration wins over what the control API set only where it has changed since the last start.
        for (const [code, settings] of Object.entries(entry.settings)) {
          const bureau = bureauOf(code);
          const last = configured[code];
          if (last?.callbackUrl !== settings.callbackUrl) bureau.settings = { ...bureau.settings, callbackUrl: settings.callbackUrl };
          if (JSON.stringify(last?.plan) !== JSON.stringify(settings.plan)) bureau.settings = { ...bureau.settings, plan: settings.plan };
        }
        configured = entry.settings;
        break;
      case 'configured':
        bureauOf(entry.bureau).settings = entry.settings;
        break;
      case 'clock':
        books.clock.offsetMs = entry.offsetMs;
        break;
      case 'person':
        bureauOf(entry.bureau).people.set(entry.person.certno, entry.person);
        break;
      case 'certificate':
        bureauOf(entry.bureau).certificates.set(entry.invoice, entry.certificate);
        break;
      case 'signed-out':
        bureauOf(entry.bureau).signOns.clear();
        break;
      case 'instructed': {
        const bureau = bureauOf(entry.bureau);
        const file = bureau.cases.get(entry.corrId);
        if (file && isWaiting(file)) Object.assign(file.submission, { rulings: entry.instruction.rulings, done: 0 });
        else bureau.instructions.set(entry.corrId, entry.instruction);
        break;
      }
      case 'transaction': {
        const bureau = bureauOf(entry.bureau);
        if (entry.repeated) break;
        if (keepsAnswer(entry.infno)) bureau.answers.set(entry.msgid, { digest: entry.digest, answer: entry.answer });
        if (entry.signedIn !== undefined) bureau.signOns.add(entry.signedIn);
        if (entry.submitted) submit(bureau, entry.submitted);
        const withdrawn = entry.withdrawn === undefined ? undefined : bureau.cases.get(entry.withdrawn);
        if (withdrawn) {
          withdrawn.withdrawn = true;
          mark(bureau, withdrawn, '0');
        }
        break;
      }
      case 'decided':
        decide(bureauOf(entry.bureau), entry.decision, entry.planned, Date.parse(entry.at ?? new Date().toISOString()));
        break;
      default:
        break;
    }
  };
  return books;
}

/** Transactions that change something are answered the same way twice; the others are looked up afresh. */
export const keepsAnswer = (infno: string) => infno === 'DZ01' || infno === 'DZ03';

/** Nothing decided yet on what was submitted last. */
export const isWaiting = (file: CaseFile) => !file.withdrawn && !file.decisions.some(({ osubmit_msgid }) => osubmit_msgid === file.submission.msgid);

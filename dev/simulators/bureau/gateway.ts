import { createHash } from 'node:crypto';
import { businessNow, shanghaiDigits } from '../shared/clock.ts';
import type { Faults } from '../shared/faults.ts';
import { type Answer, type GatewayCall, type Outcome, plain, underFaults } from '../shared/http.ts';
import { type Credentials, verify } from '../shared/signing.ts';
import type { Answered, Books, Bureau, BureauEntry } from './books.ts';
import { Envelope } from './messages.ts';
import type { Office } from './office.ts';
import { transact } from './transactions.ts';

const GARBAGE: Answer = { status: 200, type: 'application/json; charset=utf-8', body: '{"infcode":0,"outp<html>502' };

/** `POST /hsa/<admdvs>`: signature, envelope, fault switches, transaction, one entry in the ledger, answer. */
export function createGateway(options: {
  books: Books;
  office: Office;
  faults: Faults;
  credentials: Map<string, Credentials>;
  record: (entry: BureauEntry) => void;
}): (call: GatewayCall) => Promise<Outcome> {
  const { books, office, faults, record } = options;

  const handle = (bureau: Bureau, envelope: Envelope): Answer => {
    const { infno, msgid, input } = envelope;
    if (infno !== '9001' && !bureau.signOns.has(envelope.sign_no)) {
      // Not the answer to this message: it is sent again, under the same id, after a sign-in.
      record({ kind: 'refused', bureau: bureau.code, why: 'sign_no is unknown' });
      return respond(books, msgid, { infcode: -1, err_msg: '[DZ-SIGN] sign_no is unknown or expired', output: {} });
    }
    const entry = { kind: 'transaction' as const, bureau: bureau.code, infno, msgid, input };
    const digest = createHash('sha256')
      .update(`${infno} ${canonical(input)}`)
      .digest('hex');
    const first = bureau.answers.get(msgid);
    if (first) {
      const answer: Answered = first.digest === digest ? first.answer : { infcode: -1, err_msg: '[DZ-FORMAT] msgid was used with another input', output: {} };
      record({ ...entry, digest, answer, repeated: true });
      return respond(books, msgid, answer);
    }
    const rejected = faults.take('reject', { on: infno, keys: keysOf(input), bureau: bureau.code });
    const { answer, effects } = rejected
      ? { answer: { infcode: -1, err_msg: `[${rejected.code ?? 'DZ-FORMAT'}] refused`, output: {} } as const, effects: {} }
      : transact({ bureau, books, envelope });
    // What a poll was told stands in the decisions already; kept with each poll it would swell the ledger.
    const kept = infno === 'DZ02' ? { ...answer, output: {} } : answer;
    record({ ...entry, digest, answer: kept, ...effects });
    const file = effects.submitted && bureau.cases.get(effects.submitted.claim.corr_id);
    if (file) office.schedule(bureau, file);
    return respond(books, msgid, answer);
  };

  return async ({ path, headers, body }) => {
    const code = /^\/hsa\/(\d{6})$/.exec(path)?.[1] ?? '';
    const bureau = books.bureaus.get(code);
    const credentials = options.credentials.get(code);
    if (!bureau || !credentials) return plain(404, 'no such bureau');
    const verified = verify({ headers, body, credentials, nowMs: Date.now() });
    if (!verified.ok) {
      record({ kind: 'refused', bureau: code, why: verified.why });
      return plain(401, verified.why);
    }
    const envelope = envelopeOf(body);
    if (!envelope.ok) {
      record({ kind: 'refused', bureau: code, why: envelope.why });
      return respond(books, '', { infcode: -1, err_msg: `[DZ-FORMAT] ${envelope.why}`, output: {} });
    }
    const { infno, msgid, fixmedins_code, input } = envelope.value;
    if (infno !== verified.name || !msgid.startsWith(fixmedins_code)) {
      const why = infno === verified.name ? 'msgid does not begin with fixmedins_code' : '_api_name is not infno';
      record({ kind: 'refused', bureau: code, why });
      return respond(books, msgid, { infcode: -1, err_msg: `[DZ-FORMAT] ${why}`, output: {} });
    }
    const target = { on: infno, keys: keysOf(input), bureau: code };
    return underFaults({ faults, target, garbage: GARBAGE, work: () => handle(bureau, envelope.value) });
  };
}

function envelopeOf(body: Buffer): { ok: true; value: Envelope } | { ok: false; why: string } {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { ok: false, why: 'the body is not JSON in UTF-8' };
  }
  const parsed = Envelope.safeParse(raw);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, why: `${issue?.path.join('.') ?? 'envelope'}: ${issue?.message ?? 'wrong'}`.slice(0, 180) };
}

function respond(books: Books, refmsgid: string, answer: Answered): Answer {
  const now = businessNow(books.clock);
  const body = JSON.stringify({
    infcode: answer.infcode,
    inf_refmsgid: refmsgid,
    refmsg_time: shanghaiDigits(now),
    respond_time: shanghaiDigits(now),
    err_msg: answer.err_msg,
    output: answer.output,
  });
  return { status: 200, type: 'application/json; charset=utf-8', body };
}

/** The claims that a message is about, for fault switches. */
function keysOf(input: Record<string, unknown>): string[] {
  const claim = input['claim'];
  const nested = typeof claim === 'object' && claim !== null && 'corr_id' in claim ? claim.corr_id : undefined;
  const listed = Array.isArray(input['corr_ids']) ? (input['corr_ids'] as unknown[]) : [];
  return [nested, input['corr_id'], ...listed].filter((key) => typeof key === 'string');
}

/** JSON with sorted keys: the sender may have kept its message in a store that orders them otherwise. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}

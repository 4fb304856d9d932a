import { isDay, shanghaiDay, type Day } from '../calendar.ts';

const NUMBER = /^YB(\d{4})(\d{2})(\d{2})-(\d{8})$/;
const INSTITUTION = /^[A-Z0-9]{12}$/;
const MAX_REFERENCE = 30;

/** `YB20261118-00000007`: the day in Shanghai and a number from the sequence. Throws RangeError beyond eight digits. */
export function formatClaimNumber(at: Date, sequence: number): string {
  if (!Number.isInteger(sequence) || sequence < 1 || sequence > 99_999_999) throw new RangeError(`not a claim sequence: ${sequence}`);
  return `YB${shanghaiDay(at).replaceAll('-', '')}-${String(sequence).padStart(8, '0')}`;
}

export function parseClaimNumber(text: string): { day: Day; sequence: number } | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  const sequence = Number(match[4]);
  return isDay(day) && sequence > 0 ? { day, sequence } : undefined;
}

/** What goes on with a claim after its workflow has closed. */
export type Continuation = { kind: 'return' | 'appeal' | 'reversal'; no: number };

/** `claim/<number>`, or `claim/<number>/return/<k>` for its k-th continuation of that kind. */
export function workflowIdOf(claimNumber: string, continuation?: Continuation): string {
  return `claim/${claimNumber}${continuation ? `/${continuation.kind}/${continuation.no}` : ''}`;
}

/**
 * The bank's idempotency key of one payment instruction: `YB20261118-00000007-1-2` is the second attempt to pay the first decision. At most 30
 * of the characters that every bank takes; two instructions never share one.
 */
export function paymentReference({ claimNumber, decisionNo, attempt }: { claimNumber: string; decisionNo: number; attempt: number }): string {
  if (!parseClaimNumber(claimNumber)) throw new RangeError(`not a claim number: ${claimNumber}`);
  for (const no of [decisionNo, attempt]) if (!Number.isInteger(no) || no < 1) throw new RangeError(`not a number of a decision or attempt: ${no}`);
  const reference = `${claimNumber}-${decisionNo}-${attempt}`;
  if (reference.length > MAX_REFERENCE) throw new RangeError(`longer than ${MAX_REFERENCE} characters: ${reference}`);
  return reference;
}

/** The bureau's `msgid`, 30 characters: institution (12), yyyyMMddHHmmss in Shanghai, four digits that tell apart the messages of a second. */
export function bureauMessageId({ institution, at, sequence }: { institution: string; at: Date; sequence: number }): string {
  if (!INSTITUTION.test(institution)) throw new RangeError(`not an institution code of 12 characters: ${institution}`);
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > 9_999) throw new RangeError(`not a message sequence: ${sequence}`);
  const clock = new Date(at.getTime() + 8 * 3_600_000).toISOString().replaceAll(/[-T:]/g, '').slice(0, 14);
  return `${institution}${clock}${String(sequence).padStart(4, '0')}`;
}

import { z } from 'zod';
import {
  mergeDrafts,
  READING_CODES,
  READING_SOURCES,
  TEXT_FIELDS,
  unread,
  type DocumentReading,
  type Draft,
  type FileKind,
  type Reading,
} from '#domain/invoice/reading.ts';
import { ERRORS, type Refusal } from '#domain/errors.ts';
import { beginsLike, type MediaType } from '../media-type.ts';
import type { Renderer, RenderOutcome } from '../render/renderer.ts';

/** `files`: the limited process for files; `letters`: that for letters (ocr.ts), where there is one. */
export type Readers = { files: Renderer; letters?: Renderer | undefined };

const READERS: Record<MediaType, { kind: FileKind; task: string }> = {
  'application/xml': { kind: 'XML', task: 'read-data' },
  'application/ofd': { kind: 'OFD', task: 'read-data' },
  'application/pdf': { kind: 'PDF', task: 'read-pdf' },
  'image/jpeg': { kind: 'JPEG', task: 'read-image' },
  'image/png': { kind: 'PNG', task: 'read-image' },
  'image/heic': { kind: 'HEIC', task: 'read-image' },
};

/**
 * The invoice in a file, from all that the file says of it. It never throws for a file's sake: what cannot be read is a finding, with the code that an upload of the file would be
 * refused with. `DOCUMENT_READER_UNAVAILABLE` alone may be worth another try.
 */
export async function readDocument({ files, letters }: Readers, content: Uint8Array): Promise<DocumentReading> {
  const begun = beginsLike(content);
  if (!begun.ok) return { kind: 'UNKNOWN', ...unread(findingOf(begun)) };
  const { kind, task } = READERS[begun.mediaType];
  const outcome = await files.run({ task, content });
  const read = draftsOf(outcome);
  if (!read.ok) return { kind, ...unread(findingOf(read)) };
  const picture = outcome.ok ? outcome.content : Buffer.alloc(0);
  const guessed = letters && picture.length > 0 ? draftsOf(await letters.run({ task: 'read-letters', content: picture })) : undefined;
  const { fields, findings } = mergeDrafts([...read.drafts, ...(guessed?.ok ? guessed.drafts : [])]);
  if (picture.length > 0 && !letters) findings.push({ code: 'LETTERS_NOT_READ', detail: READING_CODES.LETTERS_NOT_READ.en });
  // what the QR code said stands, even where the letters could not be read
  if (guessed && !guessed.ok) findings.push(findingOf(guessed));
  return { kind, fields, findings };
}

const text = z.string().max(500);
const money = z.string().regex(/^-?\d{1,13}\.\d{2}$/);
const line = z.strictObject({
  ...{ name: text.optional(), itemCode: text.optional(), quantity: text.optional(), unitPrice: text.optional(), level: text.optional() },
  amount: money,
});
const confidence = z.number().min(0).max(1);
const draft = z.strictObject({
  source: z.enum(READING_SOURCES),
  fields: z
    .partialRecord(z.enum(TEXT_FIELDS), z.strictObject({ value: text, confidence }))
    .refine(({ amount }) => !amount || money.safeParse(amount.value).success),
  lines: z.strictObject({ value: z.array(line).max(5_000), confidence }).optional(),
  beforeTax: money.optional(),
  amountInWords: money.optional(),
  reversed: z.boolean().optional(),
  findings: z
    .array(z.strictObject({ code: z.enum(['DATA_ERROR', 'SEVERAL_INVOICES']), field: z.enum([...TEXT_FIELDS, 'lines']).optional(), detail: text }))
    .max(20)
    .optional(),
});
const answer = z.strictObject({ drafts: z.array(draft).max(2_000) });

/** The process may have been taken over by the file: what it says is checked like anything from outside. */
function draftsOf(outcome: RenderOutcome): { ok: true; drafts: Draft[] } | Refusal {
  if (!outcome.ok) return outcome;
  const parsed = answer.safeParse(outcome.data);
  return parsed.success
    ? { ok: true, drafts: parsed.data.drafts as Draft[] }
    : { ok: false, code: 'DOCUMENT_SUSPICIOUS', detail: 'the file breaks whatever reads it' };
}

const findingOf = ({ code, detail }: Refusal): Reading['findings'][number] => ({ code, detail: detail ?? ERRORS[code].en });

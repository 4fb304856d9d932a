import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { beginsLike, MEDIA_TYPES, type MediaType } from '../media-type.ts';
import type { Renderer } from './renderer.ts';

/** Remarkable, and let pass: pdf.ts says why. */
export const DOCUMENT_NOTES = ['EMBEDDED_FILES', 'RESTRICTED'] as const;
export type DocumentNote = (typeof DOCUMENT_NOTES)[number];
export type InspectedDocument = {
  mediaType: MediaType;
  /** null where a file has none: XML, OFD */
  pages: number | null;
  notes: DocumentNote[];
  /** of its picture, or its first page where that is one: picture-hash.ts */
  pictureHashes: string[];
};

/** Which readers a type has. */
const READERS: Record<MediaType, 'image' | 'pdf' | 'data'> = {
  ...({ 'image/jpeg': 'image', 'image/png': 'image', 'image/heic': 'image' } as const),
  ...({ 'application/pdf': 'pdf', 'application/ofd': 'data', 'application/xml': 'data' } as const),
};

const MAX_HASHES = 16;
const inspected = z.object({
  mediaType: z.enum(MEDIA_TYPES),
  pages: z.int().min(1).nullable(),
  notes: z.array(z.enum(DOCUMENT_NOTES)),
  pictureHashes: z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(MAX_HASHES),
});

/** What an uploaded file is. Here only its first bytes are looked at; the rest is read in the limited process. Refusals: as `Renderer`, and every DOCUMENT_* code of a file. */
export async function inspectDocument(renderer: Renderer, content: Uint8Array): Promise<({ ok: true } & InspectedDocument) | Refusal> {
  const begun = beginsLike(content);
  if (!begun.ok) return begun;
  const outcome = await renderer.run({ task: `inspect-${READERS[begun.mediaType]}`, content });
  if (!outcome.ok) return outcome;
  const found = inspected.safeParse(outcome.data);
  return found.success && found.data.mediaType === begun.mediaType ? { ok: true, ...found.data } : untrue();
}

/** What people are shown of a document. */
export type Preview = { ok: true; mediaType: 'image/jpeg' | 'image/png' | 'text/plain'; content: Buffer };
const shown = z.object({ mediaType: z.enum(['image/jpeg', 'image/png', 'text/plain']) });
const BEGINS: Record<Preview['mediaType'], string> = { 'image/jpeg': 'ffd8ff', 'image/png': '89504e470d0a1a0a', 'text/plain': '' };

/** `page` counts from 1. DOCUMENT_NOT_SHOWN: of this type there is only the original. DOCUMENT_PAGE_UNKNOWN: it has fewer. */
export async function previewDocument(
  renderer: Renderer,
  { mediaType, page, content }: { mediaType: MediaType; page: number; content: Uint8Array },
): Promise<Preview | Refusal> {
  const outcome = await renderer.run({ task: `preview-${READERS[mediaType]}`, params: { mediaType, page }, content });
  if (!outcome.ok) return outcome;
  const made = shown.safeParse(outcome.data).data;
  if (!made || !outcome.content.toString('hex', 0, 8).startsWith(BEGINS[made.mediaType])) return untrue();
  return { ok: true, mediaType: made.mediaType, content: outcome.content };
}

/** The process answered what no honest one answers. */
const untrue = (): Refusal => refuse('DOCUMENT_SUSPICIOUS', { detail: 'the file breaks whatever reads it' });

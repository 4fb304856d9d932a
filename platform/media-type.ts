import { refuse, type Refusal } from '#domain/errors.ts';
import { checkHeic, checkJpeg, checkPng, PNG } from './image-structure.ts';
import { endsLikeZip, looksLikeZip, readOfd } from './ofd-container.ts';
import { beginsLikeXml, checkXml } from './xml-structure.ts';

/** What documents may be. */
export const MEDIA_TYPES = ['application/pdf', 'application/ofd', 'application/xml', 'image/jpeg', 'image/png', 'image/heic'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

type Checked = { ok: true } | Refusal;

const PDF_TAIL_BYTES = 2_048;

type Format = { mediaType: MediaType; begins: (content: Buffer) => boolean; check: (content: Buffer) => Checked | Promise<Checked> };

const FORMATS: readonly Format[] = [
  { mediaType: 'application/pdf', begins: (content) => content.toString('latin1', 0, 5) === '%PDF-', check: checkPdf },
  { mediaType: 'application/ofd', begins: looksLikeZip, check: readOfd },
  { mediaType: 'image/jpeg', begins: (content) => content.length > 3 && content.readUIntBE(0, 3) === 0xffd8ff, check: checkJpeg },
  { mediaType: 'image/png', begins: (content) => content.subarray(0, PNG.length).equals(PNG), check: checkPng },
  { mediaType: 'image/heic', begins: (content) => content.toString('latin1', 4, 8) === 'ftyp', check: checkHeic },
  { mediaType: 'application/xml', begins: beginsLikeXml, check: checkXml },
];

/** What a file begins like: its first bytes alone. DOCUMENT_EMPTY, DOCUMENT_TYPE_REFUSED. */
export function beginsLike(content: Uint8Array): { ok: true; mediaType: MediaType } | Refusal {
  if (content.length === 0) return refuse('DOCUMENT_EMPTY');
  const format = formatOf(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  return format ? { ok: true, mediaType: format.mediaType } : refuse('DOCUMENT_TYPE_REFUSED');
}

/**
 * What a file is, by magic bytes and structure; neither name nor declared type is asked. DOCUMENT_TYPE_REFUSED: not one of ours.
 * DOCUMENT_CONTENT_MISMATCH: begins like one of ours and is broken. DOCUMENT_SUSPICIOUS: would unpack to too much, or is built to harm.
 * DOCUMENT_IMAGE_TOO_LARGE: has more pixels than can be shown.
 */
export async function sniffMediaType(content: Buffer): Promise<{ ok: true; mediaType: MediaType } | Refusal> {
  if (content.length === 0) return refuse('DOCUMENT_EMPTY');
  const format = formatOf(content);
  if (!format) return refuse('DOCUMENT_TYPE_REFUSED');
  const checked = await format.check(content);
  return checked.ok ? { ok: true, mediaType: format.mediaType } : checked;
}

const formatOf = (content: Buffer): Format | undefined => FORMATS.find((format) => format.begins(content));

/** Its frame; what is in it is read by platform/render/pdf.ts. */
function checkPdf(content: Buffer): Checked {
  const tail = content.toString('latin1', Math.max(0, content.length - PDF_TAIL_BYTES));
  if (!tail.includes('startxref') || !tail.includes('%%EOF')) return refuse('DOCUMENT_CONTENT_MISMATCH');
  return endsLikeZip(content) ? refuse('DOCUMENT_SUSPICIOUS', { detail: 'two files in one' }) : { ok: true };
}

import { refuse } from '#domain/errors.ts';
import { sniffMediaType } from '../media-type.ts';
import { decodeXml } from '../xml-structure.ts';
import type { TaskAnswer, TaskInput } from './serve.ts';

/** What a text may not bring along: it would be shown in another order than it is stored, or not at all. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;

/** XML and OFD. */
export async function inspectData({ content }: TaskInput): Promise<TaskAnswer> {
  const sniffed = await sniffMediaType(content);
  return sniffed.ok ? { ok: true, data: { mediaType: sniffed.mediaType, pages: null, notes: [], pictureHashes: [] } } : sniffed;
}

/** XML as plain text, in which nothing is hidden. */
export async function previewData({ params, content }: TaskInput): Promise<TaskAnswer> {
  if (params['mediaType'] !== 'application/xml') return refuse('DOCUMENT_NOT_SHOWN');
  if (params['page'] !== 1) return refuse('DOCUMENT_PAGE_UNKNOWN', { params: { pages: 1 } });
  const text = decodeXml(content);
  if (text === undefined) return refuse('DOCUMENT_CONTENT_MISMATCH');
  return { ok: true, data: { mediaType: 'text/plain' }, content: Buffer.from(visible(text), 'utf8') };
}

const visible = (text: string): string =>
  text.replaceAll(INVISIBLE, (one) => (one === '\n' || one === '\t' || one === '\r' ? one : `\\u{${one.codePointAt(0)?.toString(16)}}`));

import { XMLValidator } from 'fast-xml-parser';
import { refuse, type Refusal } from '#domain/errors.ts';

const MAX_XML_BYTES = 2 * 1024 * 1024;
/** Invoices have a handful of levels; readers that call themselves for each would run out of stack. */
const MAX_DEPTH = 64;
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** `>` may stand in an attribute's value. */
const TAG = /<(\/?)[^\s<>/!?][^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>/g;
const NO_TAGS = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>/g;

/** Well formed, without a DOCTYPE (entities can unpack to anything), not too deep, and not a page that a browser would run. */
export function checkXml(content: Buffer): { ok: true } | Refusal {
  if (content.length > MAX_XML_BYTES) return refuse('DOCUMENT_SUSPICIOUS', { params: { bytes: content.length } });
  const text = decodeXml(content);
  if (text === undefined) return refuse('DOCUMENT_CONTENT_MISMATCH');
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return refuse(/<!DOCTYPE\s+html/i.test(text) ? 'DOCUMENT_TYPE_REFUSED' : 'DOCUMENT_SUSPICIOUS');
  const tags = text.replaceAll(NO_TAGS, '');
  const root = /<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)/.exec(tags.replace(/^\s*<\?xml[^>]*\?>/, ''))?.[2];
  if (root === undefined || /^(html|svg)$/i.test(root)) return refuse('DOCUMENT_TYPE_REFUSED');
  if (XMLValidator.validate(text) !== true) return refuse('DOCUMENT_CONTENT_MISMATCH');
  const depth = depthOf(tags);
  return depth > MAX_DEPTH ? refuse('DOCUMENT_SUSPICIOUS', { params: { depth, max: MAX_DEPTH } }) : { ok: true };
}

/** Whether a file begins as XML does, in any of the encodings that are read. */
export function beginsLikeXml(content: Buffer): boolean {
  const wide = wideEncodingOf(content);
  const start = wide ? new TextDecoder(wide).decode(content.subarray(0, 200)) : withoutBom(content).toString('latin1', 0, 200);
  return /^\s*<[?A-Za-z_!]/.test(start);
}

/**
 * Invoices come as UTF-8, older ones as GB18030 or GBK, of which some do not say so, and what Windows programs save as UTF-16; undefined for another encoding, and for bytes that are
 * not in the declared one.
 */
export function decodeXml(content: Buffer): string | undefined {
  const wide = wideEncodingOf(content);
  if (wide) {
    const text = decode(content, wide);
    const said = text === undefined ? undefined : declaredIn(text.slice(0, 200));
    return said === undefined || said === 'utf-16' || said === wide ? text : undefined;
  }
  const bytes = withoutBom(content);
  const declared = declaredIn(bytes.toString('latin1', 0, 200));
  if (declared !== undefined) return ['utf-8', 'utf8', 'gb18030', 'gbk', 'gb2312'].includes(declared) ? decode(bytes, declared) : undefined;
  return decode(bytes, 'utf-8') ?? decode(bytes, 'gb18030');
}

const declaredIn = (start: string): string | undefined => /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w-]+)["']/.exec(start)?.[1]?.toLowerCase();

/** By the mark that it begins with, or by its `<?` where it has none: nothing else of those that are read has such bytes there. */
function wideEncodingOf(content: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const start = content.toString('hex', 0, 4);
  if (start.startsWith('fffe') || start === '3c003f00') return 'utf-16le';
  return start.startsWith('feff') || start === '003c003f' ? 'utf-16be' : undefined;
}

function decode(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function withoutBom(content: Buffer): Buffer {
  return content.subarray(0, UTF8_BOM.length).equals(UTF8_BOM) ? content.subarray(UTF8_BOM.length) : content;
}

/** Of text whose tags are known to match. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [tag, closing] of text.matchAll(TAG)) {
    if (closing) depth -= 1;
    else if (!tag.endsWith('/>')) depth += 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

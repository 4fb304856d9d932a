import { XMLValidator } from 'fast-xml-parser';
import { refuse, type Refusal } from '#domain/errors.ts';
import { looksLikeZip, readOfd } from './ofd-container.ts';

/** What documents may be. */
export const MEDIA_TYPES = ['application/pdf', 'application/ofd', 'application/xml', 'image/jpeg', 'image/png', 'image/heic'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

type Checked = { ok: true } | Refusal;

// An image unpacks to four bytes a pixel wherever it is looked at: 100 megapixels are 400 MB.
const MAX_PIXELS = 100_000_000;
const MAX_XML_BYTES = 2 * 1024 * 1024;
const PDF_TAIL_BYTES = 2_048;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis']);

/**
 * What a file is, by magic bytes and structure; neither name nor declared type is asked. DOCUMENT_TYPE_REFUSED: not one of ours.
 * DOCUMENT_CONTENT_MISMATCH: begins like one of ours and is broken. DOCUMENT_SUSPICIOUS: would unpack to too much, or is built to harm.
 */
export async function sniffMediaType(content: Buffer): Promise<{ ok: true; mediaType: MediaType } | Refusal> {
  if (content.length === 0) return refuse('DOCUMENT_EMPTY');
  const begun = beginsLike(content);
  if (!begun) return refuse('DOCUMENT_TYPE_REFUSED');
  const checked = await begun.check(content);
  return checked.ok ? { ok: true, mediaType: begun.mediaType } : checked;
}

type Format = { mediaType: MediaType; begins: (content: Buffer) => boolean; check: (content: Buffer) => Checked | Promise<Checked> };

const FORMATS: readonly Format[] = [
  { mediaType: 'application/pdf', begins: (content) => content.toString('latin1', 0, 5) === '%PDF-', check: checkPdf },
  { mediaType: 'application/ofd', begins: looksLikeZip, check: readOfd },
  { mediaType: 'image/jpeg', begins: (content) => content.length > 3 && content.readUIntBE(0, 3) === 0xffd8ff, check: checkJpeg },
  { mediaType: 'image/png', begins: (content) => content.subarray(0, PNG.length).equals(PNG), check: checkPng },
  { mediaType: 'image/heic', begins: (content) => content.toString('latin1', 4, 8) === 'ftyp', check: checkHeic },
  { mediaType: 'application/xml', begins: (content) => /^\s*<[?A-Za-z_!]/.test(withoutBom(content).toString('latin1', 0, 200)), check: checkXml },
];

function beginsLike(content: Buffer): Format | undefined {
  return FORMATS.find((format) => format.begins(content));
}

function checkPdf(content: Buffer): Checked {
  const tail = content.toString('latin1', Math.max(0, content.length - PDF_TAIL_BYTES));
  return tail.includes('startxref') && tail.includes('%%EOF') ? { ok: true } : refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** Segments up to the first scan, with a frame header among them, and an end-of-image marker after it. Cameras append more; that is let be. */
function checkJpeg(content: Buffer): Checked {
  let pixels: number | undefined;
  for (let at = 2; at + 4 <= content.length;) {
    if (content[at] !== 0xff) break;
    const marker = content[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = content.readUInt16BE(at + 2);
    if (length < 2) break;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame && at + 9 <= content.length) pixels = content.readUInt16BE(at + 5) * content.readUInt16BE(at + 7);
    const isScan = marker === 0xda;
    at += 2 + length;
    if (isScan) return pixels !== undefined && content.indexOf('ffd9', at, 'hex') !== -1 ? pixelsOk(pixels) : refuse('DOCUMENT_CONTENT_MISMATCH');
  }
  return refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** Chunk by chunk from IHDR to IEND, with image data between. */
function checkPng(content: Buffer): Checked {
  let pixels: number | undefined;
  let hasData = false;
  for (let at = PNG.length; at + 12 <= content.length;) {
    const length = content.readUInt32BE(at);
    const type = content.toString('latin1', at + 4, at + 8);
    if (at + 12 + length > content.length) break;
    if (pixels === undefined) {
      if (type !== 'IHDR' || length !== 13) break;
      pixels = content.readUInt32BE(at + 8) * content.readUInt32BE(at + 12);
    }
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') return hasData ? pixelsOk(pixels) : refuse('DOCUMENT_CONTENT_MISMATCH');
    at += 12 + length;
  }
  return refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** ISO boxes from `ftyp` with a HEIC brand, a `meta` box among them, none of them longer than the file. */
function checkHeic(content: Buffer): Checked {
  const first = content.readUInt32BE(0);
  const brands = content.toString('latin1', 8, Math.min(first, 200)).match(/.{4}/gs) ?? [];
  if (!brands.some((brand, index) => index !== 1 && HEIC_BRANDS.has(brand))) return refuse('DOCUMENT_TYPE_REFUSED');
  let hasMeta = false;
  for (let at = 0; at < content.length;) {
    if (at + 8 > content.length) return refuse('DOCUMENT_CONTENT_MISMATCH');
    const type = content.toString('latin1', at + 4, at + 8);
    const size = boxSize(content, at);
    if (size === undefined || at + size > content.length) return refuse('DOCUMENT_CONTENT_MISMATCH');
    if (type === 'meta') hasMeta = true;
    at += size;
  }
  return hasMeta ? { ok: true } : refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** 0 means "to the end of the file", 1 "the size follows in 64 bits". */
function boxSize(content: Buffer, at: number): number | undefined {
  const size = content.readUInt32BE(at);
  if (size === 0) return content.length - at;
  if (size !== 1) return size >= 8 ? size : undefined;
  if (at + 16 > content.length) return undefined;
  const large = Number(content.readBigUInt64BE(at + 8));
  return large >= 16 ? large : undefined;
}

/** Well formed, without a DOCTYPE (entities can unpack to anything), and not a page that a browser would run. */
function checkXml(content: Buffer): Checked {
  if (content.length > MAX_XML_BYTES) return refuse('DOCUMENT_SUSPICIOUS', { params: { bytes: content.length } });
  const text = decodeXml(withoutBom(content));
  if (text === undefined) return refuse('DOCUMENT_CONTENT_MISMATCH');
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return refuse(/<!DOCTYPE\s+html/i.test(text) ? 'DOCUMENT_TYPE_REFUSED' : 'DOCUMENT_SUSPICIOUS');
  const root = /<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)/.exec(text.replace(/^\s*<\?xml[^>]*\?>/, '').replaceAll(/<!--[\s\S]*?-->/g, ''))?.[2];
  if (root === undefined || /^(html|svg)$/i.test(root)) return refuse('DOCUMENT_TYPE_REFUSED');
  return XMLValidator.validate(text) === true ? { ok: true } : refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** Invoices come as UTF-8, older ones as GB18030 or GBK. */
function decodeXml(content: Buffer): string | undefined {
  const declared = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w-]+)["']/.exec(content.toString('latin1', 0, 200))?.[1]?.toLowerCase() ?? 'utf-8';
  if (!['utf-8', 'utf8', 'gb18030', 'gbk', 'gb2312'].includes(declared)) return undefined;
  try {
    return new TextDecoder(declared, { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

function withoutBom(content: Buffer): Buffer {
  return content.subarray(0, UTF8_BOM.length).equals(UTF8_BOM) ? content.subarray(UTF8_BOM.length) : content;
}

function pixelsOk(pixels: number): Checked {
  if (pixels === 0) return refuse('DOCUMENT_CONTENT_MISMATCH');
  return pixels > MAX_PIXELS ? refuse('DOCUMENT_SUSPICIOUS', { params: { pixels } }) : { ok: true };
}

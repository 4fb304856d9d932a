import { crc32 } from 'node:zlib';
import { refuse, type Refusal } from '#domain/errors.ts';

/** How images are built, read from their headers: nothing here decodes a pixel. */

type Checked = { ok: true } | Refusal;
type Size = { width: number; height: number };

// An image unpacks to four bytes a pixel wherever it is looked at: 100 megapixels are 400 MB.
export const MAX_PIXELS = 100_000_000;
export const MAX_SIDE = 20_000;

export const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis']);

/** DOCUMENT_IMAGE_TOO_LARGE: more pixels than can be shown. */
export function imageSizeOk({ width, height }: Size): Checked {
  if (width === 0 || height === 0) return refuse('DOCUMENT_CONTENT_MISMATCH');
  if (Math.max(width, height) <= MAX_SIDE && width * height <= MAX_PIXELS) return { ok: true };
  return refuse('DOCUMENT_IMAGE_TOO_LARGE', { params: { width, height, maxSide: MAX_SIDE, maxPixels: MAX_PIXELS } });
}

/** Segments up to the first scan, with a frame header among them, and an end-of-image marker after it. Cameras append more; that is let be, unless it is another file. */
export function checkJpeg(content: Buffer): Checked {
  let size: Size | undefined;
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
    if (isFrame && at + 9 <= content.length) size ??= { height: content.readUInt16BE(at + 5), width: content.readUInt16BE(at + 7) };
    at += 2 + length;
    if (marker !== 0xda) continue;
    const end = content.lastIndexOf(Buffer.from([0xff, 0xd9]));
    if (!size || end < at) break;
    return isAnotherFile(content.subarray(at)) ? polyglot() : imageSizeOk(size);
  }
  return refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** Chunk by chunk from IHDR to IEND, each with its checksum, image data between, and no animation: a signer and an approver would not see the same. */
export function checkPng(content: Buffer): Checked {
  let hasData = false;
  for (let at = PNG.length; at + 12 <= content.length;) {
    const length = content.readUInt32BE(at);
    const type = content.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > content.length) break;
    if (at === PNG.length) {
      if (type !== 'IHDR' || length !== 13) break;
      const size = imageSizeOk({ width: content.readUInt32BE(at + 8), height: content.readUInt32BE(at + 12) });
      if (!size.ok) return size;
    }
    if (crc32(content.subarray(at + 4, end - 4)) !== content.readUInt32BE(end - 4)) break;
    if (type === 'acTL') return refuse('DOCUMENT_SUSPICIOUS', { detail: 'an animated picture' });
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') {
      if (!hasData) break;
      return isAnotherFile(content.subarray(end)) ? polyglot() : { ok: true };
    }
    at = end;
  }
  return refuse('DOCUMENT_CONTENT_MISMATCH');
}

/** ISO boxes from `ftyp` with a HEIC brand, a `meta` box among them, none of them longer than the file. The size is told by the decoder, before it decodes. */
export function checkHeic(content: Buffer): Checked {
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

/** Text that begins other files, and does not turn up in compressed bytes by chance. */
// oxlint-disable-next-line no-control-regex -- how an archive begins
const OTHERS = /%PDF-\d|PK\u0003\u0004[^]\u0000|<(?:html|script|\?php|!doctype)[\s>]/i;

/** What follows a picture may be a clip that the camera took along, never a document that another program would open instead. */
const isAnotherFile = (rest: Buffer): boolean => OTHERS.test(rest.toString('latin1'));
const polyglot = (): Refusal => refuse('DOCUMENT_SUSPICIOUS', { detail: 'two files in one' });

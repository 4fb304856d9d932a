import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { refuse, type Refusal } from '#domain/errors.ts';

/**
 * OFD is a zip with OFD.xml at its root, and so is a workbook with another. A zip is read here by its central directory alone and only as far as an honest writer goes: no
 * encryption, no zip64, nothing split, stored or deflated, no two entries in the same bytes, no path out of the archive.
 */
const MAX_ENTRIES = 2_000;
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
/** deflate cannot do better than 1032:1; pages and fonts stay far below this */
const MAX_RATIO = 200;
const RATIO_COUNTS_FROM_BYTES = 1024 * 1024;

const END = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const ENCRYPTED = 0x1;
const STORED = 0;
const DEFLATED = 8;

const IS_XML = /\.(xml|rels)$/i;
/** in UTF-16 as well, once its zeros are gone */
const DECLARATIONS = /<!(DOCTYPE|ENTITY)/i;

const inflate = promisify(inflateRaw);

type Entry = { name: string; method: number; crc: number; packedBytes: number; unpackedBytes: number; localOffset: number };

export const looksLikeZip = (content: Buffer): boolean => content.length >= END_BYTES && content.readUInt32LE(0) === LOCAL;
/** Programs for archives look at the end alone. */
export const endsLikeZip = (content: Buffer): boolean => findEnd(content) !== undefined;

/** Whether a zip is an OFD. Every entry is unpacked under its cap, because the sizes that the directory declares may be lies. */
export async function readOfd(content: Buffer): Promise<{ ok: true } | Refusal> {
  const unpacked = await unpackOfd(content);
  return unpacked.ok ? { ok: true } : unpacked;
}

/** As `readOfd`, with the XML that is in it by its path. */
export const unpackOfd = (content: Buffer) => unpackXml(content, { root: 'OFD.xml', element: /<([\w.-]+:)?OFD[\s>]/ });

/** The XML of a zip by its path, where `root` is in it and has `element`. */
export async function unpackXml(
  content: Buffer,
  { root: rootName, element }: { root: string; element: RegExp },
): Promise<{ ok: true; xml: Map<string, Buffer> } | Refusal> {
  const xml = new Map<string, Buffer>();
  const entries = readDirectory(content);
  if (!Array.isArray(entries)) return entries;
  const declared = entries.reduce((total, entry) => total + entry.unpackedBytes, 0);
  if (declared > MAX_UNPACKED_BYTES) return refuse('DOCUMENT_SUSPICIOUS', { params: { unpackedBytes: declared } });
  const root = entries.find((entry) => entry.name === rootName);
  if (!root) return refuse('DOCUMENT_TYPE_REFUSED');

  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.localOffset - b.localOffset)) {
    const from = dataOffset(content, entry);
    if (from === undefined) return refuse('DOCUMENT_CONTENT_MISMATCH');
    // entries that share bytes are how a small archive becomes a large one
    if (entry.localOffset < end) return refuse('DOCUMENT_SUSPICIOUS');
    end = from + entry.packedBytes;
    const packed = content.subarray(from, end);
    if (packed.length !== entry.packedBytes) return refuse('DOCUMENT_CONTENT_MISMATCH');
    if (entry.unpackedBytes > RATIO_COUNTS_FROM_BYTES && entry.unpackedBytes > entry.packedBytes * MAX_RATIO) return refuse('DOCUMENT_SUSPICIOUS');
    const unpacked = await unpack(entry, packed);
    if (unpacked === 'too-much') return refuse('DOCUMENT_SUSPICIOUS');
    if (unpacked === 'broken' || crc32(unpacked) !== entry.crc) return refuse('DOCUMENT_CONTENT_MISMATCH');
    if (IS_XML.test(entry.name) && DECLARATIONS.test(unpacked.toString('latin1').replaceAll('\0', ''))) return refuse('DOCUMENT_SUSPICIOUS');
    if (entry === root && !element.test(unpacked.toString('utf8'))) return refuse('DOCUMENT_CONTENT_MISMATCH');
    if (IS_XML.test(entry.name)) xml.set(entry.name, unpacked);
  }
  return { ok: true, xml };
}

function readDirectory(content: Buffer): Entry[] | Refusal {
  const at = findEnd(content);
  if (at === undefined) return refuse('DOCUMENT_CONTENT_MISMATCH');
  const count = content.readUInt16LE(at + 10);
  const offset = content.readUInt32LE(at + 16);
  const oneDisk = content.readUInt16LE(at + 4) === 0 && content.readUInt16LE(at + 6) === 0 && content.readUInt16LE(at + 8) === count;
  if (!oneDisk) return refuse('DOCUMENT_CONTENT_MISMATCH');
  if (count > MAX_ENTRIES) return refuse('DOCUMENT_SUSPICIOUS', { params: { entries: count } });
  const entries: Entry[] = [];
  for (let cursor = offset; entries.length < count;) {
    if (cursor + CENTRAL_BYTES > at || content.readUInt32LE(cursor) !== CENTRAL) return refuse('DOCUMENT_CONTENT_MISMATCH');
    const nameBytes = content.readUInt16LE(cursor + 28);
    const skip = nameBytes + content.readUInt16LE(cursor + 30) + content.readUInt16LE(cursor + 32);
    const entry: Entry = {
      name: content.toString('utf8', cursor + CENTRAL_BYTES, cursor + CENTRAL_BYTES + nameBytes),
      method: content.readUInt16LE(cursor + 10),
      crc: content.readUInt32LE(cursor + 16),
      packedBytes: content.readUInt32LE(cursor + 20),
      unpackedBytes: content.readUInt32LE(cursor + 24),
      localOffset: content.readUInt32LE(cursor + 42),
    };
    const flags = content.readUInt16LE(cursor + 8);
    if (flags & ENCRYPTED || leavesArchive(entry.name)) return refuse('DOCUMENT_SUSPICIOUS');
    if (entry.method !== STORED && entry.method !== DEFLATED) return refuse('DOCUMENT_CONTENT_MISMATCH');
    entries.push(entry);
    cursor += CENTRAL_BYTES + skip;
  }
  if (new Set(entries.map((entry) => entry.name)).size !== entries.length) return refuse('DOCUMENT_SUSPICIOUS');
  return entries;
}

/** The record at the end, which a comment may follow; it must be the last thing in the file. */
function findEnd(content: Buffer): number | undefined {
  const first = Math.max(0, content.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = content.length - END_BYTES; at >= first; at -= 1) {
    if (content.readUInt32LE(at) === END && at + END_BYTES + content.readUInt16LE(at + 20) === content.length) return at;
  }
  return undefined;
}

function dataOffset(content: Buffer, { localOffset }: Entry): number | undefined {
  if (localOffset + LOCAL_BYTES > content.length || content.readUInt32LE(localOffset) !== LOCAL) return undefined;
  return localOffset + LOCAL_BYTES + content.readUInt16LE(localOffset + 26) + content.readUInt16LE(localOffset + 28);
}

async function unpack(entry: Entry, packed: Buffer): Promise<Buffer | 'too-much' | 'broken'> {
  if (entry.method === STORED) return packed.length === entry.unpackedBytes ? packed : 'broken';
  try {
    const unpacked = await inflate(packed, { maxOutputLength: Math.max(1, entry.unpackedBytes) });
    return unpacked.length === entry.unpackedBytes ? unpacked : 'broken';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too-much' : 'broken';
  }
}

function leavesArchive(name: string): boolean {
  return name.includes('\\') || name.includes('\0') || name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.split('/').includes('..');
}

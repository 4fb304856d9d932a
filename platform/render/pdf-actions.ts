import { constants, inflateSync } from 'node:zlib';

/** Actions that run something, or hand something to another program, where the original is opened. What follows a link is left to whoever clicks. */
const ACTIVE = ['JavaScript', 'Launch', 'RichMedia'] as const;
type Active = (typeof ACTIVE)[number];
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** A name as PDF may write it: each character by itself or as `#` and its code. Too long to turn up in compressed bytes by chance. */
const nameOf = (name: string): string => Array.from(name, (one) => `(?:${one}|#${(one.codePointAt(0) ?? 0).toString(16)})`).join('');
const NAMES = new RegExp(`/(${ACTIVE.map(nameOf).join('|')})(?![\\w#-])`, 'i');
const OBJECT_STREAM = /\/(?:O|#4f)(?:b|#62)(?:j|#6a)(?:S|#53)(?:t|#74)(?:m|#6d)\b[^]{0,600}?\bstream\r?\n/gi;

/**
 * The first active thing that the bytes name, in plain objects or packed ones. A second look beside that of the PDF library, which does not tell a program to be launched
 * from a link; whoever hides from both still meets people who are shown a picture.
 */
export function findActiveContent(content: Buffer): Active | 'too-much' | undefined {
  const text = content.toString('latin1');
  const plain = named(text);
  if (plain !== undefined) return plain;
  let unpackedBytes = 0;
  for (const match of text.matchAll(OBJECT_STREAM)) {
    const unpacked = unpack(content.subarray(match.index + match[0].length), MAX_UNPACKED_BYTES - unpackedBytes);
    if (unpacked === undefined) return 'too-much';
    unpackedBytes += unpacked.length;
    const packed = named(unpacked.toString('latin1'));
    if (packed !== undefined) return packed;
  }
  return undefined;
}

function named(text: string): Active | undefined {
  const found = NAMES.exec(text)?.[1];
  if (found === undefined) return undefined;
  const plain = found.replaceAll(/#([0-9a-f]{2})/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16))).toLowerCase();
  return ACTIVE.find((name) => name.toLowerCase() === plain);
}

/** Empty for what is packed in another way, which the library judges; undefined for what would be more than `maxBytes`. */
function unpack(packed: Buffer, maxBytes: number): Buffer | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, maxBytes), finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? undefined : Buffer.alloc(0);
  }
}

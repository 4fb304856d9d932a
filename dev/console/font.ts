import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';

const FONT = '@fontsource/zcool-xiaowei/files/zcool-xiaowei-chinese-simplified-400-normal.woff';
const HEADER = 44;
const ENTRY = 20;

/** A typeface with Chinese letters as a system knows it (SFNT), for browsers on machines that have none: from the package that the sample bills are drawn with. */
export function chineseFont(): Buffer {
  return sfntOf(readFileSync(createRequire(import.meta.url).resolve(FONT)));
}

/** WOFF 1.0 is SFNT with each table deflated by itself (W3C, WOFF File Format 1.0, §4–5). */
function sfntOf(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const power = 2 ** Math.floor(Math.log2(count));
  const head = Buffer.alloc(12 + count * 16);
  woff.copy(head, 0, 4, 8);
  for (const [at, value] of [count, power * 16, Math.log2(power), (count - power) * 16].entries()) head.writeUInt16BE(value, 4 + at * 2);
  let offset = head.length;
  const tables = Array.from({ length: count }, (_, index) => {
    const entry = HEADER + index * ENTRY;
    const [from, packed, length] = [woff.readUInt32BE(entry + 4), woff.readUInt32BE(entry + 8), woff.readUInt32BE(entry + 12)];
    const stored = woff.subarray(from, from + packed);
    const table = packed < length ? inflateSync(stored) : stored;
    const at = 12 + index * 16;
    woff.copy(head, at, entry, entry + 4);
    woff.copy(head, at + 4, entry + 16, entry + 20);
    head.writeUInt32BE(offset, at + 8);
    head.writeUInt32BE(length, at + 12);
    const padding = (4 - (length % 4)) % 4;
    offset += length + padding;
    return [table, Buffer.alloc(padding)];
  });
  return Buffer.concat([head, ...tables.flat()]);
}

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inflateRawSync, inflateSync, constants } from 'node:zlib';

/** Something that must be found nowhere in clear, by the name under which a find is reported. */
export type Canaries = Readonly<Record<string, string>>;
export type Find = { canary: string; as: string; where: string };

const PACKED_UP_TO = 8 * 1024 * 1024;

/** The ways in which a text may lie somewhere so that everybody can read it. */
function guisesOf(text: string): Map<string, Buffer> {
  const utf8 = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  const escaped = text.replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const guises: [string, Buffer | string][] = [
    ['as it is', utf8],
    ['hex', utf8.toString('hex')],
    ['HEX', utf8.toString('hex').toUpperCase()],
    ['UTF-16 LE', utf16],
    ['UTF-16 BE', Buffer.from(utf16).swap16()],
    ['percent', encodeURIComponent(text)],
    ['\\u', escaped],
    ['\\U', escaped.toUpperCase().replaceAll('\\U', '\\u')],
    // whatever stands before it: the first and last characters say something of their neighbours
    ...[0, 1, 2].flatMap((shift): [string, string][] => {
      const whole = Buffer.concat([Buffer.alloc(shift), utf8])
        .toString('base64')
        .replaceAll('=', '');
      const sure = whole.slice(shift === 0 ? 0 : shift + 1, (utf8.length + shift) % 3 === 0 ? undefined : -1);
      return [
        [`Base64 +${shift}`, sure],
        [`Base64url +${shift}`, sure.replaceAll('+', '-').replaceAll('/', '_')],
      ];
    }),
  ];
  // ASCII looks the same in some of them
  return new Map(guises.flatMap(([name, bytes]) => (name !== 'as it is' && Buffer.from(bytes).equals(utf8) ? [] : [[name, Buffer.from(bytes)]])));
}

/** A searcher for these canaries; it also looks into what is packed by gzip or zlib in something of up to 8 MB. */
export function searchFor(canaries: Canaries) {
  const all = Object.entries(canaries).map(([name, text]) => ({ name, guises: guisesOf(text) }));

  function search(content: Buffer | string, where: string): Find[] {
    const bytes = Buffer.from(content);
    const finds = all.flatMap(({ name, guises }) => [...guises].filter(([, guise]) => bytes.includes(guise)).map(([as]) => ({ canary: name, as, where })));
    return bytes.length > PACKED_UP_TO ? finds : [...finds, ...unpacked(bytes).flatMap((inner) => search(inner, `${where} (unpacked)`))];
  }

  /** Every file under `dir`, but those whose path from there matches `except`. */
  function searchFiles(dir: string, except: RegExp): Find[] {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
      .filter((path) => !except.test(path))
      .flatMap((path) => search(readFileSync(join(dir, path)), path));
  }

  return { search, searchFiles };
}

function unpacked(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(0x1f); at !== -1; at = bytes.indexOf(0x1f, at + 1)) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 8) found.push(...tried(() => inflateRawSync(bytes.subarray(endOfHeader(bytes, at)), LENIENT)));
  }
  for (let at = bytes.indexOf(0x78); at !== -1; at = bytes.indexOf(0x78, at + 1)) {
    const [, flags = 0] = bytes.subarray(at, at + 2);
    if ((0x78 * 256 + flags) % 31 === 0 && (flags & 0x20) === 0) found.push(...tried(() => inflateSync(bytes.subarray(at), LENIENT)));
  }
  return found;
}

const HAS_NAME = 8;

/** A gzip header may hold the file's name. (gunzip itself does not bear what lies behind its part.) */
function endOfHeader(bytes: Buffer, at: number): number {
  const fixed = at + 10;
  return ((bytes[at + 3] ?? 0) & HAS_NAME) === 0 ? fixed : bytes.indexOf(0, fixed) + 1;
}

/** What lies behind the packed part is somebody else's. */
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: PACKED_UP_TO };

function tried(unpack: () => Buffer): Buffer[] {
  try {
    const content = unpack();
    return content.length > 0 ? [content] : [];
  } catch {
    return [];
  }
}

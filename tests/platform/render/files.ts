import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { createCanvas } from '@napi-rs/canvas';

/** Files that tests make for themselves: honest ones, and such as are built to harm. */

/** Says where, by whom and when; must be nowhere in what is shown. */
export const MARK = 'GEHEIM-诊断';

/** An object for each text, the first the catalogue; with a cross-reference table as a writer makes it. `trailer`: more entries for it. */
export function pdfOf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  const add = (bytes: Buffer): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(at);
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]));
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\n`;
  add(Buffer.from(`${table}startxref\n${at}\n%%EOF\n`));
  return Buffer.concat(parts);
}

export const stream = (dictionary: string, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`<< ${dictionary} /Length ${content.length} >>\nstream\n`), content, Buffer.from('\nendstream')]);

type Pdf = { catalogue?: string; page?: string; pages?: string; content?: string; more?: readonly (string | Buffer)[]; trailer?: string };

/** One page with a black square in the upper left; `more` are objects from 5 on. */
export function pdf({
  catalogue = '',
  page = '',
  pages = '/Kids [3 0 R] /Count 1',
  content = '0 0 0 rg 0 421 200 421 re f',
  more = [],
  trailer = '',
}: Pdf = {}): Buffer {
  return pdfOf(
    [
      `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
      `<< /Type /Pages ${pages} >>`,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R ${page} >>`,
      stream('', Buffer.from(content)),
      ...more,
    ],
    trailer,
  );
}

const PASSWORD_PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');

/** Locked against changes, but open to read (`password` empty), or with a password that nobody tells. RC4 with 40 bits, as of old. */
export function lockedPdf({ password }: { password: string }): Buffer {
  const [owner, id] = [Buffer.alloc(32, 7), Buffer.alloc(16, 9)];
  const permissions = Buffer.from([0xc0, 0xff, 0xff, 0xff]);
  const padded = Buffer.concat([Buffer.from(password), PASSWORD_PADDING]).subarray(0, 32);
  const key = createHash('md5')
    .update(Buffer.concat([padded, owner, permissions, id]))
    .digest()
    .subarray(0, 5);
  const user = rc4(key, PASSWORD_PADDING);
  return pdf({
    more: [`<< /Filter /Standard /V 1 /R 2 /P -64 /O <${owner.toString('hex')}> /U <${user.toString('hex')}> >>`],
    trailer: `/Encrypt 5 0 R /ID [<${id.toString('hex')}> <${id.toString('hex')}>]`,
  });
}

function rc4(key: Buffer, bytes: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number): void => {
    [state[a], state[b]] = [state[b] ?? 0, state[a] ?? 0];
  };
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) % 256;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  return Buffer.from(
    bytes.map((byte) => {
      i = (i + 1) % 256;
      j = (j + (state[i] ?? 0)) % 256;
      swap(i, j);
      return byte ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) % 256] ?? 0);
    }),
  );
}

/** A grey PNG of one colour; `data`: other rows than the header says. */
export function png({ width, height, chunks = [], data }: { width: number; height: number; chunks?: readonly [string, Buffer][]; data?: Buffer }): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  const rows = data ?? Buffer.alloc((width + 1) * height);
  const all: [string, Buffer][] = [['IHDR', header], ...chunks, ['IDAT', deflateSync(rows, { level: 1 })], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...all.map(([type, content]) => pngChunk(type, content))]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + content.length);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(type, 4, 'latin1');
  content.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + content.length)), 8 + content.length);
  return chunk;
}

/** Red on the left and blue on the right, 40 by 20, with place, device, text and a thumbnail in it; `orientation` as in EXIF. */
export function photo({ orientation = 1 }: { orientation?: number } = {}): Buffer {
  const canvas = createCanvas(40, 20);
  const context = canvas.getContext('2d');
  context.fillStyle = '#f00';
  context.fillRect(0, 0, 20, 20);
  context.fillStyle = '#00f';
  context.fillRect(20, 0, 20, 20);
  const plain = canvas.toBuffer('image/jpeg', 95);
  const segment = (marker: number, content: Buffer): Buffer => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(content.length + 2, 2);
    return Buffer.concat([head, content]);
  };
  const xmp = Buffer.from(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${MARK}</x:xmpmeta>`);
  const extras = [
    segment(0xe1, exif({ orientation })),
    segment(0xe1, xmp),
    segment(0xed, Buffer.from(`Photoshop 3.0\0${MARK}`)),
    segment(0xfe, Buffer.from(MARK)),
  ];
  return Buffer.concat([plain.subarray(0, 2), ...extras, plain.subarray(2), Buffer.from(`appended ${MARK}`)]);
}

/** Orientation, maker, and 39°54'15" N 116°24'27" E. */
function exif({ orientation }: { orientation: number }): Buffer {
  const maker = Buffer.from(`${MARK}\0`);
  const tiff = Buffer.alloc(300);
  const entry = (at: number, [tag, type, count, value]: readonly [number, number, number, number]): void => {
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  };
  tiff.write('II*\0\x08\0\0\0', 0, 'latin1');
  tiff.writeUInt16LE(3, 8);
  entry(10, [0x010f, 2, maker.length, 200]);
  entry(22, [0x0112, 3, 1, orientation]);
  entry(34, [0x8825, 4, 1, 60]);
  tiff.writeUInt16LE(4, 60);
  entry(62, [1, 2, 2, 0x4e]);
  entry(74, [2, 5, 3, 120]);
  entry(86, [3, 2, 2, 0x45]);
  entry(98, [4, 5, 3, 144]);
  for (const [index, degrees] of [39, 54, 15, 116, 24, 27].entries()) {
    tiff.writeUInt32LE(degrees, 120 + index * 8);
    tiff.writeUInt32LE(1, 124 + index * 8);
  }
  maker.copy(tiff, 200);
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
}

/** The markers of a JPEG up to its scan: what it is made of. */
export function jpegMarkers(content: Buffer): string[] {
  const markers: string[] = [];
  for (let at = 2; at + 4 <= content.length && content[at] === 0xff && content[at + 1] !== 0xda; at += 2 + content.readUInt16BE(at + 2)) {
    markers.push((content[at + 1] ?? 0).toString(16));
  }
  return markers;
}

/** The chunks of a PNG. */
export function pngChunks(content: Buffer): string[] {
  const types: string[] = [];
  for (let at = 8; at + 12 <= content.length; at += 12 + content.readUInt32BE(at)) types.push(content.toString('latin1', at + 4, at + 8));
  return types;
}

/** Blue on the left and red on the right, 48 by 32, with a place and the maker `GEHEIM` in its EXIF; nobody writes an encoder for that by hand. */
export const HEIC = Buffer.from(
  'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAAB4gABAAAAAAAAACoAAgAAAAACDAABAAAAAAAAAG4AAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAoG1kYXQAAAAmKAGvGYD3hEl/76yI0hd4Qa+zX/R8acqkz1yTHzg3jddzwbUZmTgAAAAGRXhpZgAATU0AKgAAAAgAAgEPAAIAAAAHAAAAJoglAAQAAAABAAAALgAAAABHRUhFSU0AAAACAAEAAgAAAAJOAAAAAAIABQAAAAMAAABMAAAAAAAAACcAAAABAAAANgAAAAEAAAAPAAAAAQ==',
  'base64',
);

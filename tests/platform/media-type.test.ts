import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sniffMediaType } from '#platform/media-type.ts';

const sniff = async (content: Buffer): Promise<string> => {
  const sniffed = await sniffMediaType(content);
  return sniffed.ok ? sniffed.mediaType : sniffed.code;
};

type Entry = { name: string; content: Buffer; stored?: boolean; declaredBytes?: number; crc?: number; flags?: number; sharesWith?: string };

/** A zip as a writer would make it, with lies where an entry asks for them. */
function zip(entries: Entry[], comment = ''): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const { name, content, stored = false, declaredBytes = content.length, crc = crc32(content), flags = 0, sharesWith } of entries) {
    const packed = stored ? content : deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(stored ? 0 : 8, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(declaredBytes, 24);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt32LE(sharesWith === undefined ? offset : (offsets.get(sharesWith) ?? 0), 42);
    directory.push(central, Buffer.from(name));
    offsets.set(name, offset);
    if (sharesWith !== undefined) continue;
    files.push(local, Buffer.from(name), packed);
    offset += local.length + Buffer.byteLength(name) + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...files, ...directory, end, Buffer.from(comment)]);
}

const OFD: Entry = { name: 'OFD.xml', content: Buffer.from('<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody/></ofd:OFD>') };
const page: Entry = { name: 'Doc_0/Document.xml', content: Buffer.from('<ofd:Document/>'.repeat(100)) };
const zeros = (mebibytes: number): Buffer => Buffer.alloc(mebibytes * 1024 * 1024);

function png({ width = 2, height = 2, chunks = ['IHDR', 'IDAT', 'IEND'] }: { width?: number; height?: number; chunks?: string[] } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  const content: Record<string, Buffer> = { IHDR: header, IDAT: deflateSync(Buffer.alloc(6)), IEND: Buffer.alloc(0) };
  const chunk = (type: string): Buffer => {
    const data = content[type] ?? Buffer.alloc(0);
    const frame = Buffer.alloc(12 + data.length);
    frame.writeUInt32BE(data.length, 0);
    frame.write(type, 4, 'latin1');
    data.copy(frame, 8);
    frame.writeUInt32BE(crc32(frame.subarray(4, 8 + data.length)), 8 + data.length);
    return frame;
  };
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks.map(chunk)]);
}

function jpeg({ width = 2, height = 2, end = 'ffd9' } = {}): Buffer {
  const frame = Buffer.from('ffc0000b0800000000010111 00'.replaceAll(' ', ''), 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([
    Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
    frame,
    Buffer.from('ffda0008010100003f00aabb', 'hex'),
    Buffer.from(end, 'hex'),
  ]);
}

function box(type: string, content = Buffer.alloc(0), size = 8 + content.length): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(size, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, content]);
}
const heic = (brands = 'heic\0\0\0\0mif1heic', rest = [box('meta', Buffer.alloc(20)), box('mdat', Buffer.alloc(10))]) =>
  Buffer.concat([box('ftyp', Buffer.from(brands, 'latin1')), ...rest]);
const pdf = '%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n';

test.each([
  ['a PDF', Buffer.from(pdf), 'application/pdf'],
  ['an OFD', zip([OFD, page]), 'application/ofd'],
  ['an OFD with stored entries and a comment', zip([{ ...OFD, stored: true }, page], 'made by'), 'application/ofd'],
  ['an invoice in XML', Buffer.from('\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice><Amount>1.00</Amount></EInvoice>'), 'application/xml'],
  [
    'XML in GB18030',
    Buffer.concat([Buffer.from('<?xml version="1.0" encoding="GB18030"?><a>'), Buffer.from([0xd6, 0xd0]), Buffer.from('</a>')]),
    'application/xml',
  ],
  ['XML without a declaration', Buffer.from('<!-- x --><a/>'), 'application/xml'],
  ['a JPEG', jpeg(), 'image/jpeg'],
  ['a JPEG with what a phone appends', Buffer.concat([jpeg(), Buffer.from('SEFT')]), 'image/jpeg'],
  ['a PNG', png(), 'image/png'],
  ['a HEIC', heic(), 'image/heic'],
  ['a HEIC whose last box is open', heic(undefined, [box('meta', Buffer.alloc(4)), box('mdat', Buffer.alloc(10), 0)]), 'image/heic'],
])('takes %s', async (_what, content, mediaType) => expect(await sniff(content)).toBe(mediaType));

test.each([
  ['nothing', Buffer.alloc(0), 'DOCUMENT_EMPTY'],
  ['a program', Buffer.from('7f454c46', 'hex'), 'DOCUMENT_TYPE_REFUSED'],
  ['text', Buffer.from('invoice'), 'DOCUMENT_TYPE_REFUSED'],
  ['a GIF', Buffer.from('GIF89a'), 'DOCUMENT_TYPE_REFUSED'],
  ['a page', Buffer.from('<!DOCTYPE html><p>'), 'DOCUMENT_TYPE_REFUSED'],
  ['a page as XML', Buffer.from('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'), 'DOCUMENT_TYPE_REFUSED'],
  ['a drawing with a script', Buffer.from('<svg:svg xmlns:svg="http://www.w3.org/2000/svg"><script/></svg:svg>'), 'DOCUMENT_TYPE_REFUSED'],
  ['a zip that is no OFD', zip([page]), 'DOCUMENT_TYPE_REFUSED'],
  ['a spreadsheet', zip([{ name: '[Content_Types].xml', content: Buffer.from('<Types/>') }]), 'DOCUMENT_TYPE_REFUSED'],
  ['an AVIF', heic('avif\0\0\0\0mif1avif'), 'DOCUMENT_TYPE_REFUSED'],
  ['a video', heic('isom\0\0\0\0mp42'), 'DOCUMENT_TYPE_REFUSED'],
  ['a PDF behind something else', Buffer.from(`x${pdf}`), 'DOCUMENT_TYPE_REFUSED'],
])('does not take %s', async (_what, content, code) => expect(await sniff(content)).toBe(code));

test.each([
  ['a PDF cut off', Buffer.from(pdf.slice(0, 20))],
  ['a PNG cut off', png().subarray(0, -14)],
  ['a PNG of its signature', Buffer.from('89504e470d0a1a0a', 'hex')],
  ['a PNG without data', png({ chunks: ['IHDR', 'IEND'] })],
  ['a PNG that begins elsewhere', png({ chunks: ['IDAT', 'IHDR', 'IEND'] })],
  ['a PNG of no size', png({ width: 0 })],
  ['a JPEG cut off', jpeg({ end: '' })],
  ['a JPEG of three bytes and one', Buffer.from('ffd8ffe0', 'hex')],
  ['a JPEG without a frame', Buffer.from('ffd8ffda0002ffd9', 'hex')],
  ['a JPEG whose segment has no length', Buffer.from('ffd8ffe00000ffd9', 'hex')],
  ['a HEIC without meta', heic(undefined, [box('mdat')])],
  ['a HEIC whose box leaves the file', heic(undefined, [box('meta', Buffer.alloc(4), 4_000)])],
  ['a HEIC whose box has no size', heic(undefined, [box('meta', Buffer.alloc(4), 5)])],
  ['a HEIC of 64 bits and nothing', heic(undefined, [box('meta', Buffer.alloc(0), 1)])],
  ['XML cut off', Buffer.from('<?xml version="1.0"?><a><b></a>')],
  [
    'XML that is not in its encoding',
    Buffer.concat([Buffer.from('<?xml version="1.0" encoding="UTF-8"?><a>'), Buffer.from([0xd6, 0xd0]), Buffer.from('</a>')]),
  ],
  // without a word on it, UTF-8 or what older programs wrote
  ['XML that is in no encoding', Buffer.from([0x3c, 0x61, 0x3e, 0xd6, 0xff, 0x3c, 0x2f, 0x61, 0x3e])],
  ['XML in an encoding of its own', Buffer.from('<?xml version="1.0" encoding="UTF-7"?><a/>')],
  ['an OFD cut off', zip([OFD, page]).subarray(0, -5)],
  ['an OFD with something behind', Buffer.concat([zip([OFD]), Buffer.from('x')])],
  ['an OFD whose root is something else', zip([{ ...OFD, content: Buffer.from('<a/>') }])],
  ['an OFD with a wrong checksum', zip([{ ...OFD, crc: 1 }])],
  ['an OFD that declares more than there is', zip([OFD, { ...page, declaredBytes: page.content.length + 1 }])],
])('finds %s broken', async (_what, content) => expect(await sniff(content)).toBe('DOCUMENT_CONTENT_MISMATCH'));

describe('refuses what would unpack to too much, or is built to harm', () => {
  test.each([
    ['a bomb that says so', () => zip([OFD, { name: 'a', content: zeros(101) }])],
    ['a bomb that lies', () => zip([OFD, { name: 'a', content: zeros(8), declaredBytes: 1_000 }])],
    ['a ratio no page has', () => zip([OFD, { name: 'a', content: zeros(4) }])],
    ['many that add up', () => zip([OFD, ...Array.from({ length: 110 }, (_, index) => ({ name: `${index}`, content: Buffer.alloc(1_000_000, `${index}x`) }))])],
    ['too many entries', () => zip([OFD, ...Array.from({ length: 2_000 }, (_, index) => ({ name: `${index}`, content: Buffer.from('x') }))])],
    ['entries that share bytes', () => zip([OFD, page, { ...page, name: 'b', sharesWith: page.name }])],
    ['one name twice', () => zip([OFD, OFD])],
    ['an encrypted entry', () => zip([OFD, { ...page, flags: 1 }])],
    ['a path out', () => zip([OFD, { ...page, name: '../../etc/passwd' }])],
    ['a path from the root', () => zip([OFD, { ...page, name: '/etc/passwd' }])],
    ['a path for Windows', () => zip([OFD, { ...page, name: 'C:\\x' }])],
    ['an OFD whose pages have entities', () => zip([OFD, { ...page, content: Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') }])],
    [
      'an OFD whose pages have them in UTF-16',
      () => zip([OFD, { ...page, content: Buffer.from('\uFEFF<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'utf16le') }]),
    ],
    ['an animation', () => png({ chunks: ['IHDR', 'acTL', 'IDAT', 'IEND'] })],
    ['a picture that is a PDF as well', () => Buffer.concat([jpeg(), Buffer.from(pdf)])],
    ['a picture that is an archive as well', () => Buffer.concat([png(), zip([page])])],
    ['a picture that is a page as well', () => Buffer.concat([png(), Buffer.from('<html><script>1</script></html>')])],
    ['a PDF that is an archive as well', () => Buffer.concat([Buffer.from(pdf), zip([page]), Buffer.from(pdf.slice(-20))].slice(0, 2))],
    ['XML of endless depth', () => Buffer.from(`${'<a>'.repeat(200)}${'</a>'.repeat(200)}`)],
    ['depth behind an attribute', () => Buffer.from(`${'<a b="/>">'.repeat(70)}${'</a>'.repeat(70)}`)],
    ['entities', () => Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')],
    ['a DTD elsewhere', () => Buffer.from('<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')],
    ['XML beyond any invoice', () => Buffer.from(`<a>${'x'.repeat(2 * 1024 * 1024)}</a>`)],
  ])('%s', async (_what, content) => expect(await sniff(content())).toBe('DOCUMENT_SUSPICIOUS'));
});

test.each([
  ['a PNG of 10 gigapixels', () => png({ width: 100_000, height: 100_000 })],
  ['a PNG of one row', () => png({ width: 30_000, height: 1 })],
  ['a PNG of 30 000 by 30 000', () => png({ width: 30_000, height: 30_000 })],
  ['a JPEG of 4 gigapixels', () => jpeg({ width: 65_500, height: 65_500 })],
  ['a JPEG of 101 megapixels', () => jpeg({ width: 10_100, height: 10_000 })],
])('%s is too large, by its header', async (_what, content) => expect(await sniff(content())).toBe('DOCUMENT_IMAGE_TOO_LARGE'));

test('as large as may be: 100 megapixels, 64 levels', async () => {
  expect(await sniff(jpeg({ width: 10_000, height: 10_000 }))).toBe('image/jpeg');
  expect(await sniff(Buffer.from(`${'<a>'.repeat(64)}${'</a>'.repeat(64)}`))).toBe('application/xml');
});

test('never throws, whatever the bytes: every prefix of each kind, and each with one byte turned', async () => {
  for (const whole of [Buffer.from(pdf), zip([OFD, page]), jpeg(), png(), heic(), Buffer.from('<?xml version="1.0"?><a b="c">d</a>')]) {
    for (let length = 0; length < whole.length; length += 1) {
      await sniff(whole.subarray(0, length));
      const turned = Buffer.from(whole);
      turned[length] = (turned[length] ?? 0) ^ 0xff;
      await sniff(turned);
    }
  }
});

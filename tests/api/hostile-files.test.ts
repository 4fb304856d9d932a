import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePdf } from '#dev/sample-pdf.ts';
import { startTestApi, type TestApi } from './support.ts';

/** Files that are not what they say, or are built to harm whoever opens them. Sniffing by itself is tests/platform/media-type.test.ts. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const MIB = 1024 * 1024;
const OFD_XML = Buffer.from('<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>');
const PDF = Buffer.from(samplePdf('invoice'));

/** An entry, and what the archive says of it where that is a lie. `at`: the offset of the local header, where it is not its own. */
type Entry = { name: string; content: Buffer; says?: { bytes?: number; packedBytes?: number; method?: number; flags?: number; at?: number } };

/** A zip as an honest writer makes it, apart from what the entries lie about. */
function zip(entries: readonly Entry[], { count = entries.length, directoryAt }: { count?: number; directoryAt?: number } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, says = {} } of entries) {
    const packed = deflateRawSync(content, { level: 9 });
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(says.flags ?? 0, 2);
    fields.writeUInt16LE(says.method ?? 8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(says.packedBytes ?? packed.length, 14);
    fields.writeUInt32LE(says.bytes ?? content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(says.at ?? at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(directoryAt ?? at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

const ofd = (...more: Entry[]) => zip([{ name: 'OFD.xml', content: OFD_XML }, ...more]);
const zeros = (mebibytes: number): Entry => ({ name: 'Doc_0/Res/font.ttf', content: Buffer.alloc(mebibytes * MIB) });
const copies = (count: number, more: NonNullable<Entry['says']>): Entry[] =>
  Array.from({ length: count }, (_, index) => ({ name: `page-${index}.xml`, content: Buffer.from('<a/>'), says: more }));

test('the same zip without lies is an OFD', async () => {
  const answer = await api.upload({ content: ofd({ name: 'Doc_0/Document.xml', content: Buffer.from('<a/>') }), type: 'application/ofd' });
  expect([answer.statusCode, answer.json().mediaType], answer.body).toEqual([201, 'application/ofd']);
});

test.each<[string, Buffer, number, string]>([
  ['32 MB of zeros in 32 kB', ofd(zeros(32)), 422, 'DOCUMENT_SUSPICIOUS'],
  [
    'a zip of zips of zeros that is no OFD',
    zip([{ name: 'inner.zip', content: zip([{ name: 'a.zip', content: zip([zeros(8)]) }]) }]),
    415,
    'DOCUMENT_TYPE_REFUSED',
  ],
  ['zeros that say they are few', ofd({ ...zeros(32), says: { bytes: 1_000 } }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['few bytes that say they are many', ofd({ name: 'a', content: Buffer.from('a'), says: { bytes: 99 * MIB } }), 422, 'DOCUMENT_SUSPICIOUS'],
  [
    'more than all entries may come to',
    ofd(...Array.from({ length: 3 }, (_, n) => ({ name: `a${n}`, content: Buffer.from('a'), says: { bytes: 40 * MIB } }))),
    422,
    'DOCUMENT_SUSPICIOUS',
  ],
  ['entries that overlap', ofd(...copies(50, { at: 0 })), 422, 'DOCUMENT_SUSPICIOUS'],
  ['a directory of more entries than there are', zip([{ name: 'OFD.xml', content: OFD_XML }], { count: 500 }), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['sixty thousand entries', zip([{ name: 'OFD.xml', content: OFD_XML }], { count: 60_000 }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['a directory that lies outside', zip([{ name: 'OFD.xml', content: OFD_XML }], { directoryAt: 0xfffffff0 }), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['a directory that is its first entry', zip([{ name: 'OFD.xml', content: OFD_XML }], { directoryAt: 0 }), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['an entry that lies outside', ofd(...copies(1, { at: 0xfffffff0 })), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['an entry longer than the file', ofd(...copies(1, { packedBytes: 0x7fffffff })), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['an entry packed in its own way', ofd(...copies(1, { method: 99 })), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  ['an encrypted entry', ofd(...copies(1, { flags: 1 })), 422, 'DOCUMENT_SUSPICIOUS'],
  ['a path out of the archive', ofd({ name: '../../etc/cron.d/x', content: Buffer.from('x') }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['a path from the root', ofd({ name: '/etc/passwd', content: Buffer.from('x') }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['a path of another system', ofd({ name: String.raw`C:\x`, content: Buffer.from('x') }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['two entries of one name', ofd({ name: 'OFD.xml', content: Buffer.from('<other/>') }), 422, 'DOCUMENT_SUSPICIOUS'],
  ['an archive of nothing', zip([]), 415, 'DOCUMENT_TYPE_REFUSED'],
  ['nothing', Buffer.alloc(0), 422, 'DOCUMENT_EMPTY'],
  [
    'entities in entities',
    Buffer.from(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(100)}">]><l>&b;</l>`),
    422,
    'DOCUMENT_SUSPICIOUS',
  ],
  [
    'an entity that reads a file',
    Buffer.from('<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>'),
    422,
    'DOCUMENT_SUSPICIOUS',
  ],
  ['XML nested without end', Buffer.from('<a>'.repeat(200_000)), 422, 'DOCUMENT_CONTENT_MISMATCH'],
  [
    'a PNG of four billion pixels',
    Buffer.from('89504e470d0a1a0a0000000d4948445200010000000100000806000000000000000000000049444154000000000000000049454e4400000000', 'hex'),
    422,
    'DOCUMENT_IMAGE_TOO_LARGE',
  ],
  ['a program', Buffer.from('\u007fELF\u0002\u0001\u0001', 'latin1'), 415, 'DOCUMENT_TYPE_REFUSED'],
  ['a page that begins with white space', Buffer.from('\n\n  <!-- x --><html><script>alert(1)</script></html>'), 415, 'DOCUMENT_TYPE_REFUSED'],
  ['a PDF behind a page', Buffer.concat([Buffer.from('<html>'), PDF]), 415, 'DOCUMENT_TYPE_REFUSED'],
  ['a PDF behind zeros', Buffer.concat([Buffer.alloc(1_024), PDF]), 415, 'DOCUMENT_TYPE_REFUSED'],
])('%s', async (_what, content, status, code) => {
  const before = await api.countRows();
  const answer = await api.upload({ content, name: '发票.pdf' });
  expect([answer.statusCode, answer.json().code], answer.body).toEqual([status, code]);
  expect(await api.countRows()).toEqual(before);
});

describe('content and name', () => {
  test.each([
    ['a PDF', PDF, 'image/jpeg'],
    ['a PDF', PDF, 'application/xml'],
    ['an OFD', ofd(), 'application/pdf'],
    ['XML', Buffer.from('<a/>'), 'application/ofd'],
  ])('%s that is declared as another type', async (_what, content, type) => {
    const before = await api.countRows();
    const answer = await api.upload({ content, type });
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'DOCUMENT_CONTENT_MISMATCH']);
    expect(await api.countRows()).toEqual(before);
  });

  test('a PDF that is a page as well is given out as a PDF, to be saved and never run', async () => {
    const polyglot = Buffer.concat([Buffer.from('%PDF-1.4\n%<script>alert(document.domain)</script>\n'), PDF.subarray(9)]);
    const answer = await api.upload({ content: polyglot, name: 'page.html', type: 'text/html' });
    expect([answer.statusCode, answer.json().mediaType], answer.body).toEqual([201, 'application/pdf']);
    const given = await api.call({ url: `/v1/documents/${answer.json().id}/content` });
    expect(given.headers).toMatchObject({
      'content-type': 'application/pdf',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(given.headers['content-disposition']).toMatch(/^attachment;/);
  });

  test.each<[string, string, RegExp]>([
    ['a path', '../../../etc/passwd', /^passwd$/],
    ['a path of another system', String.raw`C:\Windows\win.ini`, /^(win\.ini|C:.Windows.win\.ini)$/],
    ['markup', '<img src=x onerror=alert(1)>.pdf', /onerror/],
    ['text that runs backwards', 'invoice\u202efdp.exe', /exe$/],
  ])('%s in a name is text, and stays out of headers and paths', async (_what, name, kept) => {
    const answer = await api.upload({ content: PDF, name });
    expect(answer.statusCode, answer.body).toBe(201);
    expect(answer.json().fileName).toMatch(kept);
    const given = await api.call({ url: `/v1/documents/${answer.json().id}/content` });
    expect(given.headers['content-disposition']).toMatch(/^attachment; filename\*=UTF-8''[\w.!~*'()%-]+$/);
  });

  test.each([
    ['NUL', 'a.pdf\u0000.exe'],
    ['an escape sequence', '\u001b[2Ja.pdf'],
    ['three hundred characters', `${'x'.repeat(300)}.pdf`],
    ['spaces', '   '],
  ])('%s in a name is refused', async (_what, name) => {
    const before = await api.countRows();
    const answer = await api.upload({ content: PDF, name });
    expect([answer.statusCode, answer.json().code], answer.body).toEqual([400, 'VALIDATION_FAILED']);
    expect(await api.countRows()).toEqual(before);
  });
});

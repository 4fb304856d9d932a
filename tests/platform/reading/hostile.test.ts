import { deflateSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { BILLS } from '#dev/bills/bill.ts';
import { billOfd } from '#dev/bills/ofd.ts';
import { billPdf } from '#dev/bills/pdf.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { readDocument } from '#platform/reading/read-document.ts';
import { openRenderer, type RenderOutcome, type Renderer } from '#platform/render/renderer.ts';
import { lockedPdf, pdf, png, stream } from '../render/files.ts';

const files = openRenderer();
afterAll(() => files.close());

async function look(content: Buffer | string, by: Renderer = files) {
  const { kind, fields, findings } = await readDocument({ files: by }, Buffer.from(content));
  return { kind, found: Object.values(fields).filter(({ value }) => value !== null).length, codes: findings.map(({ code }) => code) };
}
const only = (kind: string, code: string) => ({ kind, found: 0, codes: [code] });

test.each<[string, Buffer | string, string, string]>([
  ['nothing', '', 'UNKNOWN', 'DOCUMENT_EMPTY'],
  ['bytes', Buffer.alloc(5_000, 7), 'UNKNOWN', 'DOCUMENT_TYPE_REFUSED'],
  ['a spreadsheet’s text', '发票号码,金额\n1,2\n', 'UNKNOWN', 'DOCUMENT_TYPE_REFUSED'],
  ['a page for a browser', '<html><script>alert(1)</script></html>', 'XML', 'DOCUMENT_TYPE_REFUSED'],
  ['XML that is cut off', structuredXml(BILLS.outpatient).slice(0, 700), 'XML', 'DOCUMENT_CONTENT_MISMATCH'],
  ['entities that unpack', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><tktextinfo>&b;</tktextinfo>', 'XML', 'DOCUMENT_SUSPICIOUS'],
  [
    'a file that it asks for',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><tktextinfo><psnName>&b;</psnName></tktextinfo>',
    'XML',
    'DOCUMENT_SUSPICIOUS',
  ],
  ['a thousand levels', `${'<a>'.repeat(1_000)}${'</a>'.repeat(1_000)}`, 'XML', 'DOCUMENT_SUSPICIOUS'],
  ['XML about something else', '<note><to>a</to></note>', 'XML', 'DOC_UNREADABLE'],
  ['a PDF behind a password', lockedPdf({ password: 'x' }), 'PDF', 'DOCUMENT_ENCRYPTED'],
  ['a PDF of 500 pages', pdf({ pages: `/Kids [${'3 0 R '.repeat(500)}] /Count 500` }), 'PDF', 'DOCUMENT_TOO_MANY_PAGES'],
  ['a PDF without a page', pdf({ pages: '/Kids [] /Count 0' }), 'PDF', 'DOCUMENT_EMPTY'],
  ['a PDF that runs a script', pdf({ catalogue: '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>' }), 'PDF', 'DOCUMENT_ACTIVE_CONTENT'],
  ['a picture of 400 megapixels', png({ width: 20_000, height: 20_000, data: Buffer.alloc(10) }), 'PNG', 'DOCUMENT_IMAGE_TOO_LARGE'],
  ['a picture that is cut off', png({ width: 100, height: 100 }).subarray(0, 60), 'PNG', 'DOCUMENT_CONTENT_MISMATCH'],
])('%s is a finding', async (_, content, kind, code) => {
  expect(await look(content)).toEqual(only(kind, code));
});

test('an OFD whose bytes were changed, one cut off, one with a bomb in it', async () => {
  const ofd = await billOfd(BILLS.outpatient);
  const changed = Buffer.from(ofd);
  changed[200] = (changed[200] ?? 0) ^ 0xff;
  expect(await look(changed)).toEqual(only('OFD', 'DOCUMENT_CONTENT_MISMATCH'));
  expect(await look(ofd.subarray(0, ofd.length / 2))).toEqual(only('OFD', 'DOCUMENT_CONTENT_MISMATCH'));
  expect(await look(await billOfd(BILLS.outpatient, { attached: `<a>${' '.repeat(30_000_000)}</a>` }))).toEqual(only('OFD', 'DOCUMENT_SUSPICIOUS'));
});

test('the invoice that an OFD carries is passed over where it is built to harm, and its page is read', async () => {
  expect(await look(await billOfd(BILLS.outpatient, { attached: `${'<a>'.repeat(200)}${'</a>'.repeat(200)}` }))).toEqual({ kind: 'OFD', found: 9, codes: [] });
});

test('every prefix of a PDF, and one with a broken page, is a finding or a reading, never an exception', async () => {
  const whole = await billPdf(BILLS.digital);
  for (const part of [0.1, 0.5, 0.9, 0.99])
    expect((await look(whole.subarray(0, Math.floor(whole.length * part)))).codes).toEqual(['DOCUMENT_CONTENT_MISMATCH']);
  const broken = pdf({ page: '/Resources << /Font << /F1 5 0 R >> >>', content: 'BT /F1 12 Tf (no end', more: ['<< /Type /Font /Subtype /Type0 >>'] });
  expect((await look(broken)).found).toBe(0);
  // no word on it: it is handed on as a picture, to a reader that is not there
  expect(await look(pdf())).toEqual({ kind: 'PDF', found: 0, codes: ['DOC_UNREADABLE', 'LETTERS_NOT_READ'] });
  const nonsense = pdf({ content: deflateSync(Buffer.alloc(1_000)).toString('latin1'), more: [stream('', Buffer.from('x'))] });
  expect((await look(nonsense)).found).toBe(0);
});

test('thousands of lines are read, and no more than are taken', async () => {
  const line = '<feeDetl><medListName>床位费</medListName><detItemFeeSumamt>1.00</detItemFeeSumamt></feeDetl>';
  const bill = structuredXml({ ...BILLS.outpatient, amount: '4000.00', lines: [] }).replace('<feeDetlList>', `<feeDetlList>${line.repeat(4_000)}`);
  expect(await look(bill)).toEqual({ kind: 'XML', found: 9, codes: [] });
});

test.each<[string, RenderOutcome]>([
  ['a source that there is none of', { ok: true, data: { drafts: [{ source: 'god', fields: {} }] }, content: Buffer.alloc(0) }],
  [
    'an amount that is none',
    { ok: true, data: { drafts: [{ source: 'xml', fields: {}, lines: { value: [{ amount: 'NaN' }], confidence: 1 } }] }, content: Buffer.alloc(0) },
  ],
  ['a total that is none', { ok: true, data: { drafts: [{ source: 'xml', fields: { amount: { value: '<b>', confidence: 1 } } }] }, content: Buffer.alloc(0) }],
  ['a confidence of 7', { ok: true, data: { drafts: [{ source: 'xml', fields: { number: { value: '1', confidence: 7 } } }] }, content: Buffer.alloc(0) }],
  ['nothing', { ok: true, data: null, content: Buffer.alloc(0) }],
])('a reader that was taken over and says %s is not believed', async (_, outcome) => {
  const taken: Renderer = { run: () => Promise.resolve(outcome), close: () => Promise.resolve() };
  expect(await look(structuredXml(BILLS.outpatient), taken)).toEqual(only('XML', 'DOCUMENT_SUSPICIOUS'));
});

test('a reader that is away is said to be away', async () => {
  const away: Renderer = { run: () => Promise.resolve({ ok: false, code: 'DOCUMENT_READER_UNAVAILABLE' }), close: () => Promise.resolve() };
  expect(await look(structuredXml(BILLS.outpatient), away)).toEqual(only('XML', 'DOCUMENT_READER_UNAVAILABLE'));
});

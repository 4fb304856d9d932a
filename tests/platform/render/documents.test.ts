import { deflateSync } from 'node:zlib';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { afterAll, describe, expect, test } from 'vitest';
import { samplePdf } from '#dev/sample-pdf.ts';
import type { MediaType } from '#platform/media-type.ts';
import { inspectDocument, previewDocument } from '#platform/render/documents.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { HEIC, jpegMarkers, lockedPdf, MARK, pdf, pdfOf, photo, png, pngChunks, stream } from './files.ts';

const renderer = openRenderer();
afterAll(() => renderer.close());

/** What it looks like is another test's. */
async function inspect(content: Uint8Array) {
  const inspected = await inspectDocument(renderer, content);
  if (!inspected.ok) return inspected;
  const { pictureHashes: _, ...rest } = inspected;
  return rest;
}
async function show(mediaType: MediaType, content: Buffer, page = 1): Promise<{ mediaType: string; content: Buffer }> {
  const shown = await previewDocument(renderer, { mediaType, page, content });
  if (!shown.ok) throw new Error(shown.code);
  return shown;
}
/** The colour at a place given in parts of width and height, each channel rounded to 0, 1 or 2 halves. */
async function colours(content: Buffer, places: readonly (readonly [number, number])[]): Promise<{ size: number[]; at: string[] }> {
  const image = await loadImage(content);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const names: Record<string, string> = { '200': 'red', '002': 'blue', '000': 'black', '222': 'white' };
  const at = places.map(([x, y]) => {
    const { data } = context.getImageData(Math.floor(image.width * x), Math.floor(image.height * y), 1, 1);
    const key = [...data.subarray(0, 3)].map((channel) => Math.round(channel / 128)).join('');
    return names[key] ?? key;
  });
  return { size: [image.width, image.height], at };
}

const action = (what: string): string => `/OpenAction << /Type /Action ${what} >>`;
const link = (what: string): Parameters<typeof pdf>[0] => ({
  page: '/Annots [5 0 R]',
  more: [`<< /Type /Annot /Subtype /Link /Rect [0 0 100 100] /A << ${what} >> >>`],
});
const packed = (object: string): Buffer => stream('/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode', deflateSync(Buffer.from(`9 0  ${object}`)));

describe('a PDF', () => {
  test.each<[string, Uint8Array, number, string[]]>([
    ['of one page', samplePdf('invoice'), 1, []],
    ['of a hundred pages', pdf({ pages: `/Kids [${'3 0 R '.repeat(100)}] /Count 100` }), 100, []],
    ['that is locked against changes', lockedPdf({ password: '' }), 1, ['RESTRICTED']],
    ['with a link', pdf(link('/S /URI /URI (https://example.com)')), 1, []],
    [
      'that carries its data along, as electronic vouchers do',
      pdf({
        catalogue: '/Names << /EmbeddedFiles << /Names [(a.xml) 5 0 R] >> >>',
        more: ['<< /Type /Filespec /F (a.xml) /UF (a.xml) /EF << /F 6 0 R >> >>', stream('/Type /EmbeddedFile', Buffer.from('<a/>'))],
      }),
      1,
      ['EMBEDDED_FILES'],
    ],
  ])('%s is taken', async (_what, content, pages, notes) => {
    expect(await inspect(content)).toEqual({ ok: true, mediaType: 'application/pdf', pages, notes });
  });

  test.each<[string, Buffer, string]>([
    ['without a page', pdf({ pages: '/Kids [] /Count 0' }), 'DOCUMENT_EMPTY'],
    ['of 101 pages', pdf({ pages: `/Kids [${'3 0 R '.repeat(101)}] /Count 101` }), 'DOCUMENT_TOO_MANY_PAGES'],
    ['that opens with a password alone', lockedPdf({ password: 'secret' }), 'DOCUMENT_ENCRYPTED'],
    ['that runs a script when it is opened', pdf({ catalogue: action('/S /JavaScript /JS (app.alert(1))') }), 'DOCUMENT_ACTIVE_CONTENT'],
    ['that hides how the action is called', pdf({ catalogue: action('/S /J#61vaScr#69pt /JS (app.alert(1))') }), 'DOCUMENT_ACTIVE_CONTENT'],
    ['that says it elsewhere', pdf({ catalogue: '/OpenAction 5 0 R', more: ['<< /S 6 0 R /JS (app.alert(1)) >>', '/JavaScript'] }), 'DOCUMENT_ACTIVE_CONTENT'],
    ['whose page has a script', pdf({ page: '/AA << /O << /S /JavaScript /JS (app.alert(1)) >> >>' }), 'DOCUMENT_ACTIVE_CONTENT'],
    ['that launches a program', pdf(link('/S /Launch /F (cmd.exe)')), 'DOCUMENT_ACTIVE_CONTENT'],
    ['that packs its action away', pdf({ more: [packed('<< /S /Launch /F (cmd.exe) >>')] }), 'DOCUMENT_ACTIVE_CONTENT'],
    ['with a film', pdf({ page: '/Annots [5 0 R]', more: ['<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>'] }), 'DOCUMENT_ACTIVE_CONTENT'],
    [
      'with a form that draws itself',
      pdf({ catalogue: '/AcroForm << /Fields [] /XFA 5 0 R >>', more: [stream('', Buffer.from('<xdp/>'))] }),
      'DOCUMENT_ACTIVE_CONTENT',
    ],
    ['cut off in the middle', pdf().subarray(0, 300), 'DOCUMENT_CONTENT_MISMATCH'],
    ['of nothing but a frame', Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n'), 'DOCUMENT_CONTENT_MISMATCH'],
    ['whose catalogue is its own page', pdfOf(['<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] /Count 1 >>']), 'DOCUMENT_CONTENT_MISMATCH'],
    [
      'whose objects unpack to too much',
      pdf({ more: [stream('/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode', deflateSync(Buffer.alloc(65 * 1024 * 1024), { level: 1 }))] }),
      'DOCUMENT_SUSPICIOUS',
    ],
  ])('%s is refused', async (_what, content, code) => {
    expect(await inspect(content)).toMatchObject({ ok: false, code });
  });

  test('that claims a million pages is not believed', async () => {
    const claimed = await inspect(pdf({ pages: '/Kids [3 0 R] /Count 1000000' }));
    expect(claimed).toEqual({ ok: true, mediaType: 'application/pdf', pages: 1, notes: [] });
  });

  test('nested without end does no harm', async () => {
    const deep = await inspect(pdf({ catalogue: '/Deep 5 0 R', more: ['['.repeat(1_000_000)] }));
    expect(deep.ok || deep.code.startsWith('DOCUMENT_')).toBe(true);
    expect(await inspect(pdf())).toMatchObject({ ok: true });
  });

  test('is shown page by page', async () => {
    const two = pdfOf([
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 6 0 R >>',
      stream('', Buffer.from('1 0 0 rg 0 421 300 421 re f')),
      stream('', Buffer.from('0 0 1 rg 0 0 200 200 re f')),
    ]);
    const places = [
      [0.1, 0.1],
      [0.9, 0.9],
    ] as const;
    const first = await show('application/pdf', two);
    expect([first.mediaType, await colours(first.content, places)]).toEqual(['image/jpeg', { size: [1413, 2000], at: ['red', 'white'] }]);
    expect(await colours((await show('application/pdf', two, 2)).content, places)).toEqual({ size: [2000, 1000], at: ['blue', 'white'] });
    for (const page of [0, 3, 1.5]) {
      expect(await previewDocument(renderer, { mediaType: 'application/pdf', page, content: two })).toMatchObject({
        code: 'DOCUMENT_PAGE_UNKNOWN',
        params: { pages: 2 },
      });
    }
  });

  test('whose drawing never ends is given up', async () => {
    // each form draws the next one ten times: 10^12 squares
    const forms = Array.from({ length: 12 }, (_, level) =>
      stream(`/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F ${level + 6} 0 R >> >>`, Buffer.from('/F Do '.repeat(10))),
    );
    const endless = pdf({
      page: '/Resources << /XObject << /F 5 0 R >> >>',
      content: '/F Do',
      more: [...forms, stream('/Type /XObject /Subtype /Form /BBox [0 0 9 9]', Buffer.from('0 0 9 9 re f'))],
    });
    const limited = openRenderer({ limits: { cpuSeconds: 2 } });
    const outcome = await previewDocument(limited, { mediaType: 'application/pdf', page: 1, content: endless });
    await limited.close();
    expect(outcome).toMatchObject({ ok: false, code: 'DOCUMENT_SUSPICIOUS' });
  });

  test('with a picture of 900 megapixels is shown without it', async () => {
    const image = stream(
      '/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /FlateDecode',
      deflateSync(Buffer.alloc((30_000 / 8) * 30_000), { level: 1 }),
    );
    const bomb = pdf({ page: '/Resources << /XObject << /I 5 0 R >> >>', content: '595 0 0 842 0 0 cm /I Do', more: [image] });
    expect((await colours((await show('application/pdf', bomb)).content, [[0.5, 0.5]])).at).toEqual(['white']);
  });
});

describe('a picture', () => {
  test.each([
    [1, [40, 20], ['red', 'blue']],
    [3, [40, 20], ['blue', 'red']],
    [6, [20, 40], ['red', 'blue']],
    [8, [20, 40], ['blue', 'red']],
  ])('turned by EXIF (%i) is shown upright, and nothing of what it carries along', async (orientation, size, at) => {
    const original = photo({ orientation });
    expect(jpegMarkers(original).filter((marker) => marker === 'e1' || marker === 'fe' || marker === 'ed')).toEqual(['e1', 'e1', 'ed', 'fe']);
    expect(await inspect(original)).toEqual({ ok: true, mediaType: 'image/jpeg', pages: 1, notes: [] });
    const { mediaType, content } = await show('image/jpeg', original);
    expect(mediaType).toBe('image/jpeg');
    expect(
      await colours(content, [
        [0.1, 0.1],
        [0.9, 0.9],
      ]),
    ).toEqual({ size, at });
    // JFIF, the canvas's own colour profile, quantisation, frame, Huffman: no EXIF, XMP, IPTC or comment
    expect(jpegMarkers(content).filter((marker) => !['e0', 'e2', 'db', 'c0', 'c4'].includes(marker))).toEqual([]);
    for (const trace of [MARK, 'Exif', 'GPS', 'xmpmeta', 'Photoshop', 'appended']) expect(content.includes(trace), trace).toBe(false);
  });

  test('in HEIC is decoded, without what it carries along', async () => {
    expect(HEIC.includes('GEHEIM')).toBe(true);
    expect(await inspect(HEIC)).toEqual({ ok: true, mediaType: 'image/heic', pages: 1, notes: [] });
    const { mediaType, content } = await show('image/heic', HEIC);
    expect([
      mediaType,
      await colours(content, [
        [0.1, 0.5],
        [0.9, 0.5],
      ]),
    ]).toEqual(['image/jpeg', { size: [48, 32], at: ['blue', 'red'] }]);
    expect([jpegMarkers(content).includes('e1'), content.includes('GEHEIM')]).toEqual([false, false]);
  });

  test('in PNG stays one, is made small enough, and loses its texts', async () => {
    const text = Buffer.from(`Comment\0${MARK}`);
    const original = png({
      width: 5_000,
      height: 100,
      chunks: [
        ['tEXt', text],
        ['eXIf', Buffer.from(`II*\0${MARK}`)],
        ['tIME', Buffer.alloc(7, 1)],
      ],
    });
    const { mediaType, content } = await show('image/png', original);
    expect([mediaType, await colours(content, [[0.5, 0.5]])]).toEqual(['image/png', { size: [2_000, 40], at: ['black'] }]);
    expect(pngChunks(content).filter((type) => !['IHDR', 'IDAT', 'IEND', 'sRGB', 'sBIT', 'gAMA', 'cHRM'].includes(type))).toEqual([]);
    expect(content.includes(MARK)).toBe(false);
  });

  test.each<[string, Buffer, string]>([
    ['of 30 000 by 30 000 in one colour', png({ width: 30_000, height: 30_000, data: Buffer.alloc(1_000) }), 'DOCUMENT_IMAGE_TOO_LARGE'],
    ['cut off in its scan', photo().subarray(0, 700), 'DOCUMENT_CONTENT_MISMATCH'],
    [
      'of a header and noise',
      Buffer.concat([photo().subarray(0, 800), Buffer.from('ffda0008010100003f00', 'hex'), Buffer.alloc(500, 3), Buffer.from('ffd9', 'hex')]),
      'DOCUMENT_CONTENT_MISMATCH',
    ],
    ['in HEIC cut off', HEIC.subarray(0, 500), 'DOCUMENT_CONTENT_MISMATCH'],
  ])('%s is refused', async (_what, content, code) => {
    expect(await inspect(content)).toMatchObject({ ok: false, code });
  });
});

test('XML is shown as text, in which nothing can hide', async () => {
  const original = Buffer.from('<?xml version="1.0"?>\n<a onclick="alert(1)">张三\u202eabc\u0085\u200b<script>1</script></a>');
  expect(await inspect(original)).toEqual({ ok: true, mediaType: 'application/xml', pages: null, notes: [] });
  const { mediaType, content } = await show('application/xml', original);
  expect([mediaType, content.toString()]).toEqual([
    'text/plain',
    '<?xml version="1.0"?>\n<a onclick="alert(1)">张三\\u{202e}abc\\u{85}\\u{200b}<script>1</script></a>',
  ]);
});

test('of OFD there is no picture, and it says so', async () => {
  expect(await previewDocument(renderer, { mediaType: 'application/ofd', page: 1, content: Buffer.from('PK') })).toEqual({
    ok: false,
    code: 'DOCUMENT_NOT_SHOWN',
  });
});

import { afterAll, expect, test } from 'vitest';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { BILLS } from '#dev/bills/bill.ts';
import { billPhoto } from '#dev/bills/picture.ts';
import { openLetterReader } from '#platform/reading/letters.ts';
import { readDocument, type Readers } from '#platform/reading/read-document.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { pdf, stream } from '../render/files.ts';

const files = openRenderer();
const letters = openLetterReader();
afterAll(() => Promise.all([files.close(), letters?.close()]));

async function look(readers: Readers, content: Buffer) {
  const { kind, fields, findings } = await readDocument(readers, content);
  const said = Object.entries(fields).flatMap(([name, { value, source }]) => (typeof value === 'string' ? [[name, `${value} (${source})`] as const] : []));
  return { kind, said: Object.fromEntries(said), amounts: fields.lines.value?.map(({ amount }) => amount), codes: findings.map(({ code }) => code) };
}

test('a photograph that is askew and noisy: its QR code, and its letters for what the code has not', async () => {
  expect(await look({ files, letters }, await billPhoto(BILLS.outpatient))).toEqual({
    kind: 'JPEG',
    said: {
      ...{ type: '1 (qr)', code: '13060126 (qr)', number: '0004512783 (qr)', checkCode: 'k7f2x9 (qr)', date: '2026-03-05 (qr)', amount: '386.45 (qr)' },
      ...{ payer: '陈晓梅 (ocr)', hospital: '石家庄市长安康宁医院 (ocr)' },
    },
    amounts: ['12.00', '145.60', '60.00', '138.85', '30.00'],
    codes: [],
  });
});

test('a QR code that is smeared over: the letters alone, twisted the other way', async () => {
  expect(await look({ files, letters }, await billPhoto(BILLS.inpatient, { smeared: true, skew: -4 }))).toEqual({
    kind: 'JPEG',
    said: {
      ...{ type: '1 (ocr)', code: '13060226 (ocr)', number: '0000098317 (ocr)', checkCode: '3d80qa (ocr)', date: '2026-06-18 (ocr)', amount: '12606.09 (ocr)' },
      ...{ payer: '欧阳建国 (ocr)', hospital: '廊坊市安次区仁和医院 (ocr)' },
    },
    amounts: ['350.00', '4820.15', '2400.00', '3135.94', '1900.00'],
    codes: [],
  });
});

test('without a reader of letters the QR code is what there is; a smeared one is nothing', async () => {
  const { said, codes } = await look({ files }, await billPhoto(BILLS.digital));
  expect(said).toEqual({ type: '3 (qr)', number: '26132000000048215097 (qr)', date: '2026-01-09 (qr)', amount: '1058.50 (qr)' });
  expect(codes).toEqual(['LETTERS_NOT_READ']);
  expect(await look({ files }, await billPhoto(BILLS.digital, { smeared: true }))).toMatchObject({ said: {}, codes: ['DOC_UNREADABLE', 'LETTERS_NOT_READ'] });
});

test('a photograph that lies on its side, and one that stands on its head', async () => {
  for (const skew of [92, 180]) {
    const { said } = await look({ files, letters }, await billPhoto(BILLS.outpatient, { skew, noise: 15, smeared: true }));
    expect([skew, said]).toMatchObject([skew, { code: '13060126 (ocr)', number: '0004512783 (ocr)', amount: '386.45 (ocr)', payer: '陈晓梅 (ocr)' }]);
  }
});

test('a PDF that is a scan', async () => {
  const photo = await billPhoto(BILLS.outpatient, { skew: 0.5, smeared: true });
  const { width, height } = await loadImage(photo);
  const image = stream(`/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`, photo);
  const scan = pdf({
    page: '/Resources << /XObject << /I 5 0 R >> >>',
    content: `595 0 0 ${Math.round((595 * height) / width)} 0 200 cm /I Do`,
    more: [image],
  });
  expect(await look({ files, letters }, scan)).toMatchObject({
    kind: 'PDF',
    said: { number: '0004512783 (ocr)', amount: '386.45 (ocr)', payer: '陈晓梅 (ocr)' },
  });
});

test('a picture of nothing', async () => {
  const canvas = createCanvas(300, 200);
  expect(await look({ files, letters }, canvas.toBuffer('image/png'))).toEqual({ kind: 'PNG', said: {}, amounts: undefined, codes: ['DOC_UNREADABLE'] });
});

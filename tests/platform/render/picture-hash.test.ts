import { createCanvas, type Canvas } from '@napi-rs/canvas';
import { afterAll, describe, expect, test } from 'vitest';
import { redraw, type Redrawing } from '#dev/redraw-picture.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { inspectDocument } from '#platform/render/documents.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { HEIC, pdfOf, stream } from './files.ts';

const renderer = openRenderer();
afterAll(() => renderer.close());

async function hashes(content: Uint8Array): Promise<string[]> {
  const inspected = await inspectDocument(renderer, content);
  if (!inspected.ok) throw new Error(inspected.code);
  return inspected.pictureHashes;
}

/** A paper on a desk; `seed` says what is on it and how it lies there. */
function photo(seed: number): Canvas {
  let state = seed;
  const next = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const canvas = createCanvas(800, 1_100);
  const context = canvas.getContext('2d');
  context.fillStyle = '#665544';
  context.fillRect(0, 0, 800, 1_100);
  context.translate(60 + 60 * next(), 60 + 60 * next());
  context.rotate(0.1 * next());
  context.fillStyle = 'white';
  context.fillRect(0, 0, 600, 900);
  context.fillStyle = 'black';
  for (let row = 0; row < 12; row += 1) context.fillRect(40 + 200 * next(), 40 + 70 * row, 60 + 280 * next(), 10 + 40 * next());
  return canvas;
}

const drawn = (source: Canvas, how: Redrawing): Buffer => redraw(source, { quality: 70, background: '#665544', ...how });

/** bits between a picture and the nearest that another one is looked for by */
function distance(own: readonly string[], sought: readonly string[]): number {
  const apart = (a: string, b: string): number => (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;
  return Math.min(...sought.map((hash) => apart(own[0] ?? '', hash)));
}

describe('what a picture looks like', () => {
  const original = photo(7);
  test.each<[string, Redrawing]>([
    ['compressed again', {}],
    ['at half its size', { scale: 0.5 }],
    ['half as large again', { scale: 1.5 }],
    ['darker', { light: 0.8 }],
    ['lighter', { light: 1.1 }],
    ['cropped by 1 % on each side', { crop: 0.01 }],
    ['cropped by 2 %', { crop: 0.02 }],
    ['turned by a degree', { degrees: 1 }],
  ])('is still the same %s: three bits apart at most', async (_, change) => {
    const own = await hashes(original.toBuffer('image/png'));
    expect(own[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(distance(own, await hashes(drawn(original, change)))).toBeLessThanOrEqual(3);
  });

  test('is something else for another paper', async () => {
    const own = await hashes(original.toBuffer('image/jpeg', 90));
    for (const seed of [8, 9, 10, 11]) expect(distance(own, await hashes(photo(seed).toBuffer('image/jpeg', 90)))).toBeGreaterThan(3);
  });

  test('is nothing for a blank page', async () => {
    const blank = createCanvas(600, 800);
    blank.getContext('2d').fillStyle = '#fafafa';
    blank.getContext('2d').fillRect(0, 0, 600, 800);
    expect(await hashes(blank.toBuffer('image/jpeg', 80))).toEqual([]);
  });

  test('is known of HEIC', async () => expect((await hashes(HEIC)).length).toBeGreaterThan(1));

  test('of a PDF is that of its first page where this is a scan, and nothing where it has text', async () => {
    const jpeg = original.toBuffer('image/jpeg', 90);
    const scan = pdfOf([
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 550] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
      stream('', Buffer.from('q 400 0 0 550 0 0 cm /I Do Q')),
      stream('/Type /XObject /Subtype /Image /Width 800 /Height 1100 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode', jpeg),
    ]);
    expect(distance(await hashes(jpeg), await hashes(scan))).toBeLessThanOrEqual(3);
    expect(await hashes(samplePdf('invoice'))).toEqual([]);
  });
});

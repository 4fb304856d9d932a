import { createCanvas, loadImage, type Canvas, type Image } from '@napi-rs/canvas';
import { PICTURE_DISTANCE } from '#domain/claim/duplicates.ts';
import { pictureHashes } from '#platform/render/picture-hash.ts';
import { redraw, type Redrawing } from '../redraw-picture.ts';
import { round } from './stats.ts';

const WIDTH = 1_000;
const HEIGHT = 1_400;

/** Shares: of the variants of a picture that are known again, and of pairs of different papers that are taken for one. */
export type PictureRecall = { pictures: number; recall: Record<string, number>; falsePapers: number; falseScansOfOneForm: number };

/** Numbers between 0 and 1, the same for the same seed. */
function sequence(seed: number): () => number {
  let state = (seed * 7_919 + 13) % 2_147_483_647;
  const next = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  for (let n = 0; n < 5; n += 1) next();
  return next;
}

/** An invoice: `form` says how it is laid out, `filled` what stands on it. Flat like a scan or a screenshot, or as it lies on a desk. */
function paper({ form, filled, onDesk }: { form: number; filled: number; onDesk: boolean }): Canvas {
  const [laid, says] = [sequence(form), sequence(filled + 10_000)];
  const canvas = createCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  if (onDesk) {
    const desk = context.createLinearGradient(0, 0, WIDTH * says(), HEIGHT * says());
    desk.addColorStop(0, `rgb(${80 + 100 * says()}, ${80 + 100 * says()}, ${70 + 100 * says()})`);
    desk.addColorStop(1, `rgb(${40 + 60 * says()}, ${40 + 60 * says()}, ${40 + 60 * says()})`);
    context.fillStyle = desk;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.translate(60 + 80 * says(), 60 + 120 * says());
    context.rotate((says() - 0.5) * 0.2);
    context.scale(0.72 + 0.12 * says(), 0.72 + 0.12 * says());
  }
  context.fillStyle = 'white';
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = 'black';
  context.strokeStyle = '#aa0000';
  context.lineWidth = 3;
  context.font = '40px sans-serif';
  context.fillText('MEDICAL INVOICE', 150 + 300 * laid(), 100);
  const rows = 6 + Math.floor(laid() * 12);
  const top = 200 + 100 * laid();
  for (let row = 0; row <= rows; row += 1) context.strokeRect(60, top + row * 60, 880, 0);
  for (let column = 0; column < 4; column += 1) context.strokeRect(60 + 880 * laid(), top, 0, rows * 60);
  context.font = '26px sans-serif';
  for (let row = 0; row < 2 + Math.floor((rows - 2) * says()); row += 1) {
    context.fillText(`item ${Math.floor(says() * 1e9).toString(36)}`, 80, top + row * 60 + 40);
    for (const x of [500, 780]) context.fillText((says() * 1_000).toFixed(2), x, top + row * 60 + 40);
  }
  context.fillText(`No ${Math.floor(says() * 1e10)}`, 600, 160);
  context.beginPath();
  context.arc(700 + 100 * laid(), 1_150 + 50 * laid(), 90, 0, 7);
  context.stroke();
  return canvas;
}

const CHANGES: Record<string, Redrawing> = {
  ...{ 'JPEG 30': { quality: 30 }, 'JPEG 60': { quality: 60 }, '50 %': { scale: 0.5 }, '75 %': { scale: 0.75 }, '150 %': { scale: 1.5 } },
  ...{ darker: { light: 0.8 }, lighter: { light: 1.2 }, 'cropped 1 %': { crop: 0.01 }, 'cropped 2 %': { crop: 0.02 }, 'turned 1°': { degrees: 1 } },
};

const changed = async (source: Image, how: Redrawing): Promise<Image> => loadImage(redraw(source, how));

const original = async (about: Parameters<typeof paper>[0]): Promise<Image> => loadImage(paper(about).toBuffer('image/jpeg', 90));

/** Whether the claim with `sought` would find the one that has `own`. */
function isFound(own: readonly string[], sought: readonly string[]): boolean {
  const apart = (a: string, b: string): number => (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;
  return sought.some((hash) => apart(own[0] ?? '', hash) <= PICTURE_DISTANCE);
}

const shareOfPairs = (hashes: readonly (readonly string[])[]): number => {
  const pairs = hashes.flatMap((own, index) => hashes.slice(0, index).map((earlier) => isFound(earlier, own)));
  return round(pairs.filter(Boolean).length / pairs.length, 3);
};

/** How well a picture is known again, over made-up invoices: half of them flat, half photographed. */
export async function measurePictureRecall({ pictures }: { pictures: number }): Promise<PictureRecall> {
  const hashes: string[][] = [];
  const found: Record<string, number> = Object.fromEntries(Object.keys(CHANGES).map((name) => [name, 0]));
  for (let n = 0; n < pictures; n += 1) {
    const source = await original({ form: n, filled: n, onDesk: n % 2 === 1 });
    const own = pictureHashes({ source });
    hashes.push(own);
    for (const [name, change] of Object.entries(CHANGES)) {
      if (isFound(own, pictureHashes({ source: await changed(source, change) }))) found[name] = (found[name] ?? 0) + 1;
    }
  }
  const ofOneForm: string[][] = [];
  for (let n = 0; n < pictures; n += 1) ofOneForm.push(pictureHashes({ source: await original({ form: 1, filled: n, onDesk: false }) }));
  return {
    pictures,
    recall: Object.fromEntries(Object.entries(found).map(([name, count]) => [name, round(count / pictures)])),
    falsePapers: shareOfPairs(hashes),
    falseScansOfOneForm: shareOfPairs(ofOneForm),
  };
}

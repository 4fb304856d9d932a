import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import type { Picture } from './image.ts';

/** A picture is compared as 32 × 32 means of grey; of the waves that make these up, the 64 slowest say what it looks like from afar. */
const CELLS = 32;
const CELL = 16;
const SIDE = CELLS * CELL;
/** Where grey (of 255) deviates less from its mean, there is nothing to be seen: the signs of the waves would be noise. */
const BLANK = 1.5;
/** A hair's breadth, of a side and in degrees: what is lost at the edges, or turned, when a paper is taken a second time. */
const MARGIN = 0.02;
const DEGREE = Math.PI / 180;

type Drawing = (context: SKRSContext2D, source: Picture['source']) => void;
const inset = (by: number): Drawing => {
  return (context, source) => context.drawImage(source, SIDE * by, SIDE * by, SIDE * (1 - 2 * by), SIDE * (1 - 2 * by));
};
const turned = (by: number): Drawing => {
  return (context, source) => {
    context.translate(SIDE / 2, SIDE / 2);
    context.rotate(by);
    context.translate(-SIDE / 2, -SIDE / 2);
    context.drawImage(source, 0, 0, SIDE, SIDE);
  };
};
/** Each over the whole picture, so that no edge stays empty. The first is the picture itself. */
const DRAWINGS: readonly Drawing[] = [...[0, -MARGIN / 2, MARGIN / 2, -MARGIN, MARGIN].map(inset), ...[-DEGREE, -DEGREE / 2, DEGREE / 2, DEGREE].map(turned)];

/**
 * What the picture looks like: 64 bits, as 16 hexadecimal digits, that hardly change when it is compressed again, scaled, made lighter or darker. First of the picture
 * itself, then of how it would be cropped, with a wider margin, or turned a little: another copy is looked for by all of them. Empty where nothing can be seen.
 */
export function pictureHashes({ source }: Pick<Picture, 'source'>): string[] {
  const [own, ...others] = DRAWINGS.map((drawing) => greyMeans(source, drawing));
  if (!own || deviation(own) < BLANK) return [];
  return [...new Set([own, ...others].map(hashOf))];
}

function greyMeans(source: Picture['source'], draw: Drawing): number[] {
  const canvas = createCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, SIDE, SIDE);
  draw(context, source);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const means = Array.from({ length: CELLS ** 2 }, () => 0);
  for (let pixel = 0; pixel < SIDE ** 2; pixel += 1) {
    const cell = Math.floor(pixel / SIDE / CELL) * CELLS + Math.floor((pixel % SIDE) / CELL);
    const [red, green, blue] = [data[4 * pixel] ?? 0, data[4 * pixel + 1] ?? 0, data[4 * pixel + 2] ?? 0];
    means[cell] = (means[cell] ?? 0) + (0.299 * red + 0.587 * green + 0.114 * blue) / CELL ** 2;
  }
  return means;
}

function deviation(grey: readonly number[]): number {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  return Math.sqrt(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length);
}

/** [across, down] of the 64 slowest waves, the constant one left out. */
const WAVES = Array.from({ length: 12 ** 2 }, (_, index) => [index % 12, Math.floor(index / 12)] as const)
  .filter(([across, down]) => across + down > 0)
  .toSorted(([a, b], [c, d]) => a + b - (c + d) || a - c)
  .slice(0, 64);
const COSINES = Array.from({ length: 12 }, (_, wave) => Array.from({ length: CELLS }, (__, at) => Math.cos((Math.PI * wave * (2 * at + 1)) / (2 * CELLS))));

/** The sign of each wave. */
function hashOf(grey: readonly number[]): string {
  let hash = 0n;
  for (const [across, down] of WAVES) {
    let wave = 0;
    for (const [index, value] of grey.entries()) wave += value * (COSINES[across]?.[index % CELLS] ?? 0) * (COSINES[down]?.[Math.floor(index / CELLS)] ?? 0);
    hash = (hash << 1n) | (wave > 0 ? 1n : 0n);
  }
  return hash.toString(16).padStart(16, '0');
}

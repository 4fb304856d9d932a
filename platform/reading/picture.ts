import { createCanvas, type Canvas, type Image } from '@napi-rs/canvas';
import type { Draft } from '#domain/invoice/reading.ts';
import { sniffMediaType } from '../media-type.ts';
import { decodeImage } from '../render/image.ts';
import type { TaskAnswer, TaskInput } from '../render/serve.ts';
import { readQrCodes } from './qr.ts';

/** The longer side for codes: as large as it is useful for small ones, then smaller, which evens out noise. For letters more pixels cost time and bring nothing. */
const CODE_SIDES = [3_000, 1_300, 900];
const LETTER_SIDE = 1_600;

/** Its QR codes, and the picture drawn anew for the reader of letters, which never sees the file itself. */
export async function readImage({ content }: TaskInput): Promise<TaskAnswer> {
  const sniffed = await sniffMediaType(content);
  if (!sniffed.ok) return sniffed;
  const image = await decodeImage(sniffed.mediaType, content);
  if (!image.ok) return image;
  return { ok: true, data: { drafts: await readCodes(image) }, content: forLetters(image) };
}

/** The codes of a picture at the first size at which there are any. */
export async function readCodes(image: { source: Canvas | Image; width: number; height: number }): Promise<Draft[]> {
  for (const side of CODE_SIDES) {
    const drafts = await readQrCodes(pixelsOf(drawn(image, side)));
    if (drafts.length > 0) return drafts;
  }
  return [];
}

export function forLetters(image: { source: Canvas | Image; width: number; height: number }): Buffer {
  return drawn(image, LETTER_SIDE).toBuffer('image/png');
}

function pixelsOf(canvas: Canvas): { data: Uint8ClampedArray; width: number; height: number } {
  const { width, height } = canvas;
  return { data: canvas.getContext('2d').getImageData(0, 0, width, height).data, width, height };
}

/** On white, because a transparent ground is black to whoever reads it. */
function drawn({ source, width, height }: { source: Canvas | Image; width: number; height: number }, side: number): Canvas {
  const ratio = Math.min(1, side / Math.max(width, height));
  const canvas = createCanvas(Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio)));
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

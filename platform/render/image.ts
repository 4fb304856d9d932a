import { createCanvas, loadImage, type Canvas, type Image } from '@napi-rs/canvas';
import { refuse, type Refusal } from '#domain/errors.ts';
import { imageSizeOk } from '../image-structure.ts';
import { decodeHeic } from './heic.ts';

/** Pixels, turned the way they are to be looked at. */
export type Picture = { ok: true; source: Canvas | Image; width: number; height: number };

/** The longer side of what is shown. */
export const SHOWN_SIDE = 2_000;
const JPEG_QUALITY = 88;

/** The size has been read from the header before: this is what takes four bytes for every pixel. */
export async function decodeImage(mediaType: unknown, content: Buffer): Promise<Picture | Refusal> {
  if (mediaType === 'image/heic') return decodeHeic(content);
  try {
    const source = await loadImage(content);
    const { width, height } = source;
    const size = imageSizeOk({ width, height });
    return size.ok ? { ok: true, source, width, height } : size;
  } catch {
    return refuse('DOCUMENT_CONTENT_MISMATCH', { detail: 'the picture cannot be decoded' });
  }
}

/** Pixels on a new canvas, no larger than `SHOWN_SIDE`, and encoded: whatever else was in the file (place, time, device, comments, thumbnails) stays behind. */
export function encodeWithin(
  { source, width, height }: Omit<Picture, 'ok'>,
  mediaType: 'image/jpeg' | 'image/png',
): { data: { mediaType: string }; content: Buffer } {
  const ratio = Math.min(1, SHOWN_SIDE / Math.max(width, height));
  const canvas = createCanvas(Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio)));
  const context = canvas.getContext('2d');
  if (mediaType === 'image/jpeg') {
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return { data: { mediaType }, content: encode(canvas, mediaType) };
}

export const encode = (canvas: Canvas, mediaType: 'image/jpeg' | 'image/png'): Buffer =>
  mediaType === 'image/jpeg' ? canvas.toBuffer('image/jpeg', JPEG_QUALITY) : canvas.toBuffer('image/png');

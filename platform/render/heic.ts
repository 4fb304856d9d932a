import { createCanvas } from '@napi-rs/canvas';
import { refuse, type Refusal } from '#domain/errors.ts';
import { imageSizeOk } from '../image-structure.ts';
import type { Picture } from './image.ts';

/** What phones of one maker take by default. The decoder is loaded for these files alone; it runs in WebAssembly, so that a fault in it stays in its own memory. */
export async function decodeHeic(content: Buffer): Promise<Picture | Refusal> {
  const { default: libheif } = await import('libheif-js/wasm-bundle.js');
  const images = new libheif.HeifDecoder().decode(content);
  const image = images.find((each) => each.is_primary()) ?? images[0];
  if (!image) return unreadable();
  const [width, height] = [image.get_width(), image.get_height()];
  const size = imageSizeOk({ width, height });
  if (!size.ok) return size;
  const source = createCanvas(width, height);
  const context = source.getContext('2d');
  const pixels = context.createImageData(width, height);
  const shown = await new Promise<unknown>((resolve) => image.display(pixels, resolve));
  if (!shown) return unreadable();
  context.putImageData(pixels, 0, 0);
  return { ok: true, source, width, height };
}

const unreadable = (): Refusal => refuse('DOCUMENT_CONTENT_MISMATCH', { detail: 'the picture cannot be decoded' });

import { createCanvas, type Canvas, type Image } from '@napi-rs/canvas';

export type Redrawing = { quality?: number; scale?: number; crop?: number; degrees?: number; light?: number; background?: string };

/** A picture as it comes back: compressed again, scaled, cropped on each side, turned, lighter or darker; as a JPEG. */
export function redraw(source: Canvas | Image, { quality = 85, scale = 1, crop = 0, degrees = 0, light = 1, background = 'white' }: Redrawing): Buffer {
  const [width, height] = [source.width * scale, source.height * scale];
  const canvas = createCanvas(Math.round(width * (1 - 2 * crop)), Math.round(height * (1 - 2 * crop)));
  const context = canvas.getContext('2d');
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.filter = `brightness(${light})`;
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((degrees * Math.PI) / 180);
  context.drawImage(source, -width / 2, -height / 2, width, height);
  return canvas.toBuffer('image/jpeg', quality);
}

import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts, type Canvas } from '@napi-rs/canvas';
import { qrTextOf, type Bill } from './bill.ts';
import { layoutOf, type Layout } from './layout.ts';
import { qrModules } from './qr.ts';

/** Machines need not have a Chinese font: this one comes as a package. */
const FONT = '@fontsource/zcool-xiaowei/files/zcool-xiaowei-chinese-simplified-400-normal.woff2';
const FAMILY = 'Bill';

export type Photo = {
  /** how askew, in degrees */
  skew?: number;
  /** the widest that a channel is off, of 255 */
  noise?: number;
  /** JPEG, of 100 */
  quality?: number;
  /** whether its QR code is smeared over */
  smeared?: boolean;
  layout?: typeof layoutOf;
};

/** The bill's page as somebody photographs it with a phone: askew, unevenly lit, with noise, on a dark table. The same bill makes the same picture each time. */
export async function billPhoto(bill: Bill, { skew = 2.5, noise = 40, quality = 70, smeared = false, layout = layoutOf }: Photo = {}): Promise<Buffer> {
  const page = await draw(layout(bill), qrTextOf(bill), { scale: 8, smeared });
  const isOnItsSide = Math.abs(Math.sin((skew * Math.PI) / 180)) > 0.7;
  const [width, height] = isOnItsSide ? [page.height, page.width] : [page.width, page.height];
  const canvas = createCanvas(Math.round(width * 1.1), Math.round(height * 1.2));
  const context = canvas.getContext('2d');
  context.fillStyle = '#6b6258';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((skew * Math.PI) / 180);
  context.drawImage(page, -page.width / 2, -page.height / 2);
  context.resetTransform();
  const shade = context.createLinearGradient(0, 0, canvas.width, canvas.height);
  shade.addColorStop(0, 'rgba(0,0,0,0)');
  shade.addColorStop(1, 'rgba(0,0,0,0.35)');
  context.fillStyle = shade;
  context.fillRect(0, 0, canvas.width, canvas.height);
  addNoise(canvas, noise);
  return canvas.toBuffer('image/jpeg', quality);
}

async function draw({ width, height, texts, rules, qr }: Layout, qrText: string, { scale, smeared }: { scale: number; smeared: boolean }): Promise<Canvas> {
  if (!GlobalFonts.has(FAMILY)) GlobalFonts.registerFromPath(fileURLToPath(import.meta.resolve(FONT)), FAMILY);
  const canvas = createCanvas(width * scale, height * scale);
  const context = canvas.getContext('2d');
  context.fillStyle = '#fdfcf7';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#222';
  for (const { x, y, width: length } of rules) context.fillRect(x * scale, y * scale, length * scale, scale / 6);
  for (const { text, x, y, size } of texts) {
    context.font = `${size * scale}px ${FAMILY}`;
    context.fillText(text, x * scale, y * scale);
  }
  const modules = await qrModules(qrText);
  const step = (qr.size * scale) / modules.length;
  for (const [row, cells] of modules.entries()) {
    for (const [column, dark] of cells.entries()) if (dark) context.fillRect(qr.x * scale + column * step, qr.y * scale + row * step, step + 0.3, step + 0.3);
  }
  if (smeared) context.fillRect(qr.x * scale, (qr.y + qr.size / 4) * scale, qr.size * scale, (qr.size / 3) * scale);
  return canvas;
}

/** From a generator with a fixed seed (mulberry32). */
function addNoise(canvas: Canvas, width: number): void {
  const context = canvas.getContext('2d');
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  let state = 20_260_305;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  for (let at = 0; at < image.data.length; at += 4) {
    const off = (random() - 0.5) * 2 * width;
    for (let channel = 0; channel < 3; channel += 1) image.data[at + channel] = (image.data[at + channel] ?? 0) + off;
  }
  context.putImageData(image, 0, 0);
}

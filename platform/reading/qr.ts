import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Draft } from '#domain/invoice/reading.ts';
import { readQr } from '#domain/invoice/qr.ts';

type Pixels = { data: Uint8ClampedArray; width: number; height: number };

/** What the QR codes of a picture say of invoices; RGBA. A code that is damaged beyond its redundancy says nothing. */
export async function readQrCodes({ data, width, height }: Pixels): Promise<Draft[]> {
  const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer }, fireImmediately: true });
  const image = { data: new Uint8ClampedArray(data), width, height, colorSpace: 'srgb' as const };
  const codes = await readBarcodes(image, { formats: ['QRCode'], tryHarder: true, tryRotate: true, tryDownscale: true, maxNumberOfSymbols: 8 });
  return codes.filter(({ isValid }) => isValid).flatMap(({ text }) => readQr(text) ?? []);
}

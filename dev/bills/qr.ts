import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer';

/** The modules of a QR code, true for dark, without its margin. */
export async function qrModules(text: string): Promise<boolean[][]> {
  const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/writer/zxing_writer.wasm')));
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer }, fireImmediately: true });
  const { symbol, error } = await writeBarcode(text, { format: 'QRCode', options: 'ecLevel=M' });
  if (!symbol) throw new Error(`no QR code: ${error}`);
  const { data, width, height } = symbol;
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => data[y * width + x] === 0));
}

import { looksLikeZip } from '../ofd-container.ts';
import { readCsv } from './csv.ts';
import type { Sheet } from './sheet.ts';
import { readXlsx } from './xlsx.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const OLD_EXCEL = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);

/** The rows of a CSV file or of a workbook's first sheet, whatever the file is called, with every cell that could not be read. */
export async function readSheet(content: Buffer): Promise<({ ok: true } & Sheet) | { ok: false; reason: string }> {
  if (content.length > MAX_BYTES) return { ok: false, reason: `larger than ${MAX_BYTES / 1024 / 1024} MB` };
  if (content.subarray(0, 4).equals(OLD_EXCEL)) return { ok: false, reason: 'a workbook of an old kind, or one with a password: save it as .xlsx or .csv' };
  return looksLikeZip(content) ? readXlsx(content) : readCsv(content);
}

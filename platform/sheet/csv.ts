import Papa from 'papaparse';
import { cellOf, MAX_COLUMNS, MAX_ROWS, type Sheet, type SheetFault } from './sheet.ts';

/** Comma, tab or semicolon, in UTF-8 (with or without its mark) or GB18030, as spreadsheet programs write it in China. */
export function readCsv(content: Buffer): ({ ok: true } & Sheet) | { ok: false; reason: string } {
  const text = decode(content);
  if (text === undefined) return { ok: false, reason: 'neither UTF-8 nor GB18030' };
  if (text.includes('\0')) return { ok: false, reason: 'not a text file' };
  const faults: SheetFault[] = [];
  const { data, errors } = Papa.parse<string[]>(text, { delimitersToGuess: [',', '\t', ';'], preview: MAX_ROWS + 1 });
  if (data.length > MAX_ROWS) return { ok: false, reason: `more than ${MAX_ROWS} rows` };
  for (const { type, row, message } of errors) if (type === 'Quotes') faults.push({ row: (row ?? 0) + 1, reason: message });
  const rows = data.map((cells, index) => {
    const number = index + 1;
    if (cells.length > MAX_COLUMNS) faults.push({ row: number, reason: `more than ${MAX_COLUMNS} columns` });
    return { number, cells: cells.slice(0, MAX_COLUMNS).map((cell, column) => cellOf(cell, { row: number, column }, faults)) };
  });
  return { ok: true, rows, faults };
}

function decode(content: Buffer): string | undefined {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(content);
    } catch {
      // the next one
    }
  }
  return undefined;
}

/** A row as spreadsheet programs number it, from 1 on; cells from column A on, as text, without space around them. Numbers are plain decimals, days `yyyy-MM-dd`, percentages end with `%`. */
export type SheetRow = { number: number; cells: string[] };
/** `column`: from 0 on; absent where the row as a whole, or the file, is meant. */
export type SheetFault = { row: number; column?: number; reason: string };
export type Sheet = { rows: SheetRow[]; faults: SheetFault[] };

export const MAX_ROWS = 200_000;
export const MAX_COLUMNS = 100;
const MAX_CELL = 2_000;

/** Keeps what may be kept of a cell. A text that is longer than any that we read is no data. */
export function cellOf(text: string, at: { row: number; column: number }, faults: SheetFault[]): string {
  if (text.length <= MAX_CELL) return text.trim();
  faults.push({ ...at, reason: `more than ${MAX_CELL} characters` });
  return '';
}

// What a spreadsheet would take for a formula, in ASCII and in the full width that a Chinese keyboard types.
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

/** One row. What begins like a formula is made text by an apostrophe before it, so that opening the file runs nothing. */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: string | number | null): string {
  const text = String(value ?? '');
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

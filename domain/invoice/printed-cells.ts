import { normalised } from './values.ts';

/** A run of text: `x` its left edge, `y` its middle, growing downwards, in any unit. `certainty` of the letters, where they were guessed. */
export type Cell = { text: string; x: number; y: number; width: number; height: number; certainty?: number };
/** Part of a run that was set at once, with all its spaces; parts of one run share it. */
export type Part = Cell & { run: { text: string } };

/** Whether two stand on one line, even if their type sizes or base lines differ a little. */
export const overlapsRow = (a: Cell, b: Cell): boolean => Math.abs(a.y - b.y) < Math.max(a.height, b.height) * 0.6;

/** Rows from top to bottom, each from left to right, of normalised text. */
export function rowsOf(cells: readonly Cell[]): Part[][] {
  const rows: Part[][] = [];
  for (const cell of cells.flatMap(splitAtGaps).toSorted((a, b) => a.y - b.y)) {
    const row = rows.at(-1);
    const [first] = row ?? [];
    if (row && first && Math.abs(first.y - cell.y) < Math.min(first.height, cell.height) * 0.5) row.push(cell);
    else rows.push([cell]);
  }
  return rows.map((row) => row.toSorted((a, b) => a.x - b.x));
}

/** Neighbours on a row nearer than `gap` times their height become one. */
export function joinCells(cells: readonly Cell[], gap: number): Cell[] {
  return rowsOf(cells).flatMap((row) => joinRow(row, gap));
}

/** Parts of one run were parted because they are two columns. */
export function joinRow(row: readonly (Cell & Partial<Part>)[], gap: number): Cell[] {
  const joined: (Cell & Partial<Part>)[] = [];
  for (const cell of row) {
    const last = joined.at(-1);
    const distance = last ? cell.x - last.x - last.width : Infinity;
    const height = Math.min(cell.height, last?.height ?? cell.height);
    const spread = last !== undefined && distance < height * 3.5 && /^\p{Script=Han}{1,3}$/u.test(last.text) && SPREAD_PART.test(cell.text);
    const parted = last?.run !== undefined && last.run === cell.run;
    if (!last || ((parted || distance > height * gap) && !spread)) {
      joined.push(cell);
      continue;
    }
    const space = distance > height * 0.2 && /[\p{L}\p{N}]$/u.test(last.text) && /^[\p{L}\p{N}]/u.test(cell.text) ? ' ' : '';
    const certainty = Math.min(last.certainty ?? 1, cell.certainty ?? 1);
    joined[joined.length - 1] = {
      ...last,
      text: squeeze(`${last.text}${space}${cell.text}`),
      width: Math.max(last.width, cell.x + cell.width - last.x),
      certainty,
    };
  }
  return joined;
}

/** `名    称:` is one word, spread to the width of its neighbours. */
const SPREAD = /(?<=^|\s)(\p{Script=Han})\s+(?=\p{Script=Han}(?:[:\s]|$))/gu;
const SPREAD_PART = /^\p{Script=Han}(?::|$)/u;

/**
 * Programs set several columns in one run, with spaces between; where columns are narrow with one alone, which then stands behind an amount, or before a date. `2026 年 3 月`, `20715 63098` and
 * `John Smith` are one.
 */
const COLUMNS = /\S+(?:(?<!(?:^|\s)[¥(]?-?[\d,]+\.\d{2,4})\s(?!\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\S))\S+|\s元)*/g;

function splitAtGaps(cell: Cell): Part[] {
  // a line between two cells is read as a letter, or printed as one
  const text = normalised(cell.text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/[|│┃]/g, '  ')).replaceAll(SPREAD, '$1');
  const whole = widthOf(text) || 1;
  const run = { text: text.trim() };
  return [...text.matchAll(COLUMNS)].map(({ 0: part, index }) => ({
    ...cell,
    run,
    text: squeeze(part),
    x: cell.x + (cell.width * widthOf(text.slice(0, index))) / whole,
    width: (cell.width * widthOf(part)) / whole,
  }));
}

/** A Chinese character is as wide as two others. */
const widthOf = (text: string): number => Array.from(text).reduce((width, one) => width + (one.charCodeAt(0) > 0xff ? 2 : 1), 0);

/** `校 验 码` is one word; `John Smith` and `100.00 20.00` are two. */
const squeeze = (text: string): string => text.replaceAll(/(?<=[\p{Script=Han}:()])\s+|\s+(?=[\p{Script=Han}:()])/gu, '');

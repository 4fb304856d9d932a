import { joinRow, rowsOf, type Cell, type Part } from './printed-cells.ts';
import type { ReadLine } from './reading.ts';
import { formatYuan, parseYuan, sum } from '../money.ts';
import { readAmount } from './values.ts';

type Role = 'name' | 'quantity' | 'unitPrice' | 'amount' | 'tax' | 'other';
type Column = { role: Role; group: number; cell: Cell };

const ROLES: readonly [Role, RegExp][] = [
  ['name', /^(?:项目|收费项目|费用项目|货物或应税劳务|药品|费用)(?:[、,]?服务)?(?:名称)?$|^名称$|名称$/],
  ['quantity', /^数量/],
  ['unitPrice', /^单价/],
  ['amount', /^(?:合计)?金额/],
  ['tax', /^税[额颜]/],
];
const END = /合计|大写|小写|其他信息|收款单位/;
const HEADS = /\S+?(?=\s|$|金额|单价|税率|税额|数量|备注|规格|项目名称)/g;
/** Rows of text after a table that are no table any more. */
const MAX_LINES = 2_000;

/** The tables of items, in the order of the page. A table that is set in two halves side by side has its header twice in one row. */
export function readLineTables(cells: readonly Cell[]): ReadLine[][] {
  const tables: Row[][] = [];
  let columns: Column[] = [];
  let count = 0;
  for (const row of rowsOf(cells)) {
    const header = headerOf(row);
    if (header) {
      columns = header;
      tables.push([]);
      continue;
    }
    if (columns.length === 0) continue;
    if (END.test(row.map(({ text }) => text.replaceAll(/\s/g, '')).join(''))) {
      columns = [];
      continue;
    }
    const lines = linesOf(row, columns);
    count += lines.length || 1;
    if (count > MAX_LINES) break;
    const { y = 0, height = 0 } = row[0] ?? {};
    tables.at(-1)?.push({ y, height, lines, words: lines.length > 0 ? '' : nameAlone(row, columns) });
  }
  return tables.map(withWrappedNames).filter((table) => table.length > 0);
}

/** `words`: of a row that has a name, or part of one, and nothing else. */
type Row = { y: number; height: number; lines: (ReadLine & { name: string })[]; words: string };

function nameAlone(row: readonly Part[], columns: readonly Column[]): string {
  const isName = row.every((cell) => columnOf(cell, columns).role === 'name') && !row.some(({ text }) => /^[\d,.]+$/.test(text));
  return isName && new Set(row.map((cell) => columnOf(cell, columns))).size === 1 ? row.map(({ text }) => text).join('') : '';
}

/**
 * A name that was too long for its cell goes on in rows of their own, above and below its amount or below alone. Such a row is nearer to its line than to the next; where rows are as near
 * as the parts of a name, it is known by the class with which each item of a tax invoice begins (`*药品*`). Others are headings.
 */
function withWrappedNames(rows: readonly Row[]): ReadLine[] {
  const withLines = rows.filter(({ lines }) => lines.length > 0);
  for (const { y, height, words } of rows) {
    if (words === '') continue;
    const [nearest, second] = withLines.toSorted((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y));
    const only = nearest?.lines.length === 1 ? nearest.lines[0] : undefined;
    if (!nearest || !only || Math.abs(nearest.y - y) > height * 1.7) continue;
    const isAbove = y < nearest.y;
    const isNearer = !second || Math.abs(nearest.y - y) < Math.abs(second.y - y) * 0.8;
    const goesOn = !isAbove && only.name.startsWith('*') && !words.startsWith('*');
    if (isAbove ? isNearer && only.name === '' : isNearer || goesOn) only.name += words;
    else if (isAbove && isNearer && rows.some((other) => other.words !== '' && other.y > nearest.y && other.y - nearest.y < height))
      only.name = words + only.name;
  }
  return withLines.flatMap(({ lines }) => lines.filter(({ name }) => name !== ''));
}

function headerOf(row: readonly Cell[]): Column[] | undefined {
  const words = joinRow(row, 0.25).flatMap(splitWords);
  let group = -1;
  const columns = words.map((cell): Column => {
    // a column that nobody asks for still keeps its values away from the others
    const role = ROLES.find(([, pattern]) => pattern.test(cell.text.replaceAll(/\s/g, '')))?.[0] ?? 'other';
    if (role === 'name') group += 1;
    return { role, group: Math.max(0, group), cell };
  });
  return columns.some(({ role }) => role === 'name') && columns.some(({ role }) => role === 'amount') ? columns : undefined;
}

function splitWords(cell: Cell): Cell[] {
  // recognised letters come without the spaces between two heads
  const words = [...cell.text.matchAll(HEADS)];
  return words.map(({ 0: text, index }) => ({
    ...cell,
    text,
    x: cell.x + (cell.width * index) / cell.text.length,
    width: (cell.width * text.length) / cell.text.length,
  }));
}

/** A name may be empty: it stands in other rows. */
function linesOf(row: readonly Part[], columns: readonly Column[]): Row['lines'] {
  const isOneText = row.every(({ run }) => run === row[0]?.run);
  const byOrder = inOrder(isOneText ? (row[0]?.run.text.split(/\s+/) ?? []) : row.map(({ text }) => text), columns);
  const byPlace = row.map((cell) => ({ column: columnOf(cell, columns), text: cell.text }));
  for (const placed of isOneText ? [byOrder, byPlace] : [byPlace, byOrder]) {
    const lines = linesIn(placed);
    if (lines.some(({ name }) => name !== '')) return lines.filter(({ name }) => name !== '');
  }
  return linesIn(byPlace).slice(0, 1);
}

type Placed = { column: Column; text: string };

function linesIn(placed: readonly Placed[]): Row['lines'] {
  const groups = new Map<number, Partial<Record<Role, string>>>();
  for (const { column, text } of placed) {
    const texts = groups.get(column.group) ?? {};
    texts[column.role] = texts[column.role] === undefined ? text : `${texts[column.role]} ${text}`;
    groups.set(column.group, texts);
  }
  return [...groups.entries()].toSorted(([a], [b]) => a - b).flatMap(([, texts]) => lineOf(texts) ?? []);
}

/**
 * Where a row was set as one text, or without regard to its heads, the places of its words say nothing, and their order all. A name may be of several words; none where there are fewer
 * words than columns.
 */
function inOrder(words: readonly string[], columns: readonly Column[]): Placed[] {
  const extra = words.length - columns.length;
  if (extra < 0 || (extra > 0 && columns[0]?.role !== 'name')) return [];
  const values = [words.slice(0, extra + 1).join(' '), ...words.slice(extra + 1)];
  return columns.map((column, index) => ({ column, text: values[index] ?? '' }));
}

function columnOf(cell: Cell, columns: readonly Column[]): Column {
  const distance = ({ cell: head }: Column): number => {
    const overlap = Math.min(head.x + head.width, cell.x + cell.width) - Math.max(head.x, cell.x);
    return overlap > 0 ? -overlap : Math.max(head.x - cell.x - cell.width, cell.x - head.x - head.width);
  };
  return columns.reduce((best, each) => (distance(each) < distance(best) ? each : best));
}

/** Tax is added, because the total has it in; an item exempt from it has words there. */
function lineOf({ name = '', quantity, unitPrice, amount, tax }: Partial<Record<Role, string>>): Row['lines'][number] | undefined {
  const net = amount === undefined ? undefined : readAmount(amount);
  const added = tax === undefined ? undefined : readAmount(tax);
  if (net === undefined) return undefined;
  const whole = formatYuan(sum([net, added ?? '0'].map((each) => parseYuan(each)).filter((each) => each !== undefined)));
  const count = /^\d+(?:\.\d+)?/.exec(quantity ?? '')?.[0];
  const price = /^\d+(?:\.\d+)?$/.exec((unitPrice ?? '').replaceAll(/(?<=\d),(?=\d{3})/g, ''))?.[0];
  return { name: name.trim(), ...(count !== undefined && { quantity: count }), ...(price !== undefined && { unitPrice: price }), amount: whole };
}

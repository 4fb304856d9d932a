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
  const tables: ReadLine[][] = [];
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
    const made = linesOf(row, columns);
    count += made.length;
    if (count > MAX_LINES) break;
    tables.at(-1)?.push(...made);
  }
  return tables.filter((table) => table.length > 0);
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

function linesOf(row: readonly Part[], columns: readonly Column[]): ReadLine[] {
  const isOneText = row.every(({ run }) => run === row[0]?.run);
  const byOrder = inOrder(isOneText ? (row[0]?.run.text.split(/\s+/) ?? []) : row.map(({ text }) => text), columns);
  const byPlace = row.map((cell) => ({ column: columnOf(cell, columns), text: cell.text }));
  for (const placed of isOneText ? [byOrder, byPlace] : [byPlace, byOrder]) {
    const lines = linesIn(placed);
    if (lines.length > 0) return lines;
  }
  return [];
}

type Placed = { column: Column; text: string };

function linesIn(placed: readonly Placed[]): ReadLine[] {
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
function lineOf({ name, quantity, unitPrice, amount, tax }: Partial<Record<Role, string>>): ReadLine | undefined {
  const net = amount === undefined ? undefined : readAmount(amount);
  const added = tax === undefined ? undefined : readAmount(tax);
  if (net === undefined || name === undefined) return undefined;
  const whole = formatYuan(sum([net, added ?? '0'].map((each) => parseYuan(each)).filter((each) => each !== undefined)));
  const count = /^\d+(?:\.\d+)?/.exec(quantity ?? '')?.[0];
  const price = /^\d+(?:\.\d+)?$/.exec(unitPrice ?? '')?.[0];
  return { name: name.trim(), ...(count !== undefined && { quantity: count }), ...(price !== undefined && { unitPrice: price }), amount: whole };
}

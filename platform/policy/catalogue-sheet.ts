import { isDay } from '#domain/calendar.ts';
import { CIRCUMSTANCE_CODES, CIRCUMSTANCES, CLAIM_KIND_CODES, CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { parseYuan } from '#domain/money.ts';
import type { Sheet, SheetRow } from '../sheet/sheet.ts';
import { catalogueItem, itemFaults, repeatedItems } from './catalogue-file.ts';

/** An item as catalogue files write it. */
export type WrittenItem = {
  code: string;
  name: string;
  class: string;
  preSelfPay?: string;
  priceLimit?: string;
  restricted?: { text: string; kinds?: string[]; circumstances?: string[]; grades?: string[] };
  from?: string;
  to?: string;
};

export type ImportTerms = {
  codes: readonly string[];
  from: string;
  to?: string;
  /** What a number without a percent sign is: `0.1` is 10 % as a fraction, and 0.1 % as a percentage. Without it a number that could be either is refused. */
  ratio?: 'percent' | 'fraction';
  /** of items of class 乙 whose row says none, in percent */
  preSelfPay?: string;
};

/** What a spreadsheet program calls the cell, what is wrong with it, and what stands at the head of its column. */
export type RowFault = { row: number; column: string; reason: string };

const COLUMNS = {
  code: [
    'code',
    'itemcode',
    'medlistcodg',
    '编码',
    '代码',
    '国家编码',
    '医保编码',
    '医保代码',
    '目录编码',
    '医保目录编码',
    '药品代码',
    '药品编码',
    '项目编码',
    '项目代码',
    '耗材代码',
    '耗材编码',
  ],
  name: ['name', 'itemname', '名称', '药品名称', '通用名', '通用名称', '注册名称', '项目名称', '耗材名称', '目录名称'],
  class: ['class', 'itemclass', 'chrgitmlv', '类别', '等级', '甲乙类', '甲乙丙类', '医保类别', '费用等级', '收费等级', '收费项目等级'],
  preSelfPay: ['preselfpay', 'selfpayprop', '先行自付比例', '个人先行自付比例', '自付比例', '个人自付比例', '先自付比例'],
  priceLimit: ['pricelimit', 'pricuplmtamt', '限价', '支付限价', '最高限价', '医保支付标准', '支付标准'],
  restriction: ['restriction', 'restricted', 'restricteduse', '限定支付范围', '限制使用范围', '限定范围', '限制范围', '支付范围'],
  kinds: ['kinds', '限定医疗类别', '限定类别'],
  circumstances: ['circumstances', '限定情形', '限定就医情形'],
  grades: ['grades', '限定医院级别', '限定级别'],
  from: ['from', 'validfrom', '生效日期', '开始日期', '起始日期'],
  to: ['to', 'validto', '失效日期', '结束日期', '终止日期'],
} as const satisfies Record<string, readonly string[]>;
type Column = keyof typeof COLUMNS;
const BY_HEADER: ReadonlyMap<string, Column> = new Map(
  Object.entries(COLUMNS).flatMap(([column, headers]) => headers.map((header): [string, Column] => [header, column as Column])),
);
const REQUIRED = ['code', 'name', 'class'] as const satisfies readonly Column[];
/** Lists begin with a title, a date, an office: the heads of the columns stand below. */
const HEADS_WITHIN_ROWS = 20;

/** The row that names the columns: where each is, and what it is called. */
type Heads = { row: number; cells: readonly string[]; at: ReadonlyMap<Column, number> };

/** The items of a sheet, and every fault of every row; an item is there only where its row has none. `unread`: heads of columns that mean nothing here. */
export function itemsOfSheet({ rows, faults: unreadable }: Sheet, terms: ImportTerms): { items: WrittenItem[]; faults: RowFault[]; unread: string[] } {
  const found = findHeads(rows);
  if (!found.ok) return { items: [], faults: found.faults, unread: [] };
  const { heads } = found;
  const faults: RowFault[] = [];
  for (const { row, column, reason } of unreadable) if (row > heads.row) faults.push({ row, column: heads.cells[column ?? -1] ?? '', reason });
  const bad = new Set(faults.map(({ row }) => row));
  const read: { item: WrittenItem; row: number; fine: boolean }[] = [];
  for (const row of rows) {
    if (row.number <= heads.row || bad.has(row.number) || row.cells.every((cell) => cell === '')) continue;
    const result = itemOfRow(row, heads, terms);
    read.push({ item: result.item, row: row.number, fine: result.faults.length === 0 });
    faults.push(...result.faults);
  }
  const repeated = new Set(repeatedItems(read.map(({ item }) => item)));
  for (const index of repeated) {
    const { item, row } = read[index] ?? {};
    faults.push({ row: row ?? 0, column: headOf(heads, 'code'), reason: `${item?.code} is there already for the same days` });
  }
  if (read.length === 0 && faults.length === 0) faults.push({ row: heads.row, column: '', reason: 'no row follows' });
  return {
    items: read.filter(({ fine }, index) => fine && !repeated.has(index)).map(({ item }) => item),
    faults: faults.toSorted((one, other) => one.row - other.row),
    unread: heads.cells.filter((cell) => cell !== '' && columnOf(cell) === undefined),
  };
}

function findHeads(rows: readonly SheetRow[]): { ok: true; heads: Heads } | { ok: false; faults: RowFault[] } {
  const isHead = ({ cells }: SheetRow): boolean => REQUIRED.filter((column) => cells.some((cell) => columnOf(cell) === column)).length >= 2;
  const row = rows.slice(0, HEADS_WITHIN_ROWS).find(isHead);
  if (!row) return { ok: false, faults: [{ row: 1, column: '', reason: 'no row has the heads of the columns: code, name, class' }] };
  const at = new Map<Column, number>();
  const faults: RowFault[] = [];
  for (const [index, cell] of row.cells.entries()) {
    const column = columnOf(cell);
    if (column === undefined) continue;
    if (at.has(column)) faults.push({ row: row.number, column: cell, reason: 'means the same as a column before it' });
    at.set(column, index);
  }
  for (const column of REQUIRED) if (!at.has(column)) faults.push({ row: row.number, column, reason: `no such column: ${COLUMNS[column].join(', ')}` });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, heads: { row: row.number, cells: row.cells, at } };
}

/** Full-width letters, spaces and what stands in brackets (units, remarks) make no difference to a head. */
function columnOf(cell: string): Column | undefined {
  return BY_HEADER.get(
    cell
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/\([^)]*\)|[\s_-]/g, ''),
  );
}

const headOf = ({ cells, at }: Heads, column: Column): string => cells[at.get(column) ?? -1] ?? column;

const NONE = /^(|[-—–/]+|无|none)$/i;
const CLASSES: Record<string, string> = {
  甲: '01',
  乙: '02',
  丙: '03',
  自费: '03',
  A: '01',
  B: '02',
  C: '03',
  '01': '01',
  '02': '02',
  '03': '03',
  '1': '01',
  '2': '02',
  '3': '03',
};

function itemOfRow({ number, cells }: SheetRow, heads: Heads, terms: ImportTerms): { item: WrittenItem; faults: RowFault[] } {
  const faults: RowFault[] = [];
  const bad = (column: Column, reason: string): undefined => {
    faults.push({ row: number, column: headOf(heads, column), reason });
    return undefined;
  };
  const given = (column: Column): string => {
    const text = (cells[heads.at.get(column) ?? -1] ?? '').normalize('NFKC').trim();
    return NONE.test(text) ? '' : text;
  };
  const words = (column: Column): string => {
    const text = given(column);
    if (/^[=+@-]/.test(text)) bad(column, 'begins like a formula');
    return text;
  };
  const name = words('name');
  const itemClass = CLASSES[given('class').toUpperCase().replace(/类$/, '')] ?? bad('class', `none of 甲, 乙, 丙, 01, 02, 03: ${quoted(given('class'))}`) ?? '';
  const item: WrittenItem = { code: given('code'), name, class: itemClass };
  const preSelfPay = ratioOf(given('preSelfPay'), /[%％]/.test(headOf(heads, 'preSelfPay')) ? 'percent' : terms.ratio);
  if (!preSelfPay.ok) bad('preSelfPay', preSelfPay.reason);
  else if (itemClass === '02') Object.assign(item, definedOnly({ preSelfPay: preSelfPay.percent ?? terms.preSelfPay }));
  // lists fill the column in: nothing beforehand of 甲, all of 丙
  else if (![undefined, itemClass === '03' ? '100' : '0'].includes(preSelfPay.percent)) Object.assign(item, { preSelfPay: preSelfPay.percent });
  const price = given('priceLimit')
    .replace(/^[¥￥]\s*/, '')
    .replaceAll(/(?<=\d),(?=\d{3}(\D|$))/g, '');
  if (price !== '' && (parseYuan(price) ?? -1) < 0) bad('priceLimit', `no amount in yuan with at most two places: ${quoted(price)}`);
  else if (price !== '') item.priceLimit = price;
  const restricted = restrictionOf({ words, given, bad });
  if (restricted) item.restricted = restricted;
  for (const column of ['from', 'to'] as const) {
    const day = dayOf(given(column));
    if (day === '') continue;
    if (isDay(day)) item[column] = day;
    else bad(column, `no day (yyyy-MM-dd): ${quoted(given(column))}`);
  }
  // one fault of a column is enough
  const had = new Set(faults.map(({ column }) => column));
  for (const { path, reason } of faultsOf(item, terms)) {
    const column = (path[0] === 'restricted' ? 'restriction' : path[0]) as Column;
    if (!had.has(headOf(heads, column))) bad(column, reason);
  }
  return { item, faults };
}

/** What the catalogue's own file would be refused for. */
function faultsOf(item: WrittenItem, terms: ImportTerms): { path: readonly PropertyKey[]; reason: string }[] {
  if (item.name === '') return [{ path: ['name'], reason: 'is empty' }, ...faultsOf({ ...item, name: '?' }, terms)];
  const parsed = catalogueItem.safeParse(item);
  return parsed.success ? itemFaults(parsed.data, terms) : parsed.error.issues.map(({ path, message }) => ({ path, reason: message }));
}

/** `10%`, `10` and, where it is said what it means, `0.1`. */
function ratioOf(text: string, meaning: ImportTerms['ratio']): { ok: true; percent: string | undefined } | { ok: false; reason: string } {
  if (text === '') return { ok: true, percent: undefined };
  const [, number, sign] = /^(\d{1,3}(?:\.\d{1,6})?)\s*(%?)$/.exec(text) ?? [];
  if (number === undefined) return { ok: false, reason: `no ratio: ${quoted(text)}` };
  const value = Number(number);
  if (!sign && value > 0 && value <= 1 && meaning === undefined)
    return { ok: false, reason: `${number} may be ${value * 100} % or ${number} %: say --ratio fraction or --ratio percent` };
  if (!sign && value > 1 && meaning === 'fraction') return { ok: false, reason: `${number} is more than 100 %` };
  const percent = Number((!sign && meaning === 'fraction' ? value * 100 : value).toPrecision(12));
  if (percent > 100) return { ok: false, reason: `${number} is more than 100 %` };
  return /^\d{1,3}(\.\d{1,2})?$/.test(String(percent))
    ? { ok: true, percent: String(percent) }
    : { ok: false, reason: `more than two places: ${quoted(text)}` };
}

type Reading = { words: (column: Column) => string; given: (column: Column) => string; bad: (column: Column, reason: string) => undefined };

function restrictionOf({ words, given, bad }: Reading): WrittenItem['restricted'] | undefined {
  const several = (column: Column, codeOf: (word: string) => readonly string[]): string[] | undefined => {
    const all = given(column)
      .split(/[,、;；/\s]+/)
      .filter((word) => word !== '')
      .flatMap((word) => {
        const codes = codeOf(word);
        if (codes.length === 0) bad(column, `unknown: ${quoted(word)}`);
        return codes;
      });
    return all.length > 0 ? [...new Set(all)] : undefined;
  };
  const kinds = several('kinds', (word) => CLAIM_KIND_CODES.filter((code) => code === word.toUpperCase() || CLAIM_KINDS[code].zh === word));
  const circumstances = several('circumstances', (word) => CIRCUMSTANCE_CODES.filter((code) => code === word.toUpperCase() || CIRCUMSTANCES[code].zh === word));
  const grades = several('grades', gradesOf);
  const text = words('restriction') || [given('kinds'), given('circumstances'), given('grades')].filter((each) => each !== '').join('；');
  return text === '' ? undefined : { text, ...definedOnly({ kinds, circumstances, grades }) };
}

const GRADES: Record<string, string> = { 社区: 'community', COMMUNITY: 'community', 一级: '1', 二级: '2', 三级: '3', '1': '1', '2': '2', '3': '3' };
const UPWARDS: Record<string, string[]> = { 一级: ['1', '2', '3'], 二级: ['2', '3'] };

function gradesOf(word: string): readonly string[] {
  const one = GRADES[word.toUpperCase()];
  return UPWARDS[/^(一级|二级)及?以上/.exec(word)?.[1] ?? ''] ?? (one === undefined ? [] : [one]);
}

/** `2026/1/5`, `2026.01.05`, `20260105`, `2026年1月5日` */
function dayOf(text: string): string {
  const [, year, month = '', date = ''] = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
  return year === undefined ? text : `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
}

/** Without what is undefined, which a file does not have. */
function definedOnly<Of extends Record<string, unknown>>(value: Of): { [Key in keyof Of]?: Exclude<Of[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as { [Key in keyof Of]?: Exclude<Of[Key], undefined> };
}

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

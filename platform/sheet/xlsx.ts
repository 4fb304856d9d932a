import { posix } from 'node:path';
import { unpackXml } from '../ofd-container.ts';
import { scanXml, type Tag } from './scan-xml.ts';
import { cellOf, MAX_COLUMNS, MAX_ROWS, type Sheet, type SheetFault } from './sheet.ts';

/**
 * The first sheet of a workbook. What the cells show is what counts: of a formula the value that was kept with it, a percentage as one, a day as a day. Read with the same
 * distrust as an OFD: nothing is followed out of the archive, nothing is calculated.
 */
export async function readXlsx(content: Buffer): Promise<({ ok: true } & Sheet) | { ok: false; reason: string }> {
  const unpacked = await unpackXml(content, { root: 'xl/workbook.xml', element: /<([\w.-]+:)?workbook[\s>]/ });
  if (!unpacked.ok) return { ok: false, reason: `not a workbook that can be read (${unpacked.code})` };
  const { xml } = unpacked;
  const part = (path: string): string => xml.get(path)?.toString('utf8') ?? '';
  const workbook = part('xl/workbook.xml');
  const path = firstSheet(workbook, part('xl/_rels/workbook.xml.rels'));
  if (path === undefined || !xml.has(path)) return { ok: false, reason: 'the workbook has no sheet' };
  const book: Book = {
    strings: sharedStrings(part('xl/sharedStrings.xml')),
    formats: cellFormats(part('xl/styles.xml')),
    from1904: tagsOf(workbook).some(({ name, attribute }) => name === 'workbookPr' && /^(1|true)$/.test(attribute('date1904') ?? '')),
  };
  return readRows(part(path), book);
}

type Format = 'plain' | 'percent' | 'day';
type Book = { strings: string[]; formats: Format[]; from1904: boolean };

function tagsOf(xml: string): Tag[] {
  const tags: Tag[] = [];
  scanXml(xml, { open: (tag) => void tags.push(tag) });
  return tags;
}

function firstSheet(workbook: string, relations: string): string | undefined {
  const id = tagsOf(workbook)
    .find(({ name }) => name === 'sheet')
    ?.attribute('id');
  const target = tagsOf(relations)
    .find(({ name, attribute }) => name === 'Relationship' && attribute('Id') === id)
    ?.attribute('Target');
  return target === undefined ? undefined : posix.join('/xl', target.startsWith('/') ? posix.relative('/xl', target) : target).slice(1);
}

function sharedStrings(xml: string): string[] {
  const strings: string[] = [];
  const inside = new Set<string>();
  scanXml(xml, {
    open({ name }) {
      inside.add(name);
      if (name === 'si') strings.push('');
    },
    close: (name) => void inside.delete(name),
    // rPh: how it is pronounced
    text(text) {
      if (inside.has('t') && !inside.has('rPh') && strings.length > 0) strings[strings.length - 1] += text;
    },
  });
  return strings;
}

/** What the number format of each cell style shows. */
function cellFormats(xml: string): Format[] {
  const codes = new Map<string, string>();
  const formats: Format[] = [];
  let within = false;
  scanXml(xml, {
    open({ name, attribute }) {
      if (name === 'numFmt') codes.set(attribute('numFmtId') ?? '', attribute('formatCode') ?? '');
      if (name === 'cellXfs') within = true;
      if (name === 'xf' && within) formats.push(formatOf(attribute('numFmtId') ?? '0', codes));
    },
    close(name) {
      if (name === 'cellXfs') within = false;
    },
  });
  return formats;
}

/** Formats below 164 are the program's own: 9 and 10 are percentages, the others here are days (27 to 36 and 50 to 58 in Chinese). */
function formatOf(id: string, codes: ReadonlyMap<string, string>): Format {
  const code = (codes.get(id) ?? '').replaceAll(/"[^"]*"|\[[^\]]*\]|\\./g, '');
  if (id === '9' || id === '10' || code.includes('%')) return 'percent';
  const number = Number(id);
  const ownDay = (number >= 14 && number <= 17) || number === 22 || (number >= 27 && number <= 36) || (number >= 50 && number <= 58);
  return (code === '' && ownDay) || /[yd]/i.test(code) ? 'day' : 'plain';
}

function readRows(xml: string, book: Book): ({ ok: true } & Sheet) | { ok: false; reason: string } {
  const rows: Sheet['rows'] = [];
  const faults: SheetFault[] = [];
  let cell: { column: number; type: string; format: Format; formula: boolean; text: string; value: string | undefined } | undefined;
  let inside = '';
  let tooLarge = false;
  const whole = scanXml(xml, {
    open({ name, attribute }) {
      if (name === 'row') {
        rows.push({ number: Number(attribute('r') ?? (rows.at(-1)?.number ?? 0) + 1), cells: [] });
        tooLarge ||= rows.length > MAX_ROWS;
      } else if (name === 'c') {
        const column = columnOf(attribute('r') ?? '') ?? rows.at(-1)?.cells.length ?? 0;
        cell = {
          column,
          type: attribute('t') ?? 'n',
          format: book.formats[Number(attribute('s') ?? 0)] ?? 'plain',
          formula: false,
          text: '',
          value: undefined,
        };
      } else if (name === 'f' && cell) cell.formula = true;
      inside = name;
    },
    close(name) {
      inside = '';
      if (name !== 'c' || !cell) return;
      const row = rows.at(-1);
      if (row && cell.column < MAX_COLUMNS) {
        const at = { row: row.number, column: cell.column };
        while (row.cells.length < cell.column) row.cells.push('');
        row.cells[cell.column] = cellOf(shown(cell, at, book, faults), at, faults);
      } else if (row) faults.push({ row: row.number, reason: `more than ${MAX_COLUMNS} columns` });
      cell = undefined;
    },
    text(text) {
      if (!cell) return;
      if (inside === 'v') cell.value = (cell.value ?? '') + text;
      else if (inside === 't') cell.text += text;
    },
    stop: () => tooLarge,
  });
  if (tooLarge) return { ok: false, reason: `more than ${MAX_ROWS} rows` };
  return whole ? { ok: true, rows, faults } : { ok: false, reason: 'the sheet is no XML' };
}

/** What a cell shows. Fifteen digits are what a number of a spreadsheet holds: a longer code that was not kept as text has lost some. */
function shown(
  { type, format, formula, text, value }: { type: string; format: Format; formula: boolean; text: string; value: string | undefined },
  at: { row: number; column: number },
  { strings, from1904 }: Book,
  faults: SheetFault[],
): string {
  const fault = (reason: string): string => {
    faults.push({ ...at, reason });
    return '';
  };
  if (type === 'inlineStr') return text;
  if (value === undefined) return formula ? fault('a formula without its value: save the file in a spreadsheet program first') : '';
  if (type === 's') return strings[Number(value)] ?? fault('a text that is not there');
  if (type === 'e') return fault(`an error of the spreadsheet: ${value.slice(0, 20)}`);
  if (type === 'str' || type === 'd' || type === 'b') return value;
  const number = Number(value);
  if (!Number.isFinite(number)) return fault('a number that is none');
  if (Math.abs(number) >= 1e15) return fault('a number of more than 15 digits has lost some: keep the column as text');
  if (format === 'day') return dayOf(number, from1904) ?? fault('a day that is none');
  return format === 'percent' ? `${plain(number * 100)}%` : plain(number);
}

/** 0.1 + 0.2 shows 0.3 */
const plain = (number: number): string => String(Number(number.toPrecision(15)));

const DAY_MS = 86_400_000;

/** Day 60 of the calendar from 1900 is a 29 February that never was, so that later ones count from 30 December 1899. */
function dayOf(serial: number, from1904: boolean): string | undefined {
  const start = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  if (serial < 61 || serial > 2_958_465) return undefined;
  return new Date(start + Math.floor(serial) * DAY_MS).toISOString().slice(0, 10);
}

/** `AB12` → 27 */
function columnOf(reference: string): number | undefined {
  const [, letters] = /^([A-Z]{1,3})\d+$/.exec(reference) ?? [];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { isDay, shanghaiDay } from '#domain/calendar.ts';
import { CATALOGUE_LISTS, type CatalogueList } from '#domain/policy/catalogue.ts';
import { catalogueFaultsBeside, RULEBOOKS_DIR, versioned } from '#platform/policy/load.ts';
import { parseCatalogue } from '#platform/policy/catalogue-file.ts';
import { itemsOfSheet, type ImportTerms, type RowFault, type WrittenItem } from '#platform/policy/catalogue-sheet.ts';
import { readSheet } from '#platform/sheet/read-sheet.ts';

const USAGE = `npm run catalogue:import -- FILE.csv|FILE.xlsx --region 130000 --list drugs|items|materials --from yyyy-MM-dd --source TEXT [OPTION…]

Makes one edition of a region's catalogue (医保目录) of a spreadsheet's first sheet. Every fault is named with file, row, column and reason, and nothing is written while
there is one. Columns by their heads, in Chinese or English: code, name, class (甲/乙/丙 or 01/02/03), and where they are there preSelfPay, priceLimit, restriction, kinds,
circumstances, grades, from, to.

  --to yyyy-MM-dd        the last day it counts; without it until the next edition
  --complete             it has every item: what it does not have is not covered (without it an extract, which says nothing of what it does not have)
  --codes X,Z,T          beginnings of the item codes that it is about (drugs X,Z,T; items 0 to 9; materials C)
  --pre-self-pay 10      percent that are paid beforehand for items of class 乙 whose row does not say it
  --ratio percent|fraction   what a ratio like 0.1 means: 0.1 % or 10 %. Without it such a ratio is a fault; 10% and 10 are always 10 %
  --skip-faulty          leaves rows with faults out and writes the others; not with --complete
  --confirmed            the source is a primary one, and somebody compared it (--checked yyyy-MM-dd, today where absent)
  --name TEXT --name-en TEXT --id TEXT   what it is called
  --dir DIR, -o DIR      where it is written; RULEBOOKS_DIR/catalogues, else domain/rulebooks/catalogues
  --replace              an edition of this day that is there already is replaced

Exit code 0: written. 1: faults. 2: not called like this.`;

const CODES: Record<CatalogueList, string[]> = { drugs: ['X', 'Z', 'T'], items: '0123456789'.split(''), materials: ['C'] };
const NAMES: Record<CatalogueList, { zh: string; en: string }> = {
  drugs: { zh: '药品目录', en: 'catalogue of drugs' },
  items: { zh: '诊疗项目目录', en: 'catalogue of services' },
  materials: { zh: '医用耗材目录', en: 'catalogue of materials' },
};

type Asked = {
  file: string;
  dir: string;
  skipFaulty: boolean;
  replace: boolean;
  terms: ImportTerms;
  head: Record<string, unknown> & { id: string; from: string };
};

function argumentsOf(args: readonly string[]): Asked | { wrong: string } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    ...{ args: [...args], allowPositionals: true },
    options: {
      ...{
        region: text,
        list: text,
        from: text,
        to: text,
        source: text,
        codes: text,
        'pre-self-pay': text,
        ratio: text,
        checked: text,
        name: text,
        'name-en': text,
      },
      ...{ id: text, dir: { ...text, short: 'o' }, complete: flag, confirmed: flag, 'skip-faulty': flag, replace: flag },
    },
  });
  const { region = '', from = '', to, source = '', ratio, complete, 'pre-self-pay': preSelfPay, 'skip-faulty': skipFaulty } = values;
  const [file, ...more] = positionals;
  const list = CATALOGUE_LISTS.find((each) => each === values.list);
  const checked = values.checked ?? shanghaiDay(new Date());
  if (file === undefined || more.length > 0) return { wrong: 'one file' };
  if (!/^\d{6}$/.test(region)) return { wrong: '--region with six digits' };
  if (!list) return { wrong: `--list with one of ${CATALOGUE_LISTS.join(', ')}` };
  if (![from, to ?? from, checked].every(isDay)) return { wrong: '--from, --to and --checked with days (yyyy-MM-dd)' };
  if (source.trim() === '') return { wrong: '--source with where the list is from' };
  if (ratio !== undefined && ratio !== 'percent' && ratio !== 'fraction') return { wrong: '--ratio with percent or fraction' };
  if (preSelfPay !== undefined && !/^(\d{1,2}(\.\d{1,2})?|100)$/.test(preSelfPay)) return { wrong: '--pre-self-pay with a percentage' };
  if (skipFaulty && complete) return { wrong: 'either --complete or --skip-faulty: what is left out would count as not covered' };
  const codes = values.codes?.split(',') ?? CODES[list];
  const period = { from, ...(to !== undefined && { to }) };
  const names = { zh: values.name ?? `${region} ${NAMES[list].zh}`, en: values['name-en'] ?? values.name ?? `The ${NAMES[list].en} of ${region}` };
  return {
    ...{ file, skipFaulty, replace: values.replace, dir: values.dir ?? join(process.env['RULEBOOKS_DIR'] || RULEBOOKS_DIR, 'catalogues') },
    terms: { codes, ...period, ...(ratio && { ratio }), ...(preSelfPay !== undefined && { preSelfPay }) },
    head: {
      ...{ id: values.id ?? `${region}-${list}`, region, list, name: names, codes, complete, ...period, source, checked, confirmed: values.confirmed },
    },
  };
}

async function importCatalogue({ file, dir, skipFaulty, replace, terms, head }: Asked): Promise<number> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return told(2, `${file}: no such file`);
  const target = join(dir, `${head.id}-${head.from}.json`);
  if (existsSync(target) && !replace) return told(1, `${target}: is there already; --replace replaces it`);
  const sheet = await readSheet(readFileSync(file));
  if (!sheet.ok) return told(1, `${file}: ${sheet.reason}`);
  const { items, faults, unread } = itemsOfSheet(sheet, terms);
  if (faults.length > 0) console.error(faults.map((fault) => describeRow(file, fault)).join('\n'));
  if (items.length === 0 || (faults.length > 0 && !skipFaulty)) return told(1, `${faults.length} faults; nothing was written`);

  const content = { ...head, items };
  const parsed = parseCatalogue(content);
  const { version, content: canonical } = versioned(content);
  const wrong = parsed.ok ? catalogueFaultsBeside(dir, { file: target, version, content: canonical, value: parsed.value }) : parsed.faults;
  if (wrong.length > 0) return told(1, `${wrong.map(({ path, reason }) => `${target}: ${path.join('.')}: ${reason}`).join('\n')}\nnothing was written`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(target, written(content));
  console.log(`${relative(process.cwd(), target)}: ${items.length} items (${counted(items)}), version ${version.slice(0, 12)}`);
  if (faults.length > 0) console.log(`${new Set(faults.map(({ row }) => row)).size} rows were left out`);
  if (unread.length > 0) console.log(`columns that mean nothing here: ${unread.join(', ')}`);
  return 0;
}

function told(code: number, words: string): number {
  console.error(words);
  return code;
}

const describeRow = (file: string, { row, column, reason }: RowFault): string => `${file}:${row}: ${column === '' ? 'row' : column}: ${reason}`;

function counted(items: readonly WrittenItem[]): string {
  const by = Map.groupBy(items, (item) => item.class);
  return `甲 ${by.get('01')?.length ?? 0}, 乙 ${by.get('02')?.length ?? 0}, 丙 ${by.get('03')?.length ?? 0}`;
}

/** One item a line, so that two editions can be compared line by line. */
function written({ items, ...head }: Record<string, unknown> & { items: readonly WrittenItem[] }): string {
  const lines = items.map((item) => `    { ${JSON.stringify(item).slice(1, -1)} }`);
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "items": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

async function main(args: readonly string[]): Promise<number> {
  let asked: ReturnType<typeof argumentsOf>;
  try {
    asked = argumentsOf(args);
  } catch (error) {
    asked = { wrong: error instanceof Error ? error.message : String(error) };
  }
  return 'wrong' in asked ? told(2, `needed: ${asked.wrong}\n\n${USAGE}`) : importCatalogue(asked);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

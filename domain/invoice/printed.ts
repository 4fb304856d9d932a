import type { InvoiceType } from './key.ts';
import { readLineTables } from './printed-lines.ts';
import { joinCells, overlapsRow, type Cell } from './printed-cells.ts';
import type { Draft, ReadLine, TextField } from './reading.ts';
import { fen, parseYuan, sum, type Fen } from '../money.ts';
import { readAmount, readAmountInWords, readCheckCode, readDay, readDigits, readName, typeByShape } from './values.ts';

type Read = (text: string) => string | undefined;
type Label = { field: TextField | 'words'; pattern: RegExp; read: Read; confidence: number };

const CODE: Read = (text) => readDigits(text, [8, 10, 12]);
const NUMBER: Read = (text) => readDigits(text, [8, 10, 20]);

/** In the order of preference: a later one is asked only where the earlier ones came to nothing. */
const LABELS: readonly Label[] = [
  { field: 'code', pattern: /(?:电子)?(?:票据|发票)代码/, read: CODE, confidence: 1 },
  { field: 'number', pattern: /(?:电子)?(?:票据|发票)号码?/, read: NUMBER, confidence: 1 },
  { field: 'checkCode', pattern: /校验码/, read: readCheckCode, confidence: 1 },
  { field: 'date', pattern: /开票(?:日期|时间)/, read: readDay, confidence: 1 },
  { field: 'amount', pattern: /\(?小[写与]\)?/, read: readAmount, confidence: 1 },
  { field: 'amount', pattern: /(?:金额合计|合计金额|票据金额|总金额|总计)(?:\(元\))?/, read: readAmount, confidence: 0.8 },
  { field: 'words', pattern: /\(?大写\)?/, read: readAmountInWords, confidence: 1 },
  { field: 'payer', pattern: /[交文付]款人(?:名称|姓名)?(?!统|识别|代码|纳税|社会)/, read: readName, confidence: 1 },
  { field: 'payer', pattern: /(?:购买方|买方)名称/, read: readName, confidence: 1 },
  { field: 'payer', pattern: /(?:患者|病人|就诊人)?姓名/, read: readName, confidence: 0.8 },
  { field: 'hospital', pattern: /(?:收款|开票)单位(?:名称)?(?:\(章\)|\(盖章\)|\(公章\))?/, read: readName, confidence: 1 },
  { field: 'hospital', pattern: /(?:销售方|卖方)名称/, read: readName, confidence: 1 },
  { field: 'hospital', pattern: /(?:医疗机构|医院)名称/, read: readName, confidence: 0.9 },
];

/** Where the value before it ends: what else is printed on such documents. */
const STOPS =
  /(?:(?:电子)?(?:票据|发票)(?:代码|号码)|校验码|开票(?:日期|时间|人|单位)|交款人|付款人|收款(?:人|单位)|复核人?|\(?[大小][写与]\)?|价税合计|金额合计|(?:购买方|销售方|[买卖]方|项目|医院|医疗机构)名称|性别|年龄|统一社会信用代码|纳税人识别号|医疗机构类型|医保类型|业务流水号|门诊号|住院号|病历号|地址|开户行|机器编号|密码区|备注)/g;
/** Recognised letters are taken for their likes (名 for 各, 写 for 与, 交 for 文), and colons are overlooked. Both parties have this label: the buyer's comes first, above or on the left. */
const PARTY = /(?<!项目|服务|商品|药品|单位|银行|货物|劳务|机构|费用|购买方|销售方|[买卖]方|医院)[名各]称(?::|$)/g;

/** How sure one may be of a value found by its label, before what is known of the letters themselves. */
const BY_LABEL = 0.9;

/** What a page printed by an invoicing program says: each value stands in, right of, or below its label. `cells` are runs of text with their places; several pages below each other. */
export function readPrinted(source: 'ofd' | 'pdf' | 'ocr', cells: readonly Cell[]): Draft {
  const segments = joinCells(cells, 0.6);
  const fields: Draft['fields'] = {};
  let amountInWords: string | undefined;
  for (const label of LABELS) {
    if (label.field === 'words' ? amountInWords !== undefined : fields[label.field]) continue;
    const found = findLabelled(segments, label);
    if (!found) continue;
    if (label.field === 'words') amountInWords = found.value;
    else fields[label.field] = { value: found.value, confidence: BY_LABEL * label.confidence * found.certainty };
  }
  for (const [index, party] of findParties(segments).entries()) {
    const field = index === 0 ? 'payer' : 'hospital';
    if (party && index < 2) fields[field] ??= { value: party.value, confidence: BY_LABEL * party.certainty };
  }
  const type = typeByShape(fields.code?.value, fields.number?.value) ?? typeByTitle(segments);
  if (type) fields.type = { value: type, confidence: BY_LABEL };
  const lines = chooseLines(readLineTables(cells), fields.amount && parseYuan(fields.amount.value));
  return {
    source,
    fields,
    ...(amountInWords !== undefined && { amountInWords }),
    ...(lines && { lines: { value: lines, confidence: BY_LABEL * certaintyOf(cells) } }),
  };
}

type Found = { value: string; certainty: number };

function findLabelled(segments: readonly Cell[], { pattern, read }: Label): Found | undefined {
  for (const segment of segments) {
    const match = pattern.exec(segment.text);
    if (!match) continue;
    const found = valueAt(segments, { segment, from: match.index + match[0].length, read });
    if (found) return found;
  }
  return undefined;
}

function findParties(segments: readonly Cell[]): (Found | undefined)[] {
  const labels = segments.flatMap((segment) => [...segment.text.matchAll(PARTY)].map((match) => ({ segment, from: match.index + match[0].length })));
  return labels
    .toSorted((a, b) => (overlapsRow(a.segment, b.segment) ? a.segment.x + a.from / 1_000 - b.segment.x - b.from / 1_000 : a.segment.y - b.segment.y))
    .map(({ segment, from }) => valueAt(segments, { segment, from, read: readName }));
}

/** The label ends at `from` in the text of its segment. */
function valueAt(segments: readonly Cell[], { segment, from, read }: { segment: Cell; from: number; read: Read }): Found | undefined {
  const own = untilNextLabel(segment.text.slice(from).replace(/^[:\s]+/, ''));
  const isCut = own.length < segment.text.slice(from).replace(/^[:\s]+/, '').length;
  const right = isCut ? [] : rightOf(segments, segment);
  const below = segments
    .filter((each) => isBelow(segment, each))
    .toSorted((a, b) => a.y - b.y)
    .slice(0, 1);
  const runs = [[], ...right.map((_, index) => right.slice(0, index + 1))];
  const candidates = [
    ...runs.map((run) => ({ text: [own, ...run.map(({ text }) => text)].join(' '), cells: [segment, ...run] })),
    ...below.map((each) => ({ text: each.text, cells: [segment, each] })),
  ];
  for (const { text, cells } of candidates) {
    const value = read(text);
    if (value !== undefined) return { value, certainty: certaintyOf(cells) };
  }
  return undefined;
}

/** What follows on the row, up to the next label. */
function rightOf(segments: readonly Cell[], segment: Cell): Cell[] {
  const row = segments
    .filter((each) => each !== segment && each.x >= segment.x + segment.width - segment.height / 2 && overlapsRow(segment, each))
    .toSorted((a, b) => a.x - b.x);
  const end = row.findIndex(({ text }) => untilNextLabel(text) === '' || /^\p{Script=Han}{2,12}:/u.test(text));
  return row.slice(0, end === -1 ? 6 : Math.min(end, 6));
}

const isBelow = (label: Cell, other: Cell): boolean =>
  other.y > label.y + label.height / 2 &&
  other.y < label.y + label.height * 4 &&
  other.x < label.x + label.width &&
  other.x + other.width > label.x &&
  untilNextLabel(other.text) !== '';

function untilNextLabel(text: string): string {
  const next = [...text.matchAll(STOPS)][0]?.index ?? text.length;
  return text.slice(0, next).trim();
}

function typeByTitle(segments: readonly Cell[]): InvoiceType | undefined {
  const text = segments.map((each) => each.text).join('\n');
  if (/医疗.{0,12}(?:收费票据|票据)|财政电子票据/.test(text)) return '1';
  return /增值税电子/.test(text) ? '2' : undefined;
}

/** A bill may print its items twice, summed up and one by one: that table is taken whose lines make the total. */
function chooseLines(tables: readonly ReadLine[][], total: Fen | undefined): ReadLine[] | undefined {
  const amount = (lines: readonly ReadLine[]): Fen => sum(lines.map((line) => parseYuan(line.amount) ?? fen(0)));
  const all = tables.flat();
  return [all, ...tables].find((lines) => lines.length > 0 && amount(lines) === total) ?? (all.length > 0 ? all : undefined);
}

const certaintyOf = (cells: readonly Cell[]): number => Math.min(1, ...cells.map(({ certainty }) => certainty ?? 1));

import type { ErrorCode } from '../errors.ts';
import { formatYuan, parseYuan, sum } from '../money.ts';
import type { ReasonCode } from '../claim/reasons.ts';
import { invoiceKeyText } from './key.ts';

/** What a value was read from, the most trusted first: data made for machines, text that a program set, a code that a camera saw, letters that a program guessed. */
export const READING_SOURCES = ['xml', 'ofd', 'pdf', 'qr', 'ocr'] as const;
export type ReadingSource = (typeof READING_SOURCES)[number];

/** `type` as `elecSetlCertType` (key.ts), `date` yyyy-MM-dd, `amount` what is to be paid, tax included, in decimal yuan. */
export const TEXT_FIELDS = ['type', 'code', 'number', 'checkCode', 'date', 'amount', 'payer', 'hospital'] as const;
export type TextField = (typeof TEXT_FIELDS)[number];
export type FieldName = TextField | 'lines';

/** `amount` and `unitPrice` in decimal yuan; `amount` with its tax. `level`: `chrgitm_lv` of the insurance, 01 to 03. */
export type ReadLine = { name?: string; itemCode?: string; quantity?: string; unitPrice?: string; amount: string; level?: string };

/** A value nobody found is null, without a source and with no confidence. Confidence runs from 0 to 1. */
export type ReadField<T> = { value: T; source: ReadingSource; confidence: number } | { value: null; source: null; confidence: 0 };
export type ReadFields = Record<TextField, ReadField<string>> & { lines: ReadField<ReadLine[]> };

/** What one source says of an invoice. Several drafts of one source may exist: the data inside an OFD and the text on its page. */
export type Draft = {
  source: ReadingSource;
  fields: Partial<Record<TextField, { value: string; confidence: number }>>;
  lines?: { value: ReadLine[]; confidence: number };
  /** decimal yuan; what the QR code of an older tax invoice carries instead of the amount */
  beforeTax?: string;
  /** decimal yuan, read from the Chinese capital numerals, which are harder to change than digits */
  amountInWords?: string;
  reversed?: boolean;
  findings?: readonly ReadingFinding[];
};

/** Codes are those of the catalogues of refusals and reasons, and these. */
export const READING_CODES = {
  DOC_UNREADABLE: { zh: '未能识别出票据内容', en: 'Nothing on it could be read as an invoice' },
  SOURCES_DISAGREE: { zh: '同一文件内的信息不一致', en: 'Parts of the file say different things' },
  AMOUNT_BEFORE_TAX: { zh: '仅读到不含税金额', en: 'Only the amount without tax could be read' },
  LETTERS_NOT_READ: { zh: '未安装文字识别组件，仅识别了二维码', en: 'The part that reads letters is not installed; only QR codes were read' },
  PAYER_DIFFERS: { zh: '票据交款人与申请人不一致', en: 'The payer is not the person whose claim it will be' },
  HOSPITALS_DIFFER: { zh: '票据由不同医疗机构开具', en: 'The invoices are of different hospitals' },
  SEVERAL_INVOICES: { zh: '一个文件含多张票据，仅读取第一张', en: 'There are several invoices in the file; only the first was read' },
} as const;
export type FindingCode = ErrorCode | ReasonCode | keyof typeof READING_CODES;
/** `detail` is for people and in English; it names no person. */
export type ReadingFinding = { code: FindingCode; field?: FieldName; detail: string };

export type Reading = { fields: ReadFields; findings: ReadingFinding[] };

/** What kind of file it is, by its first bytes. */
export const FILE_KINDS = ['XML', 'OFD', 'PDF', 'JPEG', 'PNG', 'HEIC', 'UNKNOWN'] as const;
export type FileKind = (typeof FILE_KINDS)[number];
export type DocumentReading = Reading & { kind: FileKind };

/** Raised with every change that lets the readers find more or other things: what an older one has read is then read anew when it is asked for. */
export const READER_VERSION = 1;

/** Without these nobody can claim an invoice. The code is judged with the type, because a fully digital invoice has none. */
const NEEDED = ['type', 'number', 'date', 'amount'] as const satisfies readonly TextField[];
const UNFOUND = { value: null, source: null, confidence: 0 } as const;
/** What is left of a value's confidence when another source contradicts it. */
const CONTRADICTED = 0.5;
/** Of an amount of which only the words could be read. */
const IN_WORDS = 0.6;
/** The highest rate of value-added tax, with some room: 17 % until 2018. */
const HIGHEST_TAX = 1.2;

/**
 * One reading from what several sources say. Of each field the most trusted source is taken; another that agrees makes it surer, one that disagrees less sure and a finding.
 * Then the whole is checked: whether lines add up, digits and words agree, the key has the shape of one.
 */
export function mergeDrafts(drafts: readonly Draft[]): Reading {
  const ranked = drafts.toSorted((a, b) => READING_SOURCES.indexOf(a.source) - READING_SOURCES.indexOf(b.source));
  const findings: ReadingFinding[] = ranked.flatMap((draft) => draft.findings ?? []);
  const fields: ReadFields = {
    type: mergeField('type', ranked, findings),
    code: mergeField('code', ranked, findings),
    number: mergeField('number', ranked, findings),
    checkCode: mergeField('checkCode', ranked, findings),
    date: mergeField('date', ranked, findings),
    amount: mergeField('amount', ranked, findings),
    payer: mergeField('payer', ranked, findings),
    hospital: mergeField('hospital', ranked, findings),
    lines: mergeLines(ranked),
  };
  // a name or a date is on any paper
  if (
    fields.number.value === null &&
    fields.amount.value === null &&
    fields.code.value === null &&
    ranked.every(({ amountInWords }) => amountInWords === undefined)
  ) {
    return unread({ code: 'DOC_UNREADABLE', detail: READING_CODES.DOC_UNREADABLE.en });
  }
  fields.amount = fields.amount.value === null ? fromWords(ranked) : withAmountInWords(fields.amount, ranked, findings);
  fields.amount = withAmountBeforeTax(fields.amount, ranked, findings);
  fields.amount = withLines(fields, findings);
  checkWhole(fields, findings);
  if (ranked.some(({ reversed }) => reversed) || fields.amount.value?.startsWith('-')) {
    findings.push({ code: 'INVOICE_REVERSED', detail: 'the document says that its invoice was reversed' });
  }
  return { fields, findings };
}

/** Nothing read, and why. */
export function unread(finding: ReadingFinding): Reading {
  const empty = Object.fromEntries([...TEXT_FIELDS, 'lines'].map((name) => [name, UNFOUND]));
  return { fields: empty as ReadFields, findings: [finding] };
}

function mergeField(name: TextField, ranked: readonly Draft[], findings: ReadingFinding[]): ReadField<string> {
  const said = ranked.flatMap(({ source, fields }) => (fields[name] ? [{ source, ...fields[name] }] : []));
  const [best, ...others] = said;
  if (!best) return UNFOUND;
  let { confidence } = best;
  for (const other of others) {
    if (same(name, best.value, other.value)) confidence = 1 - (1 - confidence) * (1 - other.confidence);
    else {
      confidence *= 1 - (1 - CONTRADICTED) * other.confidence;
      findings.push({ code: 'SOURCES_DISAGREE', field: name, detail: `${name}: ${best.source} and ${other.source} differ` });
    }
  }
  return { value: best.value, source: best.source, confidence: rounded(confidence) };
}

/** People's and hospitals' names are written with and without spaces, brackets of either width, and cut off at the end. */
function same(name: TextField, a: string, b: string): boolean {
  if (name === 'amount') return parseYuan(a) === parseYuan(b);
  const [left, right] = [a, b].map((text) => text.normalize('NFKC').replaceAll(/\s/g, '').toUpperCase()) as [string, string];
  return (
    left === right || ((name === 'payer' || name === 'hospital') && left.length > 1 && right.length > 1 && (left.startsWith(right) || right.startsWith(left)))
  );
}

function mergeLines(ranked: readonly Draft[]): ReadFields['lines'] {
  const best = ranked.find(({ lines }) => lines && lines.value.length > 0);
  return best?.lines ? { value: best.lines.value, source: best.source, confidence: rounded(best.lines.confidence) } : UNFOUND;
}

function fromWords(ranked: readonly Draft[]): ReadField<string> {
  const draft = ranked.find(({ amountInWords }) => amountInWords !== undefined);
  return draft?.amountInWords === undefined ? UNFOUND : { value: draft.amountInWords, source: draft.source, confidence: IN_WORDS };
}

function withAmountBeforeTax(amount: ReadField<string>, ranked: readonly Draft[], findings: ReadingFinding[]): ReadField<string> {
  const said = ranked.flatMap(({ source, beforeTax }) => (beforeTax === undefined ? [] : [{ source, value: beforeTax }]));
  const [first] = said;
  if (!first) return amount;
  if (amount.value === null) {
    findings.push({ code: 'AMOUNT_BEFORE_TAX', field: 'amount', detail: READING_CODES.AMOUNT_BEFORE_TAX.en });
    return { value: first.value, source: first.source, confidence: 0.3 };
  }
  const whole = parseYuan(amount.value) ?? 0;
  const wrong = said.find(({ value }) => {
    const part = parseYuan(value) ?? 0;
    return part !== (parseYuan(first.value) ?? 0) || Math.abs(part) > Math.abs(whole) || Math.abs(whole) > Math.abs(part) * HIGHEST_TAX;
  });
  if (!wrong) return amount;
  findings.push({ code: 'SOURCES_DISAGREE', field: 'amount', detail: `amount: ${amount.source} and ${wrong.source} differ by more than a tax` });
  return { ...amount, confidence: rounded(amount.confidence * CONTRADICTED) };
}

function withAmountInWords(amount: ReadField<string>, ranked: readonly Draft[], findings: ReadingFinding[]): ReadField<string> {
  const inWords = ranked.flatMap((draft) => draft.amountInWords ?? []);
  if (amount.value === null || inWords.length === 0) return amount;
  const digits = parseYuan(amount.value);
  if (inWords.every((each) => parseYuan(each) === digits)) return { ...amount, confidence: rounded(1 - (1 - amount.confidence) / 2) };
  findings.push({ code: 'SOURCES_DISAGREE', field: 'amount', detail: 'amount: the digits and the words on it differ' });
  return { ...amount, confidence: rounded(amount.confidence * CONTRADICTED) };
}

function withLines({ amount, lines }: ReadFields, findings: ReadingFinding[]): ReadField<string> {
  if (amount.value === null || lines.value === null) return amount;
  const total = parseYuan(amount.value);
  const added = lines.value.map((line) => parseYuan(line.amount)).filter((each) => each !== undefined);
  if (total === undefined || sum(added) === total) return amount;
  findings.push({ code: 'LINES_DO_NOT_ADD_UP', field: 'lines', detail: `${added.length} lines make ${formatYuan(sum(added))}, the total is ${amount.value}` });
  return { ...amount, confidence: rounded(amount.confidence * CONTRADICTED) };
}

function checkWhole(fields: ReadFields, findings: ReadingFinding[]): void {
  const missing = NEEDED.filter((name) => fields[name].value === null);
  for (const field of missing) findings.push({ code: 'DOC_INCOMPLETE', field, detail: `${field} was not found` });
  const [type, number] = [fields.type.value, fields.number.value];
  if (type === null || number === null) return;
  const key = invoiceKeyText({ type, number, code: fields.code.value ?? '' });
  if (key.ok) return;
  const field = key.params?.['field'] === 'number' ? 'number' : key.params?.['field'] === 'type' ? 'type' : 'code';
  findings.push(
    fields[field].value === null
      ? { code: 'DOC_INCOMPLETE', field, detail: `${field} was not found` }
      : { code: 'INVOICE_KEY_INVALID', field, detail: `${field} does not have the shape that it has on invoices of this type` },
  );
}

const rounded = (confidence: number): number => Math.round(Math.min(1, Math.max(0, confidence)) * 100) / 100;

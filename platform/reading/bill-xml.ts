import { XMLParser } from 'fast-xml-parser';
import { INVOICE_TYPES } from '#domain/invoice/key.ts';
import type { Draft, ReadingFinding, ReadingSource, ReadLine, TextField } from '#domain/invoice/reading.ts';
import { READING_CODES } from '#domain/invoice/reading.ts';
import { formatYuan, parseYuan, sum } from '#domain/money.ts';
import { plain, readAmount, readCheckCode, readDay, readDigits, readName, typeByShape } from '#domain/invoice/values.ts';

type Node = { name: string; text: string; children: Node[] };
type Read = (text: string) => string | undefined;

/**
 * What the known formats call a field, without prefix, underscore, dash or capitals: the insurance's structured e-bill (`tktextinfo`), the Ministry of Finance's fiscal e-bill, the
 * fully digital invoice, the e-invoice standard of 2019, and what exporting programs make of them. Of several elements that hold a value the first name wins.
 */
const NAMES: Record<TextField | 'beforeTax', { names: readonly string[]; read: Read }> = {
  type: { names: ['elecsetlcerttype'], read: (text) => INVOICE_TYPES.find((type) => type === text) },
  code: {
    names: ['elecsetlcertcode', 'einvoicecode', 'invoicecode', 'billcode', 'fpdm', 'pjdm', '发票代码', '票据代码'],
    read: (text) => readDigits(text, [8, 10, 12]),
  },
  number: {
    names: ['elecsetlcertno', 'einvoicenumber', 'eiid', 'invoicenumber', 'invoiceno', 'billno', 'fphm', 'pjhm', '发票号码', '票据号码'],
    read: (text) => readDigits(text, [8, 10, 20]),
  },
  checkCode: { names: ['elecsetlcertchkcode', 'randomnumber', 'invoicecheckcode', 'checkcode', 'jym', '校验码'], read: readCheckCode },
  date: { names: ['billdate', 'issuedate', 'issuetime', 'requesttime', 'kprq', '开票日期'], read: readDay },
  amount: { names: ['billamt', 'taxinclusivetotalamount', 'totaltaxincludedamount', 'totalamount', 'jshj', '价税合计', '总金额'], read: readAmount },
  payer: { names: ['psnname', 'payerpartyname', 'buyername', 'gmfmc', 'ghdwmc', '购买方名称', '交款人'], read: readName },
  hospital: {
    names: ['fixmedinsname', 'medinsname', 'invoicingpartyname', 'sellername', 'xsfmc', 'xhdwmc', '销售方名称', '收款单位', 'fixmedinscode'],
    // the insurance's number of the hospital, where nothing better is said
    read: (text) => readName(text) ?? /^[A-Z]?\d{6,20}$/i.exec(text)?.[0],
  },
  beforeTax: { names: ['taxexclusivetotalamount', 'totalamwithouttax', 'hjje', '合计金额'], read: readAmount },
};

/** What the formats call an item; whatever else has an item's name and amount is one as well. */
const LINE_ELEMENTS = new Set(['feedetl', 'item', 'goodsinfo', 'issuiteminformation']);
const LINE = {
  name: ['medlistname', 'hilistname', 'detitemname', 'itemname', 'item', 'xmmc'],
  itemCode: ['medlistcodg', 'hilistcode', 'itemcode'],
  quantity: ['cnt', 'itemquantity', 'quantity'],
  unitPrice: ['pric', 'unprice', 'price', 'itemprice'],
  amount: ['detitemfeesumamt', 'totaltaxincludedamount', 'itemamount', 'amount'],
  tax: ['comtaxam', 'taxamount'],
  level: ['chrgitmlv'],
} as const;
/** Who pays what of the whole, on a structured e-bill. */
const SHARES = ['hifppay', 'othpay', 'psnacctpay', 'psncashpay'] as const;
const MAX_LINES = 5_000;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  removeNSPrefix: true,
  trimValues: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** `text` is well formed (xml-structure.ts). undefined where it is no invoice in a format known here. */
export function readBillXml(text: string, source: ReadingSource): Draft | undefined {
  const root = treeOf(parser.parse(text));
  return root && draftOf(root, source);
}

/** As `readBillXml`, of elements put together from elsewhere: the tags of an OFD. `lines` are read by the text of the page instead. */
export function readNamedValues(values: Iterable<readonly [name: string, text: string]>, source: ReadingSource): Draft | undefined {
  const children = Array.from(values, ([name, text]) => ({ name: canonical(name), text, children: [] }));
  return draftOf({ name: '', text: '', children }, source);
}

function draftOf(root: Node, source: ReadingSource): Draft | undefined {
  const leaves = [...leavesOf(root)];
  const fields: Draft['fields'] = {};
  let beforeTax: string | undefined;
  for (const [field, { names, read }] of Object.entries(NAMES) as [TextField | 'beforeTax', (typeof NAMES)['type']][]) {
    const value = firstOf(leaves, names, read);
    if (value === undefined) continue;
    if (field === 'beforeTax') beforeTax = value;
    else fields[field] = { value, confidence: 1 };
  }
  const type = fields.type?.value ?? typeByShape(fields.code?.value, fields.number?.value);
  if (!fields.number) return undefined;
  if (type !== undefined) fields.type ??= { value: type, confidence: 1 };
  const lines = linesOf(root);
  const findings = [...sharesFinding(leaves, fields.amount?.value), ...severalFinding(leaves, fields.number.value)];
  return {
    source,
    fields,
    ...(lines.length > 0 && { lines: { value: lines, confidence: 1 } }),
    ...(beforeTax !== undefined && { beforeTax }),
    ...(leaves.some(({ name, text }) => name === 'elecsetlcertflag' && text === '1') && { reversed: true }),
    ...(findings.length > 0 && { findings }),
  };
}

function treeOf(parsed: unknown): Node | undefined {
  if (!Array.isArray(parsed)) return undefined;
  const children = (parsed as Record<string, unknown>[]).flatMap((entry): Node[] => {
    const [name, content] = Object.entries(entry).find(([key]) => key !== ':@') ?? [];
    if (name === undefined || name === '#text' || !Array.isArray(content)) return [];
    const inner = treeOf(content);
    const text = (content as Record<string, unknown>[]).flatMap((each) => ('#text' in each ? [String(each['#text'])] : [])).join('');
    // exporting programs write as attributes what the formats have as elements
    const attributes = Object.entries(entry[':@'] ?? {}).map(([key, value]) => ({
      name: canonical(key),
      text: plain(unescapeXml(String(value))),
      children: [],
    }));
    return [{ name: canonical(name), text: plain(unescapeXml(text)), children: [...(inner?.children ?? []), ...attributes] }];
  });
  return { name: '', text: '', children };
}

/** Of the bill as a whole: what belongs to a line is left out. */
function* leavesOf(node: Node): Generator<Node> {
  if (node.children.length === 0) yield node;
  else if (isLine(node)) return;
  for (const child of node.children) yield* leavesOf(child);
}

function firstOf(leaves: readonly Node[], names: readonly string[], read: Read): string | undefined {
  for (const wanted of names) {
    for (const { name, text } of leaves) {
      const value = name === wanted ? read(text) : undefined;
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

function linesOf(node: Node): ReadLine[] {
  const lines: ReadLine[] = [];
  const visit = (each: Node): void => {
    if (lines.length >= MAX_LINES) return;
    const line = isLine(each) ? lineOf(each.children) : undefined;
    if (line) lines.push(line);
    else for (const child of each.children) visit(child);
  };
  visit(node);
  return lines;
}

function isLine({ name, children }: Node): boolean {
  if (LINE_ELEMENTS.has(name)) return children.length > 0;
  const has = (part: 'name' | 'amount'): boolean =>
    children.some((child) => child.children.length === 0 && (LINE[part] as readonly string[]).includes(child.name));
  return has('name') && has('amount');
}

function lineOf(parts: readonly Node[]): ReadLine | undefined {
  const value = (part: keyof typeof LINE): string | undefined => firstOf(parts, LINE[part], (text) => text || undefined);
  const net = readAmount(value('amount') ?? '');
  if (net === undefined) return undefined;
  const inclusive = firstOf(parts, ['totaltaxincludedamount'], readAmount) !== undefined;
  const tax = inclusive ? undefined : readAmount(value('tax') ?? '');
  const amount = formatYuan(sum([net, tax ?? '0'].map((each) => parseYuan(each)).filter((each) => each !== undefined)));
  const line: ReadLine = { amount };
  for (const part of ['name', 'itemCode', 'quantity', 'unitPrice', 'level'] as const) {
    const text = value(part);
    if (text !== undefined) line[part] = text.slice(0, 200);
  }
  return line;
}

/** What the fund, the account and the person pay make the whole bill. */
function sharesFinding(leaves: readonly Node[], amount: string | undefined): ReadingFinding[] {
  const shares = SHARES.map((name) => firstOf(leaves, [name], readAmount)).map((text) => text && parseYuan(text));
  const known = shares.filter((each) => each !== undefined && each !== '');
  if (amount === undefined || known.length < SHARES.length) return [];
  const total = sum(known);
  return total === parseYuan(amount)
    ? []
    : [{ code: 'DATA_ERROR', field: 'amount', detail: `what the fund, others, the account and cash pay makes ${formatYuan(total)}, not ${amount}` }];
}

function severalFinding(leaves: readonly Node[], number: string): ReadingFinding[] {
  const numbers = new Set(
    leaves
      .filter(({ name }) => name === 'elecsetlcertno' || name === 'einvoicenumber' || name === 'eiid')
      .flatMap(({ text }) => readDigits(text, [8, 10, 20]) ?? []),
  );
  return numbers.size > 1 || (numbers.size === 1 && !numbers.has(number))
    ? [{ code: 'SEVERAL_INVOICES', field: 'number', detail: READING_CODES.SEVERAL_INVOICES.en }]
    : [];
}

const canonical = (name: string): string => name.replaceAll(/[_\-.]/g, '').toLowerCase();

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** The five that XML has, and none that a file brings. */
export const unescapeXml = (text: string): string => text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');

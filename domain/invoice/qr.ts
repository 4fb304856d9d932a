import type { Draft, TextField } from './reading.ts';
import { plain, readAmount, readCheckCode, readDay, readDigits, typeByShape } from './values.ts';

/** Tax invoices whose code carries the whole amount; the older ones carry it without tax. */
const FULLY_DIGITAL = /^(?:3[12]|5[1-9]|6\d|8[1-8])$/;
const CONFIDENCE = 0.95;

type Found = Partial<Record<TextField, string>> & { beforeTax?: string };

/**
 * What the text of a QR code says of an invoice: `01,<type>,<code>,<number>,<amount>,<yyyyMMdd>,<check code>,<crc>,` on tax invoices, the same with six letters for a check code
 * or an address with such parameters on fiscal bills. undefined where it is about something else: hospitals print other codes as well.
 */
export function readQr(text: string): Draft | undefined {
  const written = plain(text);
  const found = /^0\d,/.test(written) ? fromList(written.split(',')) : (fromAddress(written) ?? fromNeighbours(written));
  if (!found?.number) return undefined;
  const { beforeTax, ...values } = { ...found, type: typeByShape(found.code, found.number) };
  const fields = Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, { value, confidence: CONFIDENCE }]])),
  );
  return { source: 'qr', fields, ...(beforeTax !== undefined && { beforeTax }) };
}

/** The place of a value is fixed up to the number. After it, makers differ in the order: each value tells by its shape what it is. */
function fromList([, kind = '', codeText = '', numberText = '', ...rest]: string[]): Found | undefined {
  const code = readDigits(codeText, [8, 10, 12]);
  const number = readDigits(numberText, [8, 10, 20]);
  const type = typeByShape(code, number);
  if (type === undefined) return undefined;
  const date = rest.map((each) => (/^\s*\d{8}\s*$/.test(each) ? readDay(each) : undefined)).find((each) => each !== undefined);
  const amount = rest.map((each) => (/^-?\d{1,7}(\.\d{1,2})?$/.test(each.trim()) ? readAmount(each) : undefined)).find((each) => each !== undefined);
  const checkCode = rest.map((each) => checkCodeOf(type, each)).find((each) => each !== undefined);
  const whole = type !== '2' || FULLY_DIGITAL.test(kind);
  return { ...defined({ code, number, date, checkCode }), ...(amount !== undefined && (whole ? { amount } : { beforeTax: amount })) };
}

/** Four letters at the end are a checksum of the code itself. */
function checkCodeOf(type: string, text: string): string | undefined {
  const code = readCheckCode(text);
  if (type === '1') return code?.length === 6 && !/^\d+\.?\d*$/.test(text.trim()) ? code : undefined;
  return code?.length === 20 ? code : undefined;
}

const PARAMETERS: Record<'code' | 'number' | 'checkCode' | 'date' | 'amount', RegExp> = {
  code: /^(e?invoice|bill|e?bill(batch)?|pj|fp|batch)?_?(code|dm)$/,
  number: /^(e?invoice|e?bill|pj|fp)?_?(number|num|no|hm)$/,
  checkCode: /^(random(number|code)?|check_?code|jym|verify_?code|rand)$/,
  date: /^((issue|bill|invoice|iv)_?date|kprq|date|issuetime)$/,
  amount: /^((total|bill)_?(amount|amt|money)|amount|je|money|totalfee)$/,
};

/** The parameters may stand behind `?` or, in pages of one file, behind `#`. */
function fromAddress(text: string): Found | undefined {
  const parameters = [...text.matchAll(/[?&#]([\w.]+)=([^&#]*)/g)].map(([, name = '', value = '']) => [name.toLowerCase(), decoded(value)] as const);
  const named = (field: keyof typeof PARAMETERS): string[] => parameters.flatMap(([name, value]) => (PARAMETERS[field].test(name) ? [value] : []));
  const first = <T>(values: string[], read: (text: string) => T | undefined): T | undefined => values.map(read).find((each) => each !== undefined);
  const code = first(named('code'), (each) => readDigits(each, [8, 10, 12]));
  const number = first(named('number'), (each) => readDigits(each, [8, 10, 20]));
  if (typeByShape(code, number) === undefined) return undefined;
  return defined({
    code,
    number,
    checkCode: first(named('checkCode'), readCheckCode),
    date: first(named('date'), readDay),
    amount: first(named('amount'), readAmount),
  });
}

/** Some makers give no names: eight digits and ten behind them are the code and number of a fiscal bill. */
function fromNeighbours(text: string): Found | undefined {
  const words = text.split(/[^\dA-Za-z.]+/);
  const at = words.findIndex((word, index) => /^(?!(?:19|20)\d{2})\d{8}$/.test(word) && /^\d{10}$/.test(words[index + 1] ?? ''));
  const [code, number, third = ''] = at === -1 ? [] : words.slice(at, at + 3);
  return code === undefined ? undefined : defined({ code, number, checkCode: checkCodeOf('1', third) });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const defined = (values: { [K in TextField]?: string | undefined }): Found =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

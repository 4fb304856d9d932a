import { isDay } from '../calendar.ts';
import { formatYuan, parseYuan } from '../money.ts';
import type { InvoiceType } from './key.ts';

/** How invoices write things, made into how we write them. Each is undefined where the text is not such a thing. */

/** One width, no invisible characters, and characters in place of the radicals that some fonts' tables give: NFKC knows those of Kangxi, not the supplement. */
export const normalised = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[\u2e80-\u2eff]/g, (one) => RADICALS.get(one) ?? one)
    .replaceAll(/\p{Cf}/gu, '');

const RADICALS = new Map(
  Array.from(
    '⺠民⺬示⺶羊⺼月⻁虎⻄西⻅见⻆角⻉贝⻊足⻋车⻑長⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻬齐⻮齿⻰龙⻳龟'.matchAll(/(.)(.)/gu),
    ([, radical = '', character = '']) => [radical, character] as const,
  ),
);

export const plain = (text: string): string => normalised(text).trim();
const tight = (text: string): string => plain(text).replaceAll(/\s/g, '');

/** `2020年07月23日`, `2026-3-5`, `20260305101112`, `2026/03/05 10:11:12` → yyyy-MM-dd, if there is such a day. */
export function readDay(text: string): string | undefined {
  const written = plain(text);
  const match = /^(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})(?!\d)/.exec(written) ?? /^(\d{4})(\d{2})(\d{2})(?:\d{6})?(?!\d)/.exec(written);
  if (!match) return undefined;
  const [, year = '', month = '', day = ''] = match;
  // eight digits may be a code: 32060225
  if (Number(year) < 1990 || Number(year) > 2099) return undefined;
  const made = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(made) ? made : undefined;
}

/** `¥ 1,234.5`, `526`, `(小写)123.45元` → `1234.50`. */
export function readAmount(text: string): string | undefined {
  const match = /^(?:CNY|RMB|[¥Y￥])?(-?)(?:CNY|RMB|[¥￥])?(-?)(\d{1,3}(?:,\d{3})+|\d{1,13})(?:\.(\d{1,6}))?元?$/i.exec(tight(text));
  if (!match) return undefined;
  const [, before = '', after = '', whole = '', fraction = ''] = match;
  // systems print amounts with four places, the last of them zeros
  if (/[1-9]/.test(fraction.slice(2))) return undefined;
  const amount = parseYuan(`${before || after}${whole.replaceAll(',', '')}${fraction ? `.${fraction.slice(0, 2)}` : ''}`);
  return amount === undefined ? undefined : formatYuan(amount);
}

export function readDigits(text: string, lengths: readonly number[]): string | undefined {
  const digits = tight(text);
  return /^\d+$/.test(digits) && lengths.includes(digits.length) ? digits : undefined;
}

/** Six letters and digits on fiscal bills, twenty digits in groups on tax invoices. */
export function readCheckCode(text: string): string | undefined {
  const code = tight(text);
  return /^(\d{20}|[A-Za-z0-9]{4,10})$/.test(code) ? code : undefined;
}

/** What a code and a number are the code and number of. A fully digital invoice has a number of 20 digits. */
export function typeByShape(code: string | undefined, number: string | undefined): InvoiceType | undefined {
  if (number?.length === 20) return '3';
  if (number?.length === 10 && code?.length === 8) return '1';
  if (number?.length === 8 && (code?.length === 10 || code?.length === 12)) return '2';
  return undefined;
}

const DIGITS: Record<string, number> = { 零: 0, 〇: 0, 壹: 1, 贰: 2, 贡: 2, 叁: 3, 肆: 4, 伍: 5, 陆: 6, 柒: 7, 捌: 8, 玖: 9, 貳: 2, 陸: 6 };
const UNITS: Record<string, number> = { 拾: 10, 佰: 100, 仟: 1_000 };

/** `伍佰贰拾陆圆整` → `526.00`. Capital numerals up to hundreds of millions. */
export function readAmountInWords(text: string): string | undefined {
  const match =
    /^(负)?([零〇壹贰貳叁肆伍陆陸柒捌玖拾佰仟万亿]+)[元圆](?:(?:零?([壹贰貳叁肆伍陆陸柒捌玖零])角)?(?:零?([壹贰貳叁肆伍陆陸柒捌玖零])分)?(?:[整正])?)$/.exec(
      tight(text),
    );
  if (!match) return undefined;
  const [, minus = '', whole = '', jiao, cents] = match;
  let [total, section, digit] = [0, 0, 0];
  for (const one of whole) {
    if (one in DIGITS) digit = DIGITS[one] ?? 0;
    else if (one in UNITS) {
      section += (digit || 1) * (UNITS[one] ?? 1);
      digit = 0;
    } else {
      total = one === '万' ? total + (section + digit) * 10_000 : (total + section + digit) * 100_000_000;
      [section, digit] = [0, 0];
    }
  }
  const amount = parseYuan(`${minus ? '-' : ''}${total + section + digit}.${DIGITS[jiao ?? '零'] ?? 0}${DIGITS[cents ?? '零'] ?? 0}`);
  return amount === undefined ? undefined : formatYuan(amount);
}

/** A name, not a number, a label or an empty line. */
export function readName(text: string): string | undefined {
  const name = plain(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(?<![A-Za-z])\s+|\s+(?![A-Za-z])/g, '')
    .replace(/^[:：;；,，、.*]+|[:：;；,，]+$/g, '');
  return name.length >= 2 && name.length <= 80 && /\p{L}{2}/u.test(name) ? name : undefined;
}

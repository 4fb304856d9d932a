const DIGITS = '零壹贰叁肆伍陆柒捌玖';
const UNITS = ['', '拾', '佰', '仟', '万'];

/** An amount in the numerals that are hard to change: `680.50` → `陆佰捌拾元伍角`. Decimal yuan, 1.00 to 99 999.99. */
export function inWords(yuan: string): string {
  const [whole = '', cents = '00'] = yuan.split('.');
  const named = (digit: string): string => DIGITS[Number(digit)] ?? '';
  const words = Array.from(whole, (digit, index) => (digit === '0' ? '零' : named(digit) + (UNITS[whole.length - 1 - index] ?? ''))).join('');
  const [jiao = '0', fen = '0'] = cents;
  const rest = cents === '00' ? '整' : `${jiao === '0' ? '零' : `${named(jiao)}角`}${fen === '0' ? '' : `${named(fen)}分`}`;
  return `${words.replaceAll(/零+/g, '零').replace(/零$/, '')}元${rest}`;
}

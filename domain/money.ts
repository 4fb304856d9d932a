/** Money is fen in a safe integer. JSON and interfaces carry decimal yuan with two places (`"526.00"`). */
declare const fenBrand: unique symbol;
export type Fen = number & { readonly [fenBrand]: 'fen' };

const YUAN = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/;

/** `1234` → 1234 fen. Throws RangeError where the number is not a safe integer. */
export function fen(value: number): Fen {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an amount in fen: ${value}`);
  return value as Fen;
}

/** `"12.3"` → 1230 fen; undefined where the text is not a decimal with at most two places. */
export function parseYuan(text: string): Fen | undefined {
  const match = YUAN.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const amount = Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  return Number.isSafeInteger(amount) ? fen(sign && amount !== 0 ? -amount : amount) : undefined;
}

/** 1230 fen → `"12.30"`. */
export function formatYuan(amount: Fen): string {
  const digits = Math.abs(amount).toString().padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export function sum(amounts: Iterable<Fen>): Fen {
  let total = 0;
  for (const amount of amounts) total += amount;
  return fen(total);
}

export function subtract(a: Fen, b: Fen): Fen {
  return fen(a - b);
}

export function min(a: Fen, b: Fen): Fen {
  return a < b ? a : b;
}

/**
 * `amount × by ÷ over`, all of them safe integers ≥ 0: the whole fen, and the numerator of what is left. Exact whatever their size; most products fit into a plain number, which is
 * several times as fast as a BigInt.
 */
export function divide(amount: number, by: number, over: number): { whole: number; left: number } {
  const product = amount * by;
  if (Number.isSafeInteger(product)) {
    const left = product % over;
    return { whole: (product - left) / over, left };
  }
  const [exact, divisor] = [BigInt(amount) * BigInt(by), BigInt(over)];
  return { whole: Number(exact / divisor), left: Number(exact % divisor) };
}

/** `amount × by ÷ over`, all of them safe integers ≥ 0, rounded half up. `over` must not be 0. */
export function proportion(amount: number, by: number, over: number): number {
  const { whole, left } = divide(amount, by, over);
  return left < over - left ? whole : whole + 1;
}

/** Ratio in basis points (8200 = 82 %), rounded half up to the fen, away from zero. */
export function share(amount: Fen, basisPoints: number): Fen {
  if (!Number.isInteger(basisPoints)) throw new RangeError(`not basis points: ${basisPoints}`);
  const part = proportion(Math.abs(amount), Math.abs(basisPoints), 10_000);
  return fen(part !== 0 && amount < 0 !== basisPoints < 0 ? -part : part);
}

/**
 * Splits `total` over `weights` by largest remainder, ties in order, so that the parts add up to the fen.
 * All weights zero: everything to the first part. Throws RangeError for a negative total, and for no or negative weights.
 */
export function allocate(total: Fen, weights: readonly Fen[]): Fen[] {
  if (weights.length === 0 || weights.some((weight) => weight < 0)) throw new RangeError('weights must be one or more amounts ≥ 0');
  if (total < 0) throw new RangeError(`not an amount to split: ${total}`);
  const sumOfWeights = sum(weights);
  if (sumOfWeights === 0) return weights.map((_, index) => (index === 0 ? total : fen(0)));
  const exact = weights.map((weight, index) => ({ index, ...divide(total, weight, sumOfWeights) }));
  const parts = exact.map(({ whole }) => whole);
  const byRemainder = exact.sort((a, b) => b.left - a.left || a.index - b.index);
  let rest = total - parts.reduce((a, b) => a + b, 0);
  for (const { index } of byRemainder) {
    if (rest <= 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    rest -= 1;
  }
  return parts.map(fen);
}

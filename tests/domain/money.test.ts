import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, divide, fen, formatYuan, min, parseYuan, share, subtract, sum, type Fen } from '#domain/money.ts';

const amounts = fc.integer({ min: 0, max: 10_000_000_000 }).map(fen);
const signed = fc.integer({ min: -10_000_000_000, max: 10_000_000_000 }).map(fen);

describe('yuan', () => {
  test.each([
    ['526.00', 52_600],
    ['0', 0],
    ['-0.00', 0],
    ['12.3', 1_230],
    ['-12.34', -1_234],
    ['0.05', 5],
    ['9999999999999.99', 999_999_999_999_999],
  ])('%s is %i fen', (text, expected) => expect(parseYuan(text)).toBe(expected));

  test.each(['', ' 1', '1.', '.5', '1.234', '1e3', '+1', '1,000', '１', '٣', 'NaN', 'Infinity', '0x10', '--1', '12345678901234', '1\n'])(
    '%j is no amount',
    (text) => expect(parseYuan(text)).toBeUndefined(),
  );

  test('what is written is read back', () => {
    fc.assert(fc.property(signed, (amount) => parseYuan(formatYuan(amount)) === amount));
    expect(formatYuan(fen(-5))).toBe('-0.05');
    expect(formatYuan(fen(-0))).toBe('0.00');
  });
});

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d is not fen', (value) => expect(() => fen(value)).toThrow(RangeError));

test('sums leave the safe integers loudly', () => {
  expect(sum([fen(100), fen(-30)])).toBe(70);
  expect(subtract(fen(1), fen(3))).toBe(-2);
  expect(min(fen(1), fen(3))).toBe(1);
  expect(() => sum([fen(Number.MAX_SAFE_INTEGER), fen(1)])).toThrow(RangeError);
});

describe('share', () => {
  test.each([
    [4_210_000, 8_200, 3_452_200], // 42 100.00 × 82 % = 34 522.00
    [6_111, 8_000, 4_889], // 61.11 × 80 % = 48.888
    [1, 5_000, 1], // half a fen up
    [1, 4_999, 0],
    [-1, 5_000, -1],
    [10_000, 0, 0],
  ])('%i × %i bp = %i', (amount, basisPoints, expected) => expect(share(fen(amount), basisPoints)).toBe(expected));

  test('is within half a fen of the exact product', () => {
    fc.assert(fc.property(signed, fc.integer({ min: 0, max: 10_000 }), (amount, bp) => Math.abs(share(amount, bp) - (amount * bp) / 10_000) <= 0.500_001));
  });

  test('refuses a fraction of a basis point', () => expect(() => share(fen(1), 0.5)).toThrow(RangeError));
});

test('a division is exact on either side of what a plain number holds', () => {
  const anything = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 20_000, max: Number.MAX_SAFE_INTEGER }), (amount, by, over) => {
      const { whole, left } = divide(amount, by, over);
      return BigInt(whole) * BigInt(over) + BigInt(left) === BigInt(amount) * BigInt(by) && left < over;
    }),
  );
});

describe('allocate', () => {
  test('largest remainder, ties in order', () => {
    expect(allocate(fen(100), [fen(1), fen(1), fen(1)])).toEqual([34, 33, 33]);
    expect(allocate(fen(1_000), [fen(250), fen(500), fen(333)])).toEqual([231, 462, 307]); // 230.84, 461.68, 307.48
    expect(allocate(fen(7), [fen(0), fen(0)])).toEqual([7, 0]);
  });

  test('adds up to the fen, gives nobody more than a fen too much, and nothing for nothing', () => {
    const weights = fc.array(amounts, { minLength: 1, maxLength: 20 }).filter((all) => all.some((weight) => weight > 0));
    fc.assert(
      fc.property(amounts, weights, (total, all) => {
        const parts = allocate(total, all);
        const whole = sum(all);
        expect(sum(parts)).toBe(total);
        parts.forEach((part, index) => {
          const exact = BigInt(total) * BigInt(all[index] ?? 0);
          expect(BigInt(part) * BigInt(whole) - exact > -BigInt(whole) && BigInt(part) * BigInt(whole) - exact < BigInt(whole)).toBe(true);
          if (all[index] === 0) expect(part).toBe(0);
        });
      }),
    );
  });

  const bad: [Fen, Fen[]][] = [
    [fen(1), []],
    [fen(1), [fen(-1), fen(2)]],
    [fen(-10), [fen(1), fen(1), fen(1)]],
  ];
  test.each(bad)('refuses %i over %j', (total, weights) => expect(() => allocate(total, weights)).toThrow(RangeError));
});

import { allocate, fen, min, share, subtract, type Fen } from '../money.ts';
import type { Deduction, Origin, SettledLine } from './settle.ts';

/** 01 甲, 02 乙, 03 丙 (chrgitm_lv) */
export type ItemClass = '01' | '02' | '03';

/** A line of a fee list with what the catalogue says of the item on the day of treatment. */
export type CostLine = {
  lineNo: number;
  itemCode: string;
  itemName: string;
  itemClass: ItemClass;
  /** decimal, at most four places */
  quantity: string;
  amountFen: Fen;
  /** pric_uplmt_amt: the highest price of one that is paid */
  priceLimitFen?: Fen;
  /** selfpay_prop: what the person bears of an item of class 乙 before anything else */
  preSelfPayBp?: number;
  /** a restricted drug used outside of its restriction: paid by nobody but the person */
  outsideRestriction?: boolean;
  /** the catalogue that said so, with its version; `hasLimit`: the price limit is its own, not the line's */
  catalogue?: { source: string; confirmed: boolean; hasLimit: boolean };
};

/** A line with what of it is in scope, and why the rest is not. */
export type ScopedLine = { line: CostLine; inScopeFen: Fen; deductions: Deduction[] };

/** 丙 first, then the excess over the price limit, then what an item of class 乙 asks beforehand; the rest is in scope. */
export function scopeOf(line: CostLine, rulebook: string): ScopedLine {
  const stated: Origin = { rulebook, source: 'as stated with the line', confirmed: false };
  const origin: Origin = line.catalogue ? { rulebook, source: line.catalogue.source, confirmed: line.catalogue.confirmed } : stated;
  const all = (code: Deduction['code'], rule: Deduction['rule']): ScopedLine => ({
    ...{ line, inScopeFen: fen(0) },
    deductions: line.amountFen === 0 ? [] : [{ code, rule, amountFen: line.amountFen, origin }],
  });
  if (line.itemClass === '03') return all('NOT_IN_CATALOGUE', 'catalogue');
  if (line.outsideRestriction) return all('NOT_IN_CATALOGUE', 'restricted-use');
  const deductions: Deduction[] = [];
  const highest = line.priceLimitFen === undefined ? line.amountFen : min(line.amountFen, times(line.priceLimitFen, line.quantity));
  const overFen = subtract(line.amountFen, highest);
  if (overFen > 0) deductions.push({ code: 'ABOVE_TARIFF', rule: 'price-limit', amountFen: overFen, origin: line.catalogue?.hasLimit ? origin : stated });
  const before = line.itemClass === '02' ? share(highest, line.preSelfPayBp ?? 0) : fen(0);
  if (before > 0) deductions.push({ code: 'COINSURANCE', rule: 'pre-self-pay', amountFen: before, origin });
  return { line, inScopeFen: subtract(highest, before), deductions };
}

const PLACES = 4;

/** `price × quantity`, rounded half up to the fen; the largest amount there is where it is beyond all amounts. */
function times(price: Fen, quantity: string): Fen {
  const [whole = '0', fraction = ''] = quantity.split('.');
  const scale = 10n ** BigInt(PLACES);
  const count = BigInt(whole) * scale + BigInt(fraction.padEnd(PLACES, '0').slice(0, PLACES));
  const product = (BigInt(price) * count + scale / 2n) / scale;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return fen(Number(product > most ? most : product));
}

/**
 * Lays what the whole claim loses over what its lines have in scope, one deduction after the other; what remains of a line is its benefit. Largest remainder never takes more from a line
 * than it has, because each deduction is at most what all lines still have together.
 */
export function allocateOver(scoped: readonly ScopedLine[], deductions: readonly Deduction[]): SettledLine[] {
  let left = scoped.map((line) => line.inScopeFen);
  const taken = scoped.map((line) => [...line.deductions]);
  for (const deduction of deductions) {
    if (deduction.amountFen === 0) continue;
    const parts = allocate(deduction.amountFen, left);
    parts.forEach((part, index) => {
      if (part > 0) taken[index]?.push({ ...deduction, amountFen: part });
    });
    left = left.map((amount, index) => subtract(amount, parts[index] ?? fen(0)));
  }
  return scoped.map(({ line, inScopeFen }, index) => ({
    ...{ lineNo: line.lineNo, submittedFen: line.amountFen, eligibleFen: inScopeFen, deductions: taken[index] ?? [] },
    benefitFen: left[index] ?? fen(0),
  }));
}

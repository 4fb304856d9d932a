import { allocate, fen, min, proportion, share, subtract, type Fen } from '../money.ts';
import type { Allowance } from './limits.ts';
import { ONE, quantityOf } from './quantity.ts';
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

/**
 * 丙 first, then what is beyond a treatment limit, then the excess over the price limit, then what an item of class 乙 asks beforehand; the rest is in scope. `allowance`: what
 * a treatment limit leaves of the quantity.
 */
export function scopeOf(line: CostLine, rulebook: string, allowance?: Allowance): ScopedLine {
  const stated: Origin = { rulebook, source: 'as stated with the line', confirmed: false };
  const origin: Origin = line.catalogue ? { rulebook, source: line.catalogue.source, confirmed: line.catalogue.confirmed } : stated;
  const all = (code: Deduction['code'], rule: Deduction['rule']): ScopedLine => ({
    ...{ line, inScopeFen: fen(0) },
    deductions: line.amountFen === 0 ? [] : [{ code, rule, amountFen: line.amountFen, origin }],
  });
  if (line.itemClass === '03') return all('NOT_IN_CATALOGUE', 'catalogue');
  if (line.outsideRestriction) return all('NOT_IN_CATALOGUE', 'restricted-use');
  const deductions: Deduction[] = [];
  const take = (code: Deduction['code'], rule: Deduction['rule'], amountFen: Fen, from: Origin): void => {
    if (amountFen > 0) deductions.push({ code, rule, amountFen, origin: from });
  };
  let allowedFen = line.amountFen;
  let quantity = line.priceLimitFen === undefined && !allowance ? 0 : quantityOf(line.quantity);
  if (allowance && allowance.quantity < quantity) {
    allowedFen = fen(proportion(line.amountFen, allowance.quantity, quantity));
    ({ quantity } = allowance);
    const { source, confirmed } = allowance.entry;
    take('QUOTA_USED', 'treatment-limit', subtract(line.amountFen, allowedFen), { rulebook, source, confirmed });
  }
  const highest = line.priceLimitFen === undefined ? allowedFen : min(allowedFen, times(line.priceLimitFen, quantity));
  take('ABOVE_TARIFF', 'price-limit', subtract(allowedFen, highest), line.catalogue?.hasLimit ? origin : stated);
  const before = line.itemClass === '02' ? share(highest, line.preSelfPayBp ?? 0) : fen(0);
  take('COINSURANCE', 'pre-self-pay', before, origin);
  return { line, inScopeFen: subtract(highest, before), deductions };
}

/** `price × quantity`, rounded half up to the fen; the largest amount there is where it is beyond all amounts. */
function times(price: Fen, quantity: number): Fen {
  return fen(Math.min(proportion(price, quantity, ONE), Number.MAX_SAFE_INTEGER));
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

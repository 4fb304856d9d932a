import type { Day } from '../calendar.ts';
import type { CostLine } from './lines.ts';
import { quantityOf } from './quantity.ts';
import { inForce, type Entry, type TreatmentLimit } from './rulebook.ts';

/** Quantities in ten-thousandths by item code. */
export type Quantities = Readonly<Record<string, number>>;

/** How many ten-thousandths of a line are paid for, and what says so. */
export type Allowance = { quantity: number; entry: Entry<unknown> };

/**
 * What the limits leave of each line, in line order: undefined where none holds. What is not covered at all uses nothing up. `used`: what was paid for in the year before.
 */
export function allowancesOf(
  lines: readonly CostLine[],
  limits: readonly TreatmentLimit[],
  { day, used }: { day: Day; used: Quantities },
): (Allowance | undefined)[] {
  if (limits.length === 0) return [];
  const left = new Map<TreatmentLimit, number>();
  return lines.map(({ itemCode, itemClass, outsideRestriction, quantity: text }) => {
    const limit = limits.find(({ itemCodes }) => itemCodes.includes(itemCode));
    const entry = limit && inForce(limit.allowed, day);
    if (!entry || itemClass === '03' || outsideRestriction) return undefined;
    const rest = left.get(limit) ?? leftOf(limit, entry.value, used);
    const quantity = Math.min(quantityOf(text), rest);
    left.set(limit, rest - quantity);
    return { quantity, entry };
  });
}

function leftOf(
  { itemCodes }: TreatmentLimit,
  { perVisit = Infinity, perYear = Infinity }: Entry<{ perVisit?: number; perYear?: number }>['value'],
  used: Quantities,
): number {
  const before = itemCodes.reduce((total, code) => total + (used[code] ?? 0), 0);
  return Math.min(perVisit, Math.max(0, perYear - before));
}

/** What the lines add to what was used in the year. */
export function quantitiesUsed(lines: readonly CostLine[], allowances: readonly (Allowance | undefined)[]): Quantities {
  const used: Record<string, number> = {};
  for (const [index, allowance] of allowances.entries()) {
    const code = lines[index]?.itemCode;
    if (allowance && code !== undefined) used[code] = (used[code] ?? 0) + allowance.quantity;
  }
  return used;
}

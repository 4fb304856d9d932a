import { addTotals, noTotals, type Totals } from './totals.ts';

/** Totals of fewer people than this are shown of nobody: who knows the unit would know of whom they speak. */
export const SMALLEST_GROUP = 5;

export type UnitTotals = { unitCode: string; totals: Totals };
export type Shown = { total: Totals | null; units: UnitTotals[]; others: Totals | null };

/**
 * What may be shown of totals by unit: each unit with at least five people; the smaller ones together, joined by the smallest of the others until there are five of them as well, or
 * they would follow from the total. `sizes`: by how many people a unit is judged, the fewest of all runs that are shown side by side.
 */
export function shownTotals(units: readonly UnitTotals[], sizes: ReadonlyMap<string, number> = sizesOf(units)): Shown {
  const size = ({ unitCode }: UnitTotals): number => sizes.get(unitCode) ?? 0;
  const inOrder = units.toSorted((a, b) => size(a) - size(b) || (a.unitCode < b.unitCode ? -1 : 1));
  const people = inOrder.reduce((sum, unit) => sum + size(unit), 0);
  if (people < SMALLEST_GROUP) return { total: null, units: [], others: null };
  let joined = inOrder.filter((unit) => size(unit) < SMALLEST_GROUP).length;
  let together = inOrder.slice(0, joined).reduce((sum, unit) => sum + size(unit), 0);
  while (joined > 0 && joined < inOrder.length && together < SMALLEST_GROUP) {
    const next = inOrder[joined];
    together += next ? size(next) : 0;
    joined += 1;
  }
  const all = (some: readonly UnitTotals[]): Totals => some.reduce((sum, { totals }) => addTotals(sum, totals), noTotals());
  return {
    total: all(inOrder),
    units: inOrder.slice(joined).toSorted((a, b) => (a.unitCode < b.unitCode ? -1 : 1)),
    others: joined > 0 ? all(inOrder.slice(0, joined)) : null,
  };
}

export const sizesOf = (units: readonly UnitTotals[]): Map<string, number> => new Map(units.map(({ unitCode, totals }) => [unitCode, totals.people]));

/** The fewest people that a unit has in any of the runs; one that is missing from a run has none there. */
export function smallestSizes(...runs: (readonly UnitTotals[])[]): Map<string, number> {
  const sizes = runs.map(sizesOf);
  const codes = new Set(sizes.flatMap((run) => [...run.keys()]));
  return new Map([...codes].map((code) => [code, Math.min(...sizes.map((run) => run.get(code) ?? 0))]));
}

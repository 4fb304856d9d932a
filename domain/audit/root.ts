import type { Day } from '../calendar.ts';

/** What is signed of a day: the Merkle root over the hashes of a unit's entries, in the order in which they were written. */
export type RootStatement = {
  type: 'daozhang-audit-root-v1';
  /** null: what belongs to no unit */
  unit: { id: string; code: string } | null;
  day: Day;
  entries: number;
  /** hex */
  root: string;
  /** the unit's root before this one, so that none can be left out */
  previous: { day: Day; root: string } | null;
};

/** The bytes that are signed. */
export function rootText({ type, unit, day, entries, root, previous }: RootStatement): string {
  return JSON.stringify({
    type,
    unit: unit && { id: unit.id, code: unit.code },
    day,
    entries,
    root,
    previous: previous && { day: previous.day, root: previous.root },
  });
}

/** `unit:<id>`, or `installation`. */
export function scopeOf(unitId: string | null): string {
  return unitId === null ? 'installation' : `unit:${unitId}`;
}

/** The name that a day's root is exported under. */
export function rootFile({ unitId, day }: { unitId: string | null; day: Day }): string {
  return `${day.slice(0, 4)}/${day}/${unitId ?? 'installation'}.json`;
}

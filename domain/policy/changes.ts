import type { Day } from '../calendar.ts';
import type { Catalogue } from './catalogue.ts';
import { editionsOn, holdsOn, type Edition, type Versioned } from './edition.ts';
import type { HospitalList } from './hospitals.ts';
import type { Policies } from './policies.ts';
import { inForce, type Dated } from './rulebook.ts';

/** A value that is another on one day than on the other; `(nothing)` where there was none. `of`: the id of the rulebook or list. */
export type Change = { of: string; path: string; before: string; after: string; source: string };

const NOTHING = '(nothing)';

/** The values of all rulebooks, plans, catalogues and directories that are others on `to` than on `from`. */
export function changesBetween({ rulebooks, plans, catalogues, hospitals }: Policies, from: Day, to: Day): Change[] {
  return [
    ...[...rulebooks, ...plans].flatMap(({ value }) => [...datedIn(value, [])].flatMap(({ path, entries }) => entryChange(value.id, path, entries, from, to))),
    ...listChanges(catalogues, itemsOn, from, to),
    ...listChanges(hospitals, hospitalsOn, from, to),
  ];
}

function entryChange(of: string, path: string, entries: Dated<unknown>, from: Day, to: Day): Change[] {
  const [before, after] = [inForce(entries, from), inForce(entries, to)];
  if (after === before || !after) return [];
  return [{ of, path, before: before ? JSON.stringify(before.value) : NOTHING, after: JSON.stringify(after.value), source: after.source }];
}

/** Every list of dated values below `node`. */
function* datedIn(node: unknown, path: readonly string[]): Generator<{ path: string; entries: Dated<unknown> }> {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node) && node.length > 0 && node.every((each) => typeof each === 'object' && each !== null && 'from' in each && 'value' in each)) {
    yield { path: path.join('.'), entries: node as Dated<unknown> };
    return;
  }
  for (const [name, child] of Object.entries(node)) yield* datedIn(child, [...path, name]);
}

/** What stands in a list under each code on a day. */
type Terms<Of> = (list: Of, day: Day) => Map<string, string>;

/** Entry by entry, whichever edition it stands in: an edition that says the same again changes nothing. */
function listChanges<Of extends Edition>(lists: readonly Versioned<Of>[], terms: Terms<Of>, from: Day, to: Day): Change[] {
  const [old, now] = [from, to].map((day) => new Map(editionsOn(lists, day).map((edition) => [edition.value.id, edition.value])));
  return [...new Set(lists.map(({ value }) => value.id))].flatMap((id) => {
    const [before, after] = [old?.get(id), now?.get(id)];
    const source = after?.source ?? before?.source ?? '';
    const was = before ? terms(before, from) : new Map<string, string>();
    const is = after ? terms(after, to) : new Map<string, string>();
    return [...new Set([...was.keys(), ...is.keys()])]
      .filter((code) => was.get(code) !== is.get(code))
      .map((code) => ({ of: id, path: code, before: was.get(code) ?? NOTHING, after: is.get(code) ?? NOTHING, source }));
  });
}

const itemsOn: Terms<Catalogue> = ({ items }, day) => {
  const terms = new Map<string, string>();
  for (const [code, entries] of items) {
    const item = entries.find((entry) => holdsOn(entry, day));
    if (!item) continue;
    const { name, itemClass, preSelfPayBp, priceLimitFen, restricted } = item;
    terms.set(code, JSON.stringify({ name, itemClass, preSelfPayBp, priceLimitFen, restricted }));
  }
  return terms;
};

const hospitalsOn: Terms<HospitalList> = ({ hospitals }, day) => {
  const terms = new Map<string, string>();
  for (const { code, designated, ...rest } of hospitals.values())
    terms.set(code, JSON.stringify({ ...rest, designated: designated.some((period) => holdsOn(period, day)) }));
  return terms;
};

import type { Day } from '../calendar.ts';
import type { Catalogue } from '../policy/catalogue.ts';
import { editionsFor, editionsOn, holdsOn, type Versioned } from '../policy/edition.ts';
import type { Hospital, HospitalList } from '../policy/hospitals.ts';
import { plain } from './values.ts';

/** Full-width letters, brackets and spaces are the printer's; so is the star with which tax invoices begin the class of an item: `*药品*阿莫西林胶囊`. */
const key = (name: string): string =>
  plain(name)
    .replaceAll(/\s/g, '')
    .replace(/^\*[^*]*\*/, '');

/** The one hospital of this name in all directories; undefined where there is none, or there are several. */
export function findHospitalByName(lists: readonly Versioned<HospitalList>[], name: string, day: Day): Hospital | undefined {
  const wanted = key(name);
  const found = editionsOn(lists, day).flatMap(({ value }) => [...value.hospitals.values()].filter(({ names }) => names.some((each) => key(each) === wanted)));
  return new Set(found.map(({ code }) => code)).size === 1 ? found[0] : undefined;
}

/** The one item of this name in the catalogues of the region, the nearest first; undefined where there is none, or there are several. */
export function findItemByName(
  catalogues: readonly Versioned<Catalogue>[],
  { name, region, day }: { name: string; region: string | undefined; day: Day },
): { code: string; itemClass: string } | undefined {
  if (region === undefined) return undefined;
  const wanted = key(name);
  const found = editionsFor(catalogues, region, day).flatMap(
    ({ value }) =>
      itemsByName(value)
        .get(wanted)
        ?.filter((item) => holdsOn(item, day)) ?? [],
  );
  return new Set(found.map(({ code }) => code)).size === 1 ? found[0] : undefined;
}

type Item = { code: string; itemClass: string; from?: Day; to?: Day };
const indexes = new WeakMap<Catalogue, Map<string, Item[]>>();

/** A catalogue has tens of thousands of items, and a claim two hundred lines. */
function itemsByName(catalogue: Catalogue): Map<string, Item[]> {
  const known = indexes.get(catalogue);
  if (known) return known;
  const made = Map.groupBy([...catalogue.items.values()].flat(), ({ name }) => key(name));
  indexes.set(catalogue, made);
  return made;
}

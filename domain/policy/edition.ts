import { addDays, type Day } from '../calendar.ts';
import { regionLevels } from '../bureau/region.ts';

/** A file with the value that it holds. `version` is the SHA-256 of `content`, its JSON in canonical form, whatever its spaces and the order of its properties. */
export type Versioned<Value> = { file: string; version: string; content: string; value: Value };

/** What a list of a region (a catalogue, a directory of hospitals) is, from a day on: each edition replaces the one before it as a whole. */
export type Edition = {
  /** the same for all editions of a list: `130000-drugs` */
  id: string;
  /** six digits; a list of `130000` is for all of Hebei, and one of a city counts before it */
  region: string;
  /** true: what is not in it, is not there. false: an extract, which says nothing of what it does not name */
  complete: boolean;
  from: Day;
  /** the last day; it counts until the next edition where this is absent */
  to?: Day;
  /** the document, or where it was read */
  source: string;
  /** when somebody last compared it with the source */
  checked: Day;
  /** false: no primary source was found */
  confirmed: boolean;
};

/** A time that something holds for, both days included; open where they are absent. */
export type Period = { from?: Day; to?: Day };

export const holdsOn = ({ from, to }: Period, day: Day): boolean => (from === undefined || from <= day) && (to === undefined || day <= to);

/** Of each list the edition that counts on `day`. */
export function editionsOn<Of extends Edition>(editions: readonly Versioned<Of>[], day: Day): Versioned<Of>[] {
  const newest = new Map<string, Versioned<Of>>();
  for (const edition of editions) {
    const { id, from } = edition.value;
    const before = newest.get(id);
    if (from <= day && (!before || before.value.from < from)) newest.set(id, edition);
  }
  return [...newest.values()].filter(({ value }) => holdsOn(value, day));
}

/** The lists for `region` on `day`, those of the smallest area first: the district, the city, the province. */
export function editionsFor<Of extends Edition>(editions: readonly Versioned<Of>[], region: string, day: Day): Versioned<Of>[] {
  const now = editionsOn(editions, day);
  return regionLevels(region).flatMap((level) => now.filter(({ value }) => value.region === level));
}

/** Where editions of one list leave a gap or overlap, and where two lists would answer for one area; `sameList` says which are two lists of one thing. */
export function* findEditionFaults<Of extends Edition>(
  editions: readonly Versioned<Of>[],
  sameList: (one: Of, other: Of) => boolean,
): Generator<{ file: string; path: string[]; reason: string }> {
  const inOrder = editions.toSorted((a, b) => (a.value.from < b.value.from ? -1 : 1));
  for (const [index, { file, value }] of inOrder.entries()) {
    const earlier = inOrder.slice(0, index);
    const before = earlier.findLast((other) => other.value.id === value.id);
    if (before) yield* betweenEditions(file, before.value, value);
    const rival = earlier.find((other) => other.value.id !== value.id && other.value.region === value.region && sameList(other.value, value));
    if (rival) yield { file, path: ['id'], reason: `${rival.value.id} is the same list of ${value.region} under another name` };
  }
}

function* betweenEditions(file: string, before: Edition, value: Edition): Generator<{ file: string; path: string[]; reason: string }> {
  if (before.region !== value.region) yield { file, path: ['region'], reason: `the edition of ${before.from} is of ${before.region}` };
  if (before.from === value.from) yield { file, path: ['from'], reason: `there is another edition of ${value.id} from ${value.from}` };
  if (before.to === undefined || before.from === value.from) return;
  if (before.to >= value.from) yield { file, path: ['from'], reason: `overlaps the edition of ${before.from}, which ends on ${before.to}` };
  else if (addDays(before.to, 1) < value.from) yield { file, path: ['from'], reason: `a gap: the edition of ${before.from} ends on ${before.to}` };
}

/** `130000-drugs 2026-01-01 (3f2a9c1b04de): where it was read` – what a deduction names as its source. */
export function citation({ value: { id, from, source }, version }: Versioned<Edition>): string {
  return `${id} ${from} (${version.slice(0, 12)}): ${source}`;
}

import { z } from 'zod';
import { isSameCity } from '#domain/bureau/region.ts';
import { CIRCUMSTANCE_CODES, CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { CATALOGUE_LISTS, type Catalogue, type CatalogueItem } from '#domain/policy/catalogue.ts';
import type { Period } from '#domain/policy/edition.ts';
import { plainName, type Hospital, type HospitalList } from '#domain/policy/hospitals.ts';
import { day, grade, id, itemCode, parsed, percent, text, yuan, type Parsed } from './values.ts';

/** How catalogues and directories of hospitals are written; see rulebook-file.ts for amounts and ratios. */
const region = z.string().regex(/^\d{6}$/, 'no region of six digits');
const edition = {
  ...{ id, region, name: text, complete: z.boolean(), from: day, to: day.exactOptional() },
  ...{ source: z.string().min(1), checked: day, confirmed: z.boolean() },
};
const period = { from: day.exactOptional(), to: day.exactOptional() };
const name = z.string().trim().min(1).max(200);

export const catalogueItem = z
  .strictObject({
    ...{ code: itemCode, name, class: z.enum(['01', '02', '03']), preSelfPay: percent.exactOptional(), priceLimit: yuan.exactOptional() },
    restricted: z
      .strictObject({
        text: z.string().trim().min(1).max(1_000),
        kinds: z.array(z.enum(CLAIM_KIND_CODES)).min(1).exactOptional(),
        circumstances: z.array(z.enum(CIRCUMSTANCE_CODES)).min(1).exactOptional(),
        grades: z.array(grade).min(1).exactOptional(),
      })
      .exactOptional(),
    ...period,
  })
  .transform(({ class: itemClass, preSelfPay, priceLimit, ...rest }): CatalogueItem => ({
    ...{ ...rest, itemClass },
    ...(preSelfPay !== undefined && { preSelfPayBp: preSelfPay }),
    ...(priceLimit !== undefined && { priceLimitFen: priceLimit }),
  }));

const catalogue = z.strictObject({
  ...{ ...edition, list: z.enum(CATALOGUE_LISTS), codes: z.array(z.string().regex(/^[\w.-]{1,20}$/)).min(1), items: z.array(catalogueItem).min(1) },
});

const hospital = z.strictObject({
  ...{ code: z.string().regex(/^[A-Z]\d{11}$/, 'no code of twelve characters'), names: z.array(name).min(1), region, grade },
  tier: z.enum(['municipal', 'provincial']).exactOptional(),
  designated: z.array(z.strictObject(period)).min(1),
});
const hospitalList = z.strictObject({ ...edition, hospitals: z.array(hospital).min(1) });

/** A catalogue's items, or a directory's hospitals, by their code. */
export function parseCatalogue(content: unknown): Parsed<Catalogue> {
  const read = parsed(catalogue, content);
  if (!read.ok) return read;
  const { items, ...head } = read.value;
  const faults = [...editionFaults(head), ...items.flatMap((item, index) => itemFaults(item, head).map((fault) => inRow('items', index, fault)))];
  for (const index of repeatedItems(items)) faults.push({ path: ['items', index, 'code'], reason: `${items[index]?.code} is there already for the same days` });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: { ...head, items: Map.groupBy(items, ({ code }) => code) } };
}

/** The places of items of which another entry holds for some of the same days. */
export function repeatedItems(items: readonly (Period & { code: string })[]): number[] {
  const inOrder = items
    .map((item, index) => ({ item, index }))
    .toSorted((a, b) => compare(a.item.code, b.item.code) || compare(a.item.from ?? '', b.item.from ?? ''));
  const repeated: number[] = [];
  // of the entries of one code so far, the last day that any holds for
  let until = '';
  for (const [place, { item, index }] of inOrder.entries()) {
    const first = inOrder[place - 1]?.item.code !== item.code;
    if (!first && (item.from ?? '') <= until) repeated.push(index);
    const to = item.to ?? '9999-12-31';
    until = first || to > until ? to : until;
  }
  return repeated.toSorted((a, b) => a - b);
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

export function parseHospitals(content: unknown): Parsed<HospitalList> {
  const read = parsed(hospitalList, content);
  if (!read.ok) return read;
  const { hospitals, ...head } = read.value;
  const faults = editionFaults(head);
  const codes = new Map<string, Hospital>();
  const named = new Map<string, Hospital[]>();
  for (const [index, each] of hospitals.entries()) {
    if (codes.has(each.code)) faults.push({ path: ['hospitals', index, 'code'], reason: `${each.code} is there already` });
    codes.set(each.code, each);
    for (const [place, one] of each.names.entries()) {
      const plain = plainName(one);
      const others = named.get(plain) ?? [];
      const other = others.find(({ region: area }) => isSameCity(area, each.region));
      if (other) faults.push({ path: ['hospitals', index, 'names', place], reason: `${other.code} has this name in the same city` });
      named.set(plain, [...others, each]);
    }
    if (each.tier && each.grade !== '3') faults.push({ path: ['hospitals', index, 'tier'], reason: 'only a hospital of grade 3 has one' });
    for (const [place, one] of each.designated.entries()) {
      if (backwards(one)) faults.push({ path: ['hospitals', index, 'designated', place, 'to'], reason: 'ends before it begins' });
      if (each.designated.slice(0, place).some((before) => overlap(before, one)))
        faults.push({ path: ['hospitals', index, 'designated', place], reason: 'overlaps a time before it' });
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: { ...head, hospitals: codes, byName: named } };
}

type Fault = { path: (string | number)[]; reason: string };

const inRow = (list: string, index: number, { path, reason }: Fault): Fault => ({ path: [list, index, ...path], reason });

function editionFaults(edition: { from: string; to?: string }): Fault[] {
  return backwards(edition) ? [{ path: ['to'], reason: 'ends before it begins' }] : [];
}

/** What is wrong with an item by itself, in a catalogue for `codes` that counts from `from` to `to`. */
export function itemFaults(item: CatalogueItem, { codes, from, to }: { codes: readonly string[]; from: string; to?: string }): Fault[] {
  const faults: Fault[] = [];
  const bad = (property: string, reason: string): number => faults.push({ path: [property], reason });
  if (!codes.some((beginning) => item.code.startsWith(beginning))) bad('code', `${item.code} begins with none of ${codes.join(', ')}`);
  if (item.itemClass === '02' && item.preSelfPayBp === undefined) bad('preSelfPay', 'an item of class 02 says what is paid beforehand');
  if (item.itemClass !== '02' && item.preSelfPayBp !== undefined) bad('preSelfPay', 'only an item of class 02 is paid for beforehand');
  if (backwards(item)) bad('to', 'ends before it begins');
  if (item.to !== undefined && item.to < from) bad('to', `ended before this edition, which begins on ${from}`);
  if (item.from !== undefined && to !== undefined && item.from > to) bad('from', `begins after this edition, which ends on ${to}`);
  return faults;
}

const backwards = ({ from, to }: Period): boolean => from !== undefined && to !== undefined && to < from;

const overlap = (one: Period, other: Period): boolean =>
  (one.to === undefined || other.from === undefined || other.from <= one.to) && (other.to === undefined || one.from === undefined || one.from <= other.to);

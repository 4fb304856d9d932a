import type { Catalogue, CatalogueQuestion, StatedLine } from '#domain/policy/catalogue.ts';
import type { Versioned } from '#domain/policy/edition.ts';
import type { HospitalList } from '#domain/policy/hospitals.ts';
import { fen } from '#domain/money.ts';
import { parseCatalogue, parseHospitals } from '#platform/policy/catalogue-file.ts';
import { rulebook } from './books.ts';

const EDITION = { name: { zh: '目录', en: 'The list' }, complete: false, from: '2024-01-01', source: 'somewhere', checked: '2026-01-01', confirmed: true };

/** What is wrong with a catalogue (`path: reason`), or nothing. */
export function catalogueFaults(change: Record<string, unknown>): string[] {
  const read = parseCatalogue({ ...EDITION, id: '130000-drugs', region: '130000', list: 'drugs', codes: ['X'], ...change });
  return read.ok ? [] : read.faults.map(({ path, reason }) => `${path.join('.')}: ${reason}`);
}

export function hospitalFaults(hospitals: unknown[], change: Record<string, unknown> = {}): string[] {
  const read = parseHospitals({ ...EDITION, id: '130100-hospitals', region: '130100', hospitals, ...change });
  return read.ok ? [] : read.faults.map(({ path, reason }) => `${path.join('.')}: ${reason}`);
}

/** A catalogue of drugs (`X…`) with these items, by default an extract of Hebei. */
export function catalogue(items: unknown[], change: Record<string, unknown> = {}): Versioned<Catalogue> {
  const read = parseCatalogue({ ...EDITION, id: '130000-drugs', region: '130000', list: 'drugs', codes: ['X'], items, ...change });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return { file: `${read.value.id}.json`, version: 'f'.repeat(64), content: '', value: read.value };
}

export function hospitalList(hospitals: unknown[], change: Record<string, unknown> = {}): Versioned<HospitalList> {
  const read = parseHospitals({ ...EDITION, id: '130100-hospitals', region: '130100', hospitals, ...change });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return { file: `${read.value.id}.json`, version: 'e'.repeat(64), content: '', value: read.value };
}

/** One of an item for 100.00, without a class. */
export const line = (itemCode: string, more: Partial<StatedLine> = {}): StatedLine => ({
  ...{ lineNo: 1, itemCode, itemName: '项目', quantity: '1', amountFen: fen(10_000) },
  ...more,
});

/** Insured and treated in Shijiazhuang, as an inpatient of a hospital of grade 3. */
export const asked = (catalogues: readonly Versioned<Catalogue>[], more: Partial<CatalogueQuestion> = {}): CatalogueQuestion => ({
  ...{ catalogues, rulebook: rulebook('130100-310'), treatedRegion: '130102', insuredRegion: '130100', settlement: 'manual' },
  ...{ day: '2026-03-02', kind: 'INPATIENT', circumstances: [], grade: '3' },
  ...more,
});

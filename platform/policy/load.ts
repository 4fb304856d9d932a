import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Catalogue } from '#domain/policy/catalogue.ts';
import { findPlanFaults, findRulebookFaults } from '#domain/policy/check.ts';
import { findEditionFaults, type Versioned } from '#domain/policy/edition.ts';
import type { Policies } from '#domain/policy/policies.ts';
import type { Rulebook } from '#domain/policy/rulebook.ts';
import { parseCatalogue, parseHospitals } from './catalogue-file.ts';
import { parsePlan, parseRulebook } from './rulebook-file.ts';
import type { Fault, Parsed } from './values.ts';

export type { Policies, Versioned };

/** The rulebooks that come with the product. */
export const RULEBOOKS_DIR = fileURLToPath(new URL('../../domain/rulebooks', import.meta.url));

export type FileFault = Fault & { file: string };

/**
 * Reads every rulebook of `dir`, every plan of `dir`/plans, every catalogue of `dir`/catalogues and every directory of `dir`/hospitals. Faults are returned with their file;
 * then there are no policies to work with.
 */
export function loadPolicies(dir: string = RULEBOOKS_DIR): ({ ok: true } & Policies) | { ok: false; faults: FileFault[] } {
  const faults: FileFault[] = [];
  const rulebooks = readAll(dir, { parse: parseRulebook, check: findRulebookFaults }, faults);
  if (rulebooks.length === 0 && faults.length === 0) faults.push({ file: dir, path: [], reason: 'no rulebook is here' });
  const plans = readAll(join(dir, 'plans'), { parse: parsePlan, check: findPlanFaults }, faults);
  const catalogues = readAll(join(dir, 'catalogues'), { parse: parseCatalogue }, faults);
  const hospitals = readAll(join(dir, 'hospitals'), { parse: parseHospitals }, faults);
  faults.push(
    ...clashes(rulebooks),
    ...sameIds([...rulebooks, ...plans]),
    ...findEditionFaults(catalogues, shareCodes),
    ...findEditionFaults(hospitals, () => true),
  );
  return faults.length > 0 ? { ok: false, faults } : { ok: true, rulebooks, plans, catalogues, hospitals };
}

/** What would be wrong with a catalogue beside those of `dir`, of which it replaces the one in its own file. */
export function catalogueFaultsBeside(dir: string, added: Versioned<Catalogue>): FileFault[] {
  const faults: FileFault[] = [];
  const others = readAll(dir, { parse: parseCatalogue }, faults).filter(({ file }) => file !== added.file);
  return [...faults.filter(({ file }) => file !== added.file), ...findEditionFaults([...others, added], shareCodes)];
}

function readAll<Value>(
  dir: string,
  { parse, check = () => [] }: { parse: (content: unknown) => Parsed<Value>; check?: (value: Value) => Fault[] },
  faults: FileFault[],
): Versioned<Value>[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .flatMap((name) => {
      const file = join(dir, name);
      const read = readJson(file);
      const parsed = read.ok ? parse(read.content) : read;
      const found = parsed.ok ? check(parsed.value) : parsed.faults;
      faults.push(...found.map((fault) => ({ ...fault, file })));
      return read.ok && parsed.ok ? [{ file, ...versioned(read.content), value: parsed.value }] : [];
    });
}

function readJson(file: string): { ok: true; content: unknown } | { ok: false; faults: Fault[] } {
  try {
    return { ok: true, content: JSON.parse(readText(file)) };
  } catch (error) {
    return { ok: false, faults: [{ path: [], reason: error instanceof Error ? error.message : 'unreadable' }] };
  }
}

/** Without the mark that editors on Windows begin a file with, which JSON does not know. */
export const readText = (file: string | number): string => readFileSync(file, 'utf8').replace(/^\uFEFF/, '');

/** Two rulebooks of one scheme for one region would leave it to chance which one counts. */
function* clashes(rulebooks: readonly Versioned<Rulebook>[]): Generator<FileFault> {
  for (const [index, one] of rulebooks.entries())
    for (const other of rulebooks.slice(0, index)) {
      const shared = one.value.insuredRegions.find((a) => other.value.insuredRegions.some((b) => a.startsWith(b) || b.startsWith(a)));
      if (one.value.scheme === other.value.scheme && shared !== undefined)
        yield { file: one.file, path: ['insuredRegions'], reason: `${shared} is covered by ${other.value.id} as well` };
    }
}

/** An answer names its rulebook and its plan by their ids alone. */
function* sameIds(all: readonly Versioned<{ id: string }>[]): Generator<FileFault> {
  for (const [index, { file, value }] of all.entries()) {
    const before = all.slice(0, index).find((other) => other.value.id === value.id);
    if (before) yield { file, path: ['id'], reason: `${value.id} is the id of ${basename(before.file)} as well` };
  }
}

/** Two lists of a region that are about the same codes would leave it to chance as well. */
const shareCodes = (one: Catalogue, other: Catalogue): boolean => one.codes.some((a) => other.codes.some((b) => a.startsWith(b) || b.startsWith(a)));

/** The canonical form of `content` and its hash. */
export function versioned(content: unknown): { version: string; content: string } {
  const canonical = JSON.stringify(content, inOrder);
  return { version: createHash('sha256').update(canonical).digest('hex'), content: canonical };
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPlanFaults, findRulebookFaults } from '#domain/policy/check.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { parsePlan, parseRulebook, type Fault } from './rulebook-file.ts';

/** The rulebooks that come with the product. */
export const RULEBOOKS_DIR = fileURLToPath(new URL('../../domain/rulebooks', import.meta.url));

/** A file with the value that it holds; `version` is the SHA-256 of its content in canonical form, whatever its spaces and the order of its properties. */
export type Versioned<Value> = { file: string; version: string; value: Value };
export type Policies = { rulebooks: readonly Versioned<Rulebook>[]; plans: readonly Versioned<EmployerPlan>[] };
export type FileFault = Fault & { file: string };

/** Reads every rulebook of `dir` and every plan of `dir`/plans. Faults are returned with their file; then there are no policies to work with. */
export function loadPolicies(dir: string = RULEBOOKS_DIR): ({ ok: true } & Policies) | { ok: false; faults: FileFault[] } {
  const faults: FileFault[] = [];
  const rulebooks = readAll(dir, { parse: parseRulebook, check: findRulebookFaults }, faults);
  const plans = readAll(join(dir, 'plans'), { parse: parsePlan, check: findPlanFaults }, faults);
  for (const [file, reason] of clashes(rulebooks)) faults.push({ file, path: ['insuredRegions'], reason });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, rulebooks, plans };
}

type Parsed<Value> = { ok: true; value: Value } | { ok: false; faults: Fault[] };

function readAll<Value>(
  dir: string,
  { parse, check }: { parse: (content: unknown) => Parsed<Value>; check: (value: Value) => Fault[] },
  faults: FileFault[],
): Versioned<Value>[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .flatMap((name) => {
      const file = join(dir, name);
      const read = readJson(file);
      const parsed = read.ok ? parse(read.content) : read;
      const found = parsed.ok ? check(parsed.value) : parsed.faults;
      faults.push(...found.map((fault) => ({ ...fault, file })));
      return read.ok && parsed.ok ? [{ file, version: versionOf(read.content), value: parsed.value }] : [];
    });
}

function readJson(file: string): { ok: true; content: unknown } | { ok: false; faults: Fault[] } {
  try {
    return { ok: true, content: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (error) {
    return { ok: false, faults: [{ path: [], reason: error instanceof Error ? error.message : 'unreadable' }] };
  }
}

/** Two rulebooks of one scheme for one region would leave it to chance which one counts. */
function* clashes(rulebooks: readonly Versioned<Rulebook>[]): Generator<[file: string, reason: string]> {
  for (const [index, one] of rulebooks.entries())
    for (const other of rulebooks.slice(0, index)) {
      const shared = one.value.insuredRegions.find((a) => other.value.insuredRegions.some((b) => a.startsWith(b) || b.startsWith(a)));
      if (one.value.scheme === other.value.scheme && shared !== undefined) yield [one.file, `${shared} is covered by ${other.value.id} as well`];
    }
}

function versionOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content, inOrder)).digest('hex');
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

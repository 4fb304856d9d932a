import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findNodeAtLocation, parseTree, type ParseError } from 'jsonc-parser';
import { isDay } from '#domain/calendar.ts';
import { inForce, type Dated } from '#domain/policy/rulebook.ts';
import { loadPolicies, readText, RULEBOOKS_DIR, type FileFault, type Policies } from '#platform/policy/load.ts';

const USAGE = `npm run rulebook:check [-- --dir DIR] [--between yyyy-MM-dd yyyy-MM-dd]

Checks every rulebook and plan: gaps, overlaps, bounds, unknown codes, values without a source; each fault with file, line and reason. With two days it shows
what is in force on the second that was not on the first.
Exit code 0: no fault. 1: faults, a line each, as file:line: path: reason. 2: not called like this.`;

/** `file:line: path: reason`, as editors jump to. */
export function describeFault({ file, path, reason }: FileFault): string {
  // a directory has no lines
  const text = statSync(file, { throwIfNoEntry: false })?.isFile() ? readText(file) : '';
  const broken: ParseError[] = [];
  const tree = parseTree(text, broken, { disallowComments: true });
  // what is missing has no place of its own: its parent has one
  const node = path.map((_, index) => tree && findNodeAtLocation(tree, path.slice(0, path.length - index))).find((found) => found !== undefined);
  const line = text.slice(0, broken[0]?.offset ?? node?.offset ?? 0).split('\n').length;
  return `${relative(process.cwd(), file)}:${line}: ${path.join('.') || 'file'}: ${reason}`;
}

export type Change = { rulebook: string; path: string; before: string; after: string; source: string };

/** The values of all rulebooks that are others on `to` than on `from`. */
export function changesBetween({ rulebooks, plans }: Policies, from: string, to: string): Change[] {
  return [...rulebooks, ...plans].flatMap(({ value }) =>
    [...datedIn(value, [])].flatMap(({ path, entries }) => {
      const [before, after] = [inForce(entries, from), inForce(entries, to)];
      if (after === before || !after) return [];
      return [
        { rulebook: value.id, path, before: before ? JSON.stringify(before.value) : '(nothing)', after: JSON.stringify(after.value), source: after.source },
      ];
    }),
  );
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

type Asked = { dir: string; between?: { from: string; to: string } };

function argumentsOf(args: readonly string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { dir: { type: 'string' }, between: { type: 'boolean' } }, allowPositionals: true });
    const { dir = process.env['RULEBOOKS_DIR'] || RULEBOOKS_DIR, between = false } = values;
    const [from = '', to = ''] = positionals;
    if (!between) return positionals.length === 0 ? { dir } : undefined;
    return positionals.length === 2 && isDay(from) && isDay(to) ? { dir, between: { from, to } } : undefined;
  } catch {
    return undefined;
  }
}

function main(args: readonly string[]): number {
  const asked = argumentsOf(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  const loaded = loadPolicies(asked.dir);
  if (!loaded.ok) {
    for (const fault of loaded.faults) console.error(describeFault(fault));
    return 1;
  }
  for (const { value, version } of [...loaded.rulebooks, ...loaded.plans]) console.log(`${value.id}  ${version.slice(0, 12)}  ${value.name.en}`);
  if (asked.between)
    for (const change of changesBetween(loaded, asked.between.from, asked.between.to))
      console.log(`${change.rulebook} ${change.path}\n  - ${change.before}\n  + ${change.after}   ${change.source}`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));

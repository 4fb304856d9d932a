import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findNodeAtLocation, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { isDay } from '#domain/calendar.ts';
import { changesBetween } from '#domain/policy/changes.ts';
import { loadPolicies, readText, RULEBOOKS_DIR, type FileFault } from '#platform/policy/load.ts';

const USAGE = `npm run rulebook:check [-- --dir DIR] [--between yyyy-MM-dd yyyy-MM-dd]

Checks every rulebook, plan, catalogue and directory of hospitals: gaps, overlaps, bounds, unknown codes, values without a source; each fault with file, line and
reason. With two days, the earlier one first, it shows what is in force on the second that was not on the first.
Exit code 0: no fault. 1: faults, a line each, as file:line: path: reason. 2: not called like this.`;

/** Tells of faults as `file:line: path: reason`, as editors jump to. Each file is read once: a catalogue is megabytes, and may have a fault in every line. */
export function faultDescriber(): (fault: FileFault) => string {
  const sources = new Map<string, Source>();
  return ({ file, path, reason }) => {
    const source = sources.get(file) ?? parse(file);
    sources.set(file, source);
    // what is missing has no place of its own: its parent has one
    const node = path
      .map((_, index) => source.tree && findNodeAtLocation(source.tree, path.slice(0, path.length - index)))
      .find((found) => found !== undefined);
    const line = lineOf(source.lineStarts, source.brokenAt ?? node?.offset ?? 0);
    return `${relative(process.cwd(), file)}:${line}: ${path.join('.') || 'file'}: ${reason}`;
  };
}

type Source = { tree: Node | undefined; brokenAt: number | undefined; lineStarts: number[] };

function parse(file: string): Source {
  const text = statSync(file, { throwIfNoEntry: false })?.isFile() ? readText(file) : '';
  const broken: ParseError[] = [];
  const tree = parseTree(text, broken, { disallowComments: true });
  return { tree, brokenAt: broken[0]?.offset, lineStarts: [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)] };
}

/** The number of the last line that starts at or before `offset`. */
function lineOf(lineStarts: readonly number[], offset: number): number {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? Infinity) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

type Asked = { dir: string; between?: { from: string; to: string } };

function argumentsOf(args: readonly string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { dir: { type: 'string' }, between: { type: 'boolean' } }, allowPositionals: true });
    const { dir = process.env['RULEBOOKS_DIR'] || RULEBOOKS_DIR, between = false } = values;
    const [from = '', to = ''] = positionals;
    if (!between) return positionals.length === 0 ? { dir } : undefined;
    return positionals.length === 2 && isDay(from) && isDay(to) && from < to ? { dir, between: { from, to } } : undefined;
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
    const describe = faultDescriber();
    for (const fault of loaded.faults) console.error(describe(fault));
    return 1;
  }
  for (const { value, version } of [...loaded.rulebooks, ...loaded.plans]) console.log(`${value.id}  ${version.slice(0, 12)}  ${value.name.en}`);
  for (const { value, version } of loaded.catalogues)
    console.log(`${value.id} ${value.from}  ${version.slice(0, 12)}  ${value.name.en}: ${value.items.size} items${value.complete ? '' : ', an extract'}`);
  for (const { value, version } of loaded.hospitals)
    console.log(`${value.id} ${value.from}  ${version.slice(0, 12)}  ${value.name.en}: ${value.hospitals.size}${value.complete ? '' : ', an extract'}`);
  if (asked.between)
    for (const { of, path, before, after, source } of changesBetween(loaded, asked.between.from, asked.between.to))
      console.log(`${of} ${path}\n  - ${before}\n  + ${after}   ${source}`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));

import { isDeepStrictEqual } from 'node:util';
import type { Treatment } from '#domain/policy/settle.ts';
import { loadPolicies, type Policies } from '#platform/policy/load.ts';
import type { Engine } from './engine/answer.ts';
import { jsonRulesEngine } from './engine/json-rules.ts';
import { ourEngine } from './engine/ours.ts';
import { makeTreatments } from './engine/treatments.ts';
import { zenEngine } from './engine/zen.ts';
import { median, round } from './stats.ts';

/** Microseconds for one treatment, the middle of all rounds and the spread; `ratio`: how many times as long as ours, in the same round. */
export type EngineSpeed = { us: number; from: number; to: number; ratio: number; ratios: [least: number, most: number] };
export type EngineSpeeds = { treatments: number; lines: number; rounds: number; engines: Record<string, EngineSpeed> };

/** How many treatments are given to an engine that answers later before its answers are awaited: what it does beside our thread is to its advantage. */
const AT_ONCE = 32;

/**
 * The entitlement engine with its explanations against two rule engines that were given the rulebooks' tables, on the same treatments, in turn. Throws where one of them
 * answers one treatment otherwise by one fen. Rules are compiled, and inputs brought into each engine's form, before anything is timed.
 */
export async function measureEngines({
  treatments,
  rounds,
  report,
}: {
  treatments: number;
  rounds: number;
  report: (line: string) => void;
}): Promise<EngineSpeeds> {
  const policies = loadPolicies();
  if (!policies.ok) throw new Error('the rulebooks have faults: npm run rulebook:check');
  const asked = makeTreatments(treatments);
  const { ours, others } = enginesFor(policies, asked);
  for (const other of others) {
    const different = await findDifference(ours, other, asked);
    if (different !== undefined) throw new Error(`${other.name} answers otherwise: ${different}`);
  }
  report(`${treatments} treatments, the same answers to the fen`);

  const times = new Map([ours, ...others].map((engine) => [engine, [] as number[]]));
  for (let turn = 0; turn <= rounds; turn += 1) {
    // the first round warms up; who begins changes, so that nobody always follows the same one
    const order = [ours, ...others].map((_, index, all) => all[(index + turn) % all.length] ?? ours);
    for (const engine of order) {
      const us = await usEach(engine, treatments);
      if (turn > 0) times.get(engine)?.push(us);
    }
    report(turn === 0 ? 'warm' : `round ${turn} of ${rounds}`);
  }
  const own = times.get(ours) ?? [];
  return {
    ...{ treatments, lines: asked.reduce((sum, { lines }) => sum + lines.length, 0), rounds },
    engines: Object.fromEntries([...times].map(([{ name }, all]) => [name, speedOf(all, own)])),
  };
}

/** All of them with their rules compiled, ours apart. */
export function enginesFor(policies: Policies, treatments: readonly Treatment[]): { ours: Engine; others: readonly Engine[] } {
  const zen = (trace: boolean): Engine => zenEngine(policies, treatments, { trace });
  return { ours: ourEngine(policies, treatments), others: [jsonRulesEngine(policies, treatments), zen(false), zen(true)] };
}

/** The first treatment that the two do not answer alike, with both answers; undefined where there is none. */
export async function findDifference(ours: Engine, other: Engine, treatments: readonly Treatment[]): Promise<string | undefined> {
  for (const [index, treatment] of treatments.entries()) {
    const [own, { inScope, taken, pooled, large }] = [ours.read(ours.answer(index)), other.read(await other.answer(index))];
    const theirs = { inScope, taken, pooled, large };
    if (!isDeepStrictEqual(own, theirs)) return [own, theirs, treatment].map((each) => JSON.stringify(each)).join('\n');
  }
  return undefined;
}

function speedOf(times: readonly number[], own: readonly number[]): EngineSpeed {
  const ratios = times.map((us, index) => us / (own[index] ?? Number.NaN));
  return {
    ...{ us: round(median(times)), from: round(Math.min(...times)), to: round(Math.max(...times)) },
    ...{ ratio: round(median(ratios)), ratios: [round(Math.min(...ratios)), round(Math.max(...ratios))] },
  };
}

async function usEach(engine: Engine, treatments: number): Promise<number> {
  const started = performance.now();
  for (let first = 0; first < treatments; first += AT_ONCE) {
    const answers: unknown[] = [];
    for (let index = first; index < Math.min(first + AT_ONCE, treatments); index += 1) answers.push(engine.answer(index));
    // awaiting what is there already costs us a turn as well
    await Promise.all(answers);
  }
  return (1_000 * (performance.now() - started)) / treatments;
}

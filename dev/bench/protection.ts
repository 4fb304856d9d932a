import { readdirSync, readFileSync } from 'node:fs';
import { claimBodies, uploadDocuments } from './claim-body.ts';
import { median, round } from './stats.ts';
import { claimsRound } from './whole-claims.ts';
import type { BenchWorld } from './world.ts';

/** Milliseconds of CPU for one claim, by who spent them. */
export type Cost = { api: number; worker: number; postgres: number; temporal: number };
export type Protection = {
  with: Cost & { total: number };
  without: Cost & { total: number };
  ratio: number;
  ratios: number[];
  rounds: number;
  claimsPerRound: number;
};

/** Clock ticks of /proc are hundredths of a second on every Linux. */
const TICK_MS = 10;

/**
 * CPU per claim, from the submission to cleared, with row-level security, encryption and the payload codec, and without: two stacks that differ in nothing else, in turn.
 * Processes are measured with all that they have started. Linux alone can say.
 */
export async function measureProtection(
  worlds: { protected: BenchWorld; unprotected: BenchWorld },
  { rounds, claims, report }: { rounds: number; claims: number; report: (line: string) => void },
): Promise<Protection> {
  const stacks = await Promise.all(
    [worlds.protected, worlds.unprotected].map(async (world) => ({ world, documents: await uploadDocuments(world.api), costs: [] as Cost[] })),
  );
  // nobody is measured with cold caches
  for (const { world, documents } of stacks) await claimsRound(world, await claimBodies(world, documents, Math.max(5, Math.ceil(claims / 2))));
  for (let turn = 1; turn <= rounds; turn += 1) {
    // who begins would always meet the same state of the machine
    for (const stack of turn % 2 === 1 ? stacks : stacks.toReversed()) {
      const bodies = await claimBodies(stack.world, stack.documents, claims);
      const before = spent(stack.world);
      await claimsRound(stack.world, bodies);
      const after = spent(stack.world);
      stack.costs.push(perClaim((who) => after[who] - before[who], claims));
    }
    report(`round ${turn}: ${stacks.map(({ costs }, index) => `${index === 0 ? 'protected' : 'unprotected'} ${round(totalOf(costs.at(-1)))} ms`).join(' · ')}`);
  }
  const [guarded = [], plain = []] = stacks.map(({ costs }) => costs);
  const ratios = guarded.map((cost, index) => round(totalOf(cost) / totalOf(plain[index])));
  return { with: middle(guarded), without: middle(plain), ratio: median(ratios), ratios, rounds, claimsPerRound: claims };
}

const WHO = ['api', 'worker', 'postgres', 'temporal'] as const;
const perClaim = (of: (who: (typeof WHO)[number]) => number, claims: number): Cost =>
  Object.fromEntries(WHO.map((who) => [who, round(of(who) / claims)])) as Cost;
const totalOf = (cost: Cost | undefined): number => WHO.reduce((sum, who) => sum + (cost?.[who] ?? Number.NaN), 0);
const middle = (costs: readonly Cost[]): Cost & { total: number } => ({
  ...perClaim((who) => median(costs.map((cost) => cost[who])), 1),
  total: round(median(costs.map(totalOf))),
});

function spent({ product, infrastructure }: BenchWorld): Cost {
  const { api, worker } = product.processes;
  return {
    api: cpuMs(api.pid),
    worker: cpuMs(worker.pid),
    postgres: cpuMs(infrastructure.postgres.pid),
    temporal: infrastructure.temporalServer ? cpuMs(infrastructure.temporalServer.pid) : 0,
  };
}

/** CPU that a process and all it has started have spent so far, those that have ended included. */
function cpuMs(pid: number): number {
  const processes = new Map(
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((entry) => {
        const stat = statOf(entry);
        return stat ? [[Number(entry), stat] as const] : [];
      }),
  );
  const sum = (id: number): number =>
    (processes.get(id)?.ms ?? 0) + [...processes].reduce((ms, [child, { parent }]) => (parent === id ? ms + sum(child) : ms), 0);
  return sum(pid);
}

function statOf(entry: string): { parent: number; ms: number } | undefined {
  try {
    // the name, in brackets, may hold anything
    const [, parent, ...fields] = (readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ').map(Number);
    // user and system time, its own and that of children that it has waited for: fields 14 to 17, of which 3 to 4 are gone
    const ticks = fields.slice(9, 13).reduce((total, each) => total + each, 0);
    return { parent: parent ?? 0, ms: ticks * TICK_MS };
  } catch {
    return undefined;
  }
}

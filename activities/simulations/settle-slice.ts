import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { isFor } from '#domain/policy/rulebook.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { settleYear, type Totals, type YearClaim } from '#domain/simulation/totals.ts';
import { rulesOf, type Rules } from '#platform/policy/what-if.ts';
import type { Database } from '#prisma/database.ts';
import { addPage, endSimulation, openRun, readPage, type PageClaim, type Run, type SimulationStatus } from '#prisma/queries/simulations.ts';

export type SimulationDependencies = {
  database: Database;
  policies: Policies;
  /** people of a page: what is in memory at a time */
  people?: number;
  /** pages of a slice: how long a worker that is asked to stop may still be busy */
  pages?: number;
};

export type SliceOutcome = { status: SimulationStatus; claimsDone: number; claimsTotal: number };

const PEOPLE = 100;
const PAGES = 25;

/** Settles a year's claims anew, a slice at a time. Every page is written with its cursor: whatever stops it, the next slice goes on, and no claim counts twice. */
export function simulationActivities({ database, policies, people = PEOPLE, pages = PAGES }: SimulationDependencies) {
  async function settleSlice({ simulationId, at }: { simulationId: string; at: string }): Promise<SliceOutcome> {
    const opened = await openRun(database, { id: simulationId, at: new Date(at) });
    if (!opened) throw ApplicationFailure.nonRetryable('there is no such simulation', 'SimulationNotFound');
    const rules = rulesAsAskedFor(opened);
    let run = opened;
    for (let page = 0; page < pages && run.status === 'RUNNING'; page += 1) run = await settlePage(run, rules);
    return { status: run.status, claimsDone: run.claimsDone, claimsTotal: run.claimsTotal };
  }

  /** The rules that were checked when it was asked for. Where this worker has others in force the amounts would be those of neither. */
  function rulesAsAskedFor({ rulebooks, plan, planMode, hash }: Run): Rules {
    const read = rulesOf({ rulebooks: JSON.parse(rulebooks) as unknown[], plan: plan === null ? null : (JSON.parse(plan) as unknown), planMode }, policies);
    if (!read.ok || read.hash !== hash)
      throw ApplicationFailure.nonRetryable('the rules in force are no longer those that it was asked with', 'PoliciesChanged');
    return read.rules;
  }

  async function settlePage(run: Run, rules: Rules): Promise<Run> {
    const claims = await readPage(database, run, { people });
    const last = claims.at(-1);
    if (!last) {
      await endSimulation(database, { id: run.id, status: 'DONE', at: new Date() });
      return reread(run);
    }
    const totals = new Map<string, Totals>();
    for (const [, ofOne] of Map.groupBy(claims, ({ employeeId }) => employeeId))
      settleYear(
        ofOne.map((claim) => yearClaim(claim, run, rules)),
        totals,
      );
    const digest = digestOf(run.digest, claims);
    const counted = claims.filter(({ counts }) => counts).length;
    const added = await database.write((tx) => addPage(tx, { run, cursor: last.employeeId, digest, claims: counted, totals }));
    return added ? { ...run, cursor: last.employeeId, digest, claimsDone: run.claimsDone + counted } : reread(run);
  }

  /** Where somebody else has brought it. */
  async function reread({ id, createdAt }: Run): Promise<Run> {
    const run = await openRun(database, { id, at: createdAt });
    if (!run) throw ApplicationFailure.nonRetryable('there is no such simulation', 'SimulationNotFound');
    return run;
  }

  async function giveUpSimulation({ simulationId, status, at }: { simulationId: string; status: 'CANCELLED' | 'FAILED'; at: string }): Promise<void> {
    await endSimulation(database, { id: simulationId, status, at: new Date(at) });
  }

  return { settleSlice, giveUpSimulation };
}

function yearClaim({ unitId, counts, submittedFen, known, ...claim }: PageClaim, { planMode }: Run, rules: Rules): YearClaim {
  return { unitId, counts, submittedFen, known, policy: { rulebook: known ? rulebookFor(known, rules) : undefined, plan: planFor(claim, planMode, rules) } };
}

function rulebookFor(about: { insuredRegion: string; scheme: string }, { rulebooks }: Rules): Rulebook | undefined {
  return rulebooks.find(({ value }) => isFor(value, about))?.value;
}

function planFor({ planId, why }: Pick<PageClaim, 'planId' | 'why'>, mode: Run['planMode'], { plans, plan }: Rules): EmployerPlan | null | undefined {
  if (mode !== 'UNITS') return plan?.value ?? null;
  if (planId === null) return why === 'PLAN_UNKNOWN' ? undefined : null;
  return plans.find(({ value }) => value.id === planId)?.value;
}

/** Chained claim by claim, so that it is the same however the claims were cut into pages. */
function digestOf(before: string, claims: readonly PageClaim[]): string {
  return claims.reduce(
    (digest, { number, no, known }) =>
      createHash('sha256')
        .update(`${digest} ${number} ${no ?? '-'} ${known ? 'known' : 'unknown'}`)
        .digest('hex'),
    before,
  );
}

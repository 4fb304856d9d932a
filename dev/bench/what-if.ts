import { randomUUID } from 'node:crypto';
import { fen } from '#domain/money.ts';
import { entitle, type KnownClaim, type Policy } from '#domain/policy/entitle.ts';
import type { Counted } from '#domain/policy/year.ts';
import { loadPolicies } from '#platform/policy/load.ts';
import { rulesOf } from '#platform/policy/what-if.ts';
import type { Tx } from '#prisma/database.ts';
import { insertEntitlement } from '#prisma/queries/entitlements.ts';
import { insertSimulation, readTotals } from '#prisma/queries/simulations.ts';
import { SIMULATION_WORKFLOW, simulationStart } from '#workflows/simulate.messages.ts';
import { eventually } from '../run-stack.ts';
import { round } from './stats.ts';
import { residentMiB, type BenchWorld } from './world.ts';

const CLAIMS_EACH = 8;
const YEAR = 2025;
const MARKS = [10, 50, 100] as const;

export type WhatIf = {
  claims: number;
  perSecond: number[];
  /** of the worker, when so much was settled: two runs one after the other */
  rssMiB: Record<(typeof MARKS)[number], number | undefined>[];
  /** at the end ÷ at a tenth, of the second run: the first one warms up */
  rssRatio: number | undefined;
  sameAnswer: boolean;
  /** the totals are those that the claims were assessed with one by one */
  asStored: boolean;
};

/** A year's claims settled anew by the product's own worker, twice, under the rules in force. What its memory does meanwhile is read from the kernel. */
export async function measureWhatIf(world: BenchWorld, { claims, report }: { claims: number; report: (line: string) => void }): Promise<WhatIf> {
  const { database } = world;
  const policies = loadPolicies();
  if (!policies.ok) throw new Error('the rulebooks have faults');
  const read = rulesOf({ rulebooks: [], plan: undefined, planMode: 'UNITS' }, policies);
  if (!read.ok) throw new Error('the rules in force have faults');
  report(`making ${claims} claims and their assessments`);
  const { rows } = await database.query<{ id: string }>('SELECT id FROM unit WHERE parent_id IS NULL');
  const unitId = rows[0]?.id ?? '';
  const rulebook = policies.rulebooks.find(({ value }) => value.id === '130100-310');
  const plan = policies.plans[0];
  if (!rulebook || !plan) throw new Error('the rulebooks have changed');
  for (let first = 0; first < claims / CLAIMS_EACH; first += PEOPLE_AT_ONCE)
    await database.write((tx) => makePeople(tx, { first, last: Math.min(claims / CLAIMS_EACH, first + PEOPLE_AT_ONCE), unitId, rulebook, plan }));
  await database.query('ANALYZE');

  const runs: { answer: string; seconds: number; rss: WhatIf['rssMiB'][number] }[] = [];
  for (const run of [1, 2]) {
    const id = randomUUID();
    const { under, hash } = read;
    await database.write((tx) =>
      insertSimulation(
        tx,
        {
          ...{ id, unitId, year: YEAR, name: `run ${run}`, planMode: 'UNITS', under, hash, actor: { type: 'machine', id: 'bench' }, createdAt: new Date() },
          ...{ rulebooks: '[]', plan: null },
        },
        { most: 1 },
      ),
    );
    runs.push(await settle(world, id, claims));
    report(`run ${run}: ${round(claims / (runs.at(-1)?.seconds ?? 1), 0)} claims/s`);
  }
  const [one, two] = runs;
  if (!one || !two) throw new Error('there are two');
  const stored = await database.query<{ benefit: number }>('SELECT sum(benefit_fen)::bigint AS benefit FROM entitlement');
  const [end, start] = [two.rss[100], two.rss[10]];
  return {
    claims,
    perSecond: runs.map(({ seconds }) => round(claims / seconds, 0)),
    rssMiB: runs.map(({ rss }) => rss),
    rssRatio: end === undefined || start === undefined ? undefined : round(end / start),
    sameAnswer: one.answer === two.answer,
    asStored: (JSON.parse(one.answer) as { benefit: number }).benefit === stored.rows[0]?.benefit,
  };
}

async function settle({ database, product, temporal }: BenchWorld, simulationId: string, claims: number) {
  const rss: WhatIf['rssMiB'][number] = { 10: undefined, 50: undefined, 100: undefined };
  const began = performance.now();
  await temporal.client.workflow.start(SIMULATION_WORKFLOW, simulationStart({ simulationId, taskQueue: 'claims' }));
  await eventually(
    'the simulation',
    async () => {
      const { rows } = await database.query<{ done: number; status: string }>('SELECT claims_done AS done, status FROM simulation WHERE id = $1', [
        simulationId,
      ]);
      const [row] = rows;
      for (const mark of MARKS) if (row && row.done >= (claims * mark) / 100) rss[mark] ??= residentMiB(product.processes.worker);
      if (row?.status === 'FAILED') throw new Error('the simulation failed');
      return row?.status === 'DONE' ? true : undefined;
    },
    3_600_000,
  );
  const seconds = (performance.now() - began) / 1_000;
  const [unit] = await readTotals(database, simulationId);
  if (!unit || unit.totals.claims !== claims) throw new Error(`settled ${unit?.totals.claims ?? 0} of ${claims} claims`);
  const { pooledFen, largeAmountFen, planFen } = unit.totals;
  const { rows } = await database.query<{ digest: string }>('SELECT digest FROM simulation WHERE id = $1', [simulationId]);
  return { answer: JSON.stringify({ benefit: pooledFen + largeAmountFen + planFen, totals: unit.totals, digest: rows[0]?.digest }), seconds, rss };
}

const PEOPLE_AT_ONCE = 250;
type Rules = { rulebook: { version: string; value: NonNullable<Policy['rulebook']> }; plan: { version: string; value: NonNullable<Policy['plan']> } };

/** People with eight claims each, of three lines, in hospital every fourth time; assessed one after the other as intake does. */
async function makePeople(tx: Tx, { first, last, unitId, rulebook, plan }: { first: number; last: number; unitId: string } & Rules): Promise<void> {
  // what is made here fits together: looking that up is left out
  await tx.query(`SET LOCAL session_replication_role = 'replica'`);
  const ids = Array.from({ length: last - first }, () => randomUUID());
  await tx.query(
    `INSERT INTO employee (id, employee_no, unit_id, name, insured_region) SELECT id, 'W' || id, $2, '员工', '130100' FROM unnest($1::uuid[]) AS made (id)`,
    [ids, unitId],
  );
  for (const [index, employeeId] of ids.entries()) {
    const earlier: Counted[] = [];
    for (let n = 0; n < CLAIMS_EACH; n += 1) {
      const number = `YB${YEAR}0101-${String((first + index) * CLAIMS_EACH + n).padStart(8, '0')}`;
      const claim = knownClaim(first + index, n);
      const result = entitle(claim, { rulebook: rulebook.value, plan: plan.value }, earlier);
      if (result.covered) earlier.push({ kind: claim.kind, rulebookId: rulebook.value.id, planId: plan.value.id, adds: result.adds });
      const submittedFen = fen(claim.lines.reduce((sum, { amountFen }) => sum + amountFen, 0));
      await tx.query(
        `INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, insured_region, treated_region, bureau_code, hospital_code, hospital_name,
           visit_start, visit_end, submitted_fen, created_by, submitted_at)
         VALUES ($1, $2, $3, $4, 'API', 'PAID', 1, '', '130100', '130100', '130100', 'H', '医院', $5, $5, $6, '{}', '2025-12-31')`,
        [number, unitId, employeeId, claim.kind, claim.visitStart, submittedFen],
      );
      await insertEntitlement(tx, {
        ...{ claimNumber: number, employeeId, year: YEAR, at: new Date('2025-12-31T00:00:00.000Z'), kind: claim.kind, submittedFen, catalogues: [] },
        rulebook: { id: rulebook.value.id, version: rulebook.version },
        plan: { id: plan.value.id, version: plan.version },
        assessed: { claim, result },
      });
    }
  }
}

function knownClaim(person: number, n: number): KnownClaim {
  const line = (lineNo: number, itemClass: '01' | '02' | '03', amount: number) => ({
    ...{ lineNo, itemCode: `ITEM-${lineNo}`, itemName: '项目', itemClass, quantity: '1', amountFen: fen(amount) },
    ...(itemClass === '02' && { preSelfPayBp: 1_000 }),
  });
  const inpatient = n % 4 === 3;
  const base = inpatient ? 1_500_000 : 20_000;
  return {
    ...{ insuredRegion: '130100', treatedRegion: '130100', scheme: '310', kind: inpatient ? 'INPATIENT' : 'OUTPATIENT', visitStart: `${YEAR}-0${n + 1}-15` },
    ...{ personType: person % 5 === 0 ? '12' : '11', age: 25 + (person % 40), hospital: { grade: '3', tier: 'provincial' }, circumstances: [] },
    lines: [line(1, '01', base + (person % 997)), line(2, '02', base / 2 + (person % 101)), line(3, '03', 1_000 + (person % 13))],
  };
}

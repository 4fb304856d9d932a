import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulationActivities } from '#activities/simulations/settle-slice.ts';
import { startSimulations } from '#activities/simulations/start-simulations.ts';
import type { SimulationJson } from '#api/contract/simulations.ts';
import { RULEBOOKS_DIR } from '#platform/policy/load.ts';
import type { Database } from '#prisma/database.ts';
import { readTotals } from '#prisma/queries/simulations.ts';
import { SIMULATION_WORKFLOW, simulationProgress, simulationStart } from '#workflows/simulate.messages.ts';
import { eventually } from '../stack/eventually.ts';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { seedYear } from './simulations-world.ts';

/** The year of simulations-world.ts. */
let api: ClaimWorld;
let worker: Database;
let close: () => Promise<void>;

beforeAll(async () => {
  api = await startClaimWorld();
  ({ worker, close } = await seedYear(api));
  // HR of the group, of Shijiazhuang, and of Beijing; an auditor; an operator
  for (const [employee, unit, role] of [
    ['E4', 'HQ', 'hr'],
    ['E1', 'SJZ', 'hr'],
    ['E2', 'BJ', 'hr'],
    ['E3', 'HQ', 'auditor'],
    ['E3', 'HQ', 'admin'],
  ] as const)
    await api.giveRole({ employee, unit, role });
});
afterAll(async () => {
  await close?.();
  await api?.close();
});

type Content = { id: string; benefits: { kinds: string[]; ratio: { value: { table: { segments: { percent: string }[] }[] } }[] }[] };
const file = (name: string): Content => JSON.parse(readFileSync(join(RULEBOOKS_DIR, name), 'utf8')) as Content;
/** Shijiazhuang's rulebook with 70 % for outpatients in service. */
function seventy(): Content {
  const content = file('130100-310.json');
  const segment = content.benefits.find(({ kinds }) => kinds.includes('OUTPATIENT'))?.ratio[0]?.value.table[0]?.segments[0];
  if (segment?.percent !== '60') throw new Error('the rulebook has changed');
  segment.percent = '70';
  return content;
}

/** Each a second after the one before. */
const ask = (body: Record<string, unknown> = {}, as = 'E4') => {
  api.time.now = new Date(api.time.now.getTime() + 1_000);
  return api.call({ method: 'POST', url: '/v1/simulations', body: { unitCode: 'HQ', year: 2026, name: '试算', ...body }, as });
};
const read = async (id: string, as = 'E4') => (await api.call({ url: `/v1/simulations/${id}`, as })).json<SimulationJson>();
const slices = (size: { people?: number; pages?: number } = {}, database = worker) => simulationActivities({ database, policies: api.deps.policies, ...size });
const at = () => api.time.now.toISOString();

/** Asks for one and settles it here, as the workflow would. */
async function run(body: Record<string, unknown> = {}, size: { people?: number; pages?: number } = {}): Promise<SimulationJson> {
  const { id } = (await ask(body)).json<SimulationJson>();
  const { settleSlice } = slices(size);
  while ((await settleSlice({ simulationId: id, at: at() })).status === 'RUNNING') continue;
  return read(id);
}

describe('the result', () => {
  test('under the rules in force is what was stored, by unit and reason, to the fen', async () => {
    const { result, ...about } = await run();
    expect(about).toMatchObject({ status: 'DONE', progress: { claims: 15, of: 15 }, plan: { mode: 'UNITS', given: null } });
    expect(about.rulebooks.map(({ id, changed }) => [id, changed])).toEqual([
      ['110000-310', false],
      ['130100-310', false],
      ['131000-310', false],
    ]);
    // 6 × 255.60 + 315.60 and 6 × 85.20 + 105.20
    const own = { people: 6, claims: 7, submitted: '3682.00', covered: 7, eligible: '3682.00', benefit: '2465.60', notCovered: [] };
    expect(result?.units).toEqual([
      { unitCode: 'SJZ-01', totals: { ...own, funding: { bureauFund: '1849.20', largeAmount: '0.00', employerPlan: '616.40' } } },
    ]);
    // two people of SJZ with the six of BJ: 7 × 255.60, and 2 × 85.20
    expect(result?.others).toEqual({
      ...{ people: 8, claims: 8, submitted: '4208.00', covered: 7, eligible: '3682.00', benefit: '1959.60' },
      funding: { bureauFund: '1789.20', largeAmount: '0.00', employerPlan: '170.40' },
      notCovered: [{ why: 'NO_RULEBOOK', claims: 1, submitted: '526.00' }],
    });
    expect(result?.total).toMatchObject({ people: 14, claims: 15, benefit: '4425.20', covered: 14 });
    const stored = await worker.query(
      `SELECT u.code AS "unitCode", count(*) AS claims, sum(t.submitted_fen)::bigint AS submitted, count(t.benefit_fen) AS covered, coalesce(sum(t.benefit_fen), 0)::bigint AS benefit
       FROM claim c JOIN unit u ON u.id = c.unit_id
         JOIN LATERAL (SELECT * FROM entitlement e WHERE e.claim_number = c.number ORDER BY e.no DESC LIMIT 1) t ON true
       WHERE c.state <> 'DENIED' AND t.year = 2026 GROUP BY u.code ORDER BY u.code`,
    );
    const simulated = (await readTotals(worker, about.id)).map(({ unitCode, totals: t }) => {
      return { unitCode, claims: t.claims, submitted: t.submittedFen, covered: t.covered, benefit: t.pooledFen + t.largeAmountFen + t.planFen };
    });
    expect(simulated).toEqual(stored.rows);
  });

  test('under another rulebook: 70 % from the fund are 10 % less from the plan, and more where there is none', async () => {
    const [now, then] = [await run(), await run({ rulebooks: [seventy()] })];
    expect(then.rulebooks.find(({ changed }) => changed)?.id).toBe('130100-310');
    expect(then.hash).not.toBe(now.hash);
    const { total, units, others, sameClaims } = (await api.call({ url: `/v1/simulations/${now.id}/comparison?with=${then.id}`, as: 'E4' })).json();
    expect(sameClaims).toBe(true);
    // 6 × 298.20 + 368.20 = 2 157.40, and 6 × 42.60 + 52.60 = 308.20
    expect(units).toMatchObject([
      {
        unitCode: 'SJZ-01',
        other: { funding: { bureauFund: '2157.40', employerPlan: '308.20' } },
        difference: { covered: 0, eligible: '0.00', benefit: '0.00', funding: { bureauFund: '308.20', largeAmount: '0.00', employerPlan: '-308.20' } },
      },
    ]);
    // of BJ 5 × 42.60 = 213.00; of SJZ 2 × 42.60 from one pocket to the other
    expect(others.difference).toMatchObject({ benefit: '213.00', funding: { bureauFund: '298.20', employerPlan: '-85.20' } });
    expect(total.difference).toMatchObject({ benefit: '213.00', funding: { bureauFund: '606.40', employerPlan: '-393.40' } });
  });

  test('without a plan, and with another one for all', async () => {
    const none = await run({ plan: null });
    expect(none).toMatchObject({ plan: { mode: 'NONE', given: null }, result: { total: { benefit: '3638.40', funding: { employerPlan: '0.00' } } } });
    const plan = { ...(file('plans/group-plan.json') as unknown as Record<string, unknown>), id: 'for-all' };
    const all = await run({ plan });
    // 13 × 85.20 + 105.20
    expect(all).toMatchObject({
      plan: { mode: 'GIVEN', given: { id: 'for-all' } },
      result: { total: { benefit: '4851.20', funding: { employerPlan: '1212.80' } } },
    });
  });

  test('of a unit has what lies below it, and not what its people have elsewhere; a small one is not told of', async () => {
    expect((await run({ unitCode: 'SJZ' })).result).toMatchObject({ total: { people: 8, claims: 9 }, units: [], others: { people: 8, claims: 9 } });
    // one person, one claim
    expect((await run({ year: 2025 })).result).toMatchObject({ partial: false, total: null, units: [], others: null });
    expect((await run({ year: 2024 })).result).toMatchObject({ total: null });
  });

  test('counts what was erased, and what never was assessed, as that', async () => {
    const { rows } = await api.database.query<{ number: string }>(
      `SELECT c.number FROM claim c WHERE c.unit_id = $1 AND c.state <> 'DENIED' ORDER BY 1 LIMIT 2`,
      [api.unitIds.BJ],
    );
    const [erased = '', lost = ''] = rows.map(({ number }) => number);
    const kept = await api.database.query<{ content: Buffer }>('SELECT content FROM entitlement WHERE claim_number = $1', [erased]);
    await api.database.query('UPDATE entitlement SET content = NULL WHERE claim_number = $1', [erased]);
    await api.database.query(`UPDATE entitlement SET at = at + interval '1 day' WHERE claim_number = $1`, [lost]);
    const { total } = (await run()).result ?? {};
    expect(total?.notCovered).toEqual([
      { why: 'NO_RULEBOOK', claims: 1, submitted: '526.00' },
      { why: 'ERASED', claims: 1, submitted: '526.00' },
      { why: 'NOT_ASSESSED', claims: 1, submitted: '526.00' },
    ]);
    await api.database.query(`UPDATE entitlement SET at = at - interval '1 day' WHERE claim_number = $1`, [lost]);
    await api.database.query('ALTER TABLE entitlement DISABLE TRIGGER entitlement_kept');
    await api.database.query('UPDATE entitlement SET content = $2 WHERE claim_number = $1', [erased, kept.rows[0]?.content]);
    await api.database.query('ALTER TABLE entitlement ENABLE TRIGGER entitlement_kept');
  });
});

describe('whatever happens to the worker', () => {
  const outcome = async ({ id, result, hash }: SimulationJson) => ({ result, hash, rows: await readTotals(worker, id) });

  test('page by page, by two at once, and after a death between two pages the answer is the same', async () => {
    const whole = await outcome(await run());
    expect(await outcome(await run({}, { people: 1, pages: 1 }))).toEqual(whole);

    const { id } = (await ask()).json<SimulationJson>();
    const one = slices({ people: 1 });
    const two = slices({ people: 2 });
    await Promise.all([
      one.settleSlice({ simulationId: id, at: at() }),
      two.settleSlice({ simulationId: id, at: at() }),
      one.settleSlice({ simulationId: id, at: at() }),
    ]);
    while ((await one.settleSlice({ simulationId: id, at: at() })).status === 'RUNNING') continue;
    expect(await outcome(await read(id))).toEqual(whole);

    const dying = (await ask()).json<SimulationJson>().id;
    let writes = 0;
    // dies before the third page is committed, and after the fifth is
    const mortal = {
      ...worker,
      write: async <T>(work: Parameters<typeof worker.write<T>>[0]): Promise<T> => {
        writes += 1;
        const death = new Error('killed');
        if (writes === 3)
          return worker.write(async (tx) => {
            await work(tx);
            throw death;
          });
        const written = await worker.write(work);
        if (writes === 5) throw death;
        return written;
      },
    };
    const { settleSlice } = slices({ people: 2 }, mortal);
    let deaths = 0;
    for (let status = 'RUNNING'; status === 'RUNNING';)
      try {
        ({ status } = await settleSlice({ simulationId: dying, at: at() }));
      } catch {
        deaths += 1;
      }
    expect(deaths).toBe(2);
    expect(await outcome(await read(dying))).toEqual(whole);
  });

  test('called off it stands where it is, marked as a part, and nothing is added any more', async () => {
    const { id } = (await ask()).json<SimulationJson>();
    const { settleSlice } = slices({ people: 6, pages: 1 });
    const before = await settleSlice({ simulationId: id, at: at() });
    expect((await read(id)).result).toBeNull();
    const cancel = (as = 'E4') => api.call({ method: 'POST', url: `/v1/simulations/${id}/cancel`, as });
    expect((await cancel('E3')).json()).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await cancel()).json()).toMatchObject({ status: 'CANCELLED', result: { partial: true, total: { claims: before.claimsDone } } });
    expect(await settleSlice({ simulationId: id, at: at() })).toMatchObject({ status: 'CANCELLED', claimsDone: before.claimsDone });
    expect((await read(id)).result).toMatchObject({ partial: true, total: { claims: before.claimsDone } });
    expect((await cancel()).json()).toMatchObject({ code: 'SIMULATION_ENDED' });
    const other = await run();
    const compared = await api.call({ url: `/v1/simulations/${other.id}/comparison?with=${id}`, as: 'E4' });
    expect(compared.json()).toMatchObject({ status: 409, code: 'SIMULATIONS_NOT_COMPARABLE' });
    await expect(worker.query(`UPDATE simulation SET claims_done = 0 WHERE id = $1`, [id])).rejects.toMatchObject({ constraint: 'simulation_is_over' });
  });

  test('with other rules in force than it was asked with, it goes no further', async () => {
    const { id } = (await ask()).json<SimulationJson>();
    const [first, ...rest] = api.deps.policies.rulebooks;
    if (!first) throw new Error('none');
    const changed = simulationActivities({ database: worker, policies: { ...api.deps.policies, rulebooks: [{ ...first, version: '0'.repeat(64) }, ...rest] } });
    await expect(changed.settleSlice({ simulationId: id, at: at() })).rejects.toMatchObject({ type: 'PoliciesChanged', nonRetryable: true });
  });
});

describe('the workflow', () => {
  test('settles what was asked for while no worker was there, tells how far it is, and has nobody in its history', async () => {
    const { id } = (await ask()).json<SimulationJson>();
    expect(await read(id)).toMatchObject({ status: 'QUEUED', result: null });
    const { client, taskQueue } = api.deps.workflows;
    // twice is once
    await startSimulations({ database: worker, client, taskQueue, quietMs: -86_400_000 * 3_650 });
    const stop = await api.work();
    const handle = client.workflow.getHandle(`simulation/${id}`);
    expect(await handle.result()).toEqual({ status: 'DONE', claimsDone: 15, claimsTotal: 15 });
    expect(await handle.query(simulationProgress)).toEqual({ status: 'DONE', claimsDone: 15, claimsTotal: 15 });
    expect((await read(id)).result?.total).toMatchObject({ benefit: '4425.20' });
    await stop();
  });

  test('goes on where a worker was killed in the middle of a page, as a new run after every few slices, and comes to the same', async () => {
    const { client, taskQueue } = api.deps.workflows;
    const whole = await run();
    const { id } = (await ask()).json<SimulationJson>();
    const env = { ...process.env, PLACE: JSON.stringify(api.place) };
    const dying = spawn(process.execPath, [fileURLToPath(new URL('dying-worker.ts', import.meta.url))], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const inTheMiddle = once(createInterface({ input: dying.stdout }), 'line');
    const stopWorkflows = await api.settle();
    await Promise.race([inTheMiddle, once(dying, 'exit')]);
    dying.kill('SIGKILL');
    await once(dying, 'close');
    await stopWorkflows();
    // three people were committed, one of whom may be she who has two claims
    expect([3, 4]).toContain((await read(id)).progress.claims);

    const small = (await ask()).json<SimulationJson>().id;
    // whoever asked for it has it started after the answer
    const terminated = () => client.workflow.getHandle(`simulation/${small}`).terminate();
    await eventually(() =>
      terminated().then(
        () => true,
        () => false,
      ),
    );
    const start = { ...simulationStart({ simulationId: small, taskQueue }), args: [{ simulationId: small, slices: 3 }] };
    const started = await client.workflow.start(SIMULATION_WORKFLOW, start);
    const stop = await api.settle(slices({ people: 1, pages: 2 }));
    expect(await started.result()).toEqual({ status: 'DONE', claimsDone: 15, claimsTotal: 15 });
    expect(await client.workflow.getHandle(`simulation/${id}`).result()).toEqual({ status: 'DONE', claimsDone: 15, claimsTotal: 15 });
    // fourteen people two to a slice, and the page that finds nobody left: eight slices, three to a run
    const continued = `WorkflowId = "simulation/${small}" AND ExecutionStatus = "ContinuedAsNew"`;
    await eventually(async () => (await client.workflow.count(continued)).count === 2);
    for (const settled of [await read(id), await read(small)]) {
      expect(settled.result).toEqual(whole.result);
      expect(await readTotals(worker, settled.id)).toEqual(await readTotals(worker, whole.id));
    }
    await stop();
  });

  test('that was asked for under other rules than its worker has ends as one that failed', async () => {
    const { client } = api.deps.workflows;
    const [first, ...rest] = api.deps.policies.rulebooks;
    if (!first) throw new Error('none');
    const { id } = (await ask()).json<SimulationJson>();
    const other = { ...api.deps.policies, rulebooks: [{ ...first, version: '0'.repeat(64) }, ...rest] };
    const stop = await api.settle(simulationActivities({ database: worker, policies: other }));
    expect(await client.workflow.getHandle(`simulation/${id}`).result()).toMatchObject({ status: 'FAILED', claimsDone: 0 });
    expect(await read(id)).toMatchObject({ status: 'FAILED', result: { partial: true, total: null } });
    await stop();
  });

  test('called off by an operator of Temporal it ends as one that was called off', async () => {
    const { id } = (await ask()).json<SimulationJson>();
    const { client } = api.deps.workflows;
    await eventually(() =>
      client.workflow
        .getHandle(`simulation/${id}`)
        .cancel()
        .then(
          () => true,
          () => false,
        ),
    );
    const stop = await api.work();
    expect(await client.workflow.getHandle(`simulation/${id}`).result()).toMatchObject({ status: 'CANCELLED' });
    expect(await read(id)).toMatchObject({ status: 'CANCELLED', result: { partial: true } });
    await stop();
  });
});

describe('who may', () => {
  test('HR and finance of the unit run it, auditors read it, and other units know nothing of it', async () => {
    expect((await ask({ unitCode: 'SJZ' }, 'E1')).statusCode).toBe(201);
    expect((await ask({}, 'E1')).json()).toMatchObject({ code: 'FORBIDDEN' });
    expect((await ask({ unitCode: 'SJZ' }, 'E3')).json()).toMatchObject({ code: 'FORBIDDEN' });
    expect((await api.call({ method: 'POST', url: '/v1/simulations', body: { unitCode: 'SJZ', year: 2026, name: 'a' } })).json()).toMatchObject({
      code: 'ACTOR_REQUIRED',
    });
    const { id } = await run({ unitCode: 'SJZ' });
    expect((await read(id, 'E1')).result).toMatchObject({ total: { people: 8 } });
    expect((await read(id, 'E3')).result).toMatchObject({ total: { people: 8 } });
    for (const url of [`/v1/simulations/${id}`, `/v1/simulations/${id}/comparison?with=${id}`])
      expect((await api.call({ url, as: 'E2' })).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect((await api.call({ url: '/v1/simulations', as: 'E2' })).json()).toEqual({ items: [], nextCursor: null });
    const listed = (await api.call({ url: '/v1/simulations?limit=1', as: 'E1' })).json();
    expect(listed.items).toMatchObject([{ id, unitCode: 'SJZ', status: 'DONE' }]);
    const next = (await api.call({ url: `/v1/simulations?limit=100&cursor=${listed.nextCursor}`, as: 'E1' })).json();
    expect(next.items.every(({ unitCode }: { unitCode: string }) => unitCode === 'SJZ')).toBe(true);
  });
});

describe('rules with faults are refused with path and reason', () => {
  const withTable = (change: (table: Record<string, unknown>[]) => void) => {
    const content = seventy();
    change(content.benefits[1]?.ratio[0]?.value.table as unknown as Record<string, unknown>[]);
    return content;
  };
  test.each([
    ['nothing at all', { rulebooks: [{}] }, /^rulebooks\.0\.id: /],
    [
      'more than everything',
      { rulebooks: [withTable((table) => Object.assign(table[0] ?? {}, { segments: [{ over: '0.00', percent: '101' }] }))] },
      /^rulebooks\.0\.benefits\.1\.ratio\.0\.value\.table\.0\.segments\.0\.percent: more than 100 %$/,
    ],
    ['a gap', { rulebooks: [withTable((table) => table.pop())] }, /^rulebooks\.0\.benefits\.1\.ratio\.0\.value\.table: no row for retired/],
    ['an overlap', { rulebooks: [withTable((table) => table.push({ ...table[0] }))] }, /rows 0 and 2 both hold for in service/],
    ['two for one region', { rulebooks: [seventy(), { ...seventy(), id: 'other' }] }, /^rulebooks\.1\.insuredRegions: /],
    ['what no rulebook has', { rulebooks: [{ ...seventy(), bonus: '1' }] }, /^rulebooks\.0: .*bonus/],
    ['an empty plan', { plan: {} }, /^plan\.id: /],
  ])('%s', async (_, body, fault) => {
    const answer = await ask(body);
    expect(answer.json()).toMatchObject({ status: 422, code: 'RULES_INVALID' });
    const { params } = answer.json<{ params: { faults: string[] } }>();
    expect(params.faults.some((one) => fault.test(one))).toBe(true);
  });

  test('what is nested deeper than any file, before anything looks at it', async () => {
    const body = `{"unitCode": "HQ", "year": 2026, "name": "a", "rulebooks": [{"id": ${'['.repeat(50_000)}${']'.repeat(50_000)}}]}`;
    expect((await api.call({ method: 'POST', url: '/v1/simulations', as: 'E4', body })).json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

test('of one unit five are under way, and no more until one is called off', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push((await ask({ unitCode: 'BJ' }, 'E2')).json<SimulationJson>().id);
  expect((await ask({ unitCode: 'BJ' }, 'E2')).json()).toMatchObject({ status: 409, code: 'SIMULATIONS_TOO_MANY', params: { unitCode: 'BJ', most: 5 } });
  expect((await ask({ unitCode: 'SJZ' }, 'E1')).statusCode).toBe(201);
  await api.call({ method: 'POST', url: `/v1/simulations/${ids[0]}/cancel`, as: 'E2' });
  const both = await Promise.all([ask({ unitCode: 'BJ' }, 'E2'), ask({ unitCode: 'BJ' }, 'E2')]);
  expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409]);
});

import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { reach } from '#domain/org/can.ts';
import { rulesOf, type WhatIf } from '#platform/policy/what-if.ts';
import { audit } from '#prisma/queries/audit.ts';
import { endSimulation, findSimulation, insertSimulation, listSimulations, readTotals, type SimulationRow } from '#prisma/queries/simulations.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { SIMULATION_WORKFLOW, simulationStart } from '#workflows/simulate.messages.ts';
import { headers, responses, time, uuid } from '../contract/common.ts';
import { comparison, comparisonQuery, newSimulation, simulation, simulationPage, simulationParams, simulationQuery } from '../contract/simulations.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { mustFind } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { comparisonToJson, simulationToJson, summaryToJson } from '../simulation-json.ts';

const tags = ['simulations'];
const READ = { access: 'claims:read', action: 'simulation.read' } as const;
const RUN = { access: 'claims:read', action: 'simulation.run', actor: 'required' } as const;
const position = z.strictObject({ createdAt: time, id: uuid });
/** How many faults of the rules a refusal names: enough to mend them, and no page of a book. */
const FAULTS_TOLD = 20;
const START_DEADLINE_MS = 2_000;
/** Of one unit at a time: each keeps a worker busy for minutes, and those of others wait for it. */
const MOST_UNDER_WAY = 5;

/** 政策试算: what last year's claims would have come to under other rules. Totals alone; a workflow settles them, and Postgres has what it found. */
export const simulationRoutes: FastifyPluginAsyncZod = async (app) => {
  const { policies, clock, workflows } = app.deps;

  app.post(
    '/v1/simulations',
    {
      config: RUN,
      schema: {
        tags,
        summary: 'Settle a year’s claims anew under other rules',
        description:
          'Of a unit and everything below it. Rules are given as the files have them and are checked like these; a refusal names the path and the reason. Nobody’s claim is changed by it.',
        headers: headers('idempotency-key'),
        body: newSimulation,
        response: responses(
          { 201: simulation },
          { with: 'key', codes: ['FORBIDDEN', 'ACTOR_REQUIRED', 'UNIT_UNKNOWN', 'RULES_INVALID', 'SIMULATIONS_TOO_MANY'] },
        ),
      },
    },
    async (request, reply) => {
      const id = randomUUID();
      const sent = await withIdempotency(request, reply, async (tx) => {
        const { unitCode, year, name, rulebooks, plan } = request.body;
        const unit = await findUnit(tx, { code: unitCode });
        if (!unit) return refuse('UNIT_UNKNOWN', { params: { unitCode } });
        const allowed = request.may('simulation.run', { unitAncestors: unit.ancestorIds });
        if (!allowed.ok) return allowed;
        const asked: WhatIf = { rulebooks, plan, planMode: plan === undefined ? 'UNITS' : plan === null ? 'NONE' : 'GIVEN' };
        const read = rulesOf(asked, policies);
        if (!read.ok)
          return refuse('RULES_INVALID', { params: { faults: read.faults.slice(0, FAULTS_TOLD).map(({ path, reason }) => `${path.join('.')}: ${reason}`) } });
        const { under, hash } = read;
        const made = { id, unitId: unit.id, year, name, planMode: asked.planMode, under, hash, actor: request.actor, createdAt: clock() };
        const kept = { ...made, rulebooks: JSON.stringify(rulebooks), plan: plan ? JSON.stringify(plan) : null };
        if (!(await insertSimulation(tx, kept, { most: MOST_UNDER_WAY })))
          return refuse('SIMULATIONS_TOO_MANY', { params: { unitCode, most: MOST_UNDER_WAY } });
        await audit(tx, { unitId: unit.id, at: made.createdAt, actor: request.actor, action: 'simulation-asked-for', detail: { simulation: id, year, hash } });
        const row = await mustFind(findSimulation(tx, id));
        return { ok: true, status: 201, body: simulationToJson(row, null), headers: { location: `/v1/simulations/${id}` } };
      });
      // Where Temporal is away the worker's sweeper starts it later: it is stored.
      if (reply.statusCode === 201) await startNow(request, id);
      return sent;
    },
  );

  /** Does nothing where the answer was a stored one: there is no such row then. */
  async function startNow(request: FastifyRequest, simulationId: string): Promise<void> {
    if (!(await findSimulation(request.db, simulationId))) return;
    const { client, taskQueue } = workflows;
    await client
      .withDeadline(Date.now() + START_DEADLINE_MS, () => client.workflow.start(SIMULATION_WORKFLOW, simulationStart({ simulationId, taskQueue })))
      .catch((error: unknown) => request.log.warn({ err: error, simulationId }, 'a simulation has still to be started'));
  }

  app.get(
    '/v1/simulations',
    {
      config: READ,
      schema: {
        tags,
        summary: 'Simulations, newest first',
        headers: headers(),
        querystring: simulationQuery,
        response: responses({ 200: simulationPage }, { codes: ['CURSOR_INVALID'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const rows = await listSimulations(request.db, { within: reach(request.asker, 'simulation.read'), after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: summaryToJson, position: ({ createdAt, id }) => ({ createdAt: createdAt.toISOString(), id }) });
    },
  );

  app.get(
    '/v1/simulations/:id',
    {
      config: READ,
      schema: {
        tags,
        summary: 'A simulation, its progress and its result',
        headers: headers(),
        params: simulationParams,
        response: responses({ 200: simulation }),
      },
    },
    async (request, reply) => {
      const found = await readable(request, request.params.id);
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      return simulationToJson(found, found.endedAt ? await readTotals(request.db, found.id) : null);
    },
  );

  app.post(
    '/v1/simulations/:id/cancel',
    {
      config: { ...RUN, action: ['simulation.read', 'simulation.run'] },
      schema: {
        tags,
        summary: 'Call a simulation off',
        description: 'What was settled until then stays, marked as a part. From the answer on nothing is added to it.',
        headers: headers('idempotency-key'),
        params: simulationParams,
        response: responses({ 200: simulation }, { with: 'key', codes: ['FORBIDDEN', 'ACTOR_REQUIRED', 'SIMULATION_ENDED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const found = await readable(request, request.params.id, tx);
        if (!found) return refuse('NOT_FOUND');
        const allowed = request.may('simulation.run', { unitAncestors: found.ancestorIds });
        if (!allowed.ok) return allowed;
        const { id, unitId } = found;
        if (!(await endSimulation(tx, { id, status: 'CANCELLED', at: clock() }))) return refuse('SIMULATION_ENDED');
        await audit(tx, { unitId, at: clock(), actor: request.actor, action: 'simulation-called-off', detail: { simulation: id } });
        return { ok: true, status: 200, body: simulationToJson(await mustFind(findSimulation(tx, id)), await readTotals(tx, id)) };
      }),
  );

  app.get(
    '/v1/simulations/:id/comparison',
    {
      config: READ,
      schema: {
        tags,
        summary: 'Two simulations side by side',
        description: 'Both of the same unit and year, and both at their end.',
        headers: headers(),
        params: simulationParams,
        querystring: comparisonQuery,
        response: responses({ 200: comparison }, { codes: ['SIMULATIONS_NOT_COMPARABLE'] }),
      },
    },
    async (request, reply) => {
      const [one, other] = [await readable(request, request.params.id), await readable(request, request.query.with)];
      if (!one || !other) return reply.refuse(refuse('NOT_FOUND'));
      const comparable = one.unitId === other.unitId && one.year === other.year && one.status === 'DONE' && other.status === 'DONE';
      if (!comparable) return reply.refuse(refuse('SIMULATIONS_NOT_COMPARABLE'));
      const side = async (row: SimulationRow) => ({ row, units: await readTotals(request.db, row.id) });
      return comparisonToJson(await side(one), await side(other));
    },
  );
};

async function readable(request: FastifyRequest, id: string, db: Pick<FastifyRequest['db'], 'query'> = request.db): Promise<SimulationRow | undefined> {
  const found = await findSimulation(db, id);
  return found && request.may('simulation.read', { unitAncestors: found.ancestorIds }).ok ? found : undefined;
}

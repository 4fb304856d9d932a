import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can } from '#domain/org/can.ts';
import type { Database } from '#prisma/database.ts';
import { insertAudit } from '#prisma/queries/audit.ts';
import { listPayoutStops, resumePayouts, stopPayouts, type PayoutStopRow } from '#prisma/queries/payout-stops.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { headers, noContent, responses } from '../contract/common.ts';
import { newStop, payoutStop, payoutStops, stopParams } from '../contract/payout-stops.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['payout'];

/** 支付总闸: while a scope is stopped, no instruction is made for it. */
export const payoutStopRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, clock } = app.deps;

  app.get(
    '/v1/payout-stops',
    { config: { access: 'payout:control' }, schema: { tags, summary: 'Stops in force here', headers: headers(), response: responses({ 200: payoutStops }) } },
    async (request) => ({ items: (await listPayoutStops(database, { within: request.caller.unitId })).map(toJson) }),
  );

  app.post(
    '/v1/payout-stops',
    {
      config: { access: 'payout:control' },
      schema: {
        tags,
        summary: 'Stop payouts of a unit and everything below it, or all (`*`)',
        headers: headers('idempotency-key'),
        body: newStop,
        response: responses({ 201: payoutStop }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'ALREADY_EXISTS'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { scope, reason } = request.body;
        const allowed = await mayControl(tx, request, scope);
        if (!allowed.ok) return allowed;
        const made = await stopPayouts(tx, { scope, reason, stoppedBy: request.actor });
        if (made === 'exists') return refuse('ALREADY_EXISTS');
        await insertAudit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'payouts-stopped', detail: { scope, reason } });
        return { ok: true, status: 201, body: toJson(made) };
      }),
  );

  app.delete(
    '/v1/payout-stops/:scope',
    {
      config: { access: 'payout:control' },
      schema: {
        tags,
        summary: 'Let payouts go on',
        headers: headers(),
        params: stopParams,
        response: responses({ 204: noContent }, { codes: ['FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { scope } = request.params;
      const allowed = await mayControl(database, request, scope);
      if (!allowed.ok) return reply.refuse(allowed);
      const resumed = await database.write(async (tx) => {
        if (!(await resumePayouts(tx, { scope }))) return false;
        await insertAudit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'payouts-resumed', detail: { scope } });
        return true;
      });
      return resumed ? reply.code(204).send() : reply.refuse(refuse('NOT_FOUND'));
    },
  );
};

/** A unit that the caller sees, or everything, which is for keys of the root. */
async function mayControl(db: Pick<Database, 'query'>, request: FastifyRequest, scope: string): Promise<{ ok: true } | Refusal> {
  const { unitId, unitCode } = request.caller;
  const unit = await findUnit(db, { code: scope === '*' ? unitCode : scope, within: unitId });
  if (!unit) return refuse('UNIT_UNKNOWN');
  if (scope === '*' && unit.parentId !== null) return refuse('FORBIDDEN');
  return can(request.asker, 'payout.stop', { unitAncestors: unit.ancestorIds });
}

function toJson({ scope, reason, stoppedBy, stoppedAt }: PayoutStopRow): z.output<typeof payoutStop> {
  return { scope, reason, stoppedBy, stoppedAt: stoppedAt.toISOString() };
}

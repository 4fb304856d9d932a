import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { reach } from '#domain/org/can.ts';
import type { Database } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { listPayoutStops, resumePayouts, stopPayouts, type PayoutStopRow } from '#prisma/queries/payout-stops.ts';
import { findRoot, findUnit } from '#prisma/queries/units.ts';
import { headers, noContent, responses } from '../contract/common.ts';
import { newStop, payoutStop, payoutStops, stopParams } from '../contract/payout-stops.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['payout'];

/** 支付总闸: while a scope is stopped, no instruction is made for it. */
export const payoutStopRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/payout-stops',
    {
      config: { access: 'payout:control', action: 'payout-stop.read' },
      schema: { tags, summary: 'Stops in force here', headers: headers(), response: responses({ 200: payoutStops }) },
    },
    async (request) => ({ items: (await listPayoutStops(request.db, { within: reach(request.asker, 'payout-stop.read') })).map(toJson) }),
  );

  app.post(
    '/v1/payout-stops',
    {
      config: { access: 'payout:control', action: 'payout.stop' },
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
        await audit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'payouts-stopped', detail: { scope, reason } });
        return { ok: true, status: 201, body: toJson(made) };
      }),
  );

  app.delete(
    '/v1/payout-stops/:scope',
    {
      config: { access: 'payout:control', action: 'payout.stop' },
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
      const allowed = await mayControl(request.db, request, scope);
      if (!allowed.ok) return reply.refuse(allowed);
      const resumed = await request.db.write(async (tx) => {
        if (!(await resumePayouts(tx, { scope }))) return false;
        await audit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'payouts-resumed', detail: { scope } });
        return true;
      });
      return resumed ? reply.code(204).send() : reply.refuse(refuse('NOT_FOUND'));
    },
  );
};

/** A unit that the caller sees, or everything, which is for those who see the root. */
async function mayControl(db: Pick<Database, 'query'>, request: FastifyRequest, scope: string): Promise<{ ok: true } | Refusal> {
  const unit = scope === '*' ? await findRoot(db) : await findUnit(db, { code: scope });
  if (!unit) return refuse(scope === '*' ? 'FORBIDDEN' : 'UNIT_UNKNOWN');
  return request.may('payout.stop', { unitAncestors: unit.ancestorIds });
}

function toJson({ scope, reason, stoppedBy, stoppedAt }: PayoutStopRow): z.output<typeof payoutStop> {
  return { scope, reason, stoppedBy, stoppedAt: stoppedAt.toISOString() };
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { audit } from '#prisma/queries/audit.ts';
import { listGatewayHealth, readRelayBacklog } from '#prisma/queries/gateway-health.ts';
import { listOutgoing, resendNotice } from '#prisma/queries/outgoing.ts';
import { readSweep } from '#prisma/queries/sweeps.ts';
import { countStuck, listStuck, type StuckClaim } from '#prisma/queries/stuck.ts';
import { gatewayNames, rfc3339 } from '../claim-json.ts';
import { headers, pageOf, responses, time } from '../contract/common.ts';
import {
  noticeParams,
  operationsHealth,
  outgoing,
  outgoingQuery,
  resent,
  stuck,
  stuckClaim,
  stuckClaimsQuery,
  stuckQuery,
  withReasonWhy,
} from '../contract/operations.ts';
import { pageFrom, positionTime, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { outgoingJson } from '../operations/outgoing-json.ts';
import { queueHealth } from '../operations/queue-health.ts';
import { scheduleHealth } from '../operations/schedule-health.ts';
import { gatewayJson } from '../operations/outages.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['operations'];
const config = { access: 'operations:manage', action: 'operation.read' } as const;
// failures that have not been heard of for long are no position, but the moments of one list are all of this age
const stuckPosition = z.strictObject({ since: time, key: z.string().max(100), number: z.string().max(40) });
const outgoingPosition = z.strictObject({ createdAt: positionTime, id: z.string().max(40) });

/** The operator's desk over all claims: what stands still and why, what went out, how everything is. One claim: claim-operations.ts. */
export const operationRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, gateways, workflows } = app.deps;
  const nameOf = gatewayNames(gateways);

  app.get(
    '/v1/operations/stuck',
    {
      config,
      schema: {
        tags,
        summary: 'What stands still and why: counts and oldest',
        headers: headers(),
        querystring: stuckQuery,
        response: responses({ 200: stuck }, { codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const listed = await listedUnit(request, 'operation.read', { code: request.query.unitCode });
      if (!listed.ok) return reply.refuse(listed);
      const now = clock();
      const groups = await countStuck(request.db, { within: listed.within, now });
      return {
        groups: groups.map(({ oldest, ...group }) => ({ ...group, label: nameOf(group.key) ?? null, oldest: oldest.toISOString() })),
      };
    },
  );

  app.get(
    '/v1/operations/stuck/claims',
    {
      config,
      schema: {
        tags,
        summary: 'The claims of one reason, longest first',
        headers: headers(),
        querystring: stuckClaimsQuery,
        response: responses({ 200: pageOf(stuckClaim) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, reason, key, unitCode } = request.query;
      const read = readCursor(stuckPosition, cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'operation.read', { code: unitCode });
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listStuck(request.db, { reason, key, within: listed.within, now: clock(), after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: stuckJson, position: ({ since, key: own, number }) => ({ since: since.toISOString(), key: own, number }) });
    },
  );

  app.get(
    '/v1/operations/deliveries',
    {
      config,
      schema: {
        tags,
        summary: 'Messages and events that went out, or did not, newest first',
        headers: headers(),
        querystring: outgoingQuery,
        response: responses({ 200: pageOf(outgoing) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, kind, status, claimNumber } = request.query;
      const read = readCursor(outgoingPosition, cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'operation.read');
      if (!listed.ok) return reply.refuse(listed);
      const filter = { within: listed.within, kind, status, claimNumber };
      const rows = await listOutgoing(request.db, filter, { after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: outgoingJson, position: ({ createdAt, id }) => ({ createdAt: createdAt.toISOString(), id }) });
    },
  );

  app.post(
    '/v1/notices/:id/resend',
    {
      config: { access: 'operations:manage', action: 'notice.resend', actor: 'required' },
      schema: {
        tags,
        summary: 'Send a message again',
        headers: headers('idempotency-key'),
        params: noticeParams,
        body: withReasonWhy,
        response: responses({ 202: resent }, { with: 'key', codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { id } = request.params;
        const listed = await listedUnit(request, 'notice.resend', { db: tx });
        if (!listed.ok) return listed;
        const sent = await resendNotice(tx, { id: Number(id), within: listed.within });
        if (!sent) return refuse('NOT_FOUND');
        const { claimNumber } = sent;
        await audit(tx, {
          ...{ claimNumber, at: clock(), actor: request.actor, action: 'notice-resent' },
          detail: { notice: Number(id), reason: request.body.reason },
        });
        return { ok: true, status: 202, body: { id, claimNumber, status: 'PENDING' } };
      }),
  );

  app.get(
    '/v1/operations/health',
    {
      config,
      schema: {
        tags,
        summary: 'How bureaus, bank, relays and queues are',
        description: 'Of the whole installation: counts and times, nothing of anybody.',
        headers: headers(),
        response: responses({ 200: operationsHealth }, { codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const listed = await listedUnit(request, 'operation.read');
      if (!listed.ok) return reply.refuse(listed);
      const now = clock();
      const [rows, backlog, sweep, queues, schedules] = await Promise.all([
        listGatewayHealth(request.db),
        readRelayBacklog(request.db),
        readSweep(request.db),
        queueHealth({ ...workflows, bureauCodes: gateways.bureaus.map(({ code }) => code) }),
        scheduleHealth(workflows),
      ]);
      const byCode = new Map(rows.map((row) => [row.code, row]));
      const healthOf = (declared: (typeof gateways.bureaus)[number] | (typeof gateways.banks)[number]) => gatewayJson(declared, byCode.get(declared.code), now);
      return {
        ...{ database: 'up' as const, temporal: queues ? ('up' as const) : ('down' as const) },
        ...{ bureaus: gateways.bureaus.map(healthOf), banks: gateways.banks.map(healthOf), queues: queues ?? [] },
        ...{ schedules: schedules ?? [], sweep: sweep ? { ...sweep, endedAt: sweep.endedAt.toISOString() } : null },
        relays: backlog.map(({ relay, pending, oldest }) => ({ name: relay, pending, oldest: rfc3339(oldest) })),
      };
    },
  );
};

function stuckJson({ since, dueAt, ...row }: StuckClaim): z.output<typeof stuckClaim> {
  return { ...row, since: since.toISOString(), dueAt: rfc3339(dueAt) };
}

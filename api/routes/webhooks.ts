import { randomBytes } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { refuseOutgoingUrl } from '#platform/outgoing-address.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { createEndpoint, endEndpoint, listDeliveries, listEndpoints, resendDelivery, type DeliveryRow, type EndpointRow } from '#prisma/queries/webhooks.ts';
import { headers, noContent, pageOf, responses } from '../contract/common.ts';
import { withReasonWhy } from '../contract/operations.ts';
import { delivery, deliveryParams, deliveryQuery, endpoint, endpointMade, endpointParams, endpointQuery, newEndpoint } from '../contract/webhooks.ts';
import { pageFrom, positionTime, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['webhooks'];
/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;
const position = z.strictObject({ createdAt: positionTime, id: z.uuid() });
const positionOf = ({ createdAt, id }: { createdAt: Date; id: string }) => ({ createdAt: createdAt.toISOString(), id });

/** Where events are sent (Standard Webhooks), and what became of them. */
export const webhookRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, outgoing } = app.deps;

  app.post(
    '/v1/webhook-endpoints',
    {
      config: { access: 'webhooks:manage', action: 'webhook.write' },
      schema: {
        tags,
        summary: 'Subscribe an address',
        description: 'The answer alone shows the secret. Sent again with the same key: `null`, it is kept nowhere but with the endpoint.',
        headers: headers('idempotency-key'),
        body: newEndpoint,
        response: responses({ 201: endpointMade }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'WEBHOOK_URL_REFUSED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { url, events } = request.body;
        const why = refuseOutgoingUrl(url, outgoing);
        if (why !== undefined) return refuse('WEBHOOK_URL_REFUSED', { detail: why });
        const unit = await findUnit(tx, { code: request.body.unitCode ?? request.caller.machine?.unitCode ?? '' });
        if (!unit) return refuse('UNIT_UNKNOWN');
        const allowed = request.may('webhook.write', { unitAncestors: unit.ancestorIds });
        if (!allowed.ok) return allowed;
        const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
        const made = await createEndpoint(tx, { unitId: unit.id, url, secret, events });
        return { ok: true, status: 201, body: { ...endpointJson(made), secret }, replay: { ...endpointJson(made), secret: null } };
      }),
  );

  app.get(
    '/v1/webhook-endpoints',
    {
      config: { access: 'webhooks:manage', action: 'webhook.read' },
      schema: {
        tags,
        summary: 'Addresses subscribed here',
        headers: headers(),
        querystring: endpointQuery,
        response: responses({ 200: pageOf(endpoint) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'webhook.read');
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listEndpoints(request.db, { within: listed.within, after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: endpointJson, position: positionOf });
    },
  );

  app.delete(
    '/v1/webhook-endpoints/:id',
    {
      config: { access: 'webhooks:manage', action: 'webhook.write' },
      schema: {
        tags,
        summary: 'Unsubscribe an address',
        headers: headers(),
        params: endpointParams,
        response: responses({ 204: noContent }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const listed = await listedUnit(request, 'webhook.write');
      if (!listed.ok) return reply.refuse(listed);
      const ended = await request.db.write((tx) => endEndpoint(tx, { id: request.params.id, within: listed.within }));
      return ended ? reply.code(204).send() : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.get(
    '/v1/webhook-deliveries',
    {
      config: { access: 'webhooks:manage', action: 'webhook.read' },
      schema: {
        tags,
        summary: 'What was sent, and what became of it',
        headers: headers(),
        querystring: deliveryQuery,
        response: responses({ 200: pageOf(delivery) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, endpointId, status, claimNumber } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'webhook.read');
      if (!listed.ok) return reply.refuse(listed);
      const filter = { within: listed.within, endpointId, status, claimNumber };
      const rows = await listDeliveries(request.db, filter, { after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: deliveryJson, position: positionOf });
    },
  );

  app.post(
    '/v1/webhook-deliveries/:id/resend',
    {
      config: { access: 'webhooks:manage', action: 'webhook.write' },
      schema: {
        tags,
        summary: 'Send an event again',
        headers: headers('idempotency-key'),
        params: deliveryParams,
        body: withReasonWhy.nullish(),
        response: responses({ 202: delivery }, { with: 'key', codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const listed = await listedUnit(request, 'webhook.write', { db: tx });
        if (!listed.ok) return listed;
        const sent = await resendDelivery(tx, { id: request.params.id, within: listed.within });
        if (!sent) return refuse('NOT_FOUND');
        await audit(tx, {
          claimNumber: sent.claimNumber,
          at: clock(),
          actor: request.actor,
          action: 'webhook-resent',
          detail: { delivery: sent.id, ...request.body },
        });
        return { ok: true, status: 202, body: deliveryJson(sent) };
      }),
  );
};

function endpointJson({ id, url, unitCode, events, createdAt }: EndpointRow): z.output<typeof endpoint> {
  return { id, url, unitCode, events, createdAt: createdAt.toISOString() };
}

function deliveryJson(row: DeliveryRow): z.output<typeof delivery> {
  const { id, endpointId, claimNumber, event, payload, status, attempts, lastError, responseStatus } = row;
  return {
    ...{ id, endpointId, claimNumber, event, payload, status, attempts, lastError, responseStatus },
    nextAttemptAt: status === 'PENDING' ? row.nextAttemptAt.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
  };
}

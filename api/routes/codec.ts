import type { Payload } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import { can } from '#domain/org/can.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { payloadCodec, PayloadUnreadable, placeOf } from '#platform/payload-codec.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findClaimAccess } from '#prisma/queries/claim-access.ts';
import { operatorView } from '../codec/operator-view.ts';
import { issueCodecToken } from '../codec/tokens.ts';
import { codecHeaders, codecToken, payloads, type PayloadJson } from '../contract/codec.ts';
import { headers, noContent, responses } from '../contract/common.ts';
import { CODEC_LIMIT_BYTES } from '../limits.ts';

const tags = ['operations'];
const CLAIM = /^claim\/([^/]+)(\/|$)/;

/**
 * The codec server (Temporal's remote codec protocol): shows operators, in Temporal's web page and command line, what payloads hold, as far as it is their business
 * (`operatorView`), and writes down whose they looked at.
 */
export const codecRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, database, payloadKeys, codecOrigins = [] } = app.deps;
  const codec = payloadCodec(payloadKeys, { anywhere: true });
  const mayCall = (origin: string | undefined): origin is string => origin !== undefined && codecOrigins.includes(origin);

  // A page of another origin reads an answer, a refusal too, only where this says so.
  app.addHook('onSend', async (request, reply) => {
    const { origin } = request.headers;
    reply.header('vary', 'origin, accept-language');
    if (!mayCall(origin)) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-allow-credentials', 'true');
    reply.header('access-control-expose-headers', 'request-id, retry-after');
  });

  for (const path of ['/v1/codec/decode', '/v1/codec/encode'])
    app.options(path, { config: { access: 'open' }, schema: { hide: true, response: { 204: noContent } } }, async (request, reply) => {
      if (mayCall(request.headers.origin))
        reply.headers({
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'authorization, content-type, x-namespace',
          'access-control-max-age': '600',
        });
      return reply.code(204).send();
    });

  const schema = {
    tags,
    headers: codecHeaders,
    body: payloads,
    response: responses({ 200: payloads }, { with: 'body', codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
  };
  const config = { access: 'session', action: 'payloads.decode', codecToken: true, crossOrigin: codecOrigins } as const;

  app.post(
    '/v1/codec/decode',
    { config, bodyLimit: CODEC_LIMIT_BYTES, schema: { ...schema, summary: 'Show payloads of Temporal' } },
    async (request, reply) => {
      const refused = refuseAll(request, reply);
      if (refused) return refused;
      const given = request.body.payloads.map(bytesOf);
      const opened = await Promise.all(given.map(open));
      const claims = new Map(opened.flatMap((one) => (one?.claimNumber === undefined ? [] : [[one.claimNumber, 0]])));
      const mayRead = new Set<string>();
      for (const number of claims.keys()) {
        const claim = await findClaimAccess(request.db, { number });
        if (claim && request.may('payloads.decode', claim).ok) mayRead.add(number);
      }
      const answered = given.map((payload, index) => {
        const one = opened[index];
        if (!one || (one.claimNumber !== undefined && !mayRead.has(one.claimNumber))) return payload;
        return one.payload;
      });
      await record(
        request,
        'payloads-decoded',
        opened.flatMap((one) => (one && (one.claimNumber === undefined || mayRead.has(one.claimNumber)) ? [one] : [])),
      );
      return { payloads: answered.map(jsonOf) };
    },
  );

  app.post(
    '/v1/codec/encode',
    { config, bodyLimit: CODEC_LIMIT_BYTES, schema: { ...schema, summary: 'Seal payloads for Temporal' } },
    async (request, reply) => {
      const refused = refuseAll(request, reply);
      if (refused) return refused;
      const sealed = await codec.encode(request.body.payloads.map(bytesOf));
      await record(
        request,
        'payloads-encoded',
        sealed.map(() => ({ workflowId: '' })),
      );
      return { payloads: sealed.map(jsonOf) };
    },
  );

  app.post(
    '/v1/codec/tokens',
    {
      config: { access: 'session', action: 'payloads.decode' },
      schema: {
        ...{ tags, summary: 'Get a token for `temporal --codec-auth`', headers: headers() },
        response: responses({ 201: codecToken }, { codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'CSRF_REFUSED'] }),
      },
    },
    async (request, reply) => {
      const { person } = request;
      const refused = refuseAll(request, reply);
      if (refused || !person) return refused ?? reply.refuse(refuse('UNAUTHENTICATED'));
      const { token, expiresAt } = await issueCodecToken(database.vault, person, clock());
      await request.db.write((tx) =>
        audit(tx, { unitId: person.unitId, actor: request.actor, action: 'codec-token-issued', detail: { expiresAt: expiresAt.toISOString() } }),
      );
      return reply.code(201).send({ token, expiresAt: expiresAt.toISOString() });
    },
  );

  /** Who is an operator nowhere, or without a second factor, hears so at once. */
  function refuseAll({ asker }: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const allowed = can(asker, 'payloads.decode', { unitAncestors: asker.roles.flatMap(({ unitAncestors }) => unitAncestors) });
    return allowed.ok ? undefined : reply.refuse(allowed);
  }

  /** What operators see of a sealed payload; undefined for what is not sealed, or cannot be opened: that goes back as it came. */
  async function open(payload: Payload): Promise<{ payload: Payload; workflowId: string; claimNumber: string | undefined } | undefined> {
    const place = placeOf(payload);
    if (!place) return undefined;
    try {
      // the tag proves the place that stands beside the payload
      const [clear = {}] = await codec.decode([payload]);
      return { payload: viewOf(clear), workflowId: place.workflowId, claimNumber: CLAIM.exec(place.workflowId)?.[1] };
    } catch (error) {
      if (error instanceof SealBroken || error instanceof PayloadUnreadable) return undefined;
      throw error;
    }
  }

  /** One entry for each workflow: who looked at how many of its payloads. A claim's joins its chain, and comes before those that join the unit's (`audit`). */
  async function record(request: FastifyRequest, action: string, looked: readonly { workflowId: string; claimNumber?: string | undefined }[]): Promise<void> {
    const entries = [...Map.groupBy(looked, ({ workflowId }) => workflowId)].map(([workflow, all]) => ({
      claimNumber: all[0]?.claimNumber ?? null,
      detail: { workflow, payloads: all.length },
    }));
    if (entries.length === 0) return;
    const { actor, person } = request;
    const ofClaims = entries.filter(({ claimNumber }) => claimNumber !== null).toSorted((a, b) => ((a.claimNumber ?? '') < (b.claimNumber ?? '') ? -1 : 1));
    const others = entries.filter(({ claimNumber }) => claimNumber === null);
    await request.db.write(async (tx) => {
      for (const entry of [...ofClaims, ...others]) await audit(tx, { ...entry, unitId: person?.unitId ?? null, actor, action });
    });
  }
};

/** A value without JSON inside (nothing, bytes) has nothing to show: what we send is all JSON. */
function viewOf(payload: Payload): Payload {
  if (Buffer.from(payload.metadata?.['encoding'] ?? []).toString() !== 'json/plain') return { metadata: payload.metadata ?? {} };
  const value: unknown = JSON.parse(Buffer.from(payload.data ?? []).toString('utf8'));
  return { ...payload, data: Buffer.from(JSON.stringify(operatorView(value))) };
}

function bytesOf({ metadata = {}, data }: PayloadJson): Payload {
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    ...(data !== undefined && { data: Buffer.from(data, 'base64') }),
  };
}

function jsonOf({ metadata, data }: Payload): PayloadJson {
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
    ...(data != null && { data: Buffer.from(data).toString('base64') }),
  };
}

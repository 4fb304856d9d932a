import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findPack, insertPack, type PackRow } from '#prisma/queries/inspection.ts';
import { findClaimAccess } from '#prisma/queries/claim-access.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { headers, responses } from '../contract/common.ts';
import { newPack, pack, packParams } from '../contract/inspections.ts';
import { packFiles } from '../inspection/pack.ts';
import { zipOf } from '../inspection/zip.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['inspection'];

/** What a bureau's inspection is given: everything about a claim, or about the claims of a unit, in a form that a stranger can check. */
export const inspectionRoutes: FastifyPluginAsyncZod = async (app) => {
  const { documents, auditKey, clock } = app.deps;

  app.post(
    '/v1/inspection-packs',
    {
      config: { access: 'claims:read', action: 'inspection.make', actor: 'required' },
      schema: {
        tags,
        summary: 'Ask for an inspection pack',
        description: 'Of a claim, or of the claims that a unit and everything below it made between two days. What was asked for, by whom and why is kept.',
        headers: headers('idempotency-key'),
        body: newPack,
        response: responses({ 201: pack }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { claimNumber = null, from = null, to = null, contents, reason, unitCode } = request.body;
        const place = await placeOf(tx, { claimNumber, unitCode });
        if (!place.ok) return place;
        const allowed = request.may('inspection.make', { unitAncestors: place.ancestorIds });
        if (!allowed.ok) return claimNumber === null ? allowed : refuse('NOT_FOUND');
        const { actor } = request;
        const row = { id: randomUUID(), unitId: place.unitId, claimNumber, fromDay: from, toDay: to, contents, reason, actor, createdAt: clock() };
        await insertPack(tx, row);
        await audit(tx, { claimNumber, unitId: row.unitId, at: row.createdAt, actor, action: 'inspection-pack-made', detail: { pack: row.id, contents } });
        return { ok: true, status: 201, body: toJson({ ...row, unitCode: place.unitCode }), headers: { location: `/v1/inspection-packs/${row.id}` } };
      }),
  );

  app.get(
    '/v1/inspection-packs/:id',
    {
      config: { access: 'claims:read', action: 'inspection.make', actor: 'required' },
      schema: {
        tags,
        summary: 'What was asked for',
        headers: headers(),
        params: packParams,
        response: responses({ 200: pack }, { codes: ['ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const found = await readable(request);
      return found ? toJson(found) : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.get(
    '/v1/inspection-packs/:id/content',
    {
      config: { access: 'claims:read', action: 'inspection.make', actor: 'required' },
      schema: {
        tags,
        summary: 'The pack as a ZIP',
        description:
          'Made anew at each download, while it is read: with `verify.mjs`, by which whoever receives it can check it. Each claim in it is a look at its claimant.',
        headers: headers(),
        params: packParams,
        response: responses({ 200: { description: 'The pack', content: { 'application/zip': { schema: z.any() } } } }, { codes: ['ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const found = await readable(request);
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const { db, actor } = request;
      await audit(db, {
        claimNumber: found.claimNumber,
        unitId: found.unitId,
        at: clock(),
        actor,
        action: 'inspection-pack-opened',
        detail: { pack: found.id },
      });
      const zip = zipOf(packFiles({ db, documents, key: auditKey, clock }, { pack: found, actor }), clock());
      zip.on('error', (error) => request.log.error({ err: error, pack: found.id }, 'an inspection pack broke off'));
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="inspection-${found.id}.zip"`)
        .header('cache-control', 'private, no-store')
        .send(zip);
    },
  );
};

async function readable(request: FastifyRequest<{ Params: { id: string } }>): Promise<PackRow | undefined> {
  const found = await findPack(request.db, request.params.id);
  return found && request.may('inspection.make', { unitAncestors: found.ancestorIds }).ok ? found : undefined;
}

type Place = { ok: true; unitId: string; unitCode: string; ancestorIds: readonly string[] };

async function placeOf(tx: Tx, { claimNumber, unitCode }: { claimNumber: string | null; unitCode: string | undefined }): Promise<Place | Refusal> {
  if (claimNumber !== null) {
    const claim = await findClaimAccess(tx, { number: claimNumber });
    const unitId = claim?.unitAncestors.at(-1);
    return claim && unitId !== undefined ? { ok: true, unitId, unitCode: claim.unitCode, ancestorIds: claim.unitAncestors } : refuse('NOT_FOUND');
  }
  const unit = await findUnit(tx, { code: unitCode ?? '' });
  return unit ? { ok: true, unitId: unit.id, unitCode: unit.code, ancestorIds: unit.ancestorIds } : refuse('UNIT_UNKNOWN');
}

function toJson({ id, unitCode, claimNumber, fromDay, toDay, contents, reason, createdAt }: Omit<PackRow, 'ancestorIds'>): z.output<typeof pack> {
  return { id, unitCode, claimNumber, from: fromDay, to: toDay, contents, reason, createdAt: createdAt.toISOString() };
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { responsibleBureau } from '#domain/bureau/region.ts';
import { refuse } from '#domain/errors.ts';
import type { BureauDeclaration } from '#platform/gateways.ts';
import { endAnnouncement, listAnnouncements, listAnnouncementsInForce, makeAnnouncement, type AnnouncementRow } from '#prisma/queries/announcements.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findInsuredRegion } from '#prisma/queries/employees.ts';
import { listGatewayHealth } from '#prisma/queries/gateway-health.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { actorToJson, rfc3339 } from '../claim-json.ts';
import { announcement, announcementParams, announcementQuery, newAnnouncement, outages } from '../contract/announcements.ts';
import { headers, pageOf, responses } from '../contract/common.ts';
import { withReasonWhy } from '../contract/operations.ts';
import { pageFrom, positionTime, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { outagesOf } from '../operations/outages.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['operations'];
const position = z.strictObject({ createdAt: positionTime, id: z.uuid() });

/** 公告: what everybody reads on every page, because a bureau does not answer or because an operator says so. */
export const announcementRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, gateways } = app.deps;

  app.get(
    '/v1/outages',
    {
      config: { access: 'claims:read', action: { none: 'whether bureaus and bank answer, and what is told to everybody; nobody in it' } },
      schema: { tags, summary: 'What is away just now, as everybody is told', headers: headers(), response: responses({ 200: outages }) },
    },
    async (request) => {
      const now = clock();
      const [health, said, bureaus] = await Promise.all([
        listGatewayHealth(request.db),
        listAnnouncementsInForce(request.db, { ...placesOf(request), now }),
        bureausFor(request, gateways.bureaus),
      ]);
      return {
        items: [
          ...said.map(({ id, zh, en, startsAt, endsAt }) => ({
            ...{ kind: 'announcement' as const, id, text: { zh, en } },
            ...{ since: startsAt.toISOString(), until: endsAt.toISOString() },
          })),
          ...outagesOf('bureau', bureaus, health, now),
          ...outagesOf('bank', gateways.banks, health, now),
        ],
      };
    },
  );

  app.get(
    '/v1/announcements',
    {
      config: { access: 'operations:manage', action: 'operation.read' },
      schema: {
        tags,
        summary: 'Announcements made here, newest first',
        headers: headers(),
        querystring: announcementQuery,
        response: responses({ 200: pageOf(announcement) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'operation.read');
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listAnnouncements(request.db, { within: listed.within, after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: announcementJson, position: ({ createdAt, id }) => ({ createdAt: createdAt.toISOString(), id }) });
    },
  );

  app.post(
    '/v1/announcements',
    {
      config: { access: 'operations:manage', action: 'announcement.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Tell everybody of a unit something',
        headers: headers('idempotency-key'),
        body: newAnnouncement,
        response: responses(
          { 201: announcement },
          { with: 'key', codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED', 'UNIT_UNKNOWN', 'DATES_OUT_OF_ORDER'] },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { text, reason, unitCode } = request.body;
        const at = clock();
        const [startsAt, endsAt] = [new Date(request.body.startsAt ?? at), new Date(request.body.endsAt)];
        const unit = await findUnit(tx, { code: unitCode });
        if (!unit) return refuse('UNIT_UNKNOWN');
        const allowed = request.may('announcement.write', { unitAncestors: unit.ancestorIds });
        if (!allowed.ok) return allowed;
        if (startsAt >= endsAt || endsAt <= at) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'endsAt' } });
        const made = await makeAnnouncement(tx, { ...{ unitId: unit.id, ...text, startsAt, endsAt, reason }, createdBy: request.actor, at });
        const detail = { id: made.id, zh: text.zh, en: text.en, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), reason };
        await audit(tx, { unitId: unit.id, at, actor: request.actor, action: 'announcement-made', detail });
        return { ok: true, status: 201, body: announcementJson(made) };
      }),
  );

  app.post(
    '/v1/announcements/:id/end',
    {
      config: { access: 'operations:manage', action: 'announcement.write', actor: 'required' },
      schema: {
        tags,
        summary: 'End an announcement now',
        headers: headers('idempotency-key'),
        params: announcementParams,
        body: withReasonWhy,
        response: responses({ 200: announcement }, { with: 'key', codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const listed = await listedUnit(request, 'announcement.write', { db: tx });
        if (!listed.ok) return listed;
        const at = clock();
        const ended = await endAnnouncement(tx, { id: request.params.id, within: listed.within, endedBy: request.actor, at });
        if (!ended) return refuse('NOT_FOUND');
        const detail = { id: ended.id, reason: request.body.reason };
        await audit(tx, { unitId: ended.unitId, at, actor: request.actor, action: 'announcement-ended', detail });
        return { ok: true, status: 200, body: announcementJson(ended) };
      }),
  );
};

/** Where the caller belongs, and what the caller looks after. */
function placesOf({ person, asker }: FastifyRequest): { units: string[]; lookedAfter: string[] } {
  const lookedAfter = person ? person.roles.map(({ unitId }) => unitId) : [asker.machine?.unitId ?? ''];
  return { units: person ? [person.unitId, ...lookedAfter] : lookedAfter, lookedAfter };
}

/** Whoever holds no role hears of the bureau that she is insured with; those who look after others, and systems, of all. */
async function bureausFor({ person, db }: FastifyRequest, bureaus: readonly BureauDeclaration[]): Promise<readonly BureauDeclaration[]> {
  if (!person || person.roles.some(({ role }) => role !== 'employee')) return bureaus;
  const region = await findInsuredRegion(db, { employeeId: person.employeeId });
  const own = region === undefined ? undefined : responsibleBureau(bureaus, region);
  return own ? [own] : [];
}

function announcementJson(row: AnnouncementRow): z.output<typeof announcement> {
  const { id, unitCode, zh, en, reason, createdBy, endedBy } = row;
  return {
    ...{ id, unitCode, text: { zh, en }, reason, createdBy: actorToJson(createdBy), endedBy: endedBy && actorToJson(endedBy) },
    ...{ startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString(), createdAt: row.createdAt.toISOString(), endedAt: rfc3339(row.endedAt) },
  };
}

import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { endOfDay, shanghaiDay } from '#domain/calendar.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { listUnitVersions, unitTreeAsOf, type UnitVersion } from '#prisma/queries/unit-history.ts';
import { changeUnit, createUnit, findUnit, listUnits, lockTree, lockUnit, type UnitRow } from '#prisma/queries/units.ts';
import { z } from 'zod';
import { actorToJson } from '../claim-json.ts';
import { etag, headers, pageOf, responses, versionOf } from '../contract/common.ts';
import { newUnit, settingsFromJson, settingsToJson, unit, unitAsOfQuery, unitHistory, unitParams, unitPatch, unitQuery } from '../contract/units.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { changedFields, mustFind, withoutAbsent } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['directory'];

/** Units (单位): the tree that an HR system keeps current. */
export const unitRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, policies } = app.deps;
  const isPlan = (id: string | null | undefined): boolean => typeof id !== 'string' || policies.plans.some(({ value }) => value.id === id);

  app.get(
    '/v1/units',
    {
      config: { access: 'directory:read', action: 'unit.read' },
      schema: {
        tags,
        summary: 'Units of the subtree',
        headers: headers(),
        querystring: unitQuery,
        response: responses({ 200: pageOf(unit) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, parentCode } = request.query;
      const read = readCursor(z.string(), cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'unit.read', { code: parentCode });
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listUnits(request.db, { within: listed.within, parentCode, afterCode: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: toJson, position: (row) => row.code });
    },
  );

  app.get(
    '/v1/units/:code',
    {
      config: { access: 'directory:read', action: 'unit.read' },
      schema: {
        tags,
        summary: 'A unit',
        description: 'With `on`: name and parent as they were when that day ended in China; the rest as it is.',
        headers: headers(),
        params: unitParams,
        querystring: unitAsOfQuery,
        response: responses({ 200: unit }, { codes: ['FORBIDDEN', 'DATE_IN_FUTURE'] }),
      },
    },
    async (request, reply) => {
      const found = await findUnit(request.db, { code: request.params.code });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('unit.read', { unitAncestors: found.ancestorIds });
      if (!allowed.ok) return reply.refuse(allowed);
      const { on } = request.query;
      if (on === undefined) return reply.header('etag', etag(found.version)).send(toJson(found));
      if (on > shanghaiDay(clock())) return reply.refuse(refuse('DATE_IN_FUTURE', { params: { path: 'on' } }));
      const then = (await unitTreeAsOf(request.db, { at: endOfDay(on) })).find(({ id }) => id === found.id);
      if (!then) return reply.refuse(refuse('NOT_FOUND'));
      return toJson({ ...found, name: then.name, nameEn: then.nameEn, parentCode: then.parentCode });
    },
  );

  app.get(
    '/v1/units/:code/history',
    {
      config: { access: 'directory:read', action: 'unit.read' },
      schema: {
        tags,
        summary: 'What a unit was called and where it stood, the present first',
        headers: headers(),
        params: unitParams,
        response: responses({ 200: unitHistory }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const found = await findUnit(request.db, { code: request.params.code });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('unit.read', { unitAncestors: found.ancestorIds });
      if (!allowed.ok) return reply.refuse(allowed);
      return { items: (await listUnitVersions(request.db, { id: found.id })).map(versionJson) };
    },
  );

  app.post(
    '/v1/units',
    {
      config: { access: 'directory:write', action: 'unit.write' },
      schema: {
        tags,
        summary: 'Add a unit below another',
        headers: headers('idempotency-key'),
        body: newUnit,
        response: responses({ 201: unit }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'PLAN_UNKNOWN', 'ALREADY_EXISTS'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { parentCode, settings, ...rest } = request.body;
        if (!isPlan(settings.plan)) return refuse('PLAN_UNKNOWN');
        await lockTree(tx);
        const parent = await findUnit(tx, { code: parentCode });
        if (!parent) return refuse('UNIT_UNKNOWN', { params: { parentCode } });
        const allowed = request.may('unit.write', { unitAncestors: parent.ancestorIds });
        if (!allowed.ok) return allowed;
        const made = await createUnit(tx, { parentId: parent.id, unit: { ...rest, settings: settingsFromJson(settings) }, at: clock() });
        if (made === 'exists') return refuse('ALREADY_EXISTS');
        const row = await mustFind(findUnit(tx, { code: rest.code }));
        await audit(tx, { unitId: row.id, at: clock(), actor: request.actor, action: 'unit-added', detail: { unitId: row.id } });
        return { ok: true, status: 201, body: toJson(row), headers: { etag: etag(row.version), location: `/v1/units/${row.code}` } };
      }),
  );

  app.patch(
    '/v1/units/:code',
    {
      config: { access: 'directory:write', action: 'unit.write' },
      schema: {
        tags,
        summary: 'Rename, set, close or move a unit',
        headers: headers('if-match'),
        params: unitParams,
        body: unitPatch,
        response: responses(
          { 200: unit },
          { with: 'body', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'PLAN_UNKNOWN', 'UNIT_CYCLE', 'VERSION_MISMATCH', 'PRECONDITION_REQUIRED'] },
        ),
      },
    },
    async (request, reply) => {
      const { parentCode, settings, ...rest } = request.body;
      if (!isPlan(settings?.plan)) return reply.refuse(refuse('PLAN_UNKNOWN'));
      const { code } = request.params;
      // refusals come before the first write: what is returned is committed
      const outcome = await request.db.write(async (tx) => {
        if (parentCode !== undefined) await lockTree(tx);
        const was = await lockUnit(tx, { code });
        if (!was) return refuse('NOT_FOUND');
        const allowed = request.may('unit.write', { unitAncestors: was.ancestorIds });
        if (!allowed.ok) return allowed;
        if (was.version !== versionOf(request.headers['if-match'])) return refuse('VERSION_MISMATCH');
        const parent = await newParent(tx, request, { was, parentCode });
        if (!parent.ok) return parent;
        const change = { ...was, ...withoutAbsent(rest), ...(settings && { settings: settingsFromJson(settings) }), parentId: parent.id };
        if ((await changeUnit(tx, { was, change, actor: request.actor, at: clock() })) === 'cycle') return refuse('UNIT_CYCLE');
        const row = await mustFind(findUnit(tx, { code }));
        const detail = { unitId: was.id, fields: changedFields(was, row) };
        await audit(tx, { unitId: row.id, at: clock(), actor: request.actor, action: 'unit-changed', detail });
        return { ok: true as const, row };
      });
      if (!outcome.ok) return reply.refuse(outcome);
      return reply.header('etag', etag(outcome.row.version)).send(toJson(outcome.row));
    },
  );
};

/** Where the unit is to stand. Moving it takes the right on the parent that loses it and on the one that gets it. */
async function newParent(
  tx: Tx,
  request: FastifyRequest,
  { was, parentCode }: { was: UnitRow; parentCode: string | undefined },
): Promise<{ ok: true; id: string | null } | Refusal> {
  if (parentCode === undefined || parentCode === was.parentCode) return { ok: true, id: was.parentId };
  const from = request.may('unit.write', { unitAncestors: was.ancestorIds.slice(0, -1) });
  if (!from.ok) return from;
  const parent = await findUnit(tx, { code: parentCode });
  if (!parent) return refuse('UNIT_UNKNOWN', { params: { parentCode } });
  const to = request.may('unit.write', { unitAncestors: parent.ancestorIds });
  return to.ok ? { ok: true, id: parent.id } : to;
}

function versionJson({ name, nameEn, parentCode, validFrom, validTo, changedBy }: UnitVersion): z.output<typeof unitHistory>['items'][number] {
  const until = { validTo: validTo?.toISOString() ?? null, changedBy: changedBy && actorToJson(changedBy) };
  return { name, nameEn, parentCode, validFrom: validFrom.toISOString(), ...until };
}

function toJson(row: UnitRow): z.output<typeof unit> {
  const { code, name, nameEn, parentCode, region, active, version } = row;
  return { code, name, nameEn, parentCode, region, settings: settingsToJson(row.settings), active, version, createdAt: row.createdAt.toISOString() };
}

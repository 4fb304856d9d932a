import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import { can } from '#domain/org/can.ts';
import { insertAudit } from '#prisma/queries/audit.ts';
import { createUnit, findUnit, listUnits, lockTree, lockUnit, moveUnit, updateUnit, type UnitRow } from '#prisma/queries/units.ts';
import { z } from 'zod';
import { etag, headers, pageOf, responses, versionOf } from '../contract/common.ts';
import { newUnit, settingsFromJson, settingsToJson, unit, unitParams, unitPatch, unitQuery } from '../contract/units.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { changedFields, mustFind, withoutAbsent } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['directory'];

/** Units (单位): the tree that an HR system keeps current. */
export const unitRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, clock } = app.deps;

  app.get(
    '/v1/units',
    {
      config: { access: 'directory:read' },
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
      const rows = await listUnits(database, { within: request.caller.unitId, parentCode, afterCode: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: toJson, position: (row) => row.code });
    },
  );

  app.get(
    '/v1/units/:code',
    {
      config: { access: 'directory:read' },
      schema: { tags, summary: 'A unit', headers: headers(), params: unitParams, response: responses({ 200: unit }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const found = await findUnit(database, { code: request.params.code, within: request.caller.unitId });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = can(request.asker, 'unit.read', { unitAncestors: found.ancestorIds });
      if (!allowed.ok) return reply.refuse(allowed);
      return reply.header('etag', etag(found.version)).send(toJson(found));
    },
  );

  app.post(
    '/v1/units',
    {
      config: { access: 'directory:write' },
      schema: {
        tags,
        summary: 'Add a unit below another',
        headers: headers('idempotency-key'),
        body: newUnit,
        response: responses({ 201: unit }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'ALREADY_EXISTS'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { parentCode, settings, ...rest } = request.body;
        const within = request.caller.unitId;
        await lockTree(tx);
        const parent = await findUnit(tx, { code: parentCode, within });
        if (!parent) return refuse('UNIT_UNKNOWN', { params: { parentCode } });
        const allowed = can(request.asker, 'unit.write', { unitAncestors: parent.ancestorIds });
        if (!allowed.ok) return allowed;
        const made = await createUnit(tx, { parentId: parent.id, unit: { ...rest, settings: settingsFromJson(settings) } });
        if (made === 'exists') return refuse('ALREADY_EXISTS');
        const row = await mustFind(findUnit(tx, { code: rest.code, within }));
        await insertAudit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'unit-added', detail: { unitId: row.id } });
        return { ok: true, status: 201, body: toJson(row), headers: { etag: etag(row.version), location: `/v1/units/${row.code}` } };
      }),
  );

  app.patch(
    '/v1/units/:code',
    {
      config: { access: 'directory:write' },
      schema: {
        tags,
        summary: 'Rename, set, close or move a unit',
        headers: headers('if-match'),
        params: unitParams,
        body: unitPatch,
        response: responses({ 200: unit }, { with: 'body', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'UNIT_CYCLE', 'VERSION_MISMATCH', 'PRECONDITION_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { parentCode, settings, ...rest } = request.body;
      const within = request.caller.unitId;
      const { code } = request.params;
      // refusals come before the first write: what is returned is committed
      const outcome = await database.write(async (tx) => {
        if (parentCode !== undefined) await lockTree(tx);
        const was = await lockUnit(tx, { code, within });
        if (!was) return refuse('NOT_FOUND');
        const allowed = can(request.asker, 'unit.write', { unitAncestors: was.ancestorIds });
        if (!allowed.ok) return allowed;
        if (was.version !== versionOf(request.headers['if-match'])) return refuse('VERSION_MISMATCH');
        if (parentCode !== undefined && parentCode !== was.parentCode) {
          const parent = await findUnit(tx, { code: parentCode, within });
          if (!parent) return refuse('UNIT_UNKNOWN', { params: { parentCode } });
          const there = can(request.asker, 'unit.write', { unitAncestors: parent.ancestorIds });
          if (!there.ok) return there;
          if ((await moveUnit(tx, { id: was.id, parentId: parent.id })) === 'cycle') return refuse('UNIT_CYCLE');
        }
        await updateUnit(tx, { id: was.id, change: { ...was, ...withoutAbsent(rest), ...(settings && { settings: settingsFromJson(settings) }) } });
        const row = await mustFind(findUnit(tx, { code, within }));
        const detail = { unitId: was.id, fields: changedFields(was, row) };
        await insertAudit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'unit-changed', detail });
        return { ok: true as const, row };
      });
      if (!outcome.ok) return reply.refuse(outcome);
      return reply.header('etag', etag(outcome.row.version)).send(toJson(outcome.row));
    },
  );
};

function toJson(row: UnitRow): z.output<typeof unit> {
  const { code, name, nameEn, parentCode, region, active, version } = row;
  return { code, name, nameEn, parentCode, region, settings: settingsToJson(row.settings), active, version, createdAt: row.createdAt.toISOString() };
}

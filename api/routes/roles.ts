import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Role } from '#domain/claim/actor.ts';
import { refuse } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import { findColleagues } from '#prisma/queries/approval-reading.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findEmployee, lockEmployee } from '#prisma/queries/employees.ts';
import { endRole, findRole, giveRole, listRoles, lockRole, type RoleRow } from '#prisma/queries/roles.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { actorToJson, rfc3339 } from '../claim-json.ts';
import { headers, responses } from '../contract/common.ts';
import { endOfPeriod, givenRoleParams, newRole, role, roleParams, roleQuery, roles } from '../contract/roles.ts';
import { mustFind } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['directory'];

/** Roles (角色): given on a unit by whoever looks after it, ended, and never forgotten. */
export const roleRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/employees/:employeeNo/roles',
    {
      config: { access: 'directory:read', action: 'role.read' },
      schema: {
        tags,
        summary: 'Roles in force',
        headers: headers(),
        params: roleParams,
        querystring: roleQuery,
        response: responses({ 200: roles }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const { employeeNo } = request.params;
      const at = request.query.history ? undefined : clock();
      const holder = await findEmployee(request.db, { employeeNo });
      if (!holder) {
        // whoever has moved elsewhere may still hold roles here, which are to be found by those who are to end them
        const [employeeId] = (await findColleagues(request.db, [employeeNo])).values();
        const held = employeeId === undefined ? [] : await listRoles(request.db, { employeeId, ...(at && { at }) });
        const here = held.filter(({ unitAncestors }) => request.may('role.read', { unitAncestors }).ok);
        return here.length > 0 ? { items: here.map(toJson) } : reply.refuse(refuse('NOT_FOUND'));
      }
      const allowed = request.may('role.read', { unitAncestors: holder.unitAncestors, employeeId: holder.id });
      if (!allowed.ok) return reply.refuse(allowed);
      return { items: (await listRoles(request.db, { employeeId: holder.id, ...(at && { at }) })).map(toJson) };
    },
  );

  app.post(
    '/v1/employees/:employeeNo/roles',
    {
      config: { access: 'directory:write', action: ['role.write', 'role.write-admin'] },
      schema: {
        tags,
        summary: 'Give a role',
        description: 'For an admin of the unit or of one above, who gives it to somebody else. The role admin comes from a person.',
        headers: headers('idempotency-key'),
        params: roleParams,
        body: newRole,
        response: responses(
          { 201: role },
          {
            with: 'key',
            codes: [
              ...(['FORBIDDEN', 'SECOND_PERSON_REQUIRED', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED'] as const),
              ...(['EMPLOYEE_UNKNOWN', 'UNIT_UNKNOWN', 'DATES_OUT_OF_ORDER', 'ALREADY_EXISTS'] as const),
            ],
          },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { unitCode, role: given, ...period } = request.body;
        const holder = await lockEmployee(tx, { employeeNo: request.params.employeeNo });
        if (!holder) return refuse('NOT_FOUND');
        const unit = await findUnit(tx, { code: unitCode });
        if (!unit) return refuse('UNIT_UNKNOWN', { params: { unitCode } });
        const allowed = request.may(toWrite(given), { unitAncestors: unit.ancestorIds, employeeId: holder.id });
        if (!allowed.ok) return allowed;
        if (!holder.active) return refuse('EMPLOYEE_UNKNOWN');
        const at = clock();
        const validFrom = period.validFrom === undefined ? at : new Date(period.validFrom);
        const validTo = period.validTo === undefined ? null : new Date(period.validTo);
        if (validFrom < at) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'validFrom' } });
        if (validTo !== null && validTo <= validFrom) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'validTo' } });
        const { id: employeeId } = holder;
        const made = await giveRole(tx, { employeeId, unitId: unit.id, role: given, validFrom, validTo, givenBy: request.actor });
        if (made === 'overlaps') return refuse('ALREADY_EXISTS');
        const row = await mustFind(findRole(tx, { id: made.id, employeeId }));
        await audit(tx, { unitId: unit.id, at, actor: request.actor, action: 'role-given', detail: aboutRole(row, employeeId) });
        return { ok: true, status: 201, body: toJson(row) };
      }),
  );

  app.post(
    '/v1/employees/:employeeNo/roles/:id/end',
    {
      config: { access: 'directory:write', action: ['role.write', 'role.write-admin'] },
      schema: {
        tags,
        summary: 'End a role',
        headers: headers('idempotency-key'),
        params: givenRoleParams,
        body: endOfPeriod,
        response: responses(
          { 200: role },
          { with: 'key', codes: ['FORBIDDEN', 'SECOND_PERSON_REQUIRED', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED', 'DATES_OUT_OF_ORDER'] },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { employeeNo, id } = request.params;
        const held = await lockRole(tx, { id, employeeNo });
        if (!held) return refuse('NOT_FOUND');
        const { employeeId } = held;
        const allowed = request.may(toWrite(held.role), { unitAncestors: held.unitAncestors, employeeId });
        if (!allowed.ok) return allowed;
        const at = clock();
        const end = request.body.at === undefined ? at : new Date(request.body.at);
        // what is past stays as it was, and longer is a role that somebody has to give
        if (end < at || (held.validTo !== null && held.validTo <= end)) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'at' } });
        await endRole(tx, { id, at: end, endedBy: request.actor });
        const row = await mustFind(findRole(tx, { id, employeeId }));
        await audit(tx, { unitId: held.unitId, at, actor: request.actor, action: 'role-ended', detail: aboutRole(row, employeeId) });
        return { ok: true, status: 200, body: toJson(row) };
      }),
  );
};

const toWrite = (given: Role): Action => (given === 'admin' ? 'role.write-admin' : 'role.write');

function aboutRole({ id, role: held, validFrom, validTo }: RoleRow, employeeId: string): Record<string, unknown> {
  return { roleId: id, employeeId, role: held, validFrom: validFrom.toISOString(), validTo: rfc3339(validTo) };
}

function toJson({ id, unitCode, role: held, validFrom, validTo, givenBy, endedBy }: RoleRow): z.output<typeof role> {
  return {
    ...{ id, unitCode, role: held, validFrom: validFrom.toISOString(), validTo: rfc3339(validTo) },
    ...{ givenBy: actorToJson(givenBy), endedBy: endedBy && actorToJson(endedBy) },
  };
}

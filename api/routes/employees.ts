import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Actor } from '#domain/claim/actor.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { createEmployee, findEmployee, listEmployees, lockEmployee, updateEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { recordIdentityChange } from '#prisma/queries/identity-changes.ts';
import { writeAddressedNotices } from '#prisma/queries/notices.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { etag, headers, pageOf, responses, versionOf } from '../contract/common.ts';
import { employee, employeeParams, employeePatch, employeeQuery, masked, newEmployee } from '../contract/employees.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { recordLookAt } from '../look.ts';
import { changedFields, mustFind, withoutAbsent } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import type { FastifyRequest } from 'fastify';

const tags = ['directory'];

/** Employees (员工): what an HR system needs to keep them current. Accounts, quotas and roles are in employee-records.ts. */
export const employeeRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/employees',
    {
      config: { access: 'directory:read', action: 'employee.read' },
      schema: {
        tags,
        summary: 'Employees of the subtree',
        headers: headers(),
        querystring: employeeQuery,
        response: responses({ 200: pageOf(employee) }, { codes: ['CURSOR_INVALID', 'FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, unitCode, active } = request.query;
      const read = readCursor(z.string(), cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'employee.read', { code: unitCode });
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listEmployees(request.db, { within: listed.within, active, afterNo: read.after, limit: limit + 1 });
      await recordLookAt(request, 'employees', rows.slice(0, limit).map(lookedAt));
      return pageFrom(rows, { limit, item: toJson, position: (row) => row.employeeNo });
    },
  );

  app.get(
    '/v1/employees/:employeeNo',
    {
      config: { access: 'directory:read', action: 'employee.read' },
      schema: { tags, summary: 'An employee', headers: headers(), params: employeeParams, response: responses({ 200: employee }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const found = await findEmployee(request.db, { employeeNo: request.params.employeeNo });
      const allowed = mayTouch(request, 'employee.read', found);
      if (!allowed.ok) return reply.refuse(allowed);
      await recordLookAt(request, 'employee', [lookedAt(allowed.employee)]);
      return reply.header('etag', etag(allowed.employee.version)).send(toJson(allowed.employee));
    },
  );

  app.post(
    '/v1/employees',
    {
      config: { access: 'directory:write', action: 'employee.write' },
      schema: {
        tags,
        summary: 'Add an employee',
        headers: headers('idempotency-key'),
        body: newEmployee,
        response: responses({ 201: employee }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'ALREADY_EXISTS'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { employeeNo, unitCode, ...fields } = request.body;
        const unit = await findUnit(tx, { code: unitCode });
        if (!unit) return refuse('UNIT_UNKNOWN', { params: { unitCode } });
        const allowed = request.may('employee.write', { unitAncestors: unit.ancestorIds });
        if (!allowed.ok) return allowed;
        if ((await createEmployee(tx, { employeeNo, unitId: unit.id, fields })) === 'exists') return refuse('ALREADY_EXISTS');
        const row = await mustFind(findEmployee(tx, { employeeNo }));
        await audit(tx, { unitId: unit.id, at: clock(), actor: request.actor, action: 'employee-added', detail: { employeeId: row.id } });
        return { ok: true, status: 201, body: toJson(row), headers: { etag: etag(row.version), location: `/v1/employees/${employeeNo}` } };
      }),
  );

  app.patch(
    '/v1/employees/:employeeNo',
    {
      config: { access: 'directory:write', action: 'employee.write' },
      schema: {
        tags,
        summary: 'Change, transfer or retire an employee',
        description: 'A changed name or e-mail address is told to the old and the new address; for seven days an account then takes a second person.',
        headers: headers('if-match'),
        params: employeeParams,
        body: employeePatch,
        response: responses(
          { 200: employee },
          { with: 'body', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'PERSON_ERASED', 'VERSION_MISMATCH', 'PRECONDITION_REQUIRED'] },
        ),
      },
    },
    async (request, reply) => {
      const { unitCode, active, ...fields } = request.body;
      const { employeeNo } = request.params;
      // refusals come before the first write: what is returned is committed
      const outcome = await request.db.write(async (tx) => {
        const allowed = mayTouch(request, 'employee.write', await lockEmployee(tx, { employeeNo }));
        if (!allowed.ok) return allowed;
        const was = allowed.employee;
        if (was.version !== versionOf(request.headers['if-match'])) return refuse('VERSION_MISMATCH');
        const unit = await findUnit(tx, { code: unitCode ?? was.unitCode });
        if (!unit) return refuse('UNIT_UNKNOWN');
        const there = request.may('employee.write', { unitAncestors: unit.ancestorIds });
        if (!there.ok) return there;
        if (was.erased && (fields.identityNo || fields.phone)) return refuse('PERSON_ERASED');
        await updateEmployee(tx, { id: was.id, unitId: unit.id, active: active ?? was.active, fields: { ...was, ...withoutAbsent(fields) } });
        const row = await mustFind(findEmployee(tx, { employeeNo }));
        await recordLookAt(request, 'employee', [lookedAt(row)], tx);
        await noteChange(tx, { was, row, at: clock(), actor: request.actor });
        return { ok: true as const, row };
      });
      if (!outcome.ok) return reply.refuse(outcome);
      return reply.header('etag', etag(outcome.row.version)).send(toJson(outcome.row));
    },
  );
};

/** Whom a look is recorded of. */
export const lookedAt = ({ id, unitAncestors }: EmployeeRow) => ({ employeeId: id, unitId: unitAncestors.at(-1) });

/** What must be provable of a change, and who has to hear of it (decision 0011). */
async function noteChange(tx: Tx, { was, row, at, actor }: { was: EmployeeRow; row: EmployeeRow; at: Date; actor: Actor }): Promise<void> {
  const detail = { employeeId: was.id, fields: changedFields(was, row) };
  await audit(tx, { unitId: row.unitAncestors.at(-1) ?? null, at, actor, action: 'employee-changed', detail });
  if (was.name === row.name && was.email === row.email) return;
  await recordIdentityChange(tx, { employeeId: was.id, at, actor, was });
  await writeAddressedNotices(tx, { template: 'IDENTITY_CHANGED', people: [was, row] });
}

/** The employee whom the caller may read or write; outside of the scope there is none. */
export function mayTouch(
  request: FastifyRequest,
  action: Extract<Action, `employee.${string}` | `account.${string}` | 'look.read' | 'claim.estimate'>,
  employee: EmployeeRow | undefined,
): { ok: true; employee: EmployeeRow } | Refusal {
  if (!employee) return refuse('NOT_FOUND');
  const allowed = request.may(action, { unitAncestors: employee.unitAncestors, employeeId: employee.id });
  return allowed.ok ? { ok: true, employee } : allowed;
}

function toJson(row: EmployeeRow): z.output<typeof employee> {
  const { employeeNo, unitCode, name, email, phone, locale, personNo, insuredRegion, personType, insuranceType, active, erased, version } = row;
  return {
    ...{ employeeNo, unitCode, name, email, phone, locale, personNo, insuredRegion, personType, insuranceType, active, erased, version },
    identityNo: row.identityNo === null ? null : masked(row.identityNo),
    createdAt: row.createdAt.toISOString(),
  };
}

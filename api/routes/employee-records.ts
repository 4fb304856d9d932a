import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { availableQuota } from '#domain/claim/quota.ts';
import { refuse } from '#domain/errors.ts';
import { fen, formatYuan, parseYuan } from '#domain/money.ts';
import { can } from '#domain/org/can.ts';
import { isSameHolder } from '#domain/payout/holder.ts';
import { IDENTITY_SETTLES_MS, needsSecondPerson } from '#domain/payout/second-person.ts';
import { insertAudit } from '#prisma/queries/audit.ts';
import {
  announceAccount,
  findEmployee,
  findQuota,
  listAccounts,
  listRoles,
  lockEmployee,
  replaceAccount,
  replaceRoles,
  setQuotaLimit,
  type AccountRow,
  type QuotaRow,
  type RoleRow,
} from '#prisma/queries/employees.ts';
import { listIdentityChanges } from '#prisma/queries/identity-changes.ts';
import { writeAddressedNotices } from '#prisma/queries/notices.ts';
import { findUnits } from '#prisma/queries/units.ts';
import { headers, responses } from '../contract/common.ts';
import { account, accounts, employeeParams, masked, newAccount, quota, quotaLimit, quotaParams, roleList, roles } from '../contract/employees.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { mayTouch } from './employees.ts';

const tags = ['directory'];

/** What hangs on an employee: the account that is paid to, the yearly quota, the roles. */
export const employeeRecordRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, clock } = app.deps;

  app.get(
    '/v1/employees/:employeeNo/accounts',
    {
      config: { access: 'directory:read' },
      schema: {
        tags,
        summary: 'Accounts, the one in use first',
        headers: headers(),
        params: employeeParams,
        response: responses({ 200: accounts }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const allowed = mayTouch(
        request,
        'employee.read',
        await findEmployee(database, { employeeNo: request.params.employeeNo, within: request.caller.unitId }),
      );
      if (!allowed.ok) return reply.refuse(allowed);
      return { items: (await listAccounts(database, { employeeId: allowed.employee.id })).map(accountJson) };
    },
  );

  app.post(
    '/v1/employees/:employeeNo/accounts',
    {
      config: { access: 'directory:write' },
      schema: {
        tags,
        summary: 'Change the account',
        description:
          'The employee is told, also at an e-mail address of the last seven days, and payments that failed are tried again. Within seven days of a changed name or e-mail address it takes a person who is neither the employee nor made that change.',
        headers: headers('idempotency-key'),
        params: employeeParams,
        body: newAccount,
        response: responses({ 201: account }, { with: 'key', codes: ['FORBIDDEN', 'ACCOUNT_HOLDER_DIFFERS', 'SECOND_PERSON_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { employeeNo } = request.params;
        const allowed = mayTouch(request, 'account.write', await lockEmployee(tx, { employeeNo, within: request.caller.unitId }));
        if (!allowed.ok) return allowed;
        const { employee: holder } = allowed;
        const employeeId = holder.id;
        const at = clock();
        if (!isSameHolder(request.body.holderName, holder.name)) return refuse('ACCOUNT_HOLDER_DIFFERS');
        const changes = await listIdentityChanges(tx, { employeeId, since: new Date(at.getTime() - IDENTITY_SETTLES_MS) });
        const changedBy = changes.map(({ actor }) => actor);
        if (needsSecondPerson({ actor: request.actor, employeeId, changedBy })) return refuse('SECOND_PERSON_REQUIRED');
        const made = await replaceAccount(tx, { employeeId, account: request.body });
        await announceAccount(tx, { employeeId });
        const params = { accountTail: made.accountNo.slice(-4) };
        await writeAddressedNotices(tx, { template: 'ACCOUNT_CHANGED', params, people: [...changes.map(({ was }) => was), holder] });
        await insertAudit(tx, { claimNumber: null, at, actor: request.actor, action: 'account-changed', detail: { employeeId, accountId: made.id } });
        return { ok: true, status: 201, body: accountJson(made) };
      }),
  );

  app.get(
    '/v1/employees/:employeeNo/quotas/:year',
    {
      config: { access: 'directory:read' },
      schema: { tags, summary: 'Quota of a year', headers: headers(), params: quotaParams, response: responses({ 200: quota }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const { employeeNo, year } = request.params;
      const allowed = mayTouch(request, 'employee.read', await findEmployee(database, { employeeNo, within: request.caller.unitId }));
      if (!allowed.ok) return reply.refuse(allowed);
      const found = await findQuota(database, { employeeId: allowed.employee.id, year });
      return found ? quotaJson(found) : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.put(
    '/v1/employees/:employeeNo/quotas/:year',
    {
      config: { access: 'directory:write' },
      schema: {
        tags,
        summary: 'Set the quota of a year',
        headers: headers(),
        params: quotaParams,
        body: quotaLimit,
        response: responses({ 200: quota }, { with: 'body', codes: ['FORBIDDEN', 'AMOUNT_INVALID'] }),
      },
    },
    async (request, reply) => {
      const { employeeNo, year } = request.params;
      const limitFen = parseYuan(request.body.limit);
      if (limitFen === undefined) return reply.refuse(refuse('AMOUNT_INVALID'));
      const allowed = mayTouch(request, 'employee.write', await findEmployee(database, { employeeNo, within: request.caller.unitId }));
      if (!allowed.ok) return reply.refuse(allowed);
      const { id: employeeId } = allowed.employee;
      const row = await database.write(async (tx) => {
        const detail = { employeeId, year, limit: formatYuan(limitFen) };
        await insertAudit(tx, { claimNumber: null, at: clock(), actor: request.actor, action: 'quota-set', detail });
        return setQuotaLimit(tx, { employeeId, year, limitFen });
      });
      return quotaJson(row);
    },
  );

  app.get(
    '/v1/employees/:employeeNo/roles',
    {
      config: { access: 'directory:read' },
      schema: { tags, summary: 'Roles in force', headers: headers(), params: employeeParams, response: responses({ 200: roles }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const within = request.caller.unitId;
      const allowed = mayTouch(request, 'employee.read', await findEmployee(database, { employeeNo: request.params.employeeNo, within }));
      if (!allowed.ok) return reply.refuse(allowed);
      return { roles: (await listRoles(database, { employeeId: allowed.employee.id, within, at: clock() })).map(roleJson) };
    },
  );

  app.put(
    '/v1/employees/:employeeNo/roles',
    {
      config: { access: 'directory:write' },
      schema: {
        tags,
        summary: 'Set the roles',
        description: 'Replaces the roles on units that the key sees; others stay.',
        headers: headers(),
        params: employeeParams,
        body: roleList,
        response: responses({ 200: roles }, { with: 'body', codes: ['FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const within = request.caller.unitId;
      const wanted = request.body.roles;
      const outcome = await database.write(async (tx) => {
        const allowed = mayTouch(request, 'employee.write', await lockEmployee(tx, { employeeNo: request.params.employeeNo, within }));
        if (!allowed.ok) return allowed;
        const units = await findUnits(tx, { codes: wanted.map(({ unitCode }) => unitCode), within });
        const given = [];
        for (const { unitCode, role } of wanted) {
          const unit = units.get(unitCode);
          if (!unit) return refuse('UNIT_UNKNOWN', { params: { unitCode } });
          // rights over a unit are given away by its admins
          const there = can(request.asker, 'unit.write', { unitAncestors: unit.ancestorIds });
          if (!there.ok) return there;
          given.push({ unitId: unit.id, role });
        }
        const { id: employeeId } = allowed.employee;
        const at = clock();
        await replaceRoles(tx, { employeeId, within, roles: given, at });
        await insertAudit(tx, { claimNumber: null, at, actor: request.actor, action: 'roles-set', detail: { employeeId, roles: wanted } });
        return { ok: true as const, roles: await listRoles(tx, { employeeId, within, at }) };
      });
      return outcome.ok ? { roles: outcome.roles.map(roleJson) } : reply.refuse(outcome);
    },
  );
};

function accountJson({ id, holderName, accountNo, bankName, bankCode, createdAt, replacedAt }: AccountRow): z.output<typeof account> {
  return {
    ...{ id, holderName, accountNo: masked(accountNo), bankName, bankCode },
    ...{ createdAt: createdAt.toISOString(), replacedAt: replacedAt?.toISOString() ?? null },
  };
}

function quotaJson({ year, limitFen, reservedFen, usedFen, version }: QuotaRow): z.output<typeof quota> {
  const available = formatYuan(availableQuota({ limitFen, reservedFen, usedFen }));
  return { year, limit: formatYuan(limitFen), reserved: formatYuan(fen(reservedFen)), used: formatYuan(usedFen), available, version };
}

const roleJson = ({ unitCode, role, validFrom }: RoleRow) => ({ unitCode, role, validFrom: validFrom.toISOString() });

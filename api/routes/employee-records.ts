import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { availableQuota } from '#domain/claim/quota.ts';
import { refuse } from '#domain/errors.ts';
import { fen, formatYuan, parseYuan } from '#domain/money.ts';
import { isSameHolder } from '#domain/payout/holder.ts';
import { IDENTITY_SETTLES_MS, needsSecondPerson } from '#domain/payout/second-person.ts';
import { audit } from '#prisma/queries/audit.ts';
import {
  announceAccount,
  findEmployee,
  findQuota,
  listAccounts,
  lockEmployee,
  replaceAccount,
  setQuotaLimit,
  type AccountRow,
  type QuotaRow,
} from '#prisma/queries/employees.ts';
import { listIdentityChanges } from '#prisma/queries/identity-changes.ts';
import { writeAddressedNotices } from '#prisma/queries/notices.ts';
import { headers, responses } from '../contract/common.ts';
import { account, accounts, employeeParams, masked, newAccount, quota, quotaLimit, quotaParams } from '../contract/employees.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { recordLookAt } from '../look.ts';
import { lookedAt, mayTouch } from './employees.ts';

const tags = ['directory'];

/** What hangs on an employee: the account that is paid to, the yearly quota. */
export const employeeRecordRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/employees/:employeeNo/accounts',
    {
      config: { access: 'directory:read', action: 'employee.read' },
      schema: {
        tags,
        summary: 'Accounts, the one in use first',
        headers: headers(),
        params: employeeParams,
        response: responses({ 200: accounts }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const allowed = mayTouch(request, 'employee.read', await findEmployee(request.db, { employeeNo: request.params.employeeNo }));
      if (!allowed.ok) return reply.refuse(allowed);
      await recordLookAt(request, 'employee.accounts', [lookedAt(allowed.employee)]);
      return { items: (await listAccounts(request.db, { employeeId: allowed.employee.id })).map(accountJson) };
    },
  );

  app.post(
    '/v1/employees/:employeeNo/accounts',
    {
      config: { access: 'directory:write', action: 'account.write' },
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
        const allowed = mayTouch(request, 'account.write', await lockEmployee(tx, { employeeNo }));
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
        const { sharedWith } = made;
        const detail = { employeeId, accountId: made.id, ...(sharedWith.length > 0 && { sharedWith }) };
        await audit(tx, { unitId: holder.unitAncestors.at(-1) ?? null, at, actor: request.actor, action: 'account-changed', detail });
        return { ok: true, status: 201, body: accountJson(made) };
      }),
  );

  app.get(
    '/v1/employees/:employeeNo/quotas/:year',
    {
      config: { access: 'directory:read', action: 'employee.read' },
      schema: { tags, summary: 'Quota of a year', headers: headers(), params: quotaParams, response: responses({ 200: quota }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const { employeeNo, year } = request.params;
      const allowed = mayTouch(request, 'employee.read', await findEmployee(request.db, { employeeNo }));
      if (!allowed.ok) return reply.refuse(allowed);
      await recordLookAt(request, 'employee.quota', [lookedAt(allowed.employee)]);
      const found = await findQuota(request.db, { employeeId: allowed.employee.id, year });
      return found ? quotaJson(found) : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.put(
    '/v1/employees/:employeeNo/quotas/:year',
    {
      config: { access: 'directory:write', action: 'employee.write' },
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
      const allowed = mayTouch(request, 'employee.write', await findEmployee(request.db, { employeeNo }));
      if (!allowed.ok) return reply.refuse(allowed);
      const { id: employeeId } = allowed.employee;
      const row = await request.db.write(async (tx) => {
        const detail = { employeeId, year, limit: formatYuan(limitFen) };
        await audit(tx, { unitId: allowed.employee.unitAncestors.at(-1) ?? null, at: clock(), actor: request.actor, action: 'quota-set', detail });
        return setQuotaLimit(tx, { employeeId, year, limitFen });
      });
      return quotaJson(row);
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

import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findEmployee, lockEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { findLegalHold, insertLegalHold, isClaimOf, liftLegalHold, listLegalHolds, type LegalHoldRow } from '#prisma/queries/legal-holds.ts';
import { emptyBody } from '../contract/claims.ts';
import { headers, responses } from '../contract/common.ts';
import { hold, holdParams, holdQuery, holds, newHold } from '../contract/retention.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['retention'];

/** 证据保全: what keeps from erasing whatever the time and whoever asks. */
export const legalHoldRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/legal-holds',
    {
      config: { access: 'directory:read', action: 'legal-hold.read', actor: 'required' },
      schema: {
        tags,
        summary: 'Legal holds of a person',
        headers: headers(),
        querystring: holdQuery,
        response: responses({ 200: holds }, { codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'EMPLOYEE_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const found = allowed(request, 'legal-hold.read', await findEmployee(request.db, request.query));
      if (!found.ok) return reply.refuse(found);
      return { items: (await listLegalHolds(request.db, { employeeId: found.employee.id })).map(holdJson) };
    },
  );

  app.post(
    '/v1/legal-holds',
    {
      config: { access: 'directory:write', action: 'legal-hold.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Keep everything of a claim, or of a person, from being erased',
        headers: headers('idempotency-key'),
        body: newHold,
        response: responses({ 201: hold }, { with: 'key', codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'EMPLOYEE_UNKNOWN', 'SECOND_PERSON_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { employeeNo, claim: claimNumber = null, reason } = request.body;
        const found = allowed(request, 'legal-hold.write', await lockEmployee(tx, { employeeNo }));
        if (!found.ok) return found;
        const { employee } = found;
        if (claimNumber !== null && !(await isClaimOf(tx, { claimNumber, employeeId: employee.id }))) return refuse('NOT_FOUND');
        const at = clock();
        const made = await insertLegalHold(tx, { employeeId: employee.id, claimNumber, reason, placedBy: request.actor, at });
        await record(tx, request, made, 'legal-hold-placed', at);
        return { ok: true, status: 201, body: holdJson(made) };
      }),
  );

  app.post(
    '/v1/legal-holds/:id/lift',
    {
      config: { access: 'directory:write', action: 'legal-hold.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Let time go on again',
        headers: headers('idempotency-key'),
        params: holdParams,
        body: emptyBody,
        response: responses({ 200: hold }, { with: 'key', codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'SECOND_PERSON_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const found = await findLegalHold(tx, request.params);
        if (!found || found.liftedAt !== null) return refuse('NOT_FOUND');
        const may = request.may('legal-hold.write', { unitAncestors: found.unitAncestors, employeeId: found.employeeId });
        if (!may.ok) return may;
        const at = clock();
        if (!(await liftLegalHold(tx, { id: found.id, liftedBy: request.actor, at }))) return refuse('NOT_FOUND');
        await record(tx, request, found, 'legal-hold-lifted', at);
        return { ok: true, status: 200, body: holdJson({ ...found, liftedBy: request.actor, liftedAt: at }) };
      }),
  );
};

/** The employee whose data the caller may keep. */
function allowed(
  request: FastifyRequest,
  action: 'legal-hold.read' | 'legal-hold.write',
  employee: EmployeeRow | undefined,
): { ok: true; employee: EmployeeRow } | Refusal {
  if (!employee) return refuse('EMPLOYEE_UNKNOWN');
  const may = request.may(action, { unitAncestors: employee.unitAncestors, employeeId: employee.id });
  return may.ok ? { ok: true, employee } : may;
}

function record(tx: Tx, request: FastifyRequest, { id, unitId, employeeId, claimNumber }: LegalHoldRow, action: string, at: Date): Promise<void> {
  return audit(tx, { unitId, at, actor: request.actor, action, detail: { employeeId, hold: id, claim: claimNumber } });
}

function holdJson({ id, employeeNo, claimNumber: claim, reason, placedBy, placedAt, liftedBy, liftedAt }: LegalHoldRow): z.output<typeof hold> {
  return { id, employeeNo, claim, reason, placedBy, placedAt: placedAt.toISOString(), liftedBy, liftedAt: liftedAt?.toISOString() ?? null };
}

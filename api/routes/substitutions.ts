import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { reach } from '#domain/org/can.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { lockEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { writeEmployeeNotices } from '#prisma/queries/notices.ts';
import {
  createSubstitution,
  endSubstitution,
  findSubstitute,
  listSubstitutions,
  lockSubstitution,
  rolesBetween,
  type SubstitutionRow,
} from '#prisma/queries/substitutions.ts';
import { actorToJson, rfc3339 } from '../claim-json.ts';
import { headers, pageOf, responses, time } from '../contract/common.ts';
import { endOfPeriod, newSubstitution, substitution, substitutionParams, substitutionQuery } from '../contract/roles.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { mustFind } from '../patch.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['directory'];
const position = z.strictObject({ createdAt: time, id: z.uuid() });

/** Substitution (代理): who decides for somebody who is away. Nothing is copied: what it opens is asked for at every request. */
export const substitutionRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock } = app.deps;

  app.get(
    '/v1/substitutions',
    {
      config: { access: 'directory:read', action: 'substitution.read' },
      schema: {
        tags,
        summary: 'Who stands in for whom, newest first',
        description: 'One’s own, both ways, and those of people whom the caller looks after.',
        headers: headers(),
        querystring: substitutionQuery,
        response: responses({ 200: pageOf(substitution) }, { codes: ['CURSOR_INVALID'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, absentNo, substituteNo, current } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const rows = await listSubstitutions(
        request.db,
        {
          ...{ within: reach(request.asker, 'substitution.read'), employeeId: request.person?.employeeId ?? null },
          ...{ absentNo, substituteNo, at: current ? clock() : undefined },
        },
        { after: read.after, limit: limit + 1 },
      );
      return pageFrom(rows, { limit, item: toJson, position: ({ createdAt, id }) => ({ createdAt: createdAt.toISOString(), id }) });
    },
  );

  app.post(
    '/v1/substitutions',
    {
      config: { access: 'directory:write', action: 'substitution.write', actor: 'required' },
      schema: {
        tags,
        summary: 'Have somebody stand in',
        description:
          'For the absent person, or HR and admins who look after all units on which that person holds roles in that time; a role that the person is given later is then not passed on. Both people are told.',
        headers: headers('idempotency-key'),
        body: newSubstitution,
        response: responses(
          { 201: substitution },
          {
            with: 'key',
            codes: [
              ...(['ACTOR_REQUIRED', 'FORBIDDEN', 'SECOND_PERSON_REQUIRED', 'SECOND_FACTOR_REQUIRED', 'EMPLOYEE_UNKNOWN'] as const),
              ...(['DATES_OUT_OF_ORDER', 'SUBSTITUTION_CIRCULAR', 'ALREADY_EXISTS'] as const),
            ],
          },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { absentNo = request.person?.employeeNo ?? '', substituteNo, ...period } = request.body;
        const absent = await lockEmployee(tx, { employeeNo: absentNo });
        if (!absent) return refuse('EMPLOYEE_UNKNOWN', { params: { path: 'absentNo' } });
        const allowed = request.may('substitution.write', { unitAncestors: absent.unitAncestors, employeeId: absent.id });
        if (!allowed.ok) return allowed;
        const substituteId = await findSubstitute(tx, { employeeNo: substituteNo });
        if (substituteId === undefined) return refuse('EMPLOYEE_UNKNOWN', { params: { path: 'substituteNo' } });
        if (substituteId === absent.id) return refuse('SUBSTITUTION_CIRCULAR');
        const at = clock();
        const validFrom = period.validFrom === undefined ? at : new Date(period.validFrom);
        const validTo = new Date(period.validTo);
        if (validFrom < at) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'validFrom' } });
        if (validTo <= validFrom) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'validTo' } });
        const passed = await mayPassOn(tx, request, { absent, substituteId, validFrom, validTo });
        if (!passed.ok) return passed;
        const { roleIds } = passed;
        const made = await createSubstitution(tx, { absentId: absent.id, substituteId, validFrom, validTo, roleIds, createdBy: request.actor, at });
        if (made === 'circular') return refuse('SUBSTITUTION_CIRCULAR');
        if (made === 'overlaps') return refuse('ALREADY_EXISTS');
        const row = await mustFind(lockSubstitution(tx, made));
        await tellBoth(tx, row, 'SUBSTITUTION_MADE');
        await audit(tx, { unitId: absent.unitId, at, actor: request.actor, action: 'substitution-made', detail: about(row) });
        return { ok: true, status: 201, body: toJson(row) };
      }),
  );

  app.post(
    '/v1/substitutions/:id/end',
    {
      config: { access: 'directory:write', action: 'substitution.write', actor: 'required' },
      schema: {
        tags,
        summary: 'End a substitution',
        headers: headers('idempotency-key'),
        params: substitutionParams,
        body: endOfPeriod,
        response: responses({ 200: substitution }, { with: 'key', codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'DATES_OUT_OF_ORDER'] }),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { id } = request.params;
        const was = await lockSubstitution(tx, { id });
        if (!was) return refuse('NOT_FOUND');
        const allowed = request.may('substitution.write', { unitAncestors: was.unitAncestors, employeeId: was.absentId });
        if (!allowed.ok) return allowed;
        const at = clock();
        const end = request.body.at === undefined ? at : new Date(request.body.at);
        const ends = was.endedAt === null || was.validTo < was.endedAt ? was.validTo : was.endedAt;
        if (end < at || ends <= end) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'at' } });
        await endSubstitution(tx, { id, at: end, endedBy: request.actor });
        const row = await mustFind(lockSubstitution(tx, { id }));
        await tellBoth(tx, row, 'SUBSTITUTION_ENDED');
        await audit(tx, { unitId: row.unitAncestors.at(-1) ?? null, at, actor: request.actor, action: 'substitution-ended', detail: about(row) });
        return { ok: true, status: 200, body: toJson(row) };
      }),
  );
};

/**
 * Nobody hands on what others hold to herself, nor powers over units that she does not look after. So where it is for somebody else, those roles alone are passed on
 * of which that could be said when it was made: one that is given later, on whatever unit, is not.
 */
async function mayPassOn(
  tx: Tx,
  request: FastifyRequest,
  { absent, substituteId, validFrom, validTo }: { absent: EmployeeRow; substituteId: string; validFrom: Date; validTo: Date },
): Promise<{ ok: true; roleIds: string[] | null } | Refusal> {
  const { asker } = request;
  if (asker.employeeId === absent.id) return { ok: true, roleIds: null };
  if (asker.employeeId === substituteId) return refuse('SECOND_PERSON_REQUIRED');
  const held = await rolesBetween(tx, { employeeId: absent.id, from: validFrom, to: validTo });
  for (const { unitAncestors } of held) {
    const allowed = request.may('substitution.write', { unitAncestors });
    if (!allowed.ok) return allowed;
  }
  return { ok: true, roleIds: held.map(({ id }) => id) };
}

async function tellBoth(tx: Tx, row: SubstitutionRow, template: 'SUBSTITUTION_MADE' | 'SUBSTITUTION_ENDED'): Promise<void> {
  const { absentNo, substituteNo, validFrom, validTo, endedAt } = row;
  const params = { absentNo, substituteNo, from: validFrom.toISOString(), until: (endedAt ?? validTo).toISOString() };
  await writeEmployeeNotices(tx, { template, params, employeeIds: [row.absentId, row.substituteId] });
}

function about({ id, absentId, substituteId, validFrom, validTo, endedAt }: SubstitutionRow): Record<string, unknown> {
  const period = { validFrom: validFrom.toISOString(), validTo: validTo.toISOString(), endedAt: rfc3339(endedAt) };
  return { substitutionId: id, absentId, substituteId, ...period };
}

function toJson(row: SubstitutionRow): z.output<typeof substitution> {
  const { id, absentNo, substituteNo, validFrom, validTo, createdBy, createdAt, endedAt, endedBy } = row;
  return {
    ...{ id, absentNo, substituteNo, validFrom: validFrom.toISOString(), validTo: validTo.toISOString() },
    ...{ createdBy: actorToJson(createdBy), createdAt: createdAt.toISOString() },
    ...{ endedAt: rfc3339(endedAt), endedBy: endedBy && actorToJson(endedBy) },
  };
}

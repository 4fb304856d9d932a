import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { deadlineAfter, shanghaiDay } from '#domain/calendar.ts';
import { signersOf } from '#domain/claim/actor.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import { mergeSettings } from '#domain/org/settings.ts';
import { ERASED, KEPT, type ErasureRule } from '#domain/retention/periods.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import { findEmployee, lockEmployee, type EmployeeRow } from '#prisma/queries/employees.ts';
import { decideErasureRequest, insertErasureRequest, listErasureRequests, readObstacles, type ErasureRequestRow } from '#prisma/queries/erasure-requests.ts';
import { listErasures, listUnitSettings, type ErasureRow } from '#prisma/queries/retention.ts';
import { usableDocuments } from '../claim-door.ts';
import { openClaimsOfPerson } from '../claims-of-person.ts';
import { headers, pageOf, responses } from '../contract/common.ts';
import { employeeParams } from '../contract/employees.ts';
import { erasure, erasureDecision, erasureQuery, erasureRequest, erasureState, newErasureRequest } from '../contract/retention.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['retention'];

/** What was erased and by which rule, and a person's own request for it, with four eyes. */
export const retentionRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, clockwork } = app.deps;

  app.get(
    '/v1/erasures',
    {
      config: { access: 'directory:read', action: 'erasure.read', actor: 'required' },
      schema: {
        tags,
        summary: 'What was erased, by which rule',
        headers: headers(),
        querystring: erasureQuery,
        response: responses({ 200: pageOf(erasure) }, { codes: ['ACTOR_REQUIRED', 'CURSOR_INVALID', 'FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, unitCode: code, rule } = request.query;
      const read = readCursor(z.int().positive(), cursor);
      if (!read.ok) return reply.refuse(read);
      const listed = await listedUnit(request, 'erasure.read', { code });
      if (!listed.ok) return reply.refuse(listed);
      const rows = await listErasures(request.db, { within: listed.within, installation: code === undefined, rule, after: read.after, limit: limit + 1 });
      return pageFrom(rows, { limit, item: erasureJson, position: ({ id }) => id });
    },
  );

  app.get(
    '/v1/employees/:employeeNo/erasure',
    {
      config: { access: 'directory:read', action: 'erasure.read', actor: 'required' },
      schema: {
        tags,
        summary: 'Requests for the erasure of a person’s medical content, and what stands in their way',
        headers: headers(),
        params: employeeParams,
        response: responses({ 200: erasureState }, { codes: ['ACTOR_REQUIRED', 'FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const terms = await clockwork();
      const found = allowed(request, 'erasure.read', await findEmployee(request.db, request.params));
      if (!found.ok) return reply.refuse(found);
      const { id: employeeId } = found.employee;
      return request.db.write(async (tx) => ({
        requests: (await listErasureRequests(tx, { employeeId })).map(requestJson),
        obstacles: await obstaclesOf(tx, { employeeId, terms, now: clock() }),
        kept: Object.values(KEPT).map(({ zh, en, days, law }) => ({ label: { zh, en }, days, law })),
      }));
    },
  );

  app.post(
    '/v1/employees/:employeeNo/erasure',
    {
      config: { access: 'directory:write', action: 'erasure.request', actor: 'required' },
      schema: {
        tags,
        summary: 'Ask for the erasure of what is medical',
        description:
          'By the person; or by HR, with her letter. A second person confirms. Vouchers, decisions by amount, histories and the audit stay: the law keeps them.',
        headers: headers('idempotency-key'),
        params: employeeParams,
        body: newErasureRequest,
        response: responses(
          { 201: erasureRequest },
          {
            with: 'key',
            codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'ERASURE_REFUSED', 'CONSENT_EVIDENCE_REQUIRED', 'DOCUMENT_UNKNOWN', 'DATE_IN_FUTURE', 'ALREADY_EXISTS'],
          },
        ),
      },
    },
    async (request, reply) => {
      const terms = await clockwork();
      const { reason = null, letter } = request.body;
      return withIdempotency(request, reply, async (tx) => {
        const at = clock();
        const found = allowed(request, 'erasure.request', await lockEmployee(tx, request.params));
        if (!found.ok) return found;
        const { employee } = found;
        const herself = request.person?.employeeId === employee.id;
        if (!herself && !letter) return refuse('CONSENT_EVIDENCE_REQUIRED');
        if (letter && letter.signedOn > shanghaiDay(at)) return refuse('DATE_IN_FUTURE', { params: { path: 'letter.signedOn' } });
        const usable = letter ? await usableDocuments(tx, request, [letter.documentId]) : { ok: true as const };
        if (!usable.ok) return usable;
        const before = await listErasureRequests(tx, { employeeId: employee.id });
        if (before.some(({ status }) => status === 'REQUESTED' || status === 'CONFIRMED')) return refuse('ALREADY_EXISTS');
        const clear = await checkObstacles(tx, { employee, terms, now: at });
        if (!clear.ok) return clear;
        const requestedBy = request.actor;
        const made = await insertErasureRequest(tx, { employeeId: employee.id, reason, documentId: letter?.documentId ?? null, requestedBy, at });
        await record(tx, request, { employee, action: 'erasure-requested', detail: { request: made.id }, at });
        return { ok: true, status: 201, body: requestJson(made) };
      });
    },
  );

  app.post(
    '/v1/employees/:employeeNo/erasure/decision',
    {
      config: { access: 'directory:write', action: 'erasure.decide', actor: 'required' },
      schema: {
        tags,
        summary: 'Confirm or reject the open request',
        description: 'By an administrator who is neither the person nor has recorded the request. What is confirmed is erased in the night.',
        headers: headers('idempotency-key'),
        params: employeeParams,
        body: erasureDecision,
        response: responses({ 200: erasureRequest }, { with: 'key', codes: ['ACTOR_REQUIRED', 'FORBIDDEN', 'SECOND_PERSON_REQUIRED', 'ERASURE_REFUSED'] }),
      },
    },
    async (request, reply) => {
      const terms = await clockwork();
      const { decision, comment = null } = request.body;
      return withIdempotency(request, reply, async (tx) => {
        const at = clock();
        const found = allowed(request, 'erasure.decide', await lockEmployee(tx, request.params));
        if (!found.ok) return found;
        const { employee } = found;
        const open = (await listErasureRequests(tx, { employeeId: employee.id })).find(({ status }) => status === 'REQUESTED');
        if (!open) return refuse('NOT_FOUND');
        const first = signersOf(open.requestedBy);
        if (signersOf(request.actor).some((one) => first.includes(one))) return refuse('SECOND_PERSON_REQUIRED');
        const clear = decision === 'CONFIRM' ? await checkObstacles(tx, { employee, terms, now: at }) : { ok: true as const };
        if (!clear.ok) return clear;
        const status = decision === 'CONFIRM' ? 'CONFIRMED' : 'REJECTED';
        const decided = await decideErasureRequest(tx, { id: open.id, status, decidedBy: request.actor, at });
        if (!decided) return refuse('NOT_FOUND');
        await record(tx, request, {
          employee,
          action: `erasure-${status.toLowerCase()}`,
          detail: { request: open.id, ...(comment !== null && { comment }) },
          at,
        });
        return { ok: true, status: 200, body: requestJson(decided) };
      });
    },
  );
};

/** The employee of whom the caller may do that. */
function allowed(
  request: FastifyRequest,
  action: Extract<Action, `erasure.${string}`>,
  employee: EmployeeRow | undefined,
): { ok: true; employee: EmployeeRow } | Refusal {
  if (!employee) return refuse('NOT_FOUND');
  const may = request.may(action, { unitAncestors: employee.unitAncestors, employeeId: employee.id });
  return may.ok ? { ok: true, employee } : may;
}

type Terms = { terms: Clockwork; now: Date };

/** All claims of the person count; `elsewhere` are those that the caller does not see. */
async function obstaclesOf(tx: Tx, { employeeId, terms, now }: Terms & { employeeId: string }) {
  const sees = await openClaimsOfPerson(tx, { employeeId });
  const { open, appealable, held } = await readObstacles(tx, { employeeId });
  const settings = new Map((await listUnitSettings(tx)).map(({ id, settings: own }) => [id, mergeSettings(own)]));
  const appealableUntil = appealable.flatMap(({ number, unitId, since }) => {
    const levels = (settings.get(unitId) ?? mergeSettings([])).serviceLevels;
    const until = deadlineAfter(since, levels.appealWindow.closesAfter, terms.holidays).at;
    return until >= now ? [{ claim: number, until: until.toISOString() }] : [];
  });
  const found = { open: open.map(({ number, state }) => ({ claim: number, state })), appealableUntil };
  const seen = { open: found.open.filter(({ claim }) => sees(claim)), appealableUntil: found.appealableUntil.filter(({ claim }) => sees(claim)) };
  const count = ({ open: some, appealableUntil: others }: typeof found): number => some.length + others.length;
  return { ...seen, elsewhere: count(found) - count(seen), legalHold: held };
}

async function checkObstacles(tx: Tx, { employee, ...rest }: Terms & { employee: EmployeeRow }): Promise<{ ok: true } | Refusal> {
  const { open, appealableUntil, elsewhere, legalHold } = await obstaclesOf(tx, { employeeId: employee.id, ...rest });
  if (open.length === 0 && appealableUntil.length === 0 && elsewhere === 0 && !legalHold) return { ok: true };
  return refuse('ERASURE_REFUSED', {
    params: {
      ...{ open: open.map(({ claim }) => claim), appealable: appealableUntil.map(({ claim }) => claim), elsewhere },
      legalHold: legalHold ? 'yes' : 'no',
    },
  });
}

function record(
  tx: Tx,
  request: FastifyRequest,
  { employee, action, detail, at }: { employee: Pick<EmployeeRow, 'id' | 'unitId'>; action: string; detail: Record<string, unknown>; at: Date },
): Promise<void> {
  return audit(tx, { unitId: employee.unitId, at, actor: request.actor, action, detail: { employeeId: employee.id, ...detail } });
}

function requestJson(row: ErasureRequestRow): z.output<typeof erasureRequest> {
  const { id, status, reason, documentId, requestedBy, decidedBy } = row;
  return {
    ...{ id, status, reason, documentId, requestedBy, decidedBy, requestedAt: row.requestedAt.toISOString() },
    ...{ decidedAt: row.decidedAt?.toISOString() ?? null, doneAt: row.doneAt?.toISOString() ?? null },
  };
}

function erasureJson({ id, runId, at, rule, unitCode, count, before, detail }: ErasureRow): z.output<typeof erasure> {
  const known = rule as ErasureRule;
  return {
    ...{ id, runId, at: at.toISOString(), rule: known, label: { zh: ERASED[known].zh, en: ERASED[known].en }, unitCode, count },
    ...{ before: before.toISOString(), claims: detail.claims ?? [] },
  };
}

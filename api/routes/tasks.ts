import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { shanghaiDay, workingDaysBetween, type HolidayTable } from '#domain/calendar.ts';
import { ERRORS, refuse, type ErrorCode } from '#domain/errors.ts';
import { formatYuan } from '#domain/money.ts';
import { can, reach } from '#domain/org/can.ts';
import { countBoxes, listDecidedTasks } from '#prisma/queries/inbox-boxes.ts';
import { employeeNumbers } from '#prisma/queries/substitutions.ts';
import { findTasks, listTasks, type TaskRow } from '#prisma/queries/tasks.ts';
import { actorToJson } from '../claim-json.ts';
import { answerUpdate, hashOf } from '../claim-update.ts';
import { etag, headers, pageOf, responses, versionOf } from '../contract/common.ts';
import type { Claim } from '../contract/claims.ts';
import { boxCounts, bulkDecisions, bulkPreview, bulkResults, task, taskDecided, taskDecision, taskParams, taskQuery } from '../contract/tasks.ts';
import { pageFrom, positionTime, readCursor } from '../cursor.ts';
import { listedUnit } from '../listed-unit.ts';
import { recordLookAt } from '../look.ts';
import { languageOf } from '../plugins/errors.ts';
import { decide, previewDecisions } from '../task-decision.ts';

const tags = ['tasks'];
const position = z.strictObject({ due: positionTime.nullable(), id: z.uuid() });
const DECISION_CODES = [
  ...['ACTOR_REQUIRED', 'FORBIDDEN', 'OWN_CLAIM', 'SECOND_PERSON_REQUIRED', 'TASK_ALREADY_DECIDED', 'CLAIM_ON_HOLD', 'CLAIM_STATE_CONFLICT'],
  ...['VERSION_MISMATCH', 'PRECONDITION_REQUIRED', 'CHOICE_NOT_OFFERED', 'COMMENT_REQUIRED', 'DOCUMENT_UNKNOWN', 'LINES_DO_NOT_ADD_UP', 'AMOUNT_INVALID'],
  ...['EMPLOYEE_UNKNOWN', 'ALREADY_ASKED', 'APPROVAL_STEP_UNKNOWN'],
  ...['TEMPORAL_UNAVAILABLE', 'UPDATE_PENDING'],
] as ErrorCode[];

/** 待办: what people have to decide. */
export const taskRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, clockwork } = app.deps;

  app.get(
    '/v1/tasks',
    {
      config: { access: 'tasks:read', action: ['task.read', 'task.read-medical'] },
      schema: {
        tags,
        summary: 'Tasks, the most urgent first',
        headers: headers(),
        querystring: taskQuery,
        response: responses({ 200: pageOf(task) }, { codes: ['ACTOR_REQUIRED', 'CURSOR_INVALID', 'FORBIDDEN', 'UNIT_UNKNOWN'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, overdue, unitCode, kind, claimNumber, box } = request.query;
      const { mine, status } = box === 'todo' ? { mine: true, status: 'OPEN' as const } : request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const { person } = request;
      if ((mine || box) && !person) return reply.refuse(refuse('ACTOR_REQUIRED'));
      if (box === 'done' && person) {
        const whose = { employeeId: person.employeeId, within: reach(request.asker, 'task.read') };
        const decided = await listDecidedTasks(request.db, whose, { after: read.after, limit: limit + 1 });
        return answer(request, decided, { limit, position: ({ closedAt, id }) => ({ due: closedAt?.toISOString() ?? null, id }) });
      }
      // whoever may decide a task may see it; anything else is for those who look after the unit
      const listed = mine && unitCode === undefined ? null : await listedUnit(request, 'task.read', { code: unitCode });
      if (listed && !listed.ok) return reply.refuse(listed);
      const decidableBy = mine && person ? { ...request.asker, employeeId: person.employeeId } : undefined;
      const rows = await listTasks(
        request.db,
        { status, kind, claimNumber, within: listed?.within ?? null, overdueAt: overdue ? clock() : undefined, decidableBy },
        { after: read.after, limit: limit + 1 },
      );
      return answer(request, rows, { limit, position: ({ dueAt, id }) => ({ due: dueAt?.toISOString() ?? null, id }) });
    },
  );

  app.get(
    '/v1/tasks/counts',
    {
      config: { access: 'tasks:read', action: 'task.read' },
      schema: {
        tags,
        summary: 'How much there is in each box of the actor',
        headers: headers(),
        response: responses({ 200: boxCounts }, { codes: ['ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { person, asker } = request;
      if (!person) return reply.refuse(refuse('ACTOR_REQUIRED'));
      const within = { tasksWithin: reach(asker, 'task.read'), claimsWithin: reach(asker, 'claim.read') };
      return countBoxes(request.db, { person: { ...asker, employeeId: person.employeeId }, ...within, at: clock() });
    },
  );

  app.get(
    '/v1/tasks/:id',
    {
      config: { access: 'tasks:read', action: ['task.read', 'task.read-medical'] },
      schema: { tags, summary: 'A task', headers: headers(), params: taskParams, response: responses({ 200: task }, { codes: ['FORBIDDEN'] }) },
    },
    async (request, reply) => {
      const [found] = await findTasks(request.db, { ids: [request.params.id] });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('task.read', { unitAncestors: found.unitAncestors, participants: found.assignees });
      if (!allowed.ok) return reply.refuse(allowed);
      const view = (await viewOf(request))(found);
      if (view.medical === 'shown') await recordLookAt(request, 'task', [lookedAt(found)]);
      const { holidays } = await clockwork();
      return reply.header('etag', etag(found.version)).send(toJson(found, { now: clock(), holidays }, view));
    },
  );

  app.post(
    '/v1/tasks/:id/decision',
    {
      config: { access: 'tasks:decide', action: 'task.decide', actor: 'required' },
      schema: {
        tags,
        summary: 'Decide a task',
        headers: headers('idempotency-key', 'if-match'),
        params: taskParams,
        body: taskDecision,
        response: responses({ 200: taskDecided }, { with: 'key', codes: DECISION_CODES }),
      },
    },
    async (request, reply) =>
      answerUpdate(request, reply, async (updateId) => {
        const { id: taskId } = request.params;
        const decided = await decide(request, { ...request.body, taskId, version: versionOf(request.headers['if-match']), updateId });
        if (!decided.ok) return decided;
        const { claimNumber, state, seq } = decided;
        return { ok: true, status: 200, body: { taskId, claimNumber, state, seq } };
      }),
  );

  app.post(
    '/v1/tasks/bulk-decisions/preview',
    {
      config: { access: 'tasks:decide', action: 'task.decide', actor: 'required' },
      schema: {
        tags,
        summary: 'What would become of many decisions, without taking them',
        headers: headers(),
        body: bulkDecisions,
        response: responses({ 200: bulkPreview }, { with: 'body', codes: ['ACTOR_REQUIRED'] }),
      },
    },
    async (request) => {
      const { items } = request.body;
      const outcomes = await previewDecisions(request, items);
      const numbers = await employeeNumbers(request.db, request.asker.standsInFor);
      return {
        results: outcomes.map((outcome, index) => {
          const taskId = items[index]?.taskId ?? '';
          if (!outcome.ok) return { ok: false as const, taskId, code: outcome.code, title: ERRORS[outcome.code][languageOf(request)] };
          const { onBehalfOf } = outcome.allowed;
          return { ok: true as const, taskId, claimNumber: outcome.task.claimNumber, onBehalfOf: (onBehalfOf && numbers.get(onBehalfOf)) ?? null };
        }),
      };
    },
  );

  app.post(
    '/v1/tasks/bulk-decisions',
    {
      config: { access: 'tasks:decide', action: 'task.decide', actor: 'required' },
      schema: {
        tags,
        summary: 'Decide many tasks',
        description:
          'One after the other, with a result for each: what cannot be decided is skipped and says why. Send it again with the same key while an item is `retryable`.',
        headers: headers('idempotency-key'),
        body: bulkDecisions,
        response: responses({ 200: bulkResults }, { with: 'key', codes: ['ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) =>
      answerUpdate(request, reply, async (updateId) => {
        const results: z.output<typeof bulkResults>['results'] = [];
        let away: boolean = false;
        for (const item of request.body.items) {
          const { taskId } = item;
          // nobody waits a hundred deadlines long for a service that did not answer once
          const decided: Awaited<ReturnType<typeof decide>> = away
            ? refuse('TEMPORAL_UNAVAILABLE')
            : await decide(request, { ...item, updateId: hashOf(updateId, taskId) });
          if (decided.ok) {
            const { claimNumber, state, seq } = decided;
            results.push({ ok: true, taskId, claimNumber, state, seq });
            continue;
          }
          const code: ErrorCode = decided.code;
          away ||= code === 'TEMPORAL_UNAVAILABLE' || code === 'UPDATE_PENDING';
          results.push({ ok: false, taskId, code, title: ERRORS[code][languageOf(request)], retryable: ERRORS[code].retryable ?? false });
        }
        return { ok: true, status: 200, body: { results }, ...(away && { final: false as const }) };
      }),
  );

  /** A page of them, and the looks recorded where it says what they are about. */
  async function answer(request: FastifyRequest, rows: readonly TaskRow[], page: { limit: number; position: (row: TaskRow) => z.output<typeof position> }) {
    const view = await viewOf(request);
    const seen = rows.slice(0, page.limit).filter((row) => view(row).medical === 'shown');
    await recordLookAt(request, 'tasks', seen.map(lookedAt));
    const at = { now: clock(), holidays: (await clockwork()).holidays };
    return pageFrom(rows, { ...page, item: (row) => toJson(row, at, view(row)) });
  }
};

/** Whom a look is recorded of: whose claim it is. */
const lookedAt = ({ claim: { number, employeeId, unitAncestors } }: TaskRow) => ({ employeeId, unitId: unitAncestors.at(-1), claimNumber: number });

type View = { medical: 'shown' | 'hidden'; onBehalfOf: string | null };

/** What the caller sees of a task, and for whom the actor would decide it, by employee number. */
async function viewOf({ asker, db }: FastifyRequest): Promise<(task: TaskRow) => View> {
  const numbers = await employeeNumbers(db, asker.standsInFor);
  return ({ status, unitAncestors, role, excluded, assignees, claim }) => {
    const decides = can(asker, 'task.decide', { unitAncestors, employeeId: claim.employeeId, task: { role, excluded, assignees } });
    const absentId = status === 'OPEN' && decides.ok ? decides.onBehalfOf : undefined;
    const seesAll = can(asker, 'task.read-medical', { unitAncestors, participants: assignees }).ok;
    return { medical: seesAll ? 'shown' : 'hidden', onBehalfOf: absentId === undefined ? null : (numbers.get(absentId) ?? null) };
  };
}

function toJson(row: TaskRow, { now, holidays }: { now: Date; holidays: HolidayTable }, { medical, onBehalfOf }: View): z.output<typeof task> {
  const { id, claimNumber, kind, level, unitCode, role, choices, detail, status, version, dueAt, createdAt, closedAt, choice, comment, decidedBy, claim } = row;
  const overdue = status === 'OPEN' && dueAt !== null && dueAt < now;
  return {
    ...{ id, claimNumber, kind, level, unitCode, role, choices, medical, detail: medical === 'shown' ? detail : {}, status, version },
    ...{ dueAt: dueAt?.toISOString() ?? null, createdAt: createdAt.toISOString(), closedAt: closedAt?.toISOString() ?? null, overdue },
    workingDaysLeft: status !== 'OPEN' || dueAt === null || overdue ? null : workingDaysBetween(shanghaiDay(now), shanghaiDay(dueAt), holidays),
    decision: choice === null || decidedBy === null ? null : { choice, comment: medical === 'shown' ? comment : null, by: actorToJson(decidedBy) },
    onBehalfOf,
    claim: {
      ...{ state: claim.state, onHold: claim.onHold, submitted: formatYuan(claim.submittedFen), kind: claim.kind as Claim['kind'] },
      ...{ employeeNo: claim.employeeNo, employeeName: medical === 'shown' ? claim.employeeName : null },
    },
  };
}

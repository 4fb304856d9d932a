import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { inNameOf } from '#domain/claim/actor.ts';
import { refuse } from '#domain/errors.ts';
import { readApprovalTrail, type ApprovalReading } from '#prisma/queries/approval-reading.ts';
import { findClaimAccess } from '#prisma/queries/claim-access.ts';
import { findTasks } from '#prisma/queries/tasks.ts';
import { recallApproval, urgeApproval } from '#workflows/claim.messages.ts';
import { claimSubject } from '../claim-subject.ts';
import { answerUpdate, updateClaim } from '../claim-update.ts';
import { approval } from '../contract/approval.ts';
import { claimMoved, withComment } from '../contract/claim-actions.ts';
import { claimParams } from '../contract/claims.ts';
import { etag, headers, responses } from '../contract/common.ts';
import { taskDecided, taskParams } from '../contract/tasks.ts';
import { recordLookAt } from '../look.ts';

const UPDATE = ['ACTOR_REQUIRED', 'FORBIDDEN', 'CLAIM_STATE_CONFLICT', 'CLAIM_ON_HOLD', 'CLAIM_CLOSED', 'TEMPORAL_UNAVAILABLE', 'UPDATE_PENDING'] as const;

/** 审批: how a claim's approval stands, and what people do in it beside deciding their own tasks (tasks.ts). */
export const approvalRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/v1/claims/:number/approval',
    {
      config: { access: 'claims:read', action: ['claim.read', 'claim.read-medical'] },
      schema: {
        tags: ['claims'],
        summary: 'The approval of a claim: who was asked, who did what, for whom',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: approval }),
      },
    },
    async (request, reply) => {
      const { number } = request.params;
      const claim = await findClaimAccess(request.db, { number });
      const subject = claim && (await claimSubject(request, claim));
      if (!claim || !subject || !request.may('claim.read', subject).ok) return reply.refuse(refuse('NOT_FOUND'));
      const found = await readApprovalTrail(request.db, number);
      if (!found) return { flow: null, status: null, step: null, steps: [], waitingFor: [], trail: [] };
      const comments = request.may('claim.read-medical', subject).ok;
      const { employeeId, unitAncestors } = claim;
      if (comments) await recordLookAt(request, 'claim.approval', [{ employeeId, unitId: unitAncestors.at(-1), claimNumber: number }]);
      return toJson(found, { comments });
    },
  );

  app.post(
    '/v1/claims/:number/urge',
    {
      config: { access: 'claims:write', action: 'claim.urge', actor: 'required' },
      schema: {
        tags: ['claims'],
        summary: 'Remind those whose turn it is to approve',
        description: 'Once an hour for each who urges, and for each who is urged.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withComment,
        response: responses({ 200: claimMoved }, { with: 'key', codes: [...UPDATE, 'URGED_RECENTLY'] }),
      },
    },
    async (request, reply) =>
      answerUpdate(request, reply, async (updateId) => {
        const { number } = request.params;
        const claim = await findClaimAccess(request.db, { number });
        if (!claim || !request.person) return refuse('NOT_FOUND');
        const allowed = request.may('claim.urge', { unitAncestors: claim.unitAncestors, employeeId: claim.employeeId });
        if (!allowed.ok) return allowed;
        const argument = { actor: request.actor, employeeId: request.person.employeeId, comment: request.body?.comment ?? null };
        const result = await updateClaim(request, { claim, update: urgeApproval, argument, updateId });
        if (!result.ok) return result;
        const { state, seq } = result;
        return { ok: true, status: 200, body: { number, state, seq }, headers: { etag: etag(seq) } };
      }),
  );

  app.post(
    '/v1/tasks/:id/recall',
    {
      config: { access: 'tasks:decide', action: 'task.decide', actor: 'required' },
      schema: {
        tags: ['tasks'],
        summary: 'Take the own approval back',
        description: 'As long as nobody has acted on it.',
        headers: headers('idempotency-key'),
        params: taskParams,
        body: withComment,
        response: responses({ 200: taskDecided }, { with: 'key', codes: [...UPDATE, 'OWN_CLAIM', 'SECOND_PERSON_REQUIRED', 'RECALL_TOO_LATE'] }),
      },
    },
    async (request, reply) =>
      answerUpdate(request, reply, async (updateId) => {
        const { id: taskId } = request.params;
        const [task] = await findTasks(request.db, { ids: [taskId] });
        if (!task || !request.person) return refuse('NOT_FOUND');
        const { unitAncestors, role, excluded, assignees, claim } = task;
        const allowed = request.may('task.decide', { unitAncestors, employeeId: claim.employeeId, task: { role, excluded, assignees } });
        if (!allowed.ok) return allowed;
        const argument = { taskId, actor: inNameOf(request.actor, allowed), employeeId: request.person.employeeId };
        const result = await updateClaim(request, { claim, update: recallApproval, argument, updateId });
        if (!result.ok) return result.code === 'CLAIM_CLOSED' ? refuse('RECALL_TOO_LATE') : result;
        const { state, seq } = result;
        return { ok: true, status: 200, body: { taskId, claimNumber: claim.number, state, seq } };
      }),
  );
};

/** What people wrote may say of what the claimant is ill: `comments` is for those who may know. */
function toJson({ flow, status, step, asked, trail, people }: ApprovalReading, { comments }: { comments: boolean }): z.output<typeof approval> {
  const person = (id: string): { employeeNo: string; name: string } => {
    const { employeeNo = '', name = '' } = people.get(id) ?? {};
    return { employeeNo, name };
  };
  return {
    ...{ flow: { name: flow.name, version: flow.version }, status, step: status === 'OPEN' ? step + 1 : null },
    steps: flow.steps.map(({ name, mode }, index) => ({ no: index + 1, name, mode })),
    waitingFor: asked.map(person),
    trail: trail.map(({ at, by, onBehalfOf, people: about, comment, ...entry }) => ({
      ...{ ...entry, comment: comments ? comment : null },
      ...{ at: at.toISOString(), by: by === null ? null : person(by), onBehalfOf: onBehalfOf === null ? null : person(onBehalfOf), people: about.map(person) },
    })),
  };
}

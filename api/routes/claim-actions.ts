import type { UpdateDefinition } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { RequestedFor } from '#domain/claim/requests.ts';
import { refuse, type ErrorCode, type Refusal } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import { findClaimAccess, type ClaimAccess } from '#prisma/queries/claim-access.ts';
import { recordMove } from '#prisma/queries/claim-moves.ts';
import { appeal, completeMaterials, hold, release, requestReversal, requestReview, withdraw, type UpdateResult } from '#workflows/claim.messages.ts';
import { answerUpdate, updateClaim, type Continues } from '../claim-update.ts';
import { claimLive, claimMoved, withComment, withReason } from '../contract/claim-actions.ts';
import { claimParams } from '../contract/claims.ts';
import { etag, headers, responses } from '../contract/common.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { queryClaim } from '../temporal-updates.ts';
import { lockClaim } from './claims.ts';

const tags = ['claims'];
const REFUSALS = ['FORBIDDEN', 'CLAIM_STATE_CONFLICT', 'CLAIM_CLOSED', 'TEMPORAL_UNAVAILABLE', 'UPDATE_PENDING'] as const satisfies readonly ErrorCode[];
const moved = (...codes: ErrorCode[]) => responses({ 200: claimMoved }, { with: 'key', codes: [...REFUSALS, ...codes] });

/** What people ask of a claim. The workflow decides, so that nothing can move the claim at the same moment, and whoever asks hears "no" at once. */
export const claimActionRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, clockwork, workflows } = app.deps;

  app.post(
    '/v1/claims/:number/materials-complete',
    {
      config: { access: 'claims:write', action: 'claim.complete' },
      schema: {
        tags,
        summary: 'Say that the missing documents are there',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withComment,
        response: moved(),
      },
    },
    async (request, reply) => {
      const comment = request.body?.comment ?? null;
      return act(request, reply, { number: request.params.number, action: 'claim.complete', update: completeMaterials, argument: { comment } });
    },
  );

  app.post(
    '/v1/claims/:number/review-request',
    {
      config: { access: 'claims:write', action: 'claim.ask-person', actor: 'required' },
      schema: {
        tags,
        summary: 'Have a person look at what the review found',
        description:
          'While the claim waits for what our own review asked for. HR then overrules the findings, sends the claim back, or refuses it, which can be appealed against.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withReason,
        response: moved('ACTOR_REQUIRED'),
      },
    },
    async (request, reply) =>
      act(request, reply, { number: request.params.number, action: 'claim.ask-person', update: requestReview, argument: reasonOf(request.body) }),
  );

  app.post(
    '/v1/claims/:number/withdraw',
    {
      config: { access: 'claims:write', action: 'claim.withdraw', actor: 'required' },
      schema: {
        tags,
        summary: 'Withdraw a claim',
        description: 'Where the bureau has it already, it is withdrawn once the bureau agrees.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withComment,
        response: moved('ACTOR_REQUIRED', 'WITHDRAWAL_TOO_LATE'),
      },
    },
    async (request, reply) => {
      const { number } = request.params;
      const comment = request.body?.comment ?? null;
      const found = await findClaimAccess(request.db, { number });
      if (found?.state === 'DRAFT') return withdrawDraft(request, reply, number);
      return act(request, reply, { number, action: 'claim.withdraw', update: withdraw, argument: { comment } });
    },
  );

  app.post(
    '/v1/claims/:number/appeal',
    {
      config: { access: 'claims:write', action: 'claim.appeal', actor: 'required' },
      schema: {
        tags,
        summary: 'Appeal against a denial or a partial approval',
        description: 'The bureau hears an appeal against its own decision, HR one against the employer’s.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withReason,
        response: moved('ACTOR_REQUIRED', 'APPEAL_TOO_LATE', 'CONSENT_MISSING'),
      },
    },
    async (request, reply) =>
      act(request, reply, { number: request.params.number, action: 'claim.appeal', update: appeal, argument: reasonOf(request.body), continues: 'appeal' }),
  );

  app.post(
    '/v1/claims/:number/hold',
    {
      config: { access: 'tasks:decide', action: 'claim.hold', actor: 'required' },
      schema: {
        tags,
        summary: 'Hold a claim',
        description: 'The bureau’s answers are kept; decisions and payments wait.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withReason,
        response: moved('ACTOR_REQUIRED', 'OWN_CLAIM'),
      },
    },
    async (request, reply) => act(request, reply, { number: request.params.number, action: 'claim.hold', update: hold, argument: reasonOf(request.body) }),
  );

  app.post(
    '/v1/claims/:number/release',
    {
      config: { access: 'tasks:decide', action: 'claim.release', actor: 'required' },
      schema: {
        tags,
        summary: 'Let a held claim go on',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withComment,
        response: moved('ACTOR_REQUIRED', 'OWN_CLAIM'),
      },
    },
    async (request, reply) => {
      const comment = request.body?.comment ?? null;
      return act(request, reply, { number: request.params.number, action: 'claim.release', update: release, argument: { comment } });
    },
  );

  app.post(
    '/v1/claims/:number/reversal',
    {
      config: { access: 'tasks:decide', action: 'claim.reverse', actor: 'required' },
      schema: {
        tags,
        summary: 'Ask for money back that should not have been paid',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: withReason,
        response: moved('ACTOR_REQUIRED', 'OWN_CLAIM'),
      },
    },
    async (request, reply) =>
      act(request, reply, {
        number: request.params.number,
        action: 'claim.reverse',
        update: requestReversal,
        argument: reasonOf(request.body),
        continues: 'reversal',
      }),
  );

  app.get(
    '/v1/claims/:number/live',
    {
      config: { access: 'claims:read', action: 'claim.read' },
      schema: {
        tags,
        summary: 'What the workflow is doing now',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: claimLive }, { codes: ['FORBIDDEN', 'CLAIM_STATE_CONFLICT', 'CLAIM_CLOSED', 'TEMPORAL_UNAVAILABLE'] }),
      },
    },
    async (request, reply) => {
      const found = await readable(request, request.params.number, 'claim.read');
      if (!found.ok) return reply.refuse(found);
      // a draft has no workflow yet
      if (found.claim.state === 'DRAFT') return reply.refuse(refuse('CLAIM_STATE_CONFLICT'));
      const answer = await queryClaim({ client: workflows.client, workflowId: found.claim.workflowId, deadlineMs: workflows.updateDeadlineMs });
      if (answer.kind === 'unavailable') return reply.refuse(refuse('TEMPORAL_UNAVAILABLE'));
      if (answer.kind === 'closed') return reply.refuse(refuse(found.claim.closedAt ? 'CLAIM_CLOSED' : 'TEMPORAL_UNAVAILABLE'));
      const { claimNumber: number, ...status } = answer.status;
      return { number, ...status };
    },
  );

  /** A draft has no workflow yet. */
  async function withdrawDraft(request: FastifyRequest, reply: FastifyReply, number: string): Promise<FastifyReply> {
    const terms = await clockwork();
    return withIdempotency(request, reply, async (tx) => {
      const locked = await lockClaim(tx, request, { number, action: 'claim.withdraw' });
      if (!locked.ok) return locked;
      if (locked.claim.head.state !== 'DRAFT') return refuse('CLAIM_STATE_CONFLICT');
      const at = clock();
      const move = { type: 'WITHDRAWN', to: 'WITHDRAWN', at, actor: request.actor, patch: { closedAt: at } } as const;
      const { seq } = await recordMove(tx, locked.claim, move, terms);
      return { ok: true, status: 200, body: { number, state: 'WITHDRAWN', seq }, headers: { etag: etag(seq) } };
    });
  }
};

const reasonOf = ({ reason }: { reason: string }) => ({ reason, comment: null });

async function readable(request: FastifyRequest, number: string, action: Action): Promise<{ ok: true; claim: ClaimAccess } | Refusal> {
  const claim = await findClaimAccess(request.db, { number });
  if (!claim) return refuse('NOT_FOUND');
  const allowed = request.may(action, { unitAncestors: claim.unitAncestors, employeeId: claim.employeeId });
  return allowed.ok ? { ok: true, claim } : allowed;
}

/** Has the workflow carry out what is asked, with who asks added to it. */
function act<Argument extends Pick<RequestedFor, 'comment' | 'actor'>>(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: { number: string; action: Action; update: UpdateDefinition<UpdateResult, [Argument]>; argument: Omit<Argument, 'actor'>; continues?: Continues },
): Promise<FastifyReply> {
  const { number, action, update, continues } = asked;
  return answerUpdate(request, reply, async (updateId) => {
    const found = await readable(request, number, action);
    if (!found.ok) return found;
    const argument = { ...asked.argument, actor: request.actor } as Argument;
    const result = await updateClaim(request, { claim: found.claim, update, argument, updateId, ...(continues && { continues }) });
    if (!result.ok) return result;
    const { state, seq } = result;
    return { ok: true, status: 200, body: { number, state, seq }, headers: { etag: etag(seq) } };
  });
}

import { createHash } from 'node:crypto';
import type { UpdateDefinition } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { workflowIdOf, type Continuation } from '#domain/claim/number.ts';
import type { MoveType } from '#domain/claim/moves.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { brokenConstraint } from '#prisma/database-errors.ts';
import { countMoves, findClaimAccess, nameContinuation, type ClaimAccess } from '#prisma/queries/claim-access.ts';
import { ANSWER_KEY, findAnswer, storeAnswer } from '#prisma/queries/idempotency.ts';
import type { UpdateResult } from '#workflows/claim.messages.ts';
import { fingerprintOf, requestName, sendAnswer, type Answer } from './plugins/idempotency.ts';
import { executeClaimUpdate } from './temporal-updates.ts';

/** What a closed claim may still be asked for, and the transition that each leaves when it was granted. */
const CONTINUES = { appeal: 'APPEALED', reversal: 'REVERSAL_REQUESTED' } as const satisfies Partial<Record<Continuation['kind'], MoveType>>;
export type Continues = keyof typeof CONTINUES;

/**
 * Answers a request whose effect is an update of a workflow. Nothing is held while the workflow thinks: `work` gets an update id that is the same for
 * the same request, so Temporal carries it out once, and the answer is stored afterwards. Refusals are not stored, nor answers that are not `final`.
 */
export async function answerUpdate(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (updateId: string) => Promise<(Answer & { final?: false }) | Refusal>,
): Promise<FastifyReply> {
  const { db } = request;
  const name = requestName(request);
  const fingerprint = fingerprintOf(request);
  const stored = await findAnswer(db, name);
  if (stored) return sendAnswer(reply, fingerprint, { stored });
  // with the fingerprint: another body under the same key never gets this one's result
  const answer = await work(hashOf(name.callerId, name.route, name.key, fingerprint));
  if (!answer.ok) return reply.refuse(answer);
  const body = String(reply.code(answer.status).serializeInput(answer.body, String(answer.status)));
  const made = { fingerprint, status: answer.status, body, headers: JSON.stringify(answer.headers ?? {}) };
  if (answer.final !== false) {
    try {
      await db.write((tx) => storeAnswer(tx, { ...name, ...made }));
    } catch (error) {
      // an equal request was faster: it got the same result from Temporal
      if (brokenConstraint(error) !== ANSWER_KEY) throw error;
    }
  }
  return sendAnswer(reply, fingerprint, { made });
}

export const hashOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex');

/** Asks the claim's workflow, in a new one where the claim is closed and may go on. Expected refusals come back as such. */
export async function updateClaim<Argument>(
  request: FastifyRequest,
  asked: { claim: ClaimAccess; update: UpdateDefinition<UpdateResult, [Argument]>; argument: Argument; updateId: string; continues?: Continues },
): Promise<Extract<UpdateResult, { ok: true }> | Refusal> {
  const { client, taskQueue, updateDeadlineMs } = request.server.deps.workflows;
  const { update, argument, updateId, continues } = asked;
  if (asked.claim.state === 'DRAFT') return refuse('CLAIM_STATE_CONFLICT');
  const claim = asked.claim.closedAt && continues ? await continuation(request, asked.claim, continues) : asked.claim;
  const { number: claimNumber, workflowId, state, unitCode, insuredRegion: region, escalationLevel } = claim;
  const mayStart = claim.closedAt === null || continues !== undefined;
  const outcome = await executeClaimUpdate({
    ...{ client, workflowId, update, args: [argument] as [Argument], updateId, deadlineMs: updateDeadlineMs },
    start: mayStart ? { claimNumber, workflowId, taskQueue, state, unitCode, region, escalationLevel } : undefined,
  });
  switch (outcome.kind) {
    case 'done':
      return outcome.result;
    case 'refused':
      return refuse(outcome.code);
    case 'pending':
      return refuse('UPDATE_PENDING');
    case 'closed':
      return refuse('CLAIM_CLOSED');
    case 'unavailable':
      return refuse('TEMPORAL_UNAVAILABLE');
  }
}

/** Until the appeal is taken, however often it is asked for, it is asked of one and the same workflow. */
async function continuation(request: FastifyRequest, claim: ClaimAccess, kind: Continues): Promise<ClaimAccess> {
  const { db } = request;
  const { number } = claim;
  const no = (await countMoves(db, { number, type: CONTINUES[kind] })) + 1;
  const workflowId = workflowIdOf(number, { kind, no });
  if (await nameContinuation(db, { number, workflowId })) return { ...claim, workflowId };
  return (await findClaimAccess(db, { number })) ?? claim;
}

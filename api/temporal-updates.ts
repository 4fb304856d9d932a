import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { ERRORS, type ErrorCode } from '#domain/errors.ts';
import { CLAIM_WORKFLOW, claimStart, claimStatus, type ClaimStatus, type ClaimToStart, type UpdateResult } from '#workflows/claim.messages.ts';

/**
 * What became of an update. `pending`: Temporal answers, the worker did not in time; the same update id later gives the stored result.
 * `closed`: no such workflow runs, and none knew this update id. `unavailable`: Temporal does not answer.
 */
export type ClaimUpdateOutcome =
  | { kind: 'done'; result: Extract<UpdateResult, { ok: true }> }
  | { kind: 'refused'; code: ErrorCode }
  | { kind: 'pending' }
  | { kind: 'closed' }
  | { kind: 'unavailable' };

export type ClaimUpdate<Argument> = {
  client: Client;
  workflowId: string;
  update: UpdateDefinition<UpdateResult, [Argument]>;
  args: [Argument];
  /** a hash of caller, route, Idempotency-Key and request: Temporal answers the same id with the same result, even after the workflow ended */
  updateId: string;
  deadlineMs: number;
  /** For a claim that is open in Postgres: its workflow is started where it does not run, because it never did, was lost, or had ended before an appeal. */
  start?: ClaimToStart | undefined;
};

const GRPC_INVALID_ARGUMENT = 3;
const HEALTH_DEADLINE_MS = 1_000;

/** Asks the claim's workflow for `update` and says what became of it. Throws only for bugs. */
export async function executeClaimUpdate<Argument>(request: ClaimUpdate<Argument>): Promise<ClaimUpdateOutcome> {
  const { client, deadlineMs } = request;
  try {
    const result = await client.withDeadline(Date.now() + deadlineMs, () => send(request));
    return result.ok ? { kind: 'done', result } : { kind: 'refused', code: result.code };
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome) return outcome;
    if (isTimeout(error)) return { kind: (await answersAtAll(client)) ? 'pending' : 'unavailable' };
    if (isOutage(error)) return { kind: 'unavailable' };
    throw error;
  }
}

/** What the workflow says of itself, `closed` where Temporal has none, `unavailable` where nobody answers: a query needs a worker as well. */
export async function queryClaim(request: {
  client: Client;
  workflowId: string;
  deadlineMs: number;
}): Promise<{ kind: 'answered'; status: ClaimStatus } | { kind: 'closed' } | { kind: 'unavailable' }> {
  const { client, workflowId, deadlineMs } = request;
  try {
    const status = await client.withDeadline(Date.now() + deadlineMs, () => client.workflow.getHandle(workflowId).query(claimStatus));
    return { kind: 'answered', status };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'closed' };
    if (isTimeout(error) || isOutage(error)) return { kind: 'unavailable' };
    throw error;
  }
}

async function send<Argument>(request: ClaimUpdate<Argument>): Promise<UpdateResult> {
  const { client, workflowId, update, args, updateId, start } = request;
  try {
    // first without a start: an ended workflow still knows the results it gave
    return await client.workflow.getHandle(workflowId).executeUpdate(update, { args, updateId });
  } catch (error) {
    if (!start || outcomeOf(error)?.kind !== 'closed') throw error;
  }
  const startWorkflowOperation = new WithStartWorkflowOperation(CLAIM_WORKFLOW, {
    ...claimStart(start),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return await client.workflow.executeUpdateWithStart(update, { args, updateId, startWorkflowOperation });
}

function outcomeOf(error: unknown): ClaimUpdateOutcome | undefined {
  if (error instanceof WorkflowNotFoundError) return { kind: 'closed' };
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) return undefined;
  const { type } = error.cause;
  if (isErrorCode(type)) return { kind: 'refused', code: type };
  // Temporal's own word for an update that had been taken when its workflow ended
  return type === 'AcceptedUpdateCompletedWorkflow' ? { kind: 'closed' } : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error);
}

function isOutage(error: unknown): boolean {
  return error instanceof ServiceError && !(isGrpcServiceError(error.cause) && error.cause.code === GRPC_INVALID_ARGUMENT);
}

/** A deadline says only that nobody answered in time; whether that is the worker or Temporal itself, a short question tells. */
async function answersAtAll(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + HEALTH_DEADLINE_MS, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}

function isErrorCode(type: string | null | undefined): type is ErrorCode {
  return typeof type === 'string' && Object.hasOwn(ERRORS, type);
}

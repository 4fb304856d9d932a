import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { OperationKind } from '#domain/operations/operation.ts';
import { CLAIM_WORKFLOW, claimStart, type ClaimToStart } from '#workflows/claim.messages.ts';
import { isAway } from './workflow-look.ts';

/** Shown in Temporal beside what was done; who it was stands in our own audit. */
const IDENTITY = 'daozhang operator';
const RUNNING: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW']);
const [PAUSED, PAUSE_REQUESTED] = [4, 5];

/** What an operation will be done to: named before anything is done and written down, so that the same request again does the same and nothing else. */
export type Target = { runId?: string; activities?: { id: string; type: string; paused: boolean }[]; running?: true };

export type WorkflowControl = ReturnType<typeof workflowControl>;

/** What operators do to a claim's workflow in Temporal. Each is harmless to repeat. Expected refusals are values; Temporal's absence is TEMPORAL_UNAVAILABLE. */
export function workflowControl({ client, taskQueue, deadlineMs }: { client: Client; taskQueue: string; deadlineMs: number }) {
  const { namespace } = client.options;
  const within = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, work);

  async function find(workflowId: string, operation: OperationKind, activityId: string | undefined): Promise<{ ok: true; target: Target } | Refusal> {
    const described = await within(() => client.workflow.getHandle(workflowId).describe()).catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
    const running = described !== null && RUNNING.has(described.status.name);
    if (operation === 'RECOVER') return { ok: true, target: running ? { running: true, runId: described.runId } : {} };
    if (!running) return refuse('WORKFLOW_NOT_RUNNING');
    const { runId, raw } = described;
    if (operation !== 'RETRY') return { ok: true, target: { runId } };
    const activities = (raw.pendingActivities ?? []).flatMap(({ activityId: id, activityType, state, attempt, paused }) => {
      const isPaused = paused === true || state === PAUSED || state === PAUSE_REQUESTED;
      const waits = isPaused || ((attempt ?? 1) > 1 && state === 1);
      return id && waits && (activityId === undefined || activityId === id) ? [{ id, type: activityType?.name ?? '', paused: isPaused }] : [];
    });
    return activities.length > 0 ? { ok: true, target: { runId, activities } } : refuse('NOTHING_TO_RETRY');
  }

  async function retry(workflowId: string, { runId = '', activities = [] }: Target): Promise<void> {
    const execution = { workflowId, runId };
    for (const { id, paused } of activities)
      await ifStillThere(() =>
        paused
          ? client.workflowService.unpauseActivity({ namespace, execution, identity: IDENTITY, id, resetAttempts: true })
          : client.workflowService.resetActivity({ namespace, execution, identity: IDENTITY, id }),
      );
  }

  async function recover(claim: ClaimToStart): Promise<string> {
    const policies = { workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING };
    return (await client.workflow.start(CLAIM_WORKFLOW, { ...claimStart(claim), ...policies })).firstExecutionRunId;
  }

  /** A round of its own beside those of the schedule. While one runs, another is not begun. */
  async function poll(bureauCode: string): Promise<void> {
    const workflowId = `poll-bureau/${taskQueue}/${bureauCode}/asked`;
    await client.workflow.start('pollBureau', {
      ...{ workflowId, taskQueue, args: [{ bureauCode }] },
      ...{ workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING },
    });
  }

  return {
    /** What `operation` would be done to. `activityId`: that call alone. */
    prepare: (workflowId: string, operation: OperationKind, activityId?: string) => answered(() => find(workflowId, operation, activityId)),

    /** Does it. NUDGE goes through the relay and is none of this. */
    carryOut(
      operation: Exclude<OperationKind, 'NUDGE'>,
      claim: ClaimToStart & { bureauCode: string },
      target: Target,
    ): Promise<{ ok: true; runId: string | null } | Refusal> {
      const { workflowId } = claim;
      const { runId = null } = target;
      const handle = client.workflow.getHandle(workflowId, target.runId);
      return answered(async () => {
        if (operation === 'RECOVER') return { ok: true, runId: await within(() => recover(claim)) };
        if (operation === 'POLL_BUREAU') await within(() => poll(claim.bureauCode));
        if (operation === 'RETRY') await within(() => retry(workflowId, target));
        if (operation === 'CANCEL') await within(() => ifStillThere(() => handle.cancel()));
        if (operation === 'TERMINATE') await within(() => ifStillThere(() => handle.terminate(IDENTITY)));
        return { ok: true, runId };
      });
    },
  };
}

/** What has ended meanwhile needs no more ending, and no more attempts. */
async function ifStillThere(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const gone = error instanceof WorkflowNotFoundError || (error instanceof Error && 'code' in error && error.code === GRPC_NOT_FOUND);
    if (!gone) throw error;
  }
}
const GRPC_NOT_FOUND = 5;

async function answered<T extends { ok: boolean }>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (isAway(error)) return refuse('TEMPORAL_UNAVAILABLE');
    throw error;
  }
}

import { isGrpcDeadlineError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { payloadCodec, PayloadUnreadable, placeOf, type PayloadKeys } from '#platform/payload-codec.ts';
import { operatorView } from '../codec/operator-view.ts';
import { openTimers, timeOf, viewEvents, type FailureMessage, type HistoryEvent, type TimerView, type Timestamp } from './workflow-events.ts';

/** The newest events of a history; a claim's has some hundred in all. */
const EVENTS = 300;
/** As Temporal numbers what a pending activity is at. */
const PENDING_STATES = ['UNKNOWN', 'SCHEDULED', 'STARTED', 'CANCEL_REQUESTED', 'PAUSED', 'PAUSE_REQUESTED'] as const;
export type PendingState = (typeof PENDING_STATES)[number];

export type FailureView = { type: string | null; message: string | null };
export type PendingActivity = {
  id: string;
  type: string;
  state: PendingState;
  attempt: number;
  scheduledAt: string | null;
  lastStartedAt: string | null;
  lastFailure: FailureView | null;
  lastFailedAt: string | null;
  nextAttemptAt: string | null;
  givesUpAt: string | null;
};
export type WorkflowView = {
  workflowId: string;
  runId: string;
  status: string;
  taskQueue: string;
  startedAt: string;
  closedAt: string | null;
  historyLength: number;
  /** of the task of the workflow itself: beyond the first our code fails on this history */
  taskAttempt: number | null;
  pendingActivities: PendingActivity[];
  timers: TimerView[];
  events: { id: number; type: string; at: string | null; name: string | null; attempt: number | null; failure: FailureView | null }[];
  eventsOmitted: boolean;
};

/** `missing`: Temporal has none of this id (any more). `unavailable`: it does not answer. `decoded`: how many sealed payloads were opened for it. */
export type WorkflowLook = { kind: 'found'; view: WorkflowView; decoded: number } | { kind: 'missing' } | { kind: 'unavailable' };

type RawPending = {
  activityId?: string | null;
  activityType?: { name?: string | null } | null;
  state?: number | null;
  attempt?: number | null;
  paused?: boolean | null;
  scheduledTime?: Timestamp;
  lastStartedTime?: Timestamp;
  lastFailure?: FailureMessage | null;
  lastAttemptCompleteTime?: Timestamp;
  nextAttemptScheduleTime?: Timestamp;
  expirationTime?: Timestamp;
};

/** What Temporal knows of a workflow: the newest events, calls under way, timers. What failures say is shown as operators see payloads. Throws only for bugs. */
export async function lookAtWorkflow(asked: { client: Client; payloadKeys: PayloadKeys; workflowId: string; deadlineMs: number }): Promise<WorkflowLook> {
  const { client, payloadKeys, workflowId, deadlineMs } = asked;
  const opener = openPayloads(payloadKeys, { namespace: client.options.namespace, workflowId });
  try {
    return await client.withDeadline(Date.now() + deadlineMs, async () => {
      const description = await client.workflow.getHandle(workflowId).describe();
      const { runId, raw } = description;
      const answer = await client.workflowService.getWorkflowExecutionHistoryReverse({
        ...{ namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: EVENTS },
      });
      const events = ((answer.history?.events ?? []) as unknown as HistoryEvent[]).toReversed();
      const pending = (raw.pendingActivities ?? []) as unknown as RawPending[];
      const views = await viewEvents(events, opener.open);
      const view: WorkflowView = {
        ...{ workflowId, runId, status: description.status.name, taskQueue: description.taskQueue, startedAt: description.startTime.toISOString() },
        ...{ closedAt: description.closeTime?.toISOString() ?? null, historyLength: description.historyLength },
        taskAttempt: raw.pendingWorkflowTask?.attempt ?? null,
        pendingActivities: await Promise.all(pending.map(async (one) => pendingView(one, await failureView(one.lastFailure, opener.open)))),
        timers: description.status.name === 'RUNNING' ? openTimers(events) : [],
        events: await Promise.all(views.map(async ({ failure, ...event }) => ({ ...event, failure: await failureView(failure, opener.open) }))),
        eventsOmitted: (answer.nextPageToken?.length ?? 0) > 0,
      };
      return { kind: 'found', view, decoded: opener.count() };
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'missing' };
    if (isAway(error)) return { kind: 'unavailable' };
    throw error;
  }
}

/** Whether Temporal did not answer, or not in time. */
export const isAway = (error: unknown): boolean => error instanceof ServiceError || isGrpcDeadlineError(error) || isTransportError(error);
/** Calls of the workflow service itself throw what gRPC throws. */
const isTransportError = (error: unknown): boolean => error instanceof Error && 'code' in error && typeof error.code === 'number' && GRPC_AWAY.has(error.code);
// cancelled, deadline exceeded, resource exhausted, aborted, unavailable
const GRPC_AWAY: ReadonlySet<number> = new Set([1, 4, 8, 10, 14]);

function pendingView(one: RawPending, lastFailure: FailureView | null): PendingActivity {
  const known = PENDING_STATES[one.state ?? 0] ?? 'UNKNOWN';
  const state = one.paused && known === 'SCHEDULED' ? 'PAUSED' : known;
  const waits = state === 'SCHEDULED';
  return {
    ...{ id: one.activityId ?? '', type: one.activityType?.name ?? '', state, attempt: one.attempt ?? 1, lastFailure },
    ...{ scheduledAt: timeOf(one.scheduledTime), lastStartedAt: timeOf(one.lastStartedTime) },
    lastFailedAt: lastFailure ? timeOf(one.lastAttemptCompleteTime) : null,
    nextAttemptAt: waits ? (timeOf(one.nextAttemptScheduleTime) ?? timeOf(one.scheduledTime)) : null,
    givesUpAt: timeOf(one.expirationTime),
  };
}

/**
 * What a failure says. What a server or SDK wraps around it (an activity failed) says nothing of its own, so the innermost cause that has a type speaks; all words pass
 * through `operatorView`, which strikes out whatever may be somebody's.
 */
async function failureView(failure: FailureMessage | null | undefined, open: (payload: Payload) => Promise<unknown>): Promise<FailureView | null> {
  if (!failure) return null;
  if (failure.activityFailureInfo && failure.cause) return failureView(failure.cause, open);
  const sealed = failure.encodedAttributes ? ((await open(failure.encodedAttributes)) as { message?: unknown } | null | undefined) : undefined;
  const message = typeof sealed?.message === 'string' ? sealed.message : failure.encodedAttributes ? null : (failure.message ?? null);
  return { type: failure.applicationFailureInfo?.type ?? kindOf(failure), message: message === null ? null : String(operatorView(message)) };
}

function kindOf(failure: FailureMessage): string | null {
  if (failure.timeoutFailureInfo) return 'Timeout';
  if (failure.canceledFailureInfo) return 'Cancelled';
  return failure.terminatedFailureInfo ? 'Terminated' : null;
}

/** Opens the sealed payloads of this workflow, and counts them for the audit. What cannot be opened, or belongs elsewhere, is as good as absent. */
function openPayloads(keys: PayloadKeys, place: { namespace: string; workflowId: string }) {
  const codec = payloadCodec(keys);
  let opened = 0;
  return {
    count: () => opened,
    async open(payload: Payload): Promise<unknown> {
      try {
        const [clear] = await codec.decode([payload], { type: 'workflow', ...place });
        if (placeOf(payload)) opened += 1;
        return clear ? defaultPayloadConverter.fromPayload(clear) : undefined;
      } catch (error) {
        if (error instanceof SealBroken || error instanceof PayloadUnreadable || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}

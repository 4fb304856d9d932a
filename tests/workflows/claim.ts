import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { UpdateDefinition } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { TaskKind } from '#domain/claim/tasks.ts';
import type { ErrorCode } from '#domain/errors.ts';
import { encryptingConverter } from '#platform/payload-codec.ts';
import * as messages from '#workflows/claim.messages.ts';
import { RECORDED_KEYS } from '../setup/payload-keys.ts';
import { claimBooks, type ClaimRow, type TaskRow } from './claim-books.ts';
import { counterparties } from './counterparties.ts';
import { BUREAU } from './script.ts';
import { insertDocument } from './seed.ts';
import type { World } from './support.ts';

const { EventType } = temporal.api.enums.v1;
const TASK_EVENTS: ReadonlySet<number> = new Set([
  EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
]);
const BOUND_MS = 15_000;

export type Answered = { ok: true } | { ok: false; code: ErrorCode };

export type Claim = ReturnType<typeof followClaim>;

/** A claim as a test follows it: what Postgres says of it, and what people, bureau and bank do to it. */
export function followClaim(world: World, { number, workflowId }: { number: string; workflowId: string }) {
  const { database, env, people } = world;
  const handle = env.client.workflow.getHandle(workflowId);
  const books = claimBooks({ database, headUnitId: world.unitIds.head, number });
  const { row, tasks, trail } = books;

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const bound = Date.now() + BOUND_MS;
    while (!(await holds())) {
      if (Date.now() > bound) throw new Error(`${number} never ${what}; it is ${JSON.stringify(await row())} after ${(await trail()).join(', ')}`);
      await delay(20);
    }
  }

  const openTask = async (kind?: TaskKind): Promise<TaskRow> => {
    let found: TaskRow | undefined;
    await until(`had an open task ${kind ?? ''}`, async () => {
      found = (await tasks()).find((task) => task.status === 'OPEN' && (kind === undefined || task.kind === kind));
      return found !== undefined;
    });
    return found as TaskRow;
  };

  const listens = (): Promise<void> => until('listened', async () => waits((await handle.fetchHistory()).events ?? []));

  const startOptions = async () => {
    const { state, escalationLevel } = await row();
    return {
      ...messages.claimStart({ claimNumber: number, workflowId, taskQueue: world.taskQueue, state, unitCode: 'SJZ', region: BUREAU, escalationLevel }),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    };
  };

  /** Asks the workflow, and waits for its answer as the API does. */
  async function ask<Argument>(
    update: UpdateDefinition<messages.UpdateResult, [Argument]>,
    argument: Argument,
    updateId: string = randomUUID(),
  ): Promise<Answered> {
    try {
      const answer = await handle.executeUpdate(update, { args: [argument], updateId });
      return answer.ok ? { ok: true } : answer;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) return { ok: false, code: error.cause.type as ErrorCode };
      throw error;
    }
  }
  const by = (employeeId: string) => ({ actor: { type: 'person', id: employeeId } as const, comment: null });

  return {
    ...{ number, handle, openTask, until },
    ...books,
    ...counterparties(world, { number, handle, books }),
    async start(): Promise<void> {
      await env.client.workflow.start(messages.CLAIM_WORKFLOW, { ...(await startOptions()), workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL });
    },
    /** A signal to a claim that is closed starts its next workflow, as the relay does. */
    async startWithNews(): Promise<void> {
      await env.client.workflow.signalWithStart(messages.CLAIM_WORKFLOW, {
        ...(await startOptions()),
        signal: messages.paymentNews,
        signalArgs: [{ reference: '' }],
      });
    },
    /** An appeal against a claim that is closed starts its next workflow, as the API does. */
    async startWithAppeal(): Promise<Answered> {
      const startWorkflowOperation = new WithStartWorkflowOperation(messages.CLAIM_WORKFLOW, {
        ...(await startOptions()),
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      const args: [RequestedFor] = [{ ...by(people.claimant), reason: 'again' }];
      const answer = await env.client.workflow.executeUpdateWithStart(messages.appeal, { args, startWorkflowOperation });
      return answer.ok ? { ok: true } : answer;
    },
    /** Waits until nothing is under way: the claim waits for somebody, or for its next attempt, or is over. */
    settles: () =>
      until('waited', async () => {
        const { raw } = await handle.describe();
        return waits((await handle.fetchHistory()).events ?? []) && !(raw.pendingActivities ?? []).some(({ attempt }) => Number(attempt) <= 1);
      }),
    /** for how long in all, in seconds, each call of this activity was waited for */
    async activityTimeouts(activity: string): Promise<number[]> {
      const { events: history } = await handle.fetchHistory();
      return (history ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === activity ? [Number(scheduled.scheduleToCloseTimeout?.seconds ?? 0)] : [],
      );
    },
    /** Waits until the workflow has acted on everything that it was told; calls may be under way. */
    listens,
    /** whether that activity was scheduled as an ordinary one */
    async hasScheduled(activity: string): Promise<boolean> {
      const { events: history } = await handle.fetchHistory();
      return (history ?? []).some(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === activity);
    },
    /** The claimant uploads documents. */
    async bring(...kinds: DocumentKind[]): Promise<void> {
      for (const kind of kinds) {
        const documentId = await insertDocument(database, { unitId: world.unitIds.branch });
        await database.query('INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, $3)', [number, documentId, kind]);
      }
    },
    /** The claimant puts another file in the place of the one that is there. */
    async replace(kind: DocumentKind): Promise<void> {
      const documentId = await insertDocument(database, { unitId: world.unitIds.branch });
      await database.query('INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, $3)', [number, documentId, kind]);
      await database.query(
        'UPDATE claim_document SET replaced_at = now(), replaced_by = $2 WHERE claim_number = $1 AND kind = $3 AND document_id <> $2 AND replaced_at IS NULL',
        [number, documentId, kind],
      );
    },
    /** Not in the middle of a workflow task: the server's clock would stand still for good. */
    async terminate(): Promise<void> {
      // one that was never started has nothing to listen to
      if (world.working()) await listens().catch(() => undefined);
      await handle.terminate('test').catch(() => undefined);
    },
    /** Waits, by asking Postgres, until the claim is in `state` or fulfils the condition. */
    async reaches(what: ClaimState | ((row: ClaimRow) => boolean)): Promise<ClaimRow> {
      let last = await row();
      await until(`reached ${typeof what === 'string' ? what : what.toString()}`, async () => {
        last = await row();
        return typeof what === 'string' ? last.state === what : what(last);
      });
      return last;
    },
    has: (move: string) => until(`had ${move}`, async () => (await trail()).some((line) => line.startsWith(`${move} `) || line.startsWith(`${move}(`))),

    ask,
    async decide(choice: string, who: string, more: Partial<TaskDecision> & { kind?: TaskKind; updateId?: string } = {}): Promise<Answered> {
      const { kind, updateId, ...rest } = more;
      const taskId = rest.taskId ?? (await openTask(kind)).id;
      return ask(messages.decideTask, { ...by(who), taskId, choice, comment: 'because', employeeId: who, ...rest }, updateId);
    },
    /** The open approval task of a person, and the decision of it. */
    async approves(who: keyof typeof people | (string & {}), choice: string, more: Partial<TaskDecision> = {}): Promise<Answered> {
      const id = Object.hasOwn(people, who) ? people[who as keyof typeof people] : who;
      let task: TaskRow | undefined;
      await until(`asked ${who}`, async () => {
        task = (await tasks()).find(({ status, kind, assignees }) => status === 'OPEN' && kind === 'APPROVAL' && assignees.includes(id));
        return task !== undefined;
      });
      return ask(messages.decideTask, { ...by(id), taskId: task?.id ?? '', choice, comment: 'because', employeeId: id, ...more });
    },
    /** Takes back what the person approved last. */
    async takesBack(who: keyof typeof people): Promise<Answered> {
      const done = (await tasks()).findLast(({ status, assignees }) => status === 'DECIDED' && assignees.includes(people[who]));
      return ask(messages.recallApproval, { taskId: done?.id ?? randomUUID(), actor: by(people[who]).actor, employeeId: people[who] });
    },
    urges: (who: string) => ask(messages.urgeApproval, { ...by(who), employeeId: who }),
    complete: (updateId?: string) => ask(messages.completeMaterials, by(people.claimant), updateId),
    withdraw: (updateId?: string) => ask(messages.withdraw, by(people.claimant), updateId),
    asksForPerson: (reason = 'it is right as it is') => ask(messages.requestReview, { ...by(people.claimant), reason }),
    appeal: () => ask(messages.appeal, { ...by(people.claimant), reason: 'it was an emergency' }),
    hold: () => ask(messages.hold, { ...by(people.hr), reason: 'an anonymous letter' }),
    release: () => ask(messages.release, by(people.hr)),
    askBack: () => ask(messages.requestReversal, { ...by(people.finance), reason: 'paid by the insurer as well' }),

    accountChanged: () => handle.signal(messages.accountChanged),
    /**
     * How the workflow ends, once its last deadline has come. Not by the environment's own client: that lets the clock leap to whatever comes
     * next, if need be to the server's time-out of ten years.
     */
    async result(): Promise<messages.ClaimWorkflowResult> {
      const { dueAt, closed } = await row();
      if (!closed && dueAt) await world.sleepUntil(dueAt);
      await until('was closed', async () => (await row()).closed);
      const client = new Client({ connection: env.connection, namespace: env.namespace ?? 'default', dataConverter: encryptingConverter(RECORDED_KEYS) });
      return client.workflow.getHandle(workflowId).result() as Promise<messages.ClaimWorkflowResult>;
    },
  };
}

/** Whether no workflow task is under way. */
function waits(events: readonly { eventType?: unknown }[]): boolean {
  const last = events.findLast(({ eventType }) => TASK_EVENTS.has(Number(eventType)));
  return last === undefined || Number(last.eventType) === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
}

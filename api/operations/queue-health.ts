import type { Client } from '@temporalio/client';
import type { z } from 'zod';
import { bankTaskQueue, bureauTaskQueue, readingTaskQueue } from '#workflows/claim.messages.ts';
import type { operationsHealth } from '../contract/operations.ts';
import { timeOf, type Timestamp } from './workflow-events.ts';
import { isAway } from './workflow-look.ts';

type QueueHealth = z.output<typeof operationsHealth>['queues'][number];

/** Temporal's numbers for the kinds of a task queue. */
const KINDS = { workflow: 1, activity: 2 } as const;
/** A page waits for it. */
const DEADLINE_MS = 2_000;

/** Who polls the queues of claims, bureaus, banks and readers, and what waits in them; null where Temporal does not answer. */
export async function queueHealth(asked: { client: Client; taskQueue: string; bureauCodes: readonly string[] }): Promise<QueueHealth[] | null> {
  const { client, taskQueue, bureauCodes } = asked;
  const queues: { name: string; kind: QueueHealth['kind'] }[] = [
    { name: taskQueue, kind: 'workflow' },
    ...[taskQueue, ...bureauCodes.map((code) => bureauTaskQueue(taskQueue, code)), bankTaskQueue(taskQueue), readingTaskQueue(taskQueue)].map((name) => ({
      name,
      kind: 'activity' as const,
    })),
  ];
  try {
    // all are over before anything is answered: a call that goes on would meet a connection that was closed meanwhile
    const answers = await client.withDeadline(Date.now() + DEADLINE_MS, () => Promise.allSettled(queues.map((queue) => describe(client, queue))));
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    });
  } catch (error) {
    if (isAway(error)) return null;
    throw error;
  }
}

async function describe(client: Client, { name, kind }: { name: string; kind: QueueHealth['kind'] }): Promise<QueueHealth> {
  const { namespace } = client.options;
  const { pollers, stats } = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: KINDS[kind], reportStats: true });
  const times = (pollers ?? []).flatMap(({ lastAccessTime }) => timeOf(lastAccessTime as Timestamp) ?? []);
  const age = stats?.approximateBacklogAge as { seconds?: unknown } | null | undefined;
  return {
    ...{ name, kind, pollers: (pollers ?? []).length, lastPolledAt: times.toSorted().at(-1) ?? null },
    ...{ backlog: Number(stats?.approximateBacklogCount ?? 0), backlogAgeSeconds: Number(age?.seconds ?? 0) },
  };
}

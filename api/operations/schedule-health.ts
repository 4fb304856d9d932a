import type { Client } from '@temporalio/client';
import type { z } from 'zod';
import type { operationsHealth } from '../contract/operations.ts';
import { isAway } from './workflow-look.ts';

type ScheduleHealth = z.output<typeof operationsHealth>['schedules'][number];
/** A page waits for it. */
const DEADLINE_MS = 2_000;

/** What runs by the clock for this task queue (activities/schedules.ts): when it last did and next will, and whether somebody has paused it; null where Temporal does not answer. */
export async function scheduleHealth({ client, taskQueue }: { client: Client; taskQueue: string }): Promise<ScheduleHealth[] | null> {
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, async () => {
      const found: ScheduleHealth[] = [];
      for await (const { scheduleId, state, info } of client.schedule.list()) {
        const [kind = '', queue, code = null] = scheduleId.split('/');
        if (queue !== taskQueue) continue;
        const { recentActions, nextActionTimes } = info;
        found.push({
          ...{ kind, code, paused: state.paused, lastAt: recentActions.at(-1)?.takenAt.toISOString() ?? null },
          nextAt: state.paused ? null : (nextActionTimes[0]?.toISOString() ?? null),
        });
      }
      return found.toSorted((a, b) => `${a.kind} ${a.code}`.localeCompare(`${b.kind} ${b.code}`, 'en'));
    });
  } catch (error) {
    if (isAway(error)) return null;
    throw error;
  }
}

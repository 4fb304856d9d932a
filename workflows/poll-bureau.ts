import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { CALL_BUREAU } from './activity-options.ts';
import { bureauTaskQueue } from './claim.messages.ts';

/** One round of asking a bureau for what its callbacks may have lost. A schedule starts it; a round that finds the bureau away leaves it to the next. */
export async function pollBureau({ bureauCode }: { bureauCode: string }): Promise<{ asked: number; found: number }> {
  const taskQueue = bureauTaskQueue(workflowInfo().taskQueue, bureauCode);
  const bureau = proxyActivities<Activities>({ ...CALL_BUREAU, taskQueue, startToCloseTimeout: '5m', retry: { maximumAttempts: 3 } });
  return bureau.pollBureau({ bureauCode });
}

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { WRITE_PATIENTLY } from './activity-options.ts';

/** Erases what is due (docs/decisions/0019). A schedule starts it every night; what one run does not finish the next one does. */
export async function eraseDue(): Promise<Record<string, number>> {
  const retention = proxyActivities<Activities>({ ...WRITE_PATIENTLY, startToCloseTimeout: '2h', heartbeatTimeout: '30s' });
  return retention.eraseDue({ at: new Date().toISOString() });
}

import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { CALL_BANK } from './activity-options.ts';
import { bankTaskQueue } from './claim.messages.ts';

/** The daily reconciliation: our ledger against the bank's statement, read again for some days back because banks book late. */
export async function reconcile({ bankCode, days }: { bankCode: string; days: number }): Promise<{ lines: number; matched: number; unexplained: number }> {
  const bank = proxyActivities<Activities>({ ...CALL_BANK, taskQueue: bankTaskQueue(workflowInfo().taskQueue), startToCloseTimeout: '10m' });
  return bank.reconcile({ bankCode, days, at: new Date().toISOString() });
}

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { WRITE_PATIENTLY } from './activity-options.ts';

/** Seals and exports the days of the audit that are over. A schedule starts it every night. */
export async function sealAudit(): Promise<{ days: number; exported: number }> {
  const { sealAuditDays } = proxyActivities<Activities>({ ...WRITE_PATIENTLY, startToCloseTimeout: '1h', heartbeatTimeout: '30s' });
  return sealAuditDays();
}

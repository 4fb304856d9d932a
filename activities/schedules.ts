import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import type { Gateways } from '#platform/gateways.ts';

/** A day is over at midnight; an hour and a half later nobody is still writing on it. */
const NIGHTLY = { calendars: [{ hour: 1, minute: 30 }], timezone: 'Asia/Shanghai' };
/** When the fewest are at work, and the day's audit is sealed. */
const ERASES = { calendars: [{ hour: 3, minute: 0 }], timezone: 'Asia/Shanghai' };
const DAILY_AT_SIX = { calendars: [{ hour: 6, minute: 0 }], timezone: 'Asia/Shanghai' };
/** How far back a statement is read: over the longest run of public holidays, with room. */
const STATEMENT_DAYS = 14;

/**
 * Makes sure that every bureau is polled, every bank's statement read, the audit sealed, and what is due erased. Each worker asks for it at its start; where a schedule exists already it
 * is given the present rhythm, and stays paused if somebody has paused it.
 */
export async function ensureSchedules({ client, gateways, taskQueue }: { client: Client; gateways: Gateways; taskQueue: string }): Promise<void> {
  const wanted = [
    ...gateways.bureaus
      .filter(({ capabilities }) => capabilities.batchQuery)
      .map(({ code, pollEverySeconds }) => ({
        scheduleId: `poll-bureau/${taskQueue}/${code}`,
        spec: { intervals: [{ every: pollEverySeconds * 1_000 }] },
        workflowType: 'pollBureau',
        args: [{ bureauCode: code }],
      })),
    ...gateways.banks.map(({ code, reconcileEverySeconds }) => ({
      scheduleId: `reconcile/${taskQueue}/${code}`,
      spec: reconcileEverySeconds === undefined ? DAILY_AT_SIX : { intervals: [{ every: reconcileEverySeconds * 1_000 }] },
      workflowType: 'reconcile',
      args: [{ bankCode: code, days: STATEMENT_DAYS }],
    })),
    { scheduleId: `seal-audit/${taskQueue}`, spec: NIGHTLY, workflowType: 'sealAudit', args: [] },
    { scheduleId: `erase-due/${taskQueue}`, spec: ERASES, workflowType: 'eraseDue', args: [] },
  ];
  for (const { scheduleId, spec, workflowType, args } of wanted) {
    const action: ScheduleOptions['action'] = { type: 'startWorkflow', workflowType, taskQueue, workflowId: scheduleId, args };
    const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' as const };
    try {
      await client.schedule.create({ scheduleId, spec, action, policies });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await client.schedule.getHandle(scheduleId).update(({ state }) => ({ spec, action: { ...action, workflowId: scheduleId }, policies, state }));
    }
  }
}

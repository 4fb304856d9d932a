import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Database } from '#prisma/database.ts';
import { endRetry, recordRetry } from '#prisma/queries/activity-retries.ts';
import { callFailure } from './call-failure.ts';

const CLAIM = /^claim\/([^/]+)/;

/**
 * Writes down which calls of which claims fail and are made again: Temporal knows that for one workflow at a time, and an operator asks for all of them. That it cannot
 * be written down changes nothing.
 */
export function retries({ database, now }: { database: Pick<Database, 'query'>; now: () => Date }): (context: Context) => ActivityInterceptors {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const claimNumber = CLAIM.exec(info.workflowExecution?.workflowId ?? '')?.[1];
        // those go on as ordinary ones where they do not succeed
        if (claimNumber === undefined || info.isLocal) return next(input);
        const { activityType: activity, attempt } = info;
        try {
          const result = await next(input);
          if (attempt > 1) await endRetry(database, { claimNumber, activity }).catch(() => undefined);
          return result;
        } catch (error) {
          const final = error instanceof CancelledFailure || (error instanceof ApplicationFailure && error.nonRetryable === true);
          if (!final) await recordRetry(database, { claimNumber, activity, attempt, at: now(), failure: callFailure(error) }).catch(() => undefined);
          throw error;
        }
      },
    },
  });
}

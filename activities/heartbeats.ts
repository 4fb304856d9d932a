import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/**
 * Beats for every activity that declares a `heartbeatTimeout`, for as long as it runs: when a worker dies, its calls to bureaus and banks are taken over
 * after that time, and not only when the whole time for the call is over.
 */
export function heartbeats(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const { heartbeatTimeoutMs } = context.info;
        if (!heartbeatTimeoutMs) return next(input);
        const timer = setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 4);
        try {
          return await next(input);
        } finally {
          clearInterval(timer);
        }
      },
    },
  };
}

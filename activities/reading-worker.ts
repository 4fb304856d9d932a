import { Worker, type NativeConnection } from '@temporalio/worker';
import { encryptingConverter, type PayloadKeys } from '#platform/payload-codec.ts';
import { readingTaskQueue } from '#workflows/claim.messages.ts';
import { heartbeats } from './heartbeats.ts';
import type { ReadingActivities } from './index.ts';

/** The worker of a reader process: one document at a time, because each takes the whole machine. More machines read more. */
export function createReadingWorker(input: {
  connection: NativeConnection;
  namespace: string;
  /** that of the claims */
  taskQueue: string;
  activities: ReadingActivities;
  payloads: PayloadKeys;
}): Promise<Worker> {
  const { connection, namespace, activities } = input;
  return Worker.create({
    ...{ connection, namespace, activities, taskQueue: readingTaskQueue(input.taskQueue), dataConverter: encryptingConverter(input.payloads) },
    ...{ maxConcurrentActivityTaskExecutions: 1, shutdownGraceTime: '10s' as const, interceptors: { activity: [heartbeats] } },
  });
}

import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ReadingActivities } from '#activities/index.ts';
import { READ_DOCUMENT } from './activity-options.ts';
import { readingTaskQueue } from './claim.messages.ts';

/** Has a document read and its reading kept. While no reader process is there it waits. */
export async function readDocument({ documentId }: { documentId: string }): Promise<'READ' | 'KNOWN' | 'GONE' | 'DAMAGED'> {
  const reader = proxyActivities<ReadingActivities>({ ...READ_DOCUMENT, taskQueue: readingTaskQueue(workflowInfo().taskQueue) });
  return reader.readDocument({ documentId });
}

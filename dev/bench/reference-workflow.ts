import { condition, defineSignal, proxyActivities, proxyLocalActivities, setHandler, sleep } from '@temporalio/workflow';
import type { ReferenceActivities } from './reference-worker.ts';

/**
 * What whole claims are measured against: a workflow with the same waits and the same calls, whose steps each do one plain transaction or one HTTP call and
 * nothing else. No checks, no history for people, no messages, no idempotency, no way back from a lost Temporal.
 */
export type ReferenceInput = { id: string; messageId: string; transactions: 'local' | 'ordinary' | 'none'; windowMs: number };

export const decided = defineSignal('decided');
export const paid = defineSignal('paid');
export const matched = defineSignal('matched');

const local = proxyLocalActivities<ReferenceActivities>({ startToCloseTimeout: '4s' });
const ordinary = proxyActivities<ReferenceActivities>({ startToCloseTimeout: '30s' });

export async function reference({ id, messageId, transactions, windowMs }: ReferenceInput): Promise<void> {
  const seen = { decided: false, paid: false, matched: false };
  setHandler(decided, () => void (seen.decided = true));
  setHandler(paid, () => void (seen.paid = true));
  setHandler(matched, () => void (seen.matched = true));
  const write = async (step: number): Promise<void> => {
    if (transactions === 'local') await local.oneTransaction({ id, step });
    if (transactions === 'ordinary') await ordinary.oneTransaction({ id, step });
  };

  await write(1);
  // what the bureau knows of the invoice, and what its file says, asked for side by side
  if (transactions !== 'none') await Promise.all([ordinary.certificate({ id }), ordinary.oneTransaction({ id, step: 9 })]);
  await write(2);
  if (transactions !== 'none') await ordinary.submit({ id, messageId });
  await write(3);
  await condition(() => seen.decided, '20 days');
  await write(4);
  await write(5);
  if (transactions !== 'none') await ordinary.pay({ id });
  await write(6);
  await condition(() => seen.paid, '15m');
  await write(7);
  await condition(() => seen.matched, '1 day');
  await sleep(windowMs);
  await write(8);
}

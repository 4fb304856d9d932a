import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import { bureauDecision, paymentNews } from '#workflows/claim.messages.ts';

/** Stands in for the claim's workflow: remembers what it was told, in order, and ends when asked. */
export const told = defineQuery<string[]>('told');
export const finish = defineSignal('finish');

export async function claim({ claimNumber }: { claimNumber: string }): Promise<string[]> {
  const heard = [claimNumber];
  let finished = false;
  setHandler(bureauDecision, ({ messageId }) => void heard.push(messageId));
  setHandler(paymentNews, ({ reference }) => void heard.push(reference));
  setHandler(finish, () => void (finished = true));
  setHandler(told, () => heard);
  await condition(() => finished);
  return heard;
}

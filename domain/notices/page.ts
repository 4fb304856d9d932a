import type { Recipient } from './notice.ts';

/**
 * Where a message about a claim leads, as a path of the console: the claimant to the claim, whoever decides to the claim's task, which the page finds for who has signed in.
 * Nothing stands in it but the number.
 */
export function pageFor({ recipient, claimNumber }: { recipient: Recipient; claimNumber: string }): string {
  const decides = recipient.kind === 'role' || recipient.kind === 'employee';
  return decides ? `/app/manager/claims/${claimNumber}` : `/app/claims/${claimNumber}`;
}

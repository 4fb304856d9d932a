import type { z } from 'zod';
import type { OutgoingRow } from '#prisma/queries/outgoing.ts';
import { rfc3339 } from '../claim-json.ts';
import { operatorView } from '../codec/operator-view.ts';
import type { outgoing } from '../contract/operations.ts';

export function outgoingJson(row: OutgoingRow): z.output<typeof outgoing> {
  const { kind, id, channel, claimNumber, what, status, attempts, lastError } = row;
  return {
    ...{ kind, id, channel, claimNumber, what, status, attempts, recipient: recipientOf(row) },
    lastError: lastError === null ? null : String(operatorView(lastError)),
    ...{ createdAt: row.createdAt.toISOString(), nextAttemptAt: status === 'PENDING' ? row.nextAttemptAt.toISOString() : null, sentAt: rfc3339(row.sentAt) },
  };
}

/** Enough to see that a message goes to the wrong place, too little to learn an address from. */
function recipientOf({ kind, recipient, email, url }: OutgoingRow): z.output<typeof outgoing>['recipient'] {
  if (kind === 'webhook' || !recipient) return { kind: 'endpoint', role: null, address: url === null ? null : new URL(url).host };
  const role = recipient.kind === 'role' ? recipient.role : null;
  return { kind: recipient.kind, role, address: email === null ? null : maskEmail(email) };
}

/** `l***@example.com` */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${String.fromCodePoint(email.codePointAt(0) ?? 0)}***${email.slice(at)}`;
}

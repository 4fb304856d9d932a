import type { Recipient } from '#domain/notices/notice.ts';
import type { Database, Tx } from '../database.ts';

/** Messages to people and events to systems, as one list: what goes out, and what became of it. */
export const OUTGOING_STATUSES = ['PENDING', 'SENT', 'FAILED', 'UNDELIVERABLE'] as const;
export type OutgoingStatus = (typeof OUTGOING_STATUSES)[number];

export type OutgoingRow = {
  kind: 'notice' | 'webhook';
  /** the row's own, as its list names it */
  id: string;
  channel: string;
  claimNumber: string;
  /** a template, or an event */
  what: string;
  recipient: Recipient | null;
  /** of the claimant or the employee named */
  email: string | null;
  /** of the endpoint */
  url: string | null;
  status: OutgoingStatus;
  attempts: number;
  lastError: string | null;
  createdAt: Date;
  nextAttemptAt: Date;
  sentAt: Date | null;
};

export type OutgoingFilter = {
  within: readonly string[];
  status: OutgoingStatus | undefined;
  kind: OutgoingRow['kind'] | undefined;
  claimNumber: string | undefined;
};

/**
 * Newest first. Messages of claims alone: those about a person's own record belong to no unit. Of events those to endpoints that the reader sees. What is not asked for does not stand
 * in the query, and a status stands there as it is: a plan for any status could not use the indexes of what was given up.
 */
export async function listOutgoing(
  db: Pick<Database, 'query'>,
  { within, status, kind, claimNumber }: OutgoingFilter,
  { after, limit }: { after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<OutgoingRow[]> {
  const values: unknown[] = [within, limit];
  const value = (one: unknown): string => `$${values.push(one)}`;
  const claim = claimNumber === undefined ? undefined : value(claimNumber);
  const position = after && `(${value(after.createdAt)}::timestamptz, ${value(after.id)}::text)`;
  const page = (table: 'n' | 'd'): string =>
    [
      'WHERE EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = c.unit_id AND a.ancestor_id = ANY ($1::uuid[]))',
      ...(status === undefined ? [] : [`AND ${table}.status = '${status}'`]),
      ...(claim === undefined ? [] : [`AND ${table}.claim_number = ${claim}`]),
      ...(position === undefined ? [] : [`AND (${table}.created_at, ${table}.id::text) < ${position}`]),
      `ORDER BY ${table}.created_at DESC, ${table}.id::text DESC LIMIT $2`,
    ].join(' ');
  // the page is cut before anybody is looked up: who is meant stands in the recipient, which no index helps to join by
  const notices = `SELECT 'notice' AS kind, n.id::text AS id, n.channel, n.claim_number AS "claimNumber", n.template AS what, n.recipient,
      CASE n.recipient ->> 'kind' WHEN 'claimant' THEN (SELECT e.email FROM employee e WHERE e.id = n.employee_id)
        WHEN 'employee' THEN (SELECT e.email FROM employee e WHERE e.id = (n.recipient ->> 'employeeId')::uuid) ELSE n.recipient ->> 'email' END AS email,
      NULL::text AS url, n.status, n.attempts, n.last_error AS "lastError", n.created_at AS "createdAt", n.next_attempt_at AS "nextAttemptAt", n.sent_at AS "sentAt"
    FROM (SELECT n.*, c.employee_id FROM notice n JOIN claim c ON c.number = n.claim_number ${page('n')}) AS n`;
  const events = `SELECT 'webhook' AS kind, d.id::text AS id, 'webhook' AS channel, d.claim_number AS "claimNumber", d.event AS what, NULL::jsonb AS recipient,
      NULL::text AS email, d.url, d.status, d.attempts, d.last_error AS "lastError", d.created_at AS "createdAt", d.next_attempt_at AS "nextAttemptAt", d.sent_at AS "sentAt"
    FROM (SELECT d.*, w.url FROM webhook_delivery d JOIN claim c ON c.number = d.claim_number JOIN webhook_endpoint w ON w.id = d.endpoint_id ${page('d')}) AS d`;
  const asked = { notice: [notices], webhook: [events], both: [notices, events] }[kind ?? 'both'];
  const { rows } = await db.query<OutgoingRow>(`SELECT * FROM (${asked.join(' UNION ALL ')}) AS outgoing ORDER BY "createdAt" DESC, id DESC LIMIT $2`, values);
  return rows;
}

/** Sends a message again, whatever became of it, and wakes the sender. Undefined where there is none under these units. */
export async function resendNotice(
  tx: Tx,
  { id, within }: { id: number; within: readonly string[] },
): Promise<{ claimNumber: string; status: OutgoingStatus } | undefined> {
  const { rows } = await tx.query<{ claimNumber: string; status: OutgoingStatus }>(
    `UPDATE notice n SET status = 'PENDING', attempts = 0, next_attempt_at = now(), last_error = NULL, sent_at = NULL FROM claim c
     WHERE n.id = $1 AND c.number = n.claim_number AND EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = c.unit_id AND a.ancestor_id = ANY ($2::uuid[]))
     RETURNING n.claim_number AS "claimNumber", n.status`,
    [id, within],
  );
  if (rows[0]) await tx.query('NOTIFY notice');
  return rows[0];
}

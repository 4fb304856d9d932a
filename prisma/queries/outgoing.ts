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
 * Newest first. Messages of claims alone: those about a person's own record belong to no unit. Of events those to endpoints that the reader sees.
 */
export async function listOutgoing(
  db: Pick<Database, 'query'>,
  { within, status, kind, claimNumber }: OutgoingFilter,
  { after, limit }: { after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<OutgoingRow[]> {
  const page = (table: string, id: string): string => `($2::text IS NULL OR ${table}.status = $2) AND ($3::text IS NULL OR ${table}.claim_number = $3)
    AND EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = c.unit_id AND a.ancestor_id = ANY ($1::uuid[]))
    AND ($4::timestamptz IS NULL OR (${table}.created_at, ${id}) < ($4, $5::text)) ORDER BY ${table}.created_at DESC, ${id} DESC LIMIT $6`;
  const { rows } = await db.query<OutgoingRow>(
    `SELECT * FROM (
       (SELECT 'notice' AS kind, n.id::text AS id, n.channel, n.claim_number AS "claimNumber", n.template AS what, n.recipient,
          CASE n.recipient ->> 'kind' WHEN 'claimant' THEN claimant.email WHEN 'employee' THEN named.email ELSE n.recipient ->> 'email' END AS email,
          NULL::text AS url, n.status, n.attempts, n.last_error AS "lastError", n.created_at AS "createdAt", n.next_attempt_at AS "nextAttemptAt", n.sent_at AS "sentAt"
        FROM notice n JOIN claim c ON c.number = n.claim_number
          LEFT JOIN employee claimant ON claimant.id = c.employee_id LEFT JOIN employee named ON named.id::text = n.recipient ->> 'employeeId'
        WHERE $7::text IS DISTINCT FROM 'webhook' AND ${page('n', 'n.id::text')})
       UNION ALL
       (SELECT 'webhook', d.id::text, 'webhook', d.claim_number, d.event, NULL::jsonb, NULL::text, w.url, d.status, d.attempts, d.last_error, d.created_at,
          d.next_attempt_at, d.sent_at
        FROM webhook_delivery d JOIN claim c ON c.number = d.claim_number JOIN webhook_endpoint w ON w.id = d.endpoint_id
        WHERE $7::text IS DISTINCT FROM 'notice' AND ${page('d', 'd.id::text')})
     ) AS outgoing ORDER BY "createdAt" DESC, id DESC LIMIT $6`,
    [within, status ?? null, claimNumber ?? null, after?.createdAt ?? null, after?.id ?? null, limit, kind ?? null],
  );
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

import type { Database, Tx } from '../database.ts';

export type EndpointRow = { id: string; unitCode: string; url: string; events: string[]; active: boolean; createdAt: Date };

export type DeliveryStatus = 'PENDING' | 'SENT' | 'FAILED';
export type DeliveryRow = {
  id: string;
  endpointId: string;
  claimNumber: string;
  seq: number;
  event: string;
  payload: Record<string, unknown>;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date;
  lastError: string | null;
  responseStatus: number | null;
  createdAt: Date;
  sentAt: Date | null;
};

type Reader = Pick<Database, 'query'>;

const ENDPOINT = `w.id, u.code AS "unitCode", w.url, w.events, w.active, w.created_at AS "createdAt"`;

/** The secret comes in here and is read by the sender alone: no row of this file carries it. */
export async function createEndpoint(tx: Tx, endpoint: { unitId: string; url: string; secret: string; events: readonly string[] }): Promise<EndpointRow> {
  const { rows } = await tx.query<EndpointRow>(
    `WITH w AS (INSERT INTO webhook_endpoint (unit_id, url, secret, events) VALUES ($1, $2, $3, $4) RETURNING *)
     SELECT ${ENDPOINT} FROM w JOIN unit u ON u.id = w.unit_id`,
    [endpoint.unitId, endpoint.url, endpoint.secret, endpoint.events],
  );
  const [made] = rows;
  if (!made) throw new Error('a webhook endpoint was not inserted');
  return made;
}

/** Endpoints of the subtree that still get something, newest first. */
export async function listEndpoints(
  db: Reader,
  page: { within: string; after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<EndpointRow[]> {
  const { rows } = await db.query<EndpointRow>(
    `SELECT ${ENDPOINT} FROM webhook_endpoint w JOIN unit u ON u.id = w.unit_id
     WHERE u.ancestor_ids @> ARRAY[$1::uuid] AND w.active AND ($2::timestamptz IS NULL OR (w.created_at, w.id) < ($2, $3::uuid))
     ORDER BY w.created_at DESC, w.id DESC LIMIT $4`,
    [page.within, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
}

/** Ends an endpoint: nothing more is sent to it, what waits is dropped, its deliveries stay readable. False where there is none. */
export async function endEndpoint(tx: Tx, { id, within }: { id: string; within: string }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE webhook_endpoint w SET active = false FROM unit u
     WHERE w.id = $1 AND w.active AND u.id = w.unit_id AND u.ancestor_ids @> ARRAY[$2::uuid]`,
    [id, within],
  );
  if (rowCount !== 1) return false;
  await tx.query(`UPDATE webhook_delivery SET status = 'FAILED', last_error = 'the endpoint was removed' WHERE endpoint_id = $1 AND status = 'PENDING'`, [id]);
  return true;
}

const DELIVERY = `d.id, d.endpoint_id AS "endpointId", d.claim_number AS "claimNumber", d.seq, d.event, d.payload, d.status, d.attempts,
  d.next_attempt_at AS "nextAttemptAt", d.last_error AS "lastError", d.response_status AS "responseStatus", d.created_at AS "createdAt", d.sent_at AS "sentAt"`;

export type DeliveryFilter = { within: string; endpointId: string | undefined; status: DeliveryStatus | undefined; claimNumber: string | undefined };

/** Deliveries to endpoints of the subtree, newest first. */
export async function listDeliveries(
  db: Reader,
  filter: DeliveryFilter,
  page: { after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `SELECT ${DELIVERY} FROM webhook_delivery d JOIN webhook_endpoint w ON w.id = d.endpoint_id JOIN unit u ON u.id = w.unit_id
     WHERE u.ancestor_ids @> ARRAY[$1::uuid] AND ($2::uuid IS NULL OR d.endpoint_id = $2) AND ($3::text IS NULL OR d.status = $3)
       AND ($4::text IS NULL OR d.claim_number = $4) AND ($5::timestamptz IS NULL OR (d.created_at, d.id) < ($5, $6::uuid))
     ORDER BY d.created_at DESC, d.id DESC LIMIT $7`,
    [filter.within, filter.endpointId ?? null, filter.status ?? null, filter.claimNumber ?? null, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
}

/** Sends a delivery again, whatever became of it, and wakes the sender. Undefined where there is none, or its address was unsubscribed. */
export async function resendDelivery(tx: Tx, { id, within }: { id: string; within: string }): Promise<DeliveryRow | undefined> {
  const { rows } = await tx.query<DeliveryRow>(
    `UPDATE webhook_delivery d SET status = 'PENDING', attempts = 0, next_attempt_at = now(), last_error = NULL, response_status = NULL, sent_at = NULL
     FROM webhook_endpoint w JOIN unit u ON u.id = w.unit_id
     WHERE d.id = $1 AND w.id = d.endpoint_id AND w.active AND u.ancestor_ids @> ARRAY[$2::uuid] RETURNING ${DELIVERY}`,
    [id, within],
  );
  if (rows[0]) await tx.query('NOTIFY webhook_delivery');
  return rows[0];
}

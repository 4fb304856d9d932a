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

type Reader = Pick<Database, 'prisma'>;
type Position = { createdAt: string; id: string };

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
  { prisma }: Reader,
  page: { within: readonly string[]; after: Position | undefined; limit: number },
): Promise<EndpointRow[]> {
  const endpoints = await prisma.webhookEndpoint.findMany({
    where: { unit: { ancestorIds: { hasSome: [...page.within] } }, active: true, ...(page.after && olderThan(page.after)) },
    select: { id: true, url: true, events: true, active: true, createdAt: true, unit: { select: { code: true } } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.limit,
  });
  return endpoints.map(({ unit, ...endpoint }) => ({ ...endpoint, unitCode: unit.code }));
}

function olderThan({ createdAt, id }: Position) {
  const at = new Date(createdAt);
  return { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { id: { lt: id } }] };
}

/** Ends an endpoint: nothing more is sent to it, what waits is dropped, its deliveries stay readable. False where there is none. */
export async function endEndpoint(tx: Tx, { id, within }: { id: string; within: readonly string[] }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE webhook_endpoint w SET active = false FROM unit u
     WHERE w.id = $1 AND w.active AND u.id = w.unit_id AND u.ancestor_ids && $2::uuid[]`,
    [id, within],
  );
  if (rowCount !== 1) return false;
  await tx.query(`UPDATE webhook_delivery SET status = 'FAILED', last_error = 'the endpoint was removed' WHERE endpoint_id = $1 AND status = 'PENDING'`, [id]);
  return true;
}

const DELIVERY = `d.id, d.endpoint_id AS "endpointId", d.claim_number AS "claimNumber", d.seq, d.event, d.payload, d.status, d.attempts,
  d.next_attempt_at AS "nextAttemptAt", d.last_error AS "lastError", d.response_status AS "responseStatus", d.created_at AS "createdAt", d.sent_at AS "sentAt"`;

export type DeliveryFilter = { within: readonly string[]; endpointId: string | undefined; status: DeliveryStatus | undefined; claimNumber: string | undefined };

/** Deliveries to endpoints of the subtree, newest first. */
export async function listDeliveries(
  { prisma }: Reader,
  { within, endpointId, status, claimNumber }: DeliveryFilter,
  page: { after: Position | undefined; limit: number },
): Promise<DeliveryRow[]> {
  const deliveries = await prisma.webhookDelivery.findMany({
    where: {
      endpoint: { unit: { ancestorIds: { hasSome: [...within] } } },
      ...{ ...(endpointId !== undefined && { endpointId }), ...(status !== undefined && { status }), ...(claimNumber !== undefined && { claimNumber }) },
      ...(page.after && olderThan(page.after)),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.limit,
  });
  return deliveries as DeliveryRow[];
}

/** Sends a delivery again, whatever became of it, and wakes the sender. Undefined where there is none, or its address was unsubscribed. */
export async function resendDelivery(tx: Tx, { id, within }: { id: string; within: readonly string[] }): Promise<DeliveryRow | undefined> {
  const { rows } = await tx.query<DeliveryRow>(
    `UPDATE webhook_delivery d SET status = 'PENDING', attempts = 0, next_attempt_at = now(), last_error = NULL, response_status = NULL, sent_at = NULL
     FROM webhook_endpoint w JOIN unit u ON u.id = w.unit_id
     WHERE d.id = $1 AND w.id = d.endpoint_id AND w.active AND u.ancestor_ids && $2::uuid[] RETURNING ${DELIVERY}`,
    [id, within],
  );
  if (rows[0]) await tx.query('NOTIFY webhook_delivery');
  return rows[0];
}

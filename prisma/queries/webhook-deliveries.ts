import type { Database } from '../database.ts';
import { outcomeColumns, ATTEMPTS_SQL, type Leased, type Settlement } from './delivery.ts';

/** A row of webhook_delivery, leased to the relay that reads it, with where it goes. */
export type DueDelivery = Leased & {
  id: string;
  endpointId: string;
  url: string;
  secret: string;
  active: boolean;
  /** the event as JSON text: the same bytes at every attempt, since they are what is signed */
  body: string;
};

export type DeliverySettlement = Settlement<DueDelivery, 'FAILED'>;

/** Leases up to `limit` deliveries that are due, `perEndpoint` to one endpoint at most, and none to the endpoints that are `busy`. */
export async function leaseWebhookDeliveries(
  database: Database,
  { limit, leaseMs, perEndpoint, busy }: { limit: number; leaseMs: number; perEndpoint: number; busy: readonly string[] },
): Promise<DueDelivery[]> {
  const { rows } = await database.query<DueDelivery>(
    `WITH turn AS (
       SELECT id, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at) AS position
       FROM webhook_delivery WHERE status = 'PENDING' AND next_attempt_at <= now() AND endpoint_id <> ALL ($4::uuid[])
     ), due AS MATERIALIZED (
       SELECT id FROM webhook_delivery
       WHERE id IN (SELECT id FROM turn WHERE position <= $3) AND status = 'PENDING' AND next_attempt_at <= now()
       ORDER BY next_attempt_at LIMIT $1
       FOR UPDATE SKIP LOCKED
     ), leased AS (
       UPDATE webhook_delivery AS delivery SET next_attempt_at = now() + $2 * interval '1 ms', attempts = attempts + 1
       FROM due WHERE delivery.id = due.id
       RETURNING delivery.*
     )
     SELECT leased.id, leased.attempts, leased.payload::text AS body, endpoint.id AS "endpointId", endpoint.url, endpoint.secret, endpoint.active
     FROM leased JOIN webhook_endpoint AS endpoint ON endpoint.id = leased.endpoint_id`,
    [limit, leaseMs, perEndpoint, busy],
  );
  return rows;
}

/** Settles leases in one statement. */
export async function settleWebhookDeliveries(database: Database, settlements: readonly DeliverySettlement[]): Promise<void> {
  await database.query(
    `UPDATE webhook_delivery AS delivery
     SET status = outcome.status, last_error = CASE WHEN outcome.status = 'SENT' THEN NULL ELSE coalesce(outcome.error, delivery.last_error) END,
         response_status = coalesce(outcome.response_status, delivery.response_status), attempts = ${ATTEMPTS_SQL('delivery')},
         sent_at = CASE WHEN outcome.status = 'SENT' THEN now() END, next_attempt_at = now() + outcome.delay_ms * interval '1 ms'
     FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::float8[], $6::int[]) AS outcome (id, attempts, status, error, delay_ms, response_status)
     WHERE delivery.id = outcome.id AND delivery.attempts = outcome.attempts AND delivery.status = 'PENDING'`,
    [settlements.map(({ item }) => item.id), ...outcomeColumns(settlements), settlements.map(({ outcome }) => outcome.responseStatus ?? null)],
  );
}

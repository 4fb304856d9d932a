import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';
import type { OutgoingPolicy } from '#platform/outgoing-address.ts';
import type { Database } from '#prisma/database.ts';
import type { Outcome } from '#prisma/queries/delivery.ts';
import { leaseWebhookDeliveries, settleWebhookDeliveries, type DueDelivery } from '#prisma/queries/webhook-deliveries.ts';
import { startRelay, type Relay } from '../relays/relay.ts';
import { postWebhook } from './post-webhook.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long after each failure the next attempt is made; a failure after the last ends the delivery. */
export const RETRY_AFTER_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/** One endpoint gets this many at a time, so that one which does not answer leaves room for the others. */
const PER_ENDPOINT = 4;

/** Sends signed events to subscribers, per Standard Webhooks. The id of a delivery is the same at every attempt. */
export function startWebhookRelay(deps: { database: Database; policy: OutgoingPolicy; log: Logger; timeoutMs?: number }): Relay {
  const { database, policy, log, timeoutMs = 10 * SECOND } = deps;
  const inFlight = new Map<string, number>();
  return startRelay<DueDelivery, 'FAILED'>(
    {
      name: 'webhook',
      channel: 'webhook_delivery',
      batchSize: 32,
      concurrency: 32,
      deliveryMs: timeoutMs + SECOND,
      leaseMs: 4 * timeoutMs,
      lease: (request) => leaseWebhookDeliveries(database, { ...request, perEndpoint: PER_ENDPOINT, busy: busyEndpoints() }),
      settle: (settlements) => settleWebhookDeliveries(database, settlements),
      retryDelayMs: (attempts) => RETRY_AFTER_MS[attempts - 1] ?? 24 * HOUR,
      deliver,
    },
    { database, log },
  );

  function busyEndpoints(): string[] {
    return [...inFlight].flatMap(([endpointId, count]) => (count >= PER_ENDPOINT ? [endpointId] : []));
  }

  async function deliver(delivery: DueDelivery): Promise<Outcome<'FAILED'>> {
    if (!delivery.active) return { status: 'FAILED', error: 'the endpoint was removed' };
    count(delivery.endpointId, 1);
    try {
      return await send(delivery);
    } finally {
      count(delivery.endpointId, -1);
    }
  }

  function count(endpointId: string, change: 1 | -1): void {
    const now = (inFlight.get(endpointId) ?? 0) + change;
    if (now === 0) inFlight.delete(endpointId);
    else inFlight.set(endpointId, now);
  }

  async function send({ id, attempts, url, secret, body }: DueDelivery): Promise<Outcome<'FAILED'>> {
    const now = new Date();
    const answer = await postWebhook({
      ...{ url, body, policy, timeoutMs },
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / SECOND)),
        'webhook-signature': new Webhook(secret).sign(id, now, body),
      },
    });
    if (answer.kind === 'refused') return { status: 'FAILED', error: answer.reason };
    if (answer.kind === 'unanswered') return retryOrFail(attempts, answer.reason);
    const { status: responseStatus } = answer;
    if (responseStatus >= 200 && responseStatus < 300) return { status: 'SENT', responseStatus };
    return { ...retryOrFail(attempts, `HTTP ${responseStatus}`), responseStatus };
  }
}

function retryOrFail(attempts: number, error: string): Outcome<'FAILED'> {
  const delayMs = RETRY_AFTER_MS[attempts - 1];
  return delayMs === undefined ? { status: 'FAILED', error } : { status: 'PENDING', delayMs, error };
}

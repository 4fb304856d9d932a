import { Agent, request } from 'node:http';
import { pause } from './clock.ts';
import type { Fault, Faults } from './faults.ts';
import { type Credentials, signedHeaders } from './signing.ts';

/** A call from the simulator to the employer. The body never changes between attempts; the signature's time does. */
export type Callback = { id: string; name: string; key: string; body: string; contentType: string; bureau?: string };

type Result = 'acknowledged' | 'refused' | 'failed' | 'lost';
export type OutboxEntry = {
  kind: 'attempted';
  id: string;
  result: Result;
  note: string;
  fault?: 'wrong-signature' | 'garbage' | 'altered';
};
export type Delivery = { callback: Callback; state: 'pending' | Exclude<Result, 'failed'>; attempts: number };

export type Outbox = {
  /** Every entry of the ledger comes by here: one that carries a `callback` queues it in the same write. */
  apply(entry: { kind: string; callback?: Callback | undefined } | OutboxEntry): void;
  /** Begins to send what is pending, and from then on whatever is queued. */
  start(): void;
  list(): Delivery[];
};

/**
 * Sends callbacks until they are acknowledged (HTTP 200 and `acknowledges`), or refused for good (409). A missing
 * address is waited for. Pauses double from `firstRetryMs` to `lastRetryMs`.
 */
export function createOutbox(options: {
  record: (entry: OutboxEntry) => void;
  synced: () => Promise<void>;
  faults: Faults;
  target: (callback: Callback) => { url: string; credentials: Credentials } | undefined;
  acknowledges: (callback: Callback, answer: string) => boolean;
  /** The same call with another content, for the fault `repeated` with `altered`. */
  altered: (callback: Callback) => string;
  firstRetryMs: number;
  lastRetryMs: number;
}): Outbox {
  const deliveries = new Map<string, Delivery>();
  const holding = new Set<{ held: Delivery; fault: Fault; release: () => void }>();
  let started = false;

  const attempt = async (delivery: Delivery, body: string, altered: boolean): Promise<Result | 'no address'> => {
    const { callback } = delivery;
    const to = options.target(callback);
    if (!to) return 'no address';
    const target = { on: callback.name, keys: [callback.key], bureau: callback.bureau };
    const forged = options.faults.take('wrong-signature', target);
    const garbage = options.faults.take('garbage', target);
    const sent = garbage ? '\u0000{<nonsense' : body;
    const secret = forged ? `${to.credentials.secret}, or so` : to.credentials.secret;
    const headers = signedHeaders({
      name: callback.name,
      body: sent,
      credentials: { ...to.credentials, secret },
      nowMs: Date.now(),
    });
    await options.synced();
    const answer = await post(to.url, { ...headers, 'content-type': callback.contentType }, sent);
    const acknowledged = answer.status === 200 && options.acknowledges(callback, answer.body);
    const result = acknowledged ? 'acknowledged' : answer.status === 409 ? 'refused' : 'failed';
    const fault = forged ? 'wrong-signature' : garbage ? 'garbage' : altered ? 'altered' : undefined;
    const note = answer.status === 0 ? answer.body : `HTTP ${answer.status}`;
    options.record({ kind: 'attempted', id: callback.id, result, note, ...(fault && { fault }) });
    return result;
  };

  const deliver = async (delivery: Delivery) => {
    const { callback } = delivery;
    const target = { on: callback.name, keys: [callback.key], bureau: callback.bureau };
    if (options.faults.take('lost', target)) {
      options.record({ kind: 'attempted', id: callback.id, result: 'lost', note: 'fault switch' });
      return;
    }
    const late = options.faults.take('late', target);
    if (late) await pause(late.ms ?? 5_000);
    const unordered = options.faults.take('out-of-order', target);
    if (unordered) await held(delivery, unordered);
    for (let wait = options.firstRetryMs; ; wait = Math.min(wait * 2, options.lastRetryMs)) {
      const result = await attempt(delivery, callback.body, false);
      if (result === 'acknowledged' || result === 'refused') break;
      await pause(wait);
    }
    for (const waiting of holding) if (waiting.held !== delivery && follows(waiting, delivery)) waiting.release();
    const repeated = options.faults.take('repeated', target);
    for (let times = repeated?.times ?? (repeated ? 1 : 0); times > 0; times -= 1) {
      const altered = repeated?.altered === true;
      await attempt(delivery, altered ? options.altered(callback) : callback.body, altered);
    }
  };

  const held = (delivery: Delivery, fault: Fault) =>
    new Promise<void>((resolve) => {
      const waiting = { held: delivery, fault, release: () => (holding.delete(waiting), resolve()) };
      holding.add(waiting);
      void pause(fault.ms ?? 10_000).then(waiting.release);
    });

  return {
    apply(entry) {
      if (entry.kind === 'attempted' && 'result' in entry) {
        const delivery = deliveries.get(entry.id);
        if (!delivery) return;
        if (entry.result !== 'lost') delivery.attempts += 1;
        // What happens to a repetition does not undo the first acknowledgement.
        if (entry.result !== 'failed' && delivery.state === 'pending') delivery.state = entry.result;
      } else if ('callback' in entry && entry.callback) {
        const delivery: Delivery = { callback: entry.callback, state: 'pending', attempts: 0 };
        deliveries.set(entry.callback.id, delivery);
        // Not before the entry that queues it has been applied everywhere.
        if (started) queueMicrotask(() => void deliver(delivery));
      }
    },
    start() {
      started = true;
      for (const delivery of deliveries.values()) if (delivery.state === 'pending') void deliver(delivery);
    },
    list: () => [...deliveries.values()],
  };
}

function follows(waiting: { held: Delivery; fault: Fault }, sent: Delivery) {
  const sameKey = waiting.fault.key === undefined || waiting.held.callback.key === sent.callback.key;
  return sameKey && waiting.held.callback.name === sent.callback.name;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** Status 0 means that no answer came; the body then says why. */
function post(url: string, headers: Record<string, string>, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ status: 0, body: error.message });
    const sent = request(url, { method: 'POST', agent, headers, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('error', failed);
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
    sent.end(body);
  });
}

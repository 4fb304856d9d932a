import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '#prisma/database.ts';
import type { Leased, Outcome, Settlement } from '#prisma/queries/delivery.ts';
import { createAlarm } from './alarm.ts';
import { faultName } from './fault-name.ts';

/** How one kind of row gets out of the database. Times are milliseconds. */
export type RelaySpec<Item extends Leased, Final extends string> = {
  name: string;
  /** the NOTIFY channel on which its rows are announced */
  channel: string;
  batchSize: number;
  concurrency: number;
  /** how long a row is ours; must be well above `deliveryMs` */
  leaseMs: number;
  /** within which `deliver` has ended, whatever the other side does */
  deliveryMs: number;
  lease(request: { limit: number; leaseMs: number }): Promise<Item[]>;
  /** An exception is an outage or a bug: the row stays and is tried again. */
  deliver(item: Item): Promise<Outcome<Final>>;
  settle(settlements: Settlement<Item, Final>[]): Promise<void>;
  retryDelayMs(attempts: number): number;
};

export type Relay = {
  readonly name: string;
  /** Takes nothing new, lets what is in flight end and settles it. */
  stop(): Promise<void>;
};

const POLL_MS = 1_000;
/** what ends within this time is settled by one statement */
const SETTLE_EVERY_MS = 20;

/**
 * Runs until stopped: leases rows, delivers them side by side, settles what has ended. At least once: a relay that dies between the delivery
 * and its settling leaves a row that is delivered again when the lease is over. Several relays of one kind do not disturb each other.
 */
export function startRelay<Item extends Leased, Final extends string>(
  spec: RelaySpec<Item, Final>,
  { database, log }: { database: Database; log: Logger },
): Relay {
  const alarm = createAlarm();
  const deliveries = new Set<Promise<void>>();
  const ended: Settlement<Item, Final>[] = [];
  let settling: Promise<void> | undefined;
  let listener: Awaited<ReturnType<Database['listen']>> | undefined;
  let databaseAway = false;
  let stopping = false;

  /** True when more may be waiting. */
  async function handOutBatch(): Promise<boolean> {
    const leasedAt = Date.now();
    const items = await spec.lease({ limit: spec.batchSize, leaseMs: spec.leaseMs });
    for (const item of items) {
      while (deliveries.size >= spec.concurrency) await Promise.race(deliveries);
      const covered = Date.now() + spec.deliveryMs < leasedAt + spec.leaseMs;
      if (stopping || !covered) settleSoon({ item, outcome: { status: 'PENDING', delayMs: 0, error: null } });
      else launch(item);
    }
    return items.length === spec.batchSize;
  }

  function launch(item: Item): void {
    const delivery = deliver(item).then((outcome) => {
      deliveries.delete(delivery);
      settleSoon({ item, outcome });
    });
    deliveries.add(delivery);
  }

  async function deliver(item: Item): Promise<Outcome<Final>> {
    try {
      return await spec.deliver(item);
    } catch (error) {
      log.error({ relay: spec.name, error: faultName(error) }, 'a delivery failed unexpectedly and will be tried again');
      return { status: 'PENDING', delayMs: spec.retryDelayMs(item.attempts), error: faultName(error) };
    }
  }

  /** What ends while a settling statement is under way goes with the next one: one statement for many rows when there is much to do. */
  function settleSoon(settlement: Settlement<Item, Final>): void {
    ended.push(settlement);
    settling ??= settleAll();
  }

  async function settleAll(): Promise<void> {
    while (ended.length > 0) {
      await delay(SETTLE_EVERY_MS);
      const batch = ended.splice(0);
      try {
        await spec.settle(batch);
      } catch (error) {
        // The leases run out, and these are delivered once more.
        log.warn({ relay: spec.name, rows: batch.length, error: faultName(error) }, 'deliveries could not be settled');
      }
    }
    settling = undefined;
    // A settled command may free the next one of its claim.
    alarm.ring();
  }

  async function listen(): Promise<void> {
    if (listener !== undefined) return;
    const opened = await database.listen(spec.channel, alarm.ring);
    listener = opened;
    void opened.ended.then(() => {
      if (listener === opened) listener = undefined;
    });
  }

  async function run(): Promise<void> {
    while (!stopping) {
      let more = false;
      try {
        // First listen, then look: what is committed in between rings. Where LISTEN cannot be had, polling goes on alone.
        await listen().catch(() => undefined);
        more = await handOutBatch();
        if (databaseAway) log.info({ relay: spec.name }, 'the database is back');
        databaseAway = false;
      } catch (error) {
        if (!databaseAway) log.warn({ relay: spec.name, error: faultName(error) }, 'rows to deliver cannot be read');
        databaseAway = true;
      }
      if (!more && !stopping) await alarm.wait(POLL_MS);
    }
    await Promise.all(deliveries);
    await settling;
    await listener?.close().catch(() => undefined);
  }

  const running = run();
  log.info({ relay: spec.name }, 'relay started');
  return {
    name: spec.name,
    stop() {
      stopping = true;
      alarm.ring();
      return running;
    },
  };
}

/** Doubles from `firstMs` to `longestMs` with each attempt, less a random part of up to a half so that rows do not come back in step. */
export function backOff({ attempts, firstMs, longestMs }: { attempts: number; firstMs: number; longestMs: number }): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return full * (1 - Math.random() / 2);
}

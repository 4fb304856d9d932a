import { dropFullBuckets, takeTokens } from '#prisma/queries/rate-limits.ts';
import type { Database } from '#prisma/database.ts';

/** So many requests a minute, over all processes of the API; as many at once, where there were none before. */
export type Limit = { name: string; perMinute: number };

export type Verdict = {
  allowed: boolean;
  /** how many more may come at once; what other processes hold is not counted */
  remaining: number;
  /** until there is one more, where none is left; until the bucket is full otherwise */
  seconds: number;
};

export type RateLimiter = {
  take(limit: Limit, who: string): Promise<Verdict>;
  /** The last word on somebody who had none left, for as long as it holds; asks nobody. */
  refused(limit: Limit, who: string): Verdict | undefined;
  close(): void;
};

const WINDOW_SECONDS = 60;
/** A process takes a fiftieth of a limit at a time: one small write for so many requests, and no more than that is lost to the others while it waits. */
const PORTIONS = 50;
/** After the database could not be asked, each process counts by itself for this long. */
const ALONE_MS = 10_000;
const SWEEP_MS = 5 * 60_000;
/** Callers remembered by one process; beyond it the longest silent one is forgotten, and its portion is lost. */
const REMEMBERED = 20_000;

type Held = { tokens: number; left: number; until: number; refusedUntil: number; asking: Promise<void> | undefined };

/**
 * Token buckets in PostgreSQL, of which each process takes portions. Where PostgreSQL cannot be asked a process goes on alone, with buckets of its own: nobody is
 * locked out because the counting fails, and nobody gets more than the limit from any one process.
 */
export function createRateLimiter(
  { database, onAlone = () => undefined }: { database: Pick<Database, 'query'>; onAlone?: (error: unknown) => void },
  now: () => number = Date.now,
): RateLimiter {
  const held = new Map<string, Held>();
  const own = new Map<string, { tokens: number; at: number }>();
  let aloneUntil = 0;
  const sweep = setInterval(() => void dropFullBuckets(database).catch(() => undefined), SWEEP_MS).unref();

  async function ask({ name, perMinute }: Limit, who: string, portion: number): Promise<{ granted: number; left: number }> {
    const bucket = { id: `${name}:${who}`, capacity: perMinute, windowSeconds: WINDOW_SECONDS };
    if (now() < aloneUntil) return takeAlone(bucket.id, perMinute, portion);
    try {
      return await takeTokens(database, bucket, portion);
    } catch (error) {
      aloneUntil = now() + ALONE_MS;
      own.clear();
      onAlone(error);
      return takeAlone(bucket.id, perMinute, portion);
    }
  }

  function takeAlone(id: string, perMinute: number, portion: number): { granted: number; left: number } {
    const before = own.get(id) ?? { tokens: perMinute, at: now() };
    const full = Math.min(perMinute, before.tokens + ((now() - before.at) / 1_000) * (perMinute / WINDOW_SECONDS));
    const granted = Math.min(portion, Math.floor(full));
    own.set(id, { tokens: full - granted, at: now() });
    return { granted, left: full - granted };
  }

  function holdingOf(id: string): Held {
    const known = held.get(id);
    const fresh = known && known.until > now() ? known : { tokens: 0, left: 0, until: now() + WINDOW_SECONDS * 1_000, refusedUntil: 0, asking: undefined };
    held.delete(id);
    held.set(id, fresh);
    const [longestSilent] = held.keys();
    if (held.size > REMEMBERED && longestSilent !== undefined) held.delete(longestSilent);
    return fresh;
  }

  const verdictOf = ({ perMinute }: Limit, { tokens, left, refusedUntil }: Held, allowed: boolean): Verdict => {
    const remaining = allowed ? Math.floor(tokens + left) : 0;
    const untilFull = ((perMinute - remaining) * WINDOW_SECONDS) / perMinute;
    return { allowed, remaining, seconds: Math.max(1, Math.ceil(allowed ? untilFull : (refusedUntil - now()) / 1_000)) };
  };

  return {
    async take(limit, who) {
      const holding = holdingOf(`${limit.name}:${who}`);
      // those who come while the portion is asked for share it
      while (holding.tokens < 1 && holding.refusedUntil <= now()) {
        holding.asking ??= ask(limit, who, Math.ceil(limit.perMinute / PORTIONS))
          .then(({ granted, left }) => {
            holding.tokens += granted;
            holding.left = left;
            holding.until = now() + WINDOW_SECONDS * 1_000;
            if (granted === 0) holding.refusedUntil = now() + ((1 - left) * WINDOW_SECONDS * 1_000) / limit.perMinute;
          })
          .finally(() => {
            holding.asking = undefined;
          });
        await holding.asking;
      }
      const allowed = holding.tokens >= 1;
      if (allowed) holding.tokens -= 1;
      return verdictOf(limit, holding, allowed);
    },
    refused(limit, who) {
      const holding = held.get(`${limit.name}:${who}`);
      return holding && holding.tokens < 1 && holding.refusedUntil > now() ? verdictOf(limit, holding, false) : undefined;
    },
    close: () => clearInterval(sweep),
  };
}

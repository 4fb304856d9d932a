import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { refuse } from '#domain/errors.ts';
import { keyedHash } from '#platform/keys.ts';
import { addressBlock } from '../address-block.ts';
import { createRateLimiter, type Limit, type Verdict } from '../rate-limiter.ts';

/** Requests a minute, by who is counted. */
export type RateLimits = {
  /** a machine, whoever it acts for */
  machine: number;
  /** a person who is signed in */
  person: number;
  /** an address, on routes that ask nobody who they are: sign-in, the API's own page, what does not exist */
  open: number;
  /** an address that sends callbacks: a bureau or bank has one, for all claims */
  callback: number;
  /** an address, in credentials that were not accepted */
  failed: number;
  /** an address, in pages that tell that they broke */
  pageErrors: number;
};

/** An HR system that imports a year's claims, and a head office behind one address at nine in the morning, are not to notice. */
export const DEFAULT_LIMITS: RateLimits = { machine: 30_000, person: 1_200, open: 3_000, callback: 30_000, failed: 600, pageErrors: 60 };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Not counted: asked by probes, which would restart a busy process; the console's files, which a whole head office loads on the morning of a new version. */
    uncounted?: true;
    /** Counted by address under this limit in place of `open`. */
    countedAs?: keyof RateLimits;
  }
}

/** Who got in here before gets in although others fail behind the same address. */
const PROVEN = 10_000;

/**
 * Limits over all processes. Strangers are counted by address before anything is done for them, callers by their id once they are known. Registered before `auth`: its
 * hook on the request runs first, and the one that counts callers runs when `auth` is done and before the body is read.
 */
export default fp(
  async (app: FastifyInstance) => {
    const { database, keys, log } = app.deps;
    const limits = { ...DEFAULT_LIMITS, ...app.deps.rateLimits };
    const limiter = createRateLimiter({ database, onAlone: (err) => log.warn({ err }, 'limits are counted by this process alone') });
    const proven = new Set<string>();
    app.addHook('onClose', async () => limiter.close());

    const limit = (name: keyof RateLimits): Limit => ({ name, perMinute: limits[name] });
    // an address is a person's as well: the database does not learn it
    const addressOf = ({ ip }: FastifyRequest): string => keyedHash(keys.document, `rate limit ${addressBlock(ip)}`).slice(0, 32);
    // once it is answered a request knows its address no longer
    const addresses = new WeakMap<FastifyRequest, string>();

    async function count(reply: FastifyReply, name: keyof RateLimits, who: string): Promise<FastifyReply | undefined> {
      const verdict = await limiter.take(limit(name), who);
      const policy = limits[name];
      reply.header('ratelimit-policy', `"${name}";q=${policy};w=60`);
      reply.header('ratelimit', `"${name}";r=${verdict.remaining};t=${verdict.seconds}`);
      return verdict.allowed ? undefined : tooMany(reply, verdict);
    }

    app.addHook('onRequest', async (request, reply) => {
      const { access, uncounted, countedAs } = request.routeOptions.config;
      if (uncounted) return;
      if (countedAs) return count(reply, countedAs, addressOf(request));
      if (request.is404 || access === undefined || access === 'open') return count(reply, 'open', addressOf(request));
      if (access === 'signed') return count(reply, 'callback', addressOf(request));
      const address = addressOf(request);
      addresses.set(request, address);
      const refused = limiter.refused(limit('failed'), address);
      if (refused && !proven.has(credentialsOf(request))) return tooMany(reply, refused);
    });

    app.addHook('preParsing', async (request, reply) => {
      const { access, uncounted } = request.routeOptions.config;
      if (uncounted || request.is404 || access === undefined || access === 'open' || access === 'signed') return;
      if (proven.size >= PROVEN) proven.clear();
      proven.add(credentialsOf(request));
      const { id, machine } = request.caller;
      await count(reply, machine ? 'machine' : 'person', id);
    });

    app.addHook('onResponse', async (request, reply) => {
      const address = addresses.get(request);
      if (reply.statusCode === 401 && address !== undefined) await limiter.take(limit('failed'), address);
    });
  },
  { name: 'rate-limits', dependencies: ['errors'], decorators: { fastify: ['deps'] } },
);

function tooMany(reply: FastifyReply, { seconds }: Verdict): FastifyReply {
  return reply.header('retry-after', String(seconds)).refuse(refuse('RATE_LIMITED'));
}

function credentialsOf({ headers }: FastifyRequest): string {
  return createHash('sha256')
    .update(`${headers.authorization ?? ''}\n${headers.cookie ?? ''}`)
    .digest('base64');
}

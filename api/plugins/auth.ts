import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Actor } from '#domain/claim/actor.ts';
import { refuse } from '#domain/errors.ts';
import type { Caller as Asker, Scope } from '#domain/org/can.ts';
import { apiKeyId, hashApiKey } from '#platform/api-key.ts';
import { findApiKey, findPerson, type PersonRow } from '#prisma/queries/api-keys.ts';

/** The key that calls. It sees the subtree of its unit and nothing else. */
export type Caller = { keyId: string; unitId: string; unitCode: string; scopes: readonly string[] };
/** The person for whom a key with the scope act-for acts. */
export type Person = PersonRow;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: the holder of a scope; whoever signs the body (callbacks, checked by the route); anybody. Every route says. */
    access?: Scope | 'signed' | 'open';
    /** Decisions are made by people: the route is refused without the actor header. */
    actor?: 'required';
  }
  interface FastifyRequest {
    /** Throws on routes that are signed or open: asking there is a bug. */
    readonly caller: Caller;
    /** The person where there is one, else the machine. */
    readonly actor: Actor;
    readonly person: Person | null;
    /** what `can()` of domain/org/can.ts asks */
    readonly asker: Asker;
  }
}

// A revoked key is refused this much later at most.
const CACHE_MS = 5_000;
const CACHE_SIZE = 1_000;

/** Bearer keys, scopes, and who acts. Runs before the body is read, so that strangers cannot make us read it. */
export default fp(
  async (app: FastifyInstance) => {
    const { database, clock } = app.deps;
    const cache = new Map<string, { caller: Caller; until: number }>();
    const callers = new WeakMap<FastifyRequest, { caller: Caller; person: Person | null }>();

    app.decorateRequest('caller', { getter: callerOf });
    app.decorateRequest('person', {
      getter(this: FastifyRequest) {
        return callers.get(this)?.person ?? null;
      },
    });
    app.decorateRequest('actor', {
      getter(this: FastifyRequest): Actor {
        const caller = callerOf.call(this);
        const person = callers.get(this)?.person;
        return person ? { type: 'person', id: person.employeeId, via: caller.keyId } : { type: 'machine', id: caller.keyId };
      },
    });

    app.decorateRequest('asker', {
      getter(this: FastifyRequest): Asker {
        const person = callers.get(this)?.person;
        return { employeeId: person?.employeeId ?? null, roles: person?.roles ?? [], machine: callerOf.call(this) };
      },
    });

    app.addHook('onRoute', ({ url, config }) => {
      if (config?.access === undefined) throw new Error(`route ${url} does not say who may call it (config.access)`);
    });

    app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      const { access, actor } = request.routeOptions.config;
      if (request.is404 || access === undefined || access === 'open' || access === 'signed') return;
      const caller = await authenticate(request.headers.authorization);
      if (!caller) return reply.refuse(refuse('UNAUTHENTICATED'));
      if (!caller.scopes.includes(access)) return reply.refuse(refuse('SCOPE_MISSING', { params: { scope: access } }));
      const employeeNo = request.headers['daozhang-actor'];
      if (employeeNo === undefined) {
        if (actor === 'required') return reply.refuse(refuse('ACTOR_REQUIRED'));
        callers.set(request, { caller, person: null });
        return;
      }
      if (!caller.scopes.includes('act-for')) return reply.refuse(refuse('SCOPE_MISSING', { params: { scope: 'act-for' } }));
      const person = await findPerson(database, { employeeNo: String(employeeNo), unitId: caller.unitId, at: clock() });
      if (!person) return reply.refuse(refuse('ACTOR_OUTSIDE_UNIT'));
      callers.set(request, { caller, person });
    });

    function callerOf(this: FastifyRequest): Caller {
      const found = callers.get(this);
      if (!found) throw new Error(`nobody is signed in on ${this.routeOptions.url}`);
      return found.caller;
    }

    async function authenticate(authorization: string | undefined): Promise<Caller | undefined> {
      const token = /^Bearer (\S{1,200})$/i.exec(authorization ?? '')?.[1];
      const id = token === undefined ? undefined : apiKeyId(token);
      if (token === undefined || id === undefined) return undefined;
      const hash = hashApiKey(token);
      const now = Date.now();
      const cached = cache.get(hash);
      if (cached && cached.until > now) return cached.caller;
      cache.delete(hash);
      const row = await findApiKey(database, { id });
      if (!row || !timingSafeEqual(Buffer.from(row.hash, 'hex'), Buffer.from(hash, 'hex'))) return undefined;
      const caller: Caller = { keyId: row.id, unitId: row.unitId, unitCode: row.unitCode, scopes: row.scopes };
      if (cache.size >= CACHE_SIZE) cache.clear();
      cache.set(hash, { caller, until: now + CACHE_MS });
      return caller;
    }
  },
  { name: 'auth', dependencies: ['errors'], decorators: { fastify: ['deps'] } },
);

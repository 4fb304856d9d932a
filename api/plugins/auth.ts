import { timingSafeEqual } from 'node:crypto';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { inNameOf, type Actor } from '#domain/claim/actor.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can, type Action, type Allowed, type Caller as Asker, type Scope, type Subject } from '#domain/org/can.ts';
import { apiKeyId, hashApiKey } from '#platform/api-key.ts';
import type { DataScope, ScopedDatabase } from '#prisma/database.ts';
import { codecTokens } from '../codec/tokens.ts';
import { findApiKey, findPerson, type PersonRow } from '#prisma/queries/api-keys.ts';

/** A system that calls, with its unit: it sees the subtree of that unit and nothing else. */
export type Machine = { keyId: string; unitId: string; unitCode: string; unitAncestors: readonly string[]; scopes: readonly string[] };
/** A person who acts: signed in, or named by a machine with the scope act-for. */
export type Person = PersonRow;

/** Who calls: a person, a machine, or a machine that acts for a person. */
export type Caller = {
  /** who is named in Idempotency-Keys and uploads: the machine where there is one, else the person */
  id: string;
  machine: Machine | null;
  person: Person | null;
  /** whether the person has shown a second factor; a machine vouches for whom it acts for */
  secondFactor: boolean;
};

/** Reads one kind of credential; undefined where the request carries none of it. */
export type Authenticator = (request: FastifyRequest) => Promise<{ ok: true; caller: Caller } | Refusal | undefined>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Who may call: a person, or a machine with this scope; a person who is signed in, and nobody else; whoever signs the body (callbacks, checked by the route);
     * anybody. Every route says.
     */
    access?: Scope | 'session' | 'signed' | 'open';
    /** What the route asks `request.may` for, and nothing else; or why it asks nothing. */
    action?: Action | readonly Action[] | { none: string };
    /** Decisions are made by people: the route is refused to a machine that names nobody. */
    actor?: 'required';
  }
  interface FastifyRequest {
    /** Throws on routes that are signed or open: asking there is a bug. */
    readonly caller: Caller;
    /** The person where there is one, else the machine. Standing in for somebody where `may` found that it is allowed only so. */
    readonly actor: Actor;
    readonly person: Person | null;
    /** what `can()` of domain/org/can.ts asks */
    readonly asker: Asker;
    /** `can()` for the caller of this request, which remembers in whose name: what is recorded afterwards says so */
    may(action: Action, subject: Subject): Allowed | Refusal;
    /** the database as far as the caller's scope opens it: what lies outside is absent */
    readonly db: ScopedDatabase;
  }
}

// A revoked key is refused this much later at most.
const CACHE_MS = 5_000;
const CACHE_SIZE = 1_000;

/** Who calls, what for, and what they see of the database. Runs before the body is read, so that strangers cannot make us read it. */
export default fp(
  async (app: FastifyInstance) => {
    const { database, clock } = app.deps;
    const callers = new WeakMap<FastifyRequest, Caller>();
    const databases = new WeakMap<FastifyRequest, ScopedDatabase>();
    const inNamesOf = new WeakMap<FastifyRequest, Allowed>();
    const authenticators: readonly Authenticator[] = [...(app.signIn?.authenticators ?? []), codecTokens(app), apiKeys(app)];

    app.decorateRequest('caller', { getter: callerOf });
    app.decorateRequest('person', {
      getter(this: FastifyRequest) {
        return callers.get(this)?.person ?? null;
      },
    });
    app.decorateRequest('actor', {
      getter(this: FastifyRequest): Actor {
        const { id, machine, person } = callerOf.call(this);
        if (!person) return { type: 'machine', id };
        return inNameOf({ type: 'person', id: person.employeeId, ...(machine && { via: machine.keyId }) }, inNamesOf.get(this) ?? {});
      },
    });
    app.decorateRequest('asker', {
      getter(this: FastifyRequest): Asker {
        return askerOf(callerOf.call(this));
      },
    });
    app.decorateRequest('may', function (this: FastifyRequest, action: Action, subject: Subject) {
      const declared = actionsOf(this.routeOptions.config);
      if (declared.length > 0 && !declared.includes(action))
        throw new Error(`route ${this.routeOptions.url} asks for ${action} and does not say so (config.action)`);
      const answer = can(this.asker, action, subject);
      if (answer.ok && answer.onBehalfOf !== undefined) inNamesOf.set(this, answer);
      return answer;
    });
    app.decorateRequest('db', {
      getter(this: FastifyRequest): ScopedDatabase {
        const opened = databases.get(this) ?? database.within(scopeOf(callerOf.call(this)));
        databases.set(this, opened);
        return opened;
      },
    });

    app.addHook('onRoute', ({ url, config }) => {
      if (config?.access === undefined) throw new Error(`route ${url} does not say who may call it (config.access)`);
    });

    app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      const { access, actor } = request.routeOptions.config;
      if (request.is404 || access === undefined || access === 'open' || access === 'signed') return;
      const found = await authenticate(request);
      if (!found.ok) return reply.refuse(found);
      const { machine, person } = found.caller;
      if (machine && access === 'session') return reply.refuse(refuse('UNAUTHENTICATED'));
      if (machine && !machine.scopes.includes(access)) return reply.refuse(refuse('SCOPE_MISSING', { params: { scope: access } }));
      const named = machine && !person ? await nameActor(request, found.caller, machine) : found;
      if (!named.ok) return reply.refuse(named);
      if (actor === 'required' && !named.caller.person) return reply.refuse(refuse('ACTOR_REQUIRED'));
      callers.set(request, named.caller);
    });

    function callerOf(this: FastifyRequest): Caller {
      const found = callers.get(this);
      if (!found) throw new Error(`nobody is signed in on ${this.routeOptions.url}`);
      return found;
    }

    async function authenticate(request: FastifyRequest): Promise<{ ok: true; caller: Caller } | Refusal> {
      for (const read of authenticators) {
        const found = await read(request);
        if (found) return found;
      }
      return refuse('UNAUTHENTICATED');
    }

    /** The person whom a machine names in `Daozhang-Actor`, if it may. */
    async function nameActor(request: FastifyRequest, caller: Caller, machine: Machine): Promise<{ ok: true; caller: Caller } | Refusal> {
      const employeeNo = request.headers['daozhang-actor'];
      if (employeeNo === undefined) return { ok: true, caller };
      if (!machine.scopes.includes('act-for')) return refuse('SCOPE_MISSING', { params: { scope: 'act-for' } });
      const person = await findPerson(database, { employeeNo: String(employeeNo), within: machine.unitId, at: clock() });
      return person ? { ok: true, caller: { ...caller, person, secondFactor: true } } : refuse('ACTOR_OUTSIDE_UNIT');
    }
  },
  { name: 'auth', dependencies: ['errors', 'sign-in'], decorators: { fastify: ['deps'] } },
);

/** What a route says that it asks for. */
export function actionsOf({ action }: FastifyContextConfig): readonly Action[] {
  if (action === undefined || (typeof action === 'object' && 'none' in action)) return [];
  return typeof action === 'string' ? [action] : action;
}

/** Who asks, as `can()` takes it. */
export function askerOf({ machine, person, secondFactor }: Caller): Asker {
  const { employeeId = null, roles = [], standsInFor = [], withheld = [] } = person ?? {};
  return { employeeId, roles, standsInFor, withheld, secondFactor, machine };
}

/** What row-level security opens: to a machine the subtree of its unit, to a person those of the roles held; to a person always what is her own. */
export function scopeOf({ id, machine, person }: Caller): DataScope {
  const units = machine ? [machine.unitId] : [...new Set(person?.roles.map((role) => role.unitId))];
  return { units, employeeId: person?.employeeId ?? null, caller: id };
}

/** `Authorization: Bearer dzk_…`: kept as a hash, and remembered for seconds. */
function apiKeys(app: FastifyInstance): Authenticator {
  const { database } = app.deps;
  const cache = new Map<string, { machine: Machine; until: number }>();
  return async ({ headers }) => {
    const token = /^Bearer (\S{1,200})$/i.exec(headers.authorization ?? '')?.[1];
    const id = token === undefined ? undefined : apiKeyId(token);
    if (token === undefined || id === undefined) return undefined;
    const hash = hashApiKey(token);
    const now = Date.now();
    const cached = cache.get(hash);
    if (cached && cached.until > now) return found(cached.machine);
    cache.delete(hash);
    const row = await findApiKey(database, { id });
    if (!row || !timingSafeEqual(Buffer.from(row.hash, 'hex'), Buffer.from(hash, 'hex'))) return refuse('UNAUTHENTICATED');
    const { unitId, unitCode, unitAncestors, scopes } = row;
    const machine: Machine = { keyId: row.id, unitId, unitCode, unitAncestors, scopes };
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(hash, { machine, until: now + CACHE_MS });
    return found(machine);
  };

  function found(machine: Machine): { ok: true; caller: Caller } {
    return { ok: true, caller: { id: machine.keyId, machine, person: null, secondFactor: true } };
  }
}

import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '#domain/errors.ts';
import type { SignInConfig } from '#platform/sign-in-config.ts';
import type { Database } from '#prisma/database.ts';
import { findPerson } from '#prisma/queries/api-keys.ts';
import { audit } from '#prisma/queries/audit.ts';
import { endSession, startSession, useSession, type SessionRow } from '#prisma/queries/sessions.ts';
import type { Authenticator } from '../plugins/auth.ts';
import { equals } from './attempts.ts';
import type { Cookies } from './cookies.ts';
import type { RecordRefused } from './refused.ts';

/** A session that a request came with, and what goes with it. */
export type SignedIn = SessionRow & { csrfToken: string; idleUntil: Date };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** origins of pages that are not ours and may call this route in the name of who is signed in */
    crossOrigin?: readonly string[];
    /** asked by pages of their own accord: whoever is signed in may have gone, and the session is not kept open by it */
    unattended?: true;
  }
}

export type Sessions = {
  authenticate: Authenticator;
  /** The session that `authenticate` found for this request. */
  of(request: FastifyRequest): SignedIn | undefined;
  /** The open session of the cookie, if there is one; for routes that are open to all. */
  find(request: FastifyRequest): Promise<SessionRow | undefined>;
  /** Starts a session under a new id, and ends the one that the browser had. `'replayed'`: the sign-in has started one before. */
  start(request: FastifyRequest, reply: FastifyReply, session: { attempt: string; person: Person; secondFactor: boolean }): Promise<'started' | 'replayed'>;
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>;
};
type Person = { employeeId: string; unitId: string };

const SECRET = /^[A-Za-z0-9_-]{43}$/;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const MINUTE_MS = 60_000;

const hashOf = (secret: string): string => createHash('sha256').update(`session ${secret}`).digest('hex');
/** Known to the page that may read the session, told by nobody who only has the cookie sent along; stored nowhere. */
const csrfTokenOf = (secret: string): string => createHmac('sha256', secret).update('csrf').digest('base64url');

export function createSessions(deps: { config: SignInConfig; database: Database; cookies: Cookies; clock: () => Date; record: RecordRefused }): Sessions {
  const { config, database, cookies, clock, record } = deps;
  const { sessionIdleMinutes: idleMinutes, sessionHours, publicUrl } = config;
  const found = new WeakMap<FastifyRequest, SignedIn>();

  /** The secret in the cookie, or what is wrong with it. */
  async function secretOf(request: FastifyRequest): Promise<{ secret: string } | 'forged' | undefined> {
    const cookie = await cookies.read(request, 'session');
    if (cookie === undefined || cookie === 'forged') return cookie;
    return SECRET.test(cookie.value) ? { secret: cookie.value } : 'forged';
  }

  const look = (secret: string, unattended = false) => useSession(database, { hash: hashOf(secret), at: clock(), idleMinutes, unattended });

  async function endBySecret(request: FastifyRequest): Promise<void> {
    const cookie = await secretOf(request);
    if (cookie !== undefined && cookie !== 'forged') await endSession(database, { hash: hashOf(cookie.secret), at: clock() });
  }

  return {
    of: (request) => found.get(request),

    async authenticate(request) {
      const cookie = await secretOf(request);
      if (cookie === undefined) return undefined;
      if (cookie === 'forged') return record(request, { code: 'UNAUTHENTICATED', reason: 'cookie-forged' });
      const session = await look(cookie.secret, isUnattended(request));
      if (!session?.open) return refuse('SESSION_ENDED');
      const csrfToken = csrfTokenOf(cookie.secret);
      const person = await findPerson(database, { employeeNo: session.employeeNo, within: session.unitId, at: clock() });
      if (!person) return refuse('SESSION_ENDED');
      const forged = SAFE.has(request.method) || comesFrom(request) ? undefined : crossSite(request, { publicUrl, csrfToken });
      if (forged !== undefined) return record(request, { code: 'CSRF_REFUSED', reason: forged, person });
      found.set(request, { ...session, csrfToken, idleUntil: new Date(session.lastSeenAt.getTime() + idleMinutes * MINUTE_MS) });
      return { ok: true, caller: { id: person.employeeId, machine: null, person, secondFactor: session.secondFactor } };
    },

    async find(request) {
      const cookie = await secretOf(request);
      if (cookie === undefined || cookie === 'forged') return undefined;
      const session = await look(cookie.secret);
      return session?.open ? session : undefined;
    },

    async start(request, reply, { attempt, person, secondFactor }) {
      const secret = randomBytes(32).toString('base64url');
      const at = clock();
      const expiresAt = new Date(at.getTime() + sessionHours * 60 * MINUTE_MS);
      const { employeeId, unitId } = person;
      const started = await database.within({ employeeId }).write(async (tx) => {
        const result = await startSession(tx, { hash: hashOf(secret), attempt, employeeId, secondFactor, at, expiresAt });
        if (result === 'started') await audit(tx, { unitId, at, actor: { type: 'person', id: employeeId }, action: 'signed-in', detail: { secondFactor } });
        return result;
      });
      if (started === 'replayed') return started;
      await endBySecret(request);
      await cookies.write(reply, 'session', secret, sessionHours * 3_600);
      return started;
    },

    async end(request, reply) {
      await endBySecret(request);
      cookies.clear(reply, 'session');
    },
  };
}

/** A page says so of a question that it asks while nobody touches it (console/client/attended.ts): to ask the time does not put it off. */
const isUnattended = ({ headers, routeOptions }: FastifyRequest): boolean => routeOptions.config.unattended === true || headers['daozhang-unattended'] === '1';

/** A page of another origin that the route expects: it is known by its origin, which no page can invent, and cannot read the token. */
function comesFrom({ headers, routeOptions }: FastifyRequest): boolean {
  return headers.origin !== undefined && (routeOptions.config.crossOrigin?.includes(headers.origin) ?? false);
}

/** Why a change is not believed to come from our own page; undefined where it is. The cookie alone says nothing: browsers send it along for others. */
function crossSite({ headers }: FastifyRequest, { publicUrl, csrfToken }: { publicUrl: string; csrfToken: string }): string | undefined {
  const { origin, 'sec-fetch-site': site, 'daozhang-csrf': token } = headers;
  if (origin === undefined && site === undefined) return 'origin-missing';
  if (origin !== undefined && origin !== publicUrl) return 'origin';
  if (site !== undefined && site !== 'same-origin') return 'site';
  return typeof token === 'string' && equals(token, csrfToken) ? undefined : 'csrf-token';
}

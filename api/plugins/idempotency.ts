import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { refuse, type Refusal } from '#domain/errors.ts';
import { brokenConstraint } from '#prisma/database-errors.ts';
import type { Tx } from '#prisma/database.ts';
import { ANSWER_KEY, findAnswer, storeAnswer, takeRequest, type StoredAnswer } from '#prisma/queries/idempotency.ts';

/**
 * What a request was answered. `body` is checked against the route's response schema before anything is committed. `replay` is stored in its stead
 * where it holds what is shown once and kept nowhere else.
 */
export type Answer = {
  ok: true;
  status: 200 | 201 | 202;
  body: Record<string, unknown>;
  replay?: Record<string, unknown>;
  headers?: Readonly<Record<string, string>>;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** the body as it was sent, before the schema filled in defaults: what the fingerprint is taken of */
    sentBody: unknown;
  }
}

const UNCHANGED = undefined;

/** Keeps the body as it was sent for `withIdempotency`. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorateRequest('sentBody', UNCHANGED);
    app.addHook('preValidation', async (request) => {
      request.sentBody = request.body;
    });
  },
  { name: 'idempotency', dependencies: ['auth'] },
);

/** Carries a refusal out of the transaction, so that it rolls back. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/**
 * Carries out `work` once for this caller, route and Idempotency-Key, and answers the request. Effect and answer are stored in one transaction; a
 * refusal rolls everything back and is not stored. The same key again: the stored answer, with `idempotent-replayed: true`; while the first is being
 * handled: REQUEST_IN_FLIGHT; with another request: IDEMPOTENCY_KEY_REUSED. `work` may run, roll back and be followed by the stored answer: it must
 * have no effect outside of `tx`. `content` stands for a body that is no JSON (an upload).
 */
export async function withIdempotency(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (tx: Tx) => Promise<Answer | Refusal>,
  { content }: { content?: unknown } = {},
): Promise<FastifyReply> {
  const { db } = request;
  const name = requestName(request);
  const fingerprint = fingerprintOf(request, content);
  try {
    const outcome = await db.write(async (tx): Promise<Sent> => {
      const taken = await takeRequest(tx, { ...name, lock: lockOf(name) });
      if (taken === 'in-flight') throw new Refused(refuse('REQUEST_IN_FLIGHT'));
      if (taken !== 'ours') return { stored: taken };
      const answer = await work(tx);
      if (!answer.ok) throw new Refused(answer);
      const serialize = (content: Record<string, unknown>) => String(reply.code(answer.status).serializeInput(content, String(answer.status)));
      const made = { fingerprint, status: answer.status, body: serialize(answer.body), headers: JSON.stringify(answer.headers ?? {}) };
      await storeAnswer(tx, { ...name, ...made, ...(answer.replay && { body: serialize(answer.replay) }) });
      return { made };
    });
    return sendAnswer(reply, fingerprint, outcome);
  } catch (error) {
    if (error instanceof Refused) return reply.refuse(error.refusal);
    if (brokenConstraint(error) !== ANSWER_KEY) throw error;
    // an equal request was committed between our look-up and our lock
    const stored = await findAnswer(db, name);
    if (!stored) throw error;
    return sendAnswer(reply, fingerprint, { stored });
  }
}

type Sent = { made: StoredAnswer } | { stored: StoredAnswer };

export function sendAnswer(reply: FastifyReply, fingerprint: string, sent: Sent): FastifyReply {
  const replayed = 'stored' in sent;
  const answer = replayed ? sent.stored : sent.made;
  if (answer.fingerprint !== fingerprint) return reply.refuse(refuse('IDEMPOTENCY_KEY_REUSED'));
  if (replayed) reply.header('idempotent-replayed', 'true');
  // as text, past the serialiser: an old answer need not fit today's schema
  return reply
    .code(answer.status)
    .headers(JSON.parse(answer.headers) as Record<string, string>)
    .type('application/json; charset=utf-8')
    .send(answer.body);
}

/** Caller, route and key of a request whose headers schema asks for the key. */
export function requestName(request: FastifyRequest): { callerId: string; route: string; key: string } {
  return { callerId: request.caller.id, route: `${request.method} ${request.routeOptions.url ?? ''}`, key: String(request.headers['idempotency-key']) };
}

/** SHA-256, hex, of what the request asks for: method, route, params, body, and for whom. Spaces and the order of properties do not count. */
export function fingerprintOf(request: FastifyRequest, content?: unknown): string {
  const { route } = requestName(request);
  const asked = {
    route,
    params: request.params,
    body: content ?? request.sentBody ?? {},
    person: request.person?.employeeId,
    version: request.headers['if-match'],
  };
  return createHash('sha256').update(JSON.stringify(asked, inOrder)).digest('hex');
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function lockOf({ callerId, route, key }: { callerId: string; route: string; key: string }): bigint {
  return createHash('sha256').update(`${callerId}\n${route}\n${key}`).digest().readBigInt64BE();
}

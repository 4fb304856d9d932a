import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import { isAhead, isSnapshot, readChanges, readSnapshot } from '#prisma/queries/changes.ts';
import { headers, responses } from '../contract/common.ts';
import { changes, changesQuery, stream, streamHeaders } from '../contract/live.ts';
import { createHub, LIVE } from '../live/hub.ts';
import { visibleTo } from '../live/visible-changes.ts';

const tags = ['live'];
const action = ['claim.read', 'task.read'] as const;

/** Pages that stay up to date: they are told that something changed, and read it where they read it before. */
export const liveRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, clock, log, live } = app.deps;
  const { signIn } = app;
  const hub = signIn && createHub({ database, clock, log, idleMinutes: signIn.config.sessionIdleMinutes }, { ...LIVE, ...live });
  // before the server waits for what is under way, which these would be for ever
  app.addHook('preClose', async () => hub?.close());

  app.get(
    '/v1/stream',
    {
      config: { access: 'session', action, unattended: true },
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Be told what changes, as it changes',
        description: 'Server-sent events. The session is not kept open by it. Some connections for each person; `RATE_LIMITED` beyond that.',
        headers: headers().extend(streamHeaders),
        response: responses({ 200: { description: 'Events', content: { 'text/event-stream': { schema: stream } } } }, { codes: ['SESSION_ENDED'] }),
      },
    },
    async (request, reply) => {
      const session = signIn?.sessions.of(request);
      if (!hub || !session) return reply.refuse(refuse('UNAUTHENTICATED'));
      const output = await hub.open({ session, caller: request.caller }, request.headers['last-event-id']);
      if (!output) return reply.header('retry-after', '60').refuse(refuse('RATE_LIMITED'));
      return (
        reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          // nginx and others would keep it back until there is more of it
          .header('x-accel-buffering', 'no')
          // a server that stops would wait for a connection that is kept for another request
          .header('connection', 'close')
          .send(output)
      );
    },
  );

  app.get(
    '/v1/changes',
    {
      config: { access: 'session', action, unattended: true },
      schema: {
        tags,
        summary: 'What has changed since, for pages that cannot keep a connection open',
        description: 'The same as the stream tells, with the same ids. Without `after`: where to begin.',
        headers: headers(),
        querystring: changesQuery,
        response: responses({ 200: changes }, { codes: ['SESSION_ENDED', 'CURSOR_INVALID'] }),
      },
    },
    async (request, reply) => {
      const { after } = request.query;
      if (after === undefined) return { cursor: await readSnapshot(database), reset: false, claims: [], tasks: [] };
      if (!isSnapshot(after)) return reply.refuse(refuse('CURSOR_INVALID'));
      const found = await readChanges(database, { since: after });
      const reset = found.more || isAhead(after, found.snapshot);
      const named = reset ? { claims: [], tasks: [] } : await visibleTo({ asker: request.asker, db: request.db }, found);
      return { cursor: found.snapshot, reset, ...named };
    },
  );
};

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { PrivilegesWrong } from '#prisma/privileges.ts';
import { responses } from '../contract/common.ts';
import { alive, readiness } from '../contract/health.ts';

// under the second that probes commonly wait
const CHECK_MS = 800;

/** For those who run it: is it alive, may it get requests, what does it do. */
export const healthRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, pingTemporal } = app.deps;
  /** A database that is away comes back; a login with the wrong privileges stays wrong until somebody reads why. */
  const tellIfWrong = (error: unknown): never => {
    if (error instanceof PrivilegesWrong) app.log.error({ why: error.message }, 'the database is not used');
    throw error;
  };

  app.get(
    '/healthz',
    { config: { access: 'open', uncounted: true }, schema: { tags: ['operations'], summary: 'Is the process alive', response: responses({ 200: alive }) } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'open', uncounted: true },
      schema: { tags: ['operations'], summary: 'May it get requests', response: { 200: readiness, 503: readiness } },
    },
    async (_request, reply) => {
      const [db, temporal] = await Promise.all([isUp(() => database.query('SELECT 1').catch(tellIfWrong)), isUp(pingTemporal)]);
      return reply.code(db ? 200 : 503).send({ status: db ? 'ready' : 'not-ready', database: db ? 'up' : 'down', temporal: temporal ? 'up' : 'down' });
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'metrics:read', action: { none: 'counts of the process; nobody in it' } },
      schema: {
        tags: ['operations'],
        summary: 'Prometheus metrics',
        response: responses({ 200: { description: 'Text exposition format', content: { 'text/plain': { schema: z.string() } } } }, { codes: ['FORBIDDEN'] }),
      },
    },
    // a person who is signed in has no scopes, and no role has anything to do with it
    async (request, reply) =>
      request.caller.machine ? reply.type(app.metrics.contentType).send(await app.metrics.metrics()) : reply.refuse(refuse('FORBIDDEN')),
  );
};

/** Whether `check` succeeds in time: a hanging database is as good as none. */
async function isUp(check: () => Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), CHECK_MS);
  try {
    return await Promise.race([
      check().then(
        () => true as const,
        () => false as const,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

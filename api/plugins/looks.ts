import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { audit, LOOKED } from '#prisma/queries/audit.ts';
import { isLookRecorded } from '../look.ts';

/** Auditors see everything, and each look of theirs is recorded: what concerns no single person joins the chain of the auditor's own unit. */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('preSerialization', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
      const { access } = request.routeOptions.config;
      if (request.method !== 'GET' || access === 'open' || access === 'signed' || access === 'session' || request.is404 || reply.statusCode >= 400)
        return payload;
      const { person } = request.caller;
      if (!person?.roles.some(({ role }) => role === 'auditor') || isLookRecorded(request)) return payload;
      const what = `${request.method} ${request.routeOptions.url}`;
      await audit(request.db, { unitId: person.unitId, at: app.deps.clock(), actor: request.actor, action: LOOKED, detail: { what, params: request.params } });
      return payload;
    });
  },
  { name: 'looks', dependencies: ['auth'] },
);

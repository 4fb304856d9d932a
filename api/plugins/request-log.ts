import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

/** One line for each request: the route as declared, never the URL (numbers of people may be in it). */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('request-id', request.id);
    });
    app.addHook('onResponse', async (request, reply) => {
      const { method, ip, routeOptions } = request;
      const line = { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime), ip };
      request.log.info(line, 'request');
    });
  },
  { name: 'request-log' },
);

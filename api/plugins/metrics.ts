import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

declare module 'fastify' {
  interface FastifyInstance {
    /** of this app alone, so that several can live in one process */
    readonly metrics: Registry;
  }
}

/** How long requests take, by route as declared and status. */
export default fp(
  async (app: FastifyInstance) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const seconds = new Histogram({
      name: 'daozhang_http_request_seconds',
      help: 'Requests by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    });
    app.decorate('metrics', registry);
    app.addHook('onResponse', async (request, reply) => {
      // how long a page stays open is not how long we take
      if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
      const labels = { method: request.method, route: request.routeOptions.url ?? '(none)', status: reply.statusCode };
      seconds.observe(labels, reply.elapsedTime / 1_000);
    });
    app.addHook('onClose', async () => registry.clear());
  },
  { name: 'metrics' },
);

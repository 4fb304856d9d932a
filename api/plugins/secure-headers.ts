import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

const HSTS = 'max-age=31536000; includeSubDomains';

/**
 * What a browser may do with an answer: nothing. The API's own page (/docs) says for itself what it needs. Answers are kept by nobody on the way, because nearly all
 * of them are about people.
 */
export default fp(
  async (app: FastifyInstance) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
      xFrameOptions: { action: 'deny' },
      // only where it is true: on this machine, and behind a proxy that is not believed, it would lock browsers out
      strictTransportSecurity: false,
    });
    app.addHook('onRequest', async (request, reply) => {
      if (request.protocol === 'https') reply.header('strict-transport-security', HSTS);
      reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
      if (!request.routeOptions.url?.startsWith('/docs')) reply.header('cache-control', 'no-store');
    });
  },
  { name: 'secure-headers' },
);

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { tidyDocument } from '../openapi-document.ts';

const ABOUT = `Medical-reimbursement claims, from the invoice to the money in the account.

* Send the key of your system as \`Authorization: Bearer dzk_…\`. A key has scopes and a unit, and sees that unit's subtree: everything else is 404.
* A key with the scope \`act-for\` names the person for whom it acts in \`Daozhang-Actor\`.
* Every POST that creates or decides carries an \`Idempotency-Key\`. The same key and request give the same answer, however often they are sent.
* Amounts are decimal yuan as strings, days \`yyyy-MM-dd\`, times RFC 3339.
* Whatever is not done is answered with \`application/problem+json\` and a \`code\`.`;

/** /openapi.json, made of the schemas that the routes really use, and the page /docs. */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRoute', (route) => {
      // the plugin's own page and files
      if (route.url.startsWith('/docs')) route.config = { ...route.config, access: 'open' };
      const access = route.config?.access;
      if (!route.schema || route.method === 'HEAD' || access === undefined) return;
      const operationId = operationIdOf(String(route.method), route.url);
      const scope = access === 'open' || access === 'signed' ? undefined : access;
      const description = [route.schema.description, scope && `Scope: \`${scope}\`.`].filter(Boolean).join('\n\n');
      route.schema = { ...route.schema, operationId, ...(description && { description }), ...(scope && { security: [{ apiKey: [] }] }) };
    });
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: '到账 Daozhang', version: '1', description: ABOUT, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
        servers: [{ url: '/' }],
        tags: [
          { name: 'claims', description: '报销申请' },
          { name: 'documents', description: '材料' },
          { name: 'tasks', description: '待办' },
          { name: 'directory', description: '单位、员工、账户、额度' },
          { name: 'payout', description: '支付总闸' },
          { name: 'webhooks', description: '事件推送' },
          { name: 'callbacks', description: '医保局与银行的回调' },
          { name: 'operations', description: '运行' },
        ],
        components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'dzk_<id>_<secret>', description: 'An API key' } } },
      },
      transform: jsonSchemaTransform,
      transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
    });
    await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { docExpansion: 'list', deepLinking: true } });
    app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) => reply.send(app.swagger()));
  },
  { name: 'openapi' },
);

/** `POST /v1/claims/:number/confirm` → `postClaimsByNumberConfirm`: what generated clients call it. */
function operationIdOf(method: string, url: string): string {
  const words = url
    .replace(/^\/v1/, '')
    .split('/')
    .filter(Boolean)
    .map((part) => (part.startsWith(':') ? `by-${part.slice(1)}` : part));
  return [method.toLowerCase(), ...words].join('-').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

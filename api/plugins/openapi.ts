import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { tidyDocument } from '../openapi-document.ts';

const ABOUT = `Medical-reimbursement claims, from the invoice to the money in the account.

* A system sends its key as \`Authorization: Bearer dzk_…\`, or an access token of the identity provider. Both have scopes and a unit, and see that unit's subtree:
  everything else is 404.
* People sign in at \`/auth/login\`; whatever a page changes for them carries the token of \`GET /v1/session\` in \`Daozhang-Csrf\`.
* A system with the scope \`act-for\` names the person for whom it acts in \`Daozhang-Actor\`.
* Every POST that creates or decides carries an \`Idempotency-Key\`. The same key and request give the same answer, however often they are sent.
* Amounts are decimal yuan as strings, days \`yyyy-MM-dd\`, times RFC 3339.
* Whatever is not done is answered with \`application/problem+json\` and a \`code\`.`;

/** Its own files, and calls to this API. */
const PAGE_MAY_LOAD = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

const SECURITY = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-daozhang-session',
    description: 'A person who is signed in; changes need the header `Daozhang-Csrf` as well',
  },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the identity provider, by client credentials (RFC 9068)',
  },
  apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'dzk_<id>_<secret>', description: 'An API key' },
} as const;

/** /openapi.json, made of the schemas that the routes really use, and the page /docs. */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRoute', (route) => {
      // the plugin's own page and files
      if (route.url.startsWith('/docs')) route.config = { ...route.config, access: 'open' };
      const access = route.config?.access;
      if (!route.schema || route.method === 'HEAD' || access === undefined) return;
      const operationId = operationIdOf(String(route.method), route.url);
      const scope = access === 'open' || access === 'signed' || access === 'session' ? undefined : access;
      const security = scope ? [{ session: [] }, { accessToken: [] }, { apiKey: [] }] : access === 'session' ? [{ session: [] }] : undefined;
      const description = [route.schema.description, scope && `Scope: \`${scope}\`.`].filter(Boolean).join('\n\n');
      const asks = route.config?.action && { 'x-action': route.config.action };
      route.schema = { ...route.schema, operationId, ...(description && { description }), ...(security && { security }), ...asks };
    });
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: '到账 Daozhang', version: '1', description: ABOUT, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
        servers: [{ url: '/' }],
        tags: [
          { name: 'sign-in', description: '登录' },
          { name: 'claims', description: '报销申请' },
          { name: 'documents', description: '材料' },
          { name: 'tasks', description: '待办' },
          { name: 'live', description: '实时更新' },
          { name: 'directory', description: '单位、员工、账户、额度' },
          { name: 'inspection', description: '检查包' },
          { name: 'simulations', description: '政策试算' },
          { name: 'consent', description: '个人同意' },
          { name: 'retention', description: '保存期限与删除' },
          { name: 'payout', description: '支付总闸' },
          { name: 'webhooks', description: '事件推送' },
          { name: 'callbacks', description: '医保局与银行的回调' },
          { name: 'operations', description: '运行' },
        ],
        components: { securitySchemes: SECURITY },
      },
      transform: jsonSchemaTransform,
      transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
    });
    await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: PAGE_MAY_LOAD, uiConfig: { docExpansion: 'list', deepLinking: true } });
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

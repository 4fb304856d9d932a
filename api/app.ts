import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Database } from '#prisma/database.ts';
import type { OutgoingPolicy } from '#platform/outgoing-address.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import type { Gateways } from '#platform/gateways.ts';
import type { Keys } from '#platform/keys.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import { JSON_LIMIT_BYTES, REQUEST_TIMEOUT_MS } from './limits.ts';
import auth from './plugins/auth.ts';
import errors, { answerFrameworkError, answerUnreadable } from './plugins/errors.ts';
import idempotency from './plugins/idempotency.ts';
import metrics from './plugins/metrics.ts';
import openapi from './plugins/openapi.ts';
import requestLog from './plugins/request-log.ts';
import { callbackRoutes } from './routes/callbacks.ts';
import { claimActionRoutes } from './routes/claim-actions.ts';
import { claimReadingRoutes } from './routes/claim-reading.ts';
import { claimRoutes } from './routes/claims.ts';
import { documentRoutes } from './routes/documents.ts';
import { employeeRecordRoutes } from './routes/employee-records.ts';
import { employeeRoutes } from './routes/employees.ts';
import { healthRoutes } from './routes/health.ts';
import { payoutStopRoutes } from './routes/payout-stops.ts';
import { taskRoutes } from './routes/tasks.ts';
import { unitRoutes } from './routes/units.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/** What the API is built of. Everything that the outside decides comes in here, so that tests bring their own. */
export type ApiDeps = {
  database: Database;
  documents: DocumentStore;
  keys: Keys;
  log: FastifyBaseLogger;
  clock: () => Date;
  /** bureaus and banks as GATEWAYS_FILE declares them */
  gateways: Gateways;
  /** holidays and the bank's terms, by which deadlines are shown; read anew now and then, because both are edited while claims wait */
  clockwork: () => Promise<Clockwork>;
  /** resolves where the workflow service answers; its absence keeps us ready, because submissions go on */
  pingTemporal: () => Promise<void>;
  /** where people's decisions go, and how long they wait for the answer */
  workflows: { client: Client; taskQueue: string; updateDeadlineMs: number };
  /** where webhooks may be sent to */
  outgoing: OutgoingPolicy;
  /** addresses and blocks of the proxies whose X-Forwarded-For is believed; none where absent */
  trustProxy?: string[];
};

declare module 'fastify' {
  interface FastifyInstance {
    readonly deps: ApiDeps;
  }
}

/** The whole API, ready for `listen` or `inject`. The caller closes what it put into `deps`. */
export async function buildApp(deps: ApiDeps): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: deps.log,
    // our own line has no query string, which may say whose claims were asked for
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: JSON_LIMIT_BYTES,
    trustProxy: deps.trustProxy ?? false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // while closing, requests on open connections are still answered as always
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerUnreadable,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
  });
  app.decorate('deps', deps);
  // JSON alone; routes that take something else say so for themselves
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(errors);
  await app.register(requestLog);
  await app.register(metrics);
  await app.register(openapi);
  await app.register(auth);
  await app.register(idempotency);
  for (const routes of [healthRoutes, documentRoutes, claimRoutes, claimReadingRoutes, claimActionRoutes, taskRoutes, callbackRoutes])
    await app.register(routes);
  for (const routes of [unitRoutes, employeeRoutes, employeeRecordRoutes, payoutStopRoutes, webhookRoutes]) await app.register(routes);
  return app;
}

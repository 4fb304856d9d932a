import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Policies } from '#platform/policy/load.ts';
import type { Database } from '#prisma/database.ts';
import type { OutgoingPolicy } from '#platform/outgoing-address.ts';
import type { AuditKey } from '#platform/audit-key.ts';
import type { DocumentStore } from '#platform/document-store.ts';
import type { Gateways } from '#platform/gateways.ts';
import type { Keys } from '#platform/keys.ts';
import type { PayloadKeys } from '#platform/payload-codec.ts';
import type { Renderer } from '#platform/render/renderer.ts';
import type { SignInConfig } from '#platform/sign-in-config.ts';
import type { Clockwork } from '#prisma/queries/claim-context.ts';
import { JSON_LIMIT_BYTES, REQUEST_TIMEOUT_MS } from './limits.ts';
import type { LiveOptions } from './live/hub.ts';
import auth from './plugins/auth.ts';
import consolePages from './plugins/console.ts';
import errors, { answerFrameworkError, answerUnreadable } from './plugins/errors.ts';
import idempotency from './plugins/idempotency.ts';
import looks from './plugins/looks.ts';
import metrics from './plugins/metrics.ts';
import openapi from './plugins/openapi.ts';
import rateLimits, { type RateLimits } from './plugins/rate-limits.ts';
import requestLog from './plugins/request-log.ts';
import signIn from './plugins/sign-in.ts';
import secureHeaders from './plugins/secure-headers.ts';
import { announcementRoutes } from './routes/announcements.ts';
import { approvalFlowRoutes } from './routes/approval-flows.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { callbackRoutes } from './routes/callbacks.ts';
import { claimActionRoutes } from './routes/claim-actions.ts';
import { claimEntitlementRoutes } from './routes/claim-entitlement.ts';
import { claimOperationRoutes } from './routes/claim-operations.ts';
import { claimFindingRoutes } from './routes/claim-findings.ts';
import { claimMatchRoutes } from './routes/claim-matches.ts';
import { claimReadingRoutes } from './routes/claim-reading.ts';
import { claimRoutes } from './routes/claims.ts';
import { colleagueRoutes } from './routes/colleagues.ts';
import { consentRoutes } from './routes/consents.ts';
import { documentContentRoutes } from './routes/document-content.ts';
import { codecRoutes } from './routes/codec.ts';
import { documentRoutes } from './routes/documents.ts';
import { employeeRecordRoutes } from './routes/employee-records.ts';
import { employeeRoutes } from './routes/employees.ts';
import { estimateRoutes } from './routes/estimates.ts';
import { healthRoutes } from './routes/health.ts';
import { liveRoutes } from './routes/live.ts';
import { legalHoldRoutes } from './routes/legal-holds.ts';
import { inspectionRoutes } from './routes/inspections.ts';
import { lookRoutes } from './routes/looks.ts';
import { pageErrorRoutes } from './routes/page-errors.ts';
import { operationRoutes } from './routes/operations.ts';
import { payoutStopRoutes } from './routes/payout-stops.ts';
import { simulationRoutes } from './routes/simulations.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { proposalRoutes } from './routes/proposals.ts';
import { readingRoutes } from './routes/reading.ts';
import { retentionRoutes } from './routes/retention.ts';
import { roleRoutes } from './routes/roles.ts';
import { substitutionRoutes } from './routes/substitutions.ts';
import { taskRoutes } from './routes/tasks.ts';
import { unitRoutes } from './routes/units.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/** What the API is built of. Everything that the outside decides comes in here, so that tests bring their own. */
export type ApiDeps = {
  database: Database;
  documents: DocumentStore;
  /** reads uploaded files and makes pictures of them, in processes of its own */
  renderer: Renderer;
  keys: Keys;
  /** what inspection packs are signed with */
  auditKey: AuditKey;
  log: FastifyBaseLogger;
  clock: () => Date;
  /** what each insured region pays, and the employer on top */
  policies: Policies;
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
  /** what Temporal's payloads are sealed under, and the pages that may show operators what they hold */
  payloadKeys: PayloadKeys;
  codecOrigins?: readonly string[];
  /** where people look at workflows themselves; absent: no link */
  temporalUiUrl?: string | undefined;
  /** those that are not the defaults */
  rateLimits?: Partial<RateLimits>;
  /** where people sign in and machines get their tokens; absent: API keys alone open doors */
  signIn?: SignInConfig | undefined;
  /** the folder of the built console; without it there are no pages */
  console?: string | undefined;
  /** how pages are kept up to date; the defaults where absent */
  live?: Partial<LiveOptions>;
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
  await app.register(secureHeaders);
  await app.register(rateLimits);
  await app.register(openapi);
  await app.register(signIn);
  await app.register(auth);
  await app.register(looks);
  await app.register(idempotency);
  await app.register(consolePages);
  for (const routes of [
    healthRoutes,
    documentRoutes,
    documentContentRoutes,
    readingRoutes,
    uploadRoutes,
    proposalRoutes,
    claimRoutes,
    claimReadingRoutes,
    claimActionRoutes,
    taskRoutes,
    callbackRoutes,
  ])
    await app.register(routes);
  for (const routes of [liveRoutes, approvalRoutes, approvalFlowRoutes]) await app.register(routes);
  for (const routes of [operationRoutes, claimOperationRoutes, announcementRoutes]) await app.register(routes);
  for (const routes of [claimFindingRoutes, claimMatchRoutes, claimEntitlementRoutes, lookRoutes]) await app.register(routes);
  for (const routes of [inspectionRoutes, estimateRoutes, simulationRoutes]) await app.register(routes);
  for (const routes of [
    unitRoutes,
    employeeRoutes,
    colleagueRoutes,
    employeeRecordRoutes,
    roleRoutes,
    substitutionRoutes,
    payoutStopRoutes,
    webhookRoutes,
    signInRoutes,
    consentRoutes,
    retentionRoutes,
    legalHoldRoutes,
    codecRoutes,
    pageErrorRoutes,
  ])
    await app.register(routes);
  return app;
}

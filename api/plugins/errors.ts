import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { locales } from 'zod';
import { ERRORS, refuse, type ErrorCode, type Refusal } from '#domain/errors.ts';
import { isDatabaseAway } from '#prisma/database-errors.ts';
import type { Problem } from '../contract/common.ts';
import { secondFactorPath } from '../sign-in/second-factor.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with the problem document of an expected refusal. */
    refuse(refusal: Refusal): FastifyReply;
  }
}

const PROBLEM = 'application/problem+json; charset=utf-8';
const MESSAGES = { zh: locales.zhCN().localeError, en: locales.en().localeError };
type Language = keyof typeof MESSAGES;
type Issues = NonNullable<Problem['errors']>;

/** What Fastify and its plugins refuse by themselves. */
const FRAMEWORK: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_REQ_FILE_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_PARTS_LIMIT: 'BODY_TOO_LARGE',
  FST_FILES_LIMIT: 'BODY_TOO_LARGE',
  FST_FIELDS_LIMIT: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_BAD_URL: 'NOT_FOUND',
  FST_ERR_MAX_PARAM_LENGTH: 'NOT_FOUND',
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
};

/**
 * Every answer that is no success leaves as `application/problem+json` with a code of domain/errors.ts. Refusals go through `reply.refuse`; what is
 * thrown is either known (a validation, Fastify's own, the database away) or a bug: logged, and answered with INTERNAL and nothing else.
 */
export default fp(
  async (app: FastifyInstance) => {
    const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
    app.addHook('onRoute', ({ url, method }) => {
      const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
      for (const each of [method].flat()) known.methods.add(each);
      routes.set(url, known);
    });

    const factor = app.deps.signIn?.secondFactorAcr[0];
    const stepUp = factor === undefined ? undefined : { signIn: secondFactorPath(factor) };
    app.decorateReply('refuse', function (this: FastifyReply, refusal: Refusal) {
      return send(this, refusal.code === 'SECOND_FACTOR_REQUIRED' && stepUp ? { ...refusal, params: { ...refusal.params, ...stepUp } } : refusal);
    });

    const answerNotFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const path = request.url.split('?', 1)[0] ?? '';
      // a path of its own wins over one with a parameter, as in the router
      const exact = routes.get(path);
      const methods = exact ? [...exact.methods] : [...routes.values()].flatMap((route) => (route.pattern.test(path) ? [...route.methods] : []));
      if (methods.length === 0 || methods.includes(request.method)) return send(reply, refuse('NOT_FOUND'));
      reply.header('allow', [...new Set([...methods, 'OPTIONS'])].toSorted().join(', '));
      return request.method === 'OPTIONS' ? reply.code(204).send() : send(reply, refuse('METHOD_NOT_ALLOWED'));
    };
    app.setNotFoundHandler(answerNotFound);

    app.setErrorHandler((error: FastifyError, request, reply) => {
      // whatever else is wrong with a request that leads nowhere
      if (request.is404) return answerNotFound(request, reply);
      if (hasZodFastifySchemaValidationErrors(error)) {
        const missing = missingHeader(error.validationContext, error.validation);
        if (missing) return send(reply, refuse(missing));
        // no such thing can have this name
        if (error.validationContext === 'params') return answerNotFound(request, reply);
        const issues = issuesOf(error.validationContext ?? 'body', error.validation, languageOf(request));
        return send(reply, refuse('VALIDATION_FAILED'), issues);
      }
      if (isDatabaseAway(error)) {
        request.log.warn({ err: error }, 'the database is away');
        return send(reply, refuse('DATABASE_UNAVAILABLE'));
      }
      const known = FRAMEWORK[error.code];
      if (known) return send(reply, refuse(known));
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
        return send(reply, refuse('VALIDATION_FAILED', { detail: error.message }));
      }
      request.log.error({ err: error }, 'unexpected');
      return send(reply, refuse('INTERNAL'));
    });
  },
  { name: 'errors', decorators: { fastify: ['deps'] } },
);

/** What Fastify refuses before there is a route: a URL that cannot be decoded. */
export function answerFrameworkError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  send(reply, refuse(FRAMEWORK[error.code] ?? 'VALIDATION_FAILED'));
}

/** What is not even HTTP, or has headers beyond all bounds: there is no request to answer, only a socket. */
export function answerUnreadable(_error: Error, socket: Socket): void {
  if (socket.writable) {
    const body = JSON.stringify(problemOf(refuse('VALIDATION_FAILED', { detail: 'not an HTTP request' }), 'zh', randomUUID(), undefined));
    socket.write(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: ${PROBLEM}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroy();
}

/** Where a browser that wanted to sign in is told that it did not, by the console (console/sign-in/refused.tsx). */
const REFUSED = '/app/sign-in-refused';

/** Somebody, and no program: a browser that goes where the identity provider or a button has sent it. */
function isSigningIn({ method, url, headers, server }: FastifyRequest): boolean {
  return server.deps.console !== undefined && method === 'GET' && url.startsWith('/auth/') && (headers.accept ?? '').includes('text/html');
}

function send(reply: FastifyReply, refusal: Refusal, errors?: Issues): FastifyReply {
  if (isSigningIn(reply.request)) return reply.redirect(`${REFUSED}?why=${refusal.code}&reference=${reply.request.id.slice(-12)}`, 303);
  const { status } = ERRORS[refusal.code];
  const language = languageOf(reply.request);
  reply
    .code(status)
    .type(PROBLEM)
    .header('content-language', language === 'zh' ? 'zh-CN' : 'en')
    .header('vary', 'accept-language');
  if (status === 401) reply.header('www-authenticate', `Bearer realm="daozhang"${refusal.code === 'TOKEN_INVALID' ? ', error="invalid_token"' : ''}`);
  if ('retryable' in ERRORS[refusal.code] && !reply.hasHeader('retry-after')) reply.header('retry-after', status === 409 ? '1' : '5');
  // as text: routes without a schema for this status (not found, method) answer the same
  return reply.send(JSON.stringify(problemOf(refusal, language, reply.request.id, errors)));
}

function problemOf({ code, detail, params }: Refusal, language: Language, requestId: string, errors: Issues | undefined): Problem {
  const entry: (typeof ERRORS)[ErrorCode] = ERRORS[code];
  return {
    type: `urn:daozhang:error:${code}`,
    title: entry[language],
    status: entry.status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(params === undefined
      ? {}
      : { params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])) as Problem['params'] }),
    ...(errors === undefined ? {} : { errors }),
    ...(entry.retryable ? { retryable: true as const } : {}),
    instance: `urn:uuid:${requestId}`,
  };
}

/** Chinese, unless English is asked for first. */
export function languageOf(request: FastifyRequest): Language {
  const [first = ''] = (request.headers['accept-language'] ?? '').split(',', 1);
  return first.trim().toLowerCase().startsWith('en') ? 'en' : 'zh';
}

type ZodIssues = readonly { keyword: string; instancePath: string; message?: string | undefined; params: Record<string, unknown> }[];

function missingHeader(context: string | undefined, issues: ZodIssues): ErrorCode | undefined {
  if (context !== 'headers') return undefined;
  const missing = issues.filter((issue) => issue.keyword === 'invalid_type').map((issue) => issue.instancePath);
  if (missing.includes('/idempotency-key')) return 'IDEMPOTENCY_KEY_MISSING';
  return missing.includes('/if-match') ? 'PRECONDITION_REQUIRED' : undefined;
}

function issuesOf(context: string, issues: ZodIssues, language: Language): Issues {
  return issues.map(({ keyword, instancePath, params, message }) => {
    const path = instancePath.slice(1).replaceAll('/', '.');
    const issue = { ...params, code: keyword, path: path.split('.'), message: message ?? '', input: undefined };
    const said = MESSAGES[language](issue as Parameters<typeof MESSAGES.en>[0]);
    const text = typeof said === 'string' ? said : said?.message;
    return { path: context === 'body' ? path : `${context}.${path}`, code: keyword, message: text ?? message ?? '' };
  });
}

function patternOf(url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/:[^/]+/g, '[^/]+').replaceAll('*', '.*')}$`);
}

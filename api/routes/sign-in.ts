import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { keyedHash } from '#platform/keys.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findEmployee } from '#prisma/queries/employees.ts';
import { describePerson, endSessionsOf, findSigningIn } from '#prisma/queries/sessions.ts';
import { headers, noContent, responses } from '../contract/common.ts';
import { employeeParams } from '../contract/employees.ts';
import { callbackQuery, session, signedOut, signInQuery } from '../contract/sign-in.ts';
import { ATTEMPT_SECONDS, attemptHash, beginAttempt, equals, ownAddress, proofOf, readAttempt, type Attempt } from '../sign-in/attempts.ts';
import { ProviderUnavailable } from '../sign-in/identity-provider.ts';
import { secondFactorPath, showsSecondFactor } from '../sign-in/second-factor.ts';
import type { SignIn } from '../sign-in/sign-in.ts';

const tags = ['sign-in'];
const redirect = { 303: noContent };

/** Signing in and out (登录). The browser is sent to the employer's identity provider and comes back with a code; what is kept here is a session. */
export const signInRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, database, keys } = app.deps;
  const { signIn } = app;

  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.get(
    '/auth/login',
    {
      config: { access: 'open' },
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Send the browser to the identity provider',
        querystring: signInQuery,
        response: responses(redirect, { codes: ['IDENTITY_PROVIDER_UNAVAILABLE'] }),
      },
    },
    async (request, reply) => {
      if (!signIn) return reply.refuse(refuse('NOT_FOUND'));
      const { returnTo: path, acr, prompt } = request.query;
      const returnTo = ownAddress(path, signIn.config.publicUrl);
      if (returnTo === undefined) return reply.refuse(refuse('VALIDATION_FAILED', { detail: 'returnTo is not a path of this origin' }));
      if (acr !== undefined && !signIn.config.secondFactorAcr.includes(acr))
        return reply.refuse(refuse('VALIDATION_FAILED', { detail: 'acr is not one that is agreed' }));
      const signedIn = acr === undefined ? undefined : await signIn.sessions.find(request);
      const person = signedIn && (await findSigningIn(database, signedIn));
      const attempt = beginAttempt({ returnTo, acr, employeeId: person?.employeeId }, clock());
      return unlessAway(request, reply, async () => {
        const url = await signIn.provider.authorizationUrl({ ...proofOf(attempt), acr, prompt });
        await signIn.cookies.write(reply, 'sign-in', JSON.stringify(attempt), ATTEMPT_SECONDS);
        return reply.redirect(url.href, 303);
      });
    },
  );

  app.get(
    '/auth/callback',
    {
      config: { access: 'open' },
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Come back from the identity provider',
        querystring: callbackQuery,
        response: responses(redirect, {
          codes: [
            'SIGN_IN_STATE_INVALID',
            'SIGN_IN_REFUSED',
            'PERSON_NOT_REGISTERED',
            'SECOND_FACTOR_REQUIRED',
            'SIGN_IN_OTHER_PERSON',
            'IDENTITY_PROVIDER_UNAVAILABLE',
          ],
        }),
      },
    },
    async (request, reply) => {
      if (!signIn) return reply.refuse(refuse('NOT_FOUND'));
      const begun = await attemptOf(signIn, request);
      if (typeof begun === 'string') return reply.refuse(await signIn.record(request, { code: 'SIGN_IN_STATE_INVALID', reason: begun }));
      signIn.cookies.clear(reply, 'sign-in');
      return unlessAway(request, reply, async () => {
        const refused = await comeBack(signIn, request, reply, begun);
        return refused ? reply.refuse(refused) : reply.redirect(begun.returnTo, 303);
      });
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { access: 'session', action: { none: 'the own session' } },
      schema: { tags, summary: 'End the session', headers: headers(), response: responses({ 200: signedOut }, { codes: ['SESSION_ENDED', 'CSRF_REFUSED'] }) },
    },
    async (request, reply) => {
      await signIn?.sessions.end(request, reply);
      const url = await signIn?.provider.endSessionUrl().catch((error: unknown) => {
        // signed out here in any case
        if (!(error instanceof ProviderUnavailable)) throw error;
        return undefined;
      });
      return { endSessionUrl: url?.href ?? null };
    },
  );

  app.get(
    '/v1/session',
    {
      config: { access: 'session', action: { none: 'the own session' } },
      schema: {
        tags,
        summary: 'Who is signed in, as what and until when',
        headers: headers(),
        response: responses({ 200: session }, { codes: ['SESSION_ENDED'] }),
      },
    },
    async (request, reply) => {
      const { person } = request;
      const signedIn = signIn?.sessions.of(request);
      if (!signIn || !signedIn || !person) return reply.refuse(refuse('UNAUTHENTICATED'));
      const { name, roles } = await describePerson(request.db, person);
      return {
        ...{ employeeNo: person.employeeNo, name, unitCode: person.unitCode, roles, secondFactor: signedIn.secondFactor },
        ...{
          secondFactorSignIn: secondFactorPath(signIn.config.secondFactorAcr[0]),
          csrfToken: signedIn.csrfToken,
          deviceKey: Buffer.from(keyedHash(keys.document, `device ${person.employeeId}`), 'hex').toString('base64'),
          signedInAt: signedIn.createdAt.toISOString(),
        },
        ...{ idleUntil: signedIn.idleUntil.toISOString(), endsAt: signedIn.expiresAt.toISOString() },
      };
    },
  );

  app.delete(
    '/v1/employees/:employeeNo/sessions',
    {
      config: { access: 'directory:write', action: 'session.end' },
      schema: {
        tags,
        summary: 'Sign an employee out everywhere',
        headers: headers(),
        params: employeeParams,
        response: responses({ 204: noContent }, { codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const employee = await findEmployee(request.db, { employeeNo: request.params.employeeNo });
      if (!employee) return reply.refuse(refuse('NOT_FOUND'));
      const { id: employeeId, unitId, unitAncestors } = employee;
      const allowed = request.may('session.end', { unitAncestors, employeeId });
      if (!allowed.ok) return reply.refuse(allowed);
      const at = clock();
      await request.db.write(async (tx) => {
        const ended = await endSessionsOf(tx, { employeeId, at });
        await audit(tx, { unitId, at, actor: request.actor, action: 'sessions-ended', detail: { employeeId, ended } });
      });
      return reply.code(204).send();
    },
  );

  /** The refusal of what the browser came back with; undefined where a session was started. */
  async function comeBack(
    { provider, config, sessions, record }: SignIn,
    request: FastifyRequest,
    reply: FastifyReply,
    attempt: Attempt,
  ): Promise<Refusal | undefined> {
    const exchange = await provider.exchange({ ...proofOf(attempt), callback: new URL(request.url, config.publicUrl) });
    if (!exchange.ok) return record(request, { code: 'SIGN_IN_REFUSED', params: { reason: exchange.reason }, reason: exchange.reason });
    const employeeNo = exchange.claims[config.employeeClaim];
    if (typeof employeeNo !== 'string' || employeeNo === '') return record(request, { code: 'PERSON_NOT_REGISTERED', reason: 'claim-missing' });
    const person = await findSigningIn(database, { employeeNo });
    if (!person) return record(request, { code: 'PERSON_NOT_REGISTERED', reason: 'unknown' });
    if (!person.active) return record(request, { code: 'PERSON_NOT_REGISTERED', reason: 'inactive', person });
    if (attempt.employeeId !== undefined && attempt.employeeId !== person.employeeId)
      return record(request, { code: 'SIGN_IN_OTHER_PERSON', reason: 'other-person', person });
    const secondFactor = showsSecondFactor(exchange.claims, config.secondFactorAcr);
    if (attempt.acr !== undefined && !secondFactor) return record(request, { code: 'SECOND_FACTOR_REQUIRED', reason: 'second-factor-missing', person });
    const started = await sessions.start(request, reply, { attempt: attemptHash(attempt), person, secondFactor });
    return started === 'replayed' ? record(request, { code: 'SIGN_IN_STATE_INVALID', reason: 'replayed', person }) : undefined;
  }

  /** What this browser began and the provider answers to; else what is wrong with it. */
  async function attemptOf({ cookies }: SignIn, request: FastifyRequest): Promise<Attempt | 'cookie-missing' | 'cookie-forged' | 'too-late' | 'state'> {
    const cookie = await cookies.read(request, 'sign-in');
    if (cookie === undefined) return 'cookie-missing';
    if (cookie === 'forged') return 'cookie-forged';
    const attempt = readAttempt(cookie.value, clock());
    if (!attempt) return 'too-late';
    const { state } = request.query as { state?: string };
    return state !== undefined && equals(state, proofOf(attempt).state) ? attempt : 'state';
  }
};

async function unlessAway(request: FastifyRequest, reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    request.log.warn({ err: error.cause }, error.message);
    return reply.refuse(refuse('IDENTITY_PROVIDER_UNAVAILABLE'));
  }
}

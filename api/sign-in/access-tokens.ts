import type { FastifyRequest } from 'fastify';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Database } from '#prisma/database.ts';
import { findMachineClient } from '#prisma/queries/machine-clients.ts';
import type { Authenticator } from '../plugins/auth.ts';
import { ALGORITHMS, ProviderUnavailable, type IdentityProvider } from './identity-provider.ts';
import type { RecordRefused } from './refused.ts';

/** Three parts, the last of which is empty in a token without a signature: that is to be refused as such. */
const JWT = /^Bearer ([A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,8000}\.[A-Za-z0-9_-]{0,2000})$/i;
const LEEWAY_S = 30;

/**
 * Access tokens of machines (OAuth client credentials, RFC 9068). Algorithm, signature, issuer, audience, type and times are checked here; what the machine may do is
 * the scope of the token as far as our own row of the client goes.
 */
export function accessTokens(deps: {
  provider: IdentityProvider;
  issuer: string;
  audience: string;
  database: Database;
  clock: () => Date;
  record: RecordRefused;
}): Authenticator {
  const { provider, issuer, audience, database, clock, record } = deps;

  return async (request) => {
    const token = JWT.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const read = await verify(token);
    if ('away' in read) {
      request.log.warn({ err: read.away }, 'the identity provider is away');
      return refuse('IDENTITY_PROVIDER_UNAVAILABLE');
    }
    if ('reason' in read) return refused(request, read.reason);
    const { client_id: clientId, scope } = read.payload;
    if (typeof clientId !== 'string' || clientId === '') return refused(request, 'client');
    const client = await findMachineClient(database, { clientId });
    if (!client) return refused(request, 'client');
    const granted = typeof scope === 'string' ? scope.split(' ') : [];
    const { id, unitId, unitCode, unitAncestors } = client;
    const machine = { keyId: id, unitId, unitCode, unitAncestors, scopes: client.scopes.filter((each) => granted.includes(each)) };
    return { ok: true, caller: { id, machine, person: null, secondFactor: true } };
  };

  async function verify(token: string): Promise<{ payload: JWTPayload } | { reason: string } | { away: unknown }> {
    try {
      return await jwtVerify(token, provider.publicKeys, {
        ...{ issuer, audience, typ: 'at+jwt', algorithms: ALGORITHMS, clockTolerance: LEEWAY_S },
        ...{ currentDate: clock(), requiredClaims: ['exp', 'client_id'] },
      });
    } catch (error) {
      return error instanceof ProviderUnavailable ? { away: error.cause } : { reason: reasonOf(error) };
    }
  }

  function refused(request: FastifyRequest, reason: string): Promise<Refusal> {
    return record(request, { code: 'TOKEN_INVALID', params: { reason }, reason });
  }
}

const CLAIMS: Record<string, string> = { iss: 'issuer', aud: 'audience', typ: 'type', exp: 'expiry', nbf: 'not-yet', client_id: 'client' };

/** What is wrong, in a word that a developer can act upon and that says nothing of the token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIMS[error.claim] ?? 'claims';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JOSEError) return 'format';
  throw error;
}

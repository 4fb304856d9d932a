import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';
import { isSecureUrl, type SignInConfig } from '#platform/sign-in-config.ts';

/** The provider could not be reached, or answered as none would: nobody is refused for that. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';

  constructor(cause: unknown) {
    super('the identity provider is away', { cause });
  }
}

/** What proves that a callback belongs to the sign-in that we began, in the browser where we began it. */
export type Proof = { state: string; nonce: string; verifier: string };

/** `reason` is a code of ours or of the library, never a text from outside. */
export type Exchange = { ok: true; claims: oidc.IDToken } | { ok: false; reason: string };

/** The employer's OpenID provider. Everything throws `ProviderUnavailable` where it is away. */
export type IdentityProvider = {
  /** Where the browser is sent. `acr`: the class of authentication that is asked for. `prompt`: `login` asks who it is even where somebody is signed in there. */
  authorizationUrl(request: Proof & { acr: string | undefined; prompt: 'login' | undefined }): Promise<URL>;
  /** Takes the code for an ID token whose signature, issuer, audience, times and nonce are right. `callback`: the whole address that the browser came back to. */
  exchange(request: Proof & { callback: URL }): Promise<Exchange>;
  /** Where the session at the provider is ended; undefined where it has no such address. */
  endSessionUrl(): Promise<URL | undefined>;
  /** The provider's public keys, for tokens of machines. */
  readonly publicKeys: JWTVerifyGetKey;
};

const TIMEOUT_S = 5;
const KEYS_KEPT_MS = 600_000;
// Signatures of asymmetric keys alone: what the provider publishes must be no secret.
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

export function openIdentityProvider({ issuer, clientId, clientSecret, publicUrl }: SignInConfig): IdentityProvider {
  let discovered: Promise<oidc.Configuration> | undefined;
  let remoteKeys: JWTVerifyGetKey | undefined;

  async function provider(): Promise<oidc.Configuration> {
    const asked = (discovered ??= discover());
    try {
      return await asked;
    } catch (error) {
      // asked again by whoever comes next: the API starts and serves keys while the provider is away
      if (discovered === asked) discovered = undefined;
      throw new ProviderUnavailable(error);
    }
  }

  async function discover(): Promise<oidc.Configuration> {
    const url = new URL(issuer);
    // isSecureUrl has let http through for this machine alone
    const execute = [oidc.enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])];
    const found = await oidc.discovery(url, clientId, { token_endpoint_auth_method: 'client_secret_basic' }, oidc.ClientSecretBasic(clientSecret), {
      ...{ execute, timeout: TIMEOUT_S },
    });
    const { authorization_endpoint: authorization, token_endpoint: token, jwks_uri: keys } = found.serverMetadata();
    if (![authorization, token, keys].every((each) => each !== undefined && isSecureUrl(each)))
      throw new Error('the provider lacks an address, or has one in clear');
    return found;
  }

  return {
    async authorizationUrl({ state, nonce, verifier, acr, prompt }) {
      const found = await provider();
      // acr_values is but a wish; what both together mean is left open by OpenID Connect (Core 5.5.1.1)
      const essential = found.serverMetadata().claims_parameter_supported === true;
      return oidc.buildAuthorizationUrl(found, {
        ...{ redirect_uri: `${publicUrl}/auth/callback`, scope: 'openid', state, nonce },
        ...{ code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
        ...(prompt !== undefined && { prompt }),
        ...(acr !== undefined && (essential ? { claims: JSON.stringify({ id_token: { acr: { essential, values: [acr] } } }) } : { acr_values: acr })),
      });
    },
    async exchange({ callback, state, nonce, verifier }) {
      const found = await provider();
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
        const claims = (await oidc.authorizationCodeGrant(found, callback, checks)).claims();
        return claims ? { ok: true, claims } : { ok: false, reason: 'ID_TOKEN_MISSING' };
      } catch (error) {
        if (isOutage(error)) throw new ProviderUnavailable(error);
        return { ok: false, reason: reasonOf(error) };
      }
    },
    async endSessionUrl() {
      const found = await provider();
      if (found.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(found, { post_logout_redirect_uri: `${publicUrl}/` });
    },
    async publicKeys(header, token) {
      const address = (await provider()).serverMetadata().jwks_uri;
      remoteKeys ??= createRemoteJWKSet(new URL(address ?? ''), { cacheMaxAge: KEYS_KEPT_MS, timeoutDuration: TIMEOUT_S * 1_000 });
      try {
        return await remoteKeys(header, token);
      } catch (error) {
        const known = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
        throw known.some((kind) => error instanceof kind) ? error : new ProviderUnavailable(error);
      }
    },
  };
}

/** Not reached, not in time, or not an answer of the protocol. */
function isOutage(error: unknown): boolean {
  if (error instanceof oidc.ResponseBodyError) return error.status >= 500;
  if (error instanceof TypeError) return error.message === 'fetch failed';
  if (!(error instanceof oidc.ClientError)) return false;
  return ['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR'].includes(error.code ?? '');
}

const KNOWN_REFUSALS = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'invalid_grant',
  'invalid_request',
  'invalid_client',
  'unmet_authentication_requirements',
]);

function reasonOf(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError)
    return KNOWN_REFUSALS.has(error.error) ? error.error : 'other';
  return error instanceof oidc.ClientError && error.code !== undefined ? error.code : 'other';
}

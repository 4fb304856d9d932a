import { refuse } from '#domain/errors.ts';
import type { SignInConfig } from '#platform/sign-in-config.ts';
import type { Database } from '#prisma/database.ts';
import type { Authenticator } from '../plugins/auth.ts';
import { accessTokens } from './access-tokens.ts';
import { createCookies, type Cookies } from './cookies.ts';
import { openIdentityProvider, type IdentityProvider } from './identity-provider.ts';
import { createRecorder, type RecordRefused } from './refused.ts';
import { createSessions, type Sessions } from './sessions.ts';

/** Signing in at the employer's identity provider, put together. */
export type SignIn = {
  config: SignInConfig;
  provider: IdentityProvider;
  cookies: Cookies;
  sessions: Sessions;
  record: RecordRefused;
  /** in the order in which they are asked */
  authenticators: readonly Authenticator[];
};

export function createSignIn({ config, database, clock }: { config: SignInConfig; database: Database; clock: () => Date }): SignIn {
  const provider = openIdentityProvider(config);
  const cookies = createCookies({ vault: database.vault, secure: config.publicUrl.startsWith('https:') });
  const record = createRecorder({ database, clock });
  const sessions = createSessions({ config, database, cookies, clock, record });
  const { issuer, audience } = config;
  // Two answers to the question of who is asking are none: a page that is led to send a token along must not act for its bearer, nor the other way round.
  const onlyOne: Authenticator = async (request) =>
    request.headers.authorization !== undefined && cookies.has(request, 'session') ? refuse('CREDENTIALS_AMBIGUOUS') : undefined;
  const machines = audience === undefined ? [] : [accessTokens({ provider, issuer, audience, database, clock, record })];
  return { config, provider, cookies, sessions, record, authenticators: [onlyOne, ...machines, sessions.authenticate] };
}

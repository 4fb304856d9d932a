import { buildApp, type ApiDeps } from '#api/app.ts';
import type { Scope } from '#domain/org/can.ts';
import { SCOPES } from '#domain/org/can.ts';
import { makeJwks } from '#dev/identity/keys.ts';
import { SECOND_FACTOR, startProvider, type RunningProvider } from '#dev/identity/provider.ts';
import { signInPerson } from '#dev/identity/people.ts';
import { freePort } from '#dev/stack/ports.ts';
import type { SignInConfig } from '#platform/sign-in-config.ts';
import type { JWKS } from 'oidc-provider';
import { openBrowser, type Browser, type Page } from './sign-in-browser.ts';
import { startTestApi, type TestApi } from './support.ts';

export const CODE = '246810';
const CLIENT = { id: 'daozhang', secret: 'the secret of the tests' };
export const MACHINE = { clientId: 'hr-system', clientSecret: 'the secret of the machine' };
export const AUDIENCE = 'https://claims.example/api';

export type SignInOptions = {
  returnTo?: string;
  acr?: string;
  /** gives the second factor */
  code?: boolean;
  /** changes what the browser is sent to the provider with */
  onTheWay?: (url: URL) => void;
  /** changes what it comes back with */
  onReturn?: (url: URL) => void | Promise<void>;
};

export type SignInWorld = TestApi & {
  api: string;
  issuer: string;
  provider: RunningProvider;
  jwks: JWKS;
  config: SignInConfig;
  /** milliseconds that the API's clock is ahead of the real one, by which the provider goes */
  ahead: { ms: number };
  browser(): Browser;
  /** Goes through the whole flow as this person; what the callback answered. */
  signIn(browser: Browser, employeeNo: string, options?: SignInOptions): Promise<Page>;
  /** A second process on the same database and keys. */
  another(): Promise<{ url: string; close(): Promise<void> }>;
  accessToken(request?: { scope?: string }): Promise<string>;
  registerMachine(client: { clientId: string; unit: keyof TestApi['unitIds']; scopes: readonly Scope[] }): Promise<void>;
  /** what was recorded as refused, oldest first: `CODE reason` */
  refusals(): Promise<string[]>;
};

/** The API as it listens, and the real provider beside it with E1, E2, E4 and E9, who has left, and X1, whom nobody here knows, and `people` besides. */
export async function startSignInWorld(
  overrides: Partial<SignInConfig> = {},
  deps: Partial<Omit<ApiDeps, 'database'>> = {},
  { people = [] }: { people?: readonly string[] } = {},
): Promise<SignInWorld> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const jwks = makeJwks();
  const provider = await startProvider({
    ...{ port: 0, publicUrl, client: CLIENT, audience: AUDIENCE, scopes: SCOPES, machines: [MACHINE], jwks, cookieSecret: 'cookies of the tests' },
    people: ['E1', 'E2', 'E4', 'E9', 'X1', ...people].map((employeeNo) => signInPerson({ employeeNo, name: employeeNo, about: '' })),
  });
  const { issuer } = provider;
  const config: SignInConfig = {
    ...{ issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, publicUrl, employeeClaim: 'employee_no', secondFactorAcr: [SECOND_FACTOR] },
    ...{ sessionIdleMinutes: 30, sessionHours: 12, audience: AUDIENCE },
    ...overrides,
  };
  const ahead = { ms: 0 };
  const test = await startTestApi({ ...deps, signIn: config, clock: () => new Date(Date.now() + ahead.ms) });
  await test.app.listen({ host: '127.0.0.1', port });

  const api = publicUrl;
  return {
    ...test,
    ...{ api, issuer, provider, jwks, config, ahead, browser: openBrowser },
    async signIn(browser, employeeNo, { returnTo, acr, code = false, onTheWay, onReturn } = {}) {
      const query = new URLSearchParams({ ...(returnTo !== undefined && { returnTo }), ...(acr !== undefined && { acr }) });
      const begun = await browser.get(`${api}/auth/login?${query.toString()}`);
      if (begun.status !== 303) return begun;
      let at = new URL(begun.location ?? '');
      onTheWay?.(at);
      for (let steps = 0; steps < 10; steps += 1) {
        if (at.origin === api) {
          await onReturn?.(at);
          return browser.get(at);
        }
        const page = at.pathname.startsWith('/interaction/') ? await interact(browser, at, { employeeNo, code }) : await browser.get(at);
        if (page.location === undefined) return page;
        at = new URL(page.location, at);
      }
      throw new Error('the sign-in goes round in circles');
    },
    async another() {
      const app = await buildApp(test.deps);
      return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
    },
    async accessToken({ scope } = {}) {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
      const basic = Buffer.from(`${MACHINE.clientId}:${encodeURIComponent(MACHINE.clientSecret)}`).toString('base64');
      const answer = await fetch(`${issuer}/token`, { method: 'POST', body, headers: { authorization: `Basic ${basic}` } });
      const { access_token: token } = (await answer.json()) as { access_token?: string };
      if (token === undefined) throw new Error('no access token');
      return token;
    },
    async registerMachine({ clientId, unit, scopes }) {
      await test.database.query('INSERT INTO machine_client (client_id, name, unit_id, scopes) VALUES ($1, $1, $2, $3)', [
        clientId,
        test.unitIds[unit],
        scopes,
      ]);
    },
    async refusals() {
      const { rows } = await test.database.query<{ detail: { code: string; reason: string } }>(
        `SELECT detail FROM audit_entry WHERE action = 'credential-refused' ORDER BY id`,
      );
      return rows.map(({ detail }) => `${detail.code} ${detail.reason}`);
    },
    async close() {
      await test.close();
      await provider.close();
    },
  };
}

async function interact(browser: Browser, at: URL, { employeeNo, code }: { employeeNo: string; code: boolean }): Promise<Page> {
  await browser.get(at);
  await browser.post(`${at.href}/password`, new URLSearchParams({ employeeNo, password: `password-${employeeNo}` }));
  return browser.post(`${at.href}/code`, new URLSearchParams({ code: code ? CODE : '' }));
}

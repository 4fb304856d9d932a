import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeJwks } from '#dev/identity/keys.ts';
import { SECOND_FACTOR } from '#dev/identity/provider.ts';
import { freePort } from '#dev/stack/ports.ts';
import { openBrowser } from './sign-in-browser.ts';
import { startTestApi, type TestApi } from './support.ts';

/**
 * A provider that answers whatever a test wants: the real one never makes a wrong ID token. It has no pages; the browser goes straight to the callback with the
 * state that it was given.
 */
type Answer = (asked: { nonce: string; form: URLSearchParams; authorization: string }) => Promise<{ status?: number; body: unknown }>;
const jwks = makeJwks();
const [jwk] = jwks.keys as unknown as [{ kid: string; n: string }];
const publicJwk = {
  ...(createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).export({ format: 'jwk' }) as object),
  kid: jwk.kid,
  alg: 'RS256',
  use: 'sig',
};

let server: Server;
let issuer: string;
let api: TestApi;
let origin: string;
let answer: Answer;
let nonce = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    const json = (status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration') return json(200, metadata());
    if (request.url === '/jwks') return json(200, { keys: [publicJwk] });
    void bodyOf(request).then(async (text) => {
      const { status = 200, body } = await answer({ nonce, form: new URLSearchParams(text), authorization: request.headers.authorization ?? '' });
      json(status, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  api = await startTestApi({ signIn: signIn(), clock: () => new Date() });
  await api.app.listen({ host: '127.0.0.1', port });
});
afterAll(async () => {
  await api?.close();
  server.close();
});

const signIn = () => ({
  ...{ issuer, clientId: 'daozhang', clientSecret: 'the secret of the tests', publicUrl: origin, employeeClaim: 'employee_no' },
  ...{ secondFactorAcr: [SECOND_FACTOR, 'level-3'] as const, sessionIdleMinutes: 30, sessionHours: 12, audience: undefined },
});
/** Whose metadata the provider gives out. */
let says: string | undefined;
const metadata = () => ({
  ...{ issuer: says ?? issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` },
  ...{
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  },
});
const now = () => Math.floor(Date.now() / 1_000);
const claimsOf = (changed: Record<string, unknown> = {}) => ({
  iss: issuer,
  aud: 'daozhang',
  sub: 's',
  iat: now(),
  exp: now() + 300,
  nonce,
  employee_no: 'E1',
  ...changed,
});
const sign = async (claims: object, key?: Parameters<SignJWT['sign']>[0]) =>
  new SignJWT(claims as never).setProtectedHeader({ alg: 'RS256', kid: jwk.kid }).sign(key ?? (await importJWK(jwk as never, 'RS256')));
const tokens = (idToken: string | undefined) => ({
  body: { access_token: 'opaque', token_type: 'Bearer', ...(idToken !== undefined && { id_token: idToken }) },
});
const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');

function hmacSigned(secret: string): string {
  const text = `${part({ alg: 'HS256', kid: jwk.kid })}.${part(claimsOf())}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function comeBack() {
  const browser = openBrowser();
  const sent = new URL((await browser.get(`${origin}/auth/login`)).location ?? '');
  nonce = sent.searchParams.get('nonce') ?? '';
  const back = await browser.get(`${origin}/auth/callback?code=x&state=${sent.searchParams.get('state')}`);
  const session = back.status === 303 ? (await browser.get(`${origin}/v1/session`)).json<{ employeeNo: string; secondFactor: boolean }>() : undefined;
  return { status: back.status, code: back.status === 303 ? undefined : back.json<{ code: string }>().code, session, browser };
}

test('the ID token that the others differ from signs in; the client shows its secret and the verifier', async () => {
  let asked: Parameters<Answer>[0] | undefined;
  answer = async (request) => {
    asked = request;
    return tokens(await sign(claimsOf()));
  };
  expect(await comeBack()).toMatchObject({ status: 303, session: { employeeNo: 'E1', secondFactor: false } });
  expect(asked?.authorization).toMatch(/^Basic /);
  expect(asked?.form.get('code_verifier')).toMatch(/^[\w-]{43}$/);
  expect(asked?.form.get('client_secret')).toBeNull();
});

test.each<[string, () => Promise<string | undefined>]>([
  ['no ID token', async () => undefined],
  ['of another issuer', () => sign(claimsOf({ iss: 'https://attacker.example' }))],
  ['for another client', () => sign(claimsOf({ aud: 'another' }))],
  ['for several clients, given to another', () => sign(claimsOf({ aud: ['daozhang', 'another'], azp: 'another' }))],
  ['expired', () => sign(claimsOf({ exp: now() - 3_600, iat: now() - 7_200 }))],
  ['without an end', () => sign(claimsOf({ exp: undefined }))],
  ['of another sign-in', () => sign(claimsOf({ nonce: 'another' }))],
  ['of no sign-in', () => sign(claimsOf({ nonce: undefined }))],
  ['signed by somebody else', () => sign(claimsOf(), createPrivateKey({ key: makeJwks().keys[0] as never, format: 'jwk' }))],
  ['unsigned', async () => `${part({ alg: 'none' })}.${part(claimsOf())}.`],
  ['signed with the client secret', async () => hmacSigned('the secret of the tests')],
  ['signed with the public key as a secret', async () => hmacSigned(jwk.n)],
  [
    'changed after it was signed',
    async () => {
      const [header, , signature] = (await sign(claimsOf({ employee_no: 'E2' }))).split('.');
      return `${header}.${part(claimsOf())}.${signature}`;
    },
  ],
])('%s: nobody is signed in', async (_, make) => {
  answer = async () => tokens(await make());
  const { status, code, browser } = await comeBack();
  expect([status, code]).toEqual([401, 'SIGN_IN_REFUSED']);
  expect(browser.cookies(origin).has('daozhang-session')).toBe(false);
});

test.each<[string, unknown]>([
  ['a list', ['E1']],
  ['an object', { toString: 'E1' }],
  ['empty', ''],
  ['a number', 1],
  ['another writing of it', 'e1'],
  ['with a space', ' E1'],
  ['SQL', `E1' OR 'a'='a`],
])('an employee number that is %s is nobody’s', async (_, employeeNo) => {
  answer = async () => tokens(await sign(claimsOf({ employee_no: employeeNo })));
  expect(await comeBack()).toMatchObject({ status: 403, code: 'PERSON_NOT_REGISTERED' });
});

test.each<[object, boolean]>([
  [{ acr: SECOND_FACTOR }, true],
  [{ acr: 'level-3' }, true],
  [{ acr: 'level-1' }, false],
  [{ acr: [SECOND_FACTOR] }, false],
  [{ acr: `${SECOND_FACTOR} ` }, false],
  [{ amr: ['pwd', 'otp'] }, true],
  [{ amr: ['mfa'] }, true],
  [{ amr: ['hwk'] }, true],
  [{ amr: ['pwd'] }, false],
  [{ amr: ['pwd', 'sms'] }, false],
  [{ amr: 'mfa' }, false],
])('%j is a second factor: %s', async (claims, secondFactor) => {
  answer = async () => tokens(await sign(claimsOf(claims as Record<string, unknown>)));
  expect(await comeBack()).toMatchObject({ status: 303, session: { secondFactor } });
});

test.each([
  [500, 503, 'IDENTITY_PROVIDER_UNAVAILABLE'],
  [502, 503, 'IDENTITY_PROVIDER_UNAVAILABLE'],
])('a provider that answers %i is away, and nobody is refused for it', async (status, expected, code) => {
  answer = async () => ({ status, body: { error: 'server_error' } });
  expect(await comeBack()).toMatchObject({ status: expected, code });
});

test('metadata of another issuer are not taken: nobody is sent anywhere, nor signed in', async () => {
  const fresh = await startTestApi({ signIn: signIn(), clock: () => new Date() });
  says = 'https://attacker.example';
  try {
    const sent = await fresh.call({ url: '/auth/login', token: null });
    expect([sent.statusCode, sent.headers['location']]).toEqual([503, undefined]);
    says = undefined;
    const again = await fresh.call({ url: '/auth/login', token: null });
    expect([again.statusCode, String(again.headers['location']).startsWith(`${issuer}/auth?`)]).toEqual([303, true]);
  } finally {
    says = undefined;
    await fresh.close();
  }
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

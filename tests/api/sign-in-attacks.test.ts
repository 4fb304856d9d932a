import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD_ONLY, SECOND_FACTOR } from '#dev/identity/provider.ts';
import type { Browser, Page } from './sign-in-browser.ts';
import { startSignInWorld, type SignInWorld } from './sign-in-world.ts';

const SESSION = 'daozhang-session';
const ATTEMPT = 'daozhang-sign-in';

let world: SignInWorld;
beforeAll(async () => {
  world = await startSignInWorld();
});
afterAll(() => world?.close());

const whoAmI = (browser: Browser, headers?: Record<string, string>) => browser.get(`${world.api}/v1/session`, headers);
const answer = (page: Page) => [page.status, page.text === '' ? undefined : page.json<{ code?: string }>().code];
const isSignedIn = (browser: Browser) => browser.cookies(world.api).has(SESSION);
const lastRefusal = async () => (await world.refusals()).at(-1);
/** The audit keeps one entry a minute for each kind of refusal: after this the next one is recorded again. */
const nextMinute = () => void (world.ahead.ms += 61_000);

describe('the way to the provider and back', () => {
  test.each<[string, Parameters<SignInWorld['signIn']>[2], number, string, string]>([
    ['another state', { onReturn: (url) => url.searchParams.set('state', 'A'.repeat(43)) }, 400, 'SIGN_IN_STATE_INVALID', 'state'],
    ['no state', { onReturn: (url) => url.searchParams.delete('state') }, 400, 'SIGN_IN_STATE_INVALID', 'state'],
    ['another nonce', { onTheWay: (url) => url.searchParams.set('nonce', 'attacker') }, 401, 'SIGN_IN_REFUSED', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
    ['no nonce', { onTheWay: (url) => url.searchParams.delete('nonce') }, 401, 'SIGN_IN_REFUSED', 'OAUTH_INVALID_RESPONSE'],
    ['another code challenge', { onTheWay: (url) => url.searchParams.set('code_challenge', 'A'.repeat(43)) }, 401, 'SIGN_IN_REFUSED', 'invalid_grant'],
    [
      'no code challenge',
      { onTheWay: (url) => ['code_challenge', 'code_challenge_method'].forEach((name) => url.searchParams.delete(name)) },
      401,
      'SIGN_IN_REFUSED',
      'invalid_grant',
    ],
    ['another issuer', { onReturn: (url) => url.searchParams.set('iss', 'https://attacker.example') }, 401, 'SIGN_IN_REFUSED', 'OAUTH_INVALID_RESPONSE'],
    ['no issuer', { onReturn: (url) => url.searchParams.delete('iss') }, 401, 'SIGN_IN_REFUSED', 'OAUTH_INVALID_RESPONSE'],
    ['an invented code', { onReturn: (url) => url.searchParams.set('code', 'A'.repeat(43)) }, 401, 'SIGN_IN_REFUSED', 'invalid_grant'],
    ['a code and an error', { onReturn: (url) => url.searchParams.set('error', 'access_denied') }, 401, 'SIGN_IN_REFUSED', 'access_denied'],
    ['a code twice', { onReturn: (url) => url.searchParams.append('code', 'B') }, 400, 'VALIDATION_FAILED', ''],
  ])('%s leads nowhere', async (_, tampering, status, code, reason) => {
    nextMinute();
    const browser = world.browser();
    expect(answer(await world.signIn(browser, 'E1', tampering))).toEqual([status, code]);
    expect(isSignedIn(browser)).toBe(false);
    if (reason !== '') expect(await lastRefusal()).toBe(`${code} ${reason}`);
  });

  test('what came back once does not come back again: not the same code, not another one under the same state', async () => {
    const browser = world.browser();
    let [sent, back, attempt]: [URL | undefined, URL | undefined, string | undefined] = [undefined, undefined, undefined];
    const first = await world.signIn(browser, 'E1', {
      onTheWay: (url) => void (sent = new URL(url)),
      onReturn(url) {
        back = new URL(url);
        attempt = browser.cookies(world.api).get(ATTEMPT);
      },
    });
    expect(first.status).toBe(303);
    expect(browser.cookies(world.api).has(ATTEMPT)).toBe(false);
    expect(answer(await browser.get(back ?? ''))).toEqual([400, 'SIGN_IN_STATE_INVALID']);

    browser.cookies(world.api).set(ATTEMPT, attempt ?? '');
    nextMinute();
    expect(answer(await browser.get(back ?? ''))).toEqual([401, 'SIGN_IN_REFUSED']);
    expect(await lastRefusal()).toBe('SIGN_IN_REFUSED invalid_grant');

    // the provider, where she is still signed in, gives a fresh code for the old request
    browser.cookies(world.api).set(ATTEMPT, attempt ?? '');
    let page = await browser.get(sent ?? '');
    while (page.location !== undefined && !page.location.startsWith(world.api)) page = await browser.get(new URL(page.location, page.url));
    expect(answer(await browser.get(page.location ?? ''))).toEqual([400, 'SIGN_IN_STATE_INVALID']);
    expect(await lastRefusal()).toBe('SIGN_IN_STATE_INVALID replayed');
  });

  test('a sign-in that somebody else began is not finished in this browser', async () => {
    const [attacker, victim] = [world.browser(), world.browser()];
    let prepared: URL | undefined;
    await world.signIn(attacker, 'E2', {
      onReturn(url) {
        prepared = new URL(url);
        // the attacker does not use it up
        url.searchParams.set('state', 'x');
      },
    });
    expect(answer(await victim.get(prepared ?? ''))).toEqual([400, 'SIGN_IN_STATE_INVALID']);
    // nor is the code taken by a browser that has begun one of its own
    const mixed = await world.signIn(victim, 'E1', { onReturn: (url) => url.searchParams.set('code', prepared?.searchParams.get('code') ?? '') });
    expect(answer(mixed)).toEqual([401, 'SIGN_IN_REFUSED']);
    expect(isSignedIn(victim)).toBe(false);
  });

  test('after ten minutes it is begun again', async () => {
    const browser = world.browser();
    const late = await world.signIn(browser, 'E1', { onReturn: () => void (world.ahead.ms += 601_000) });
    expect(answer(late)).toEqual([400, 'SIGN_IN_STATE_INVALID']);
    expect(await lastRefusal()).toBe('SIGN_IN_STATE_INVALID too-late');
  });

  test.each([
    'https://attacker.example',
    '//attacker.example',
    String.raw`/\attacker.example`,
    String.raw`\\attacker.example`,
    'javascript:alert(1)',
    '/\t/attacker.example',
    'attacker',
    '',
  ])('no redirect to %j', async (returnTo) => {
    const begun = await world.browser().get(`${world.api}/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect([begun.status, begun.json<{ code: string }>().code, begun.location]).toEqual([400, 'VALIDATION_FAILED', undefined]);
  });

  test.each(['/.//attacker.example', '/a/..//attacker.example', '/%2F/attacker.example', '/@attacker.example', '/?u=https://attacker.example'])(
    '%j stays here',
    async (returnTo) => {
      const back = await world.signIn(world.browser(), 'E1', { returnTo });
      expect(new URL(back.location ?? '', back.url).origin).toBe(world.api);
    },
  );

  test('asks for no class of authentication that is not agreed', async () => {
    const begun = await world.browser().get(`${world.api}/auth/login?acr=${encodeURIComponent(PASSWORD_ONLY)}`);
    expect(answer(begun)).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('who it is', () => {
  test.each([
    ['X1', 'unknown'],
    ['E9', 'inactive'],
  ])('%s is %s, and is not told which', async (employeeNo, reason) => {
    nextMinute();
    const browser = world.browser();
    expect(answer(await world.signIn(browser, employeeNo))).toEqual([403, 'PERSON_NOT_REGISTERED']);
    expect(isSignedIn(browser)).toBe(false);
    expect(await lastRefusal()).toBe(`PERSON_NOT_REGISTERED ${reason}`);
  });

  test('a provider that does not say who it is signs nobody in', async () => {
    const other = await startSignInWorld({ employeeClaim: 'staff_number' });
    expect(answer(await other.signIn(other.browser(), 'E1'))).toEqual([403, 'PERSON_NOT_REGISTERED']);
    expect(await other.refusals()).toEqual(['PERSON_NOT_REGISTERED claim-missing']);
    await other.close();
  });

  test('a second factor is shown by the same person', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    const before = browser.cookies(world.api).get(SESSION);
    // signed out over there, where another person then signs in
    browser.cookies(world.issuer).clear();
    expect(answer(await world.signIn(browser, 'E4', { acr: SECOND_FACTOR, code: true }))).toEqual([403, 'SIGN_IN_OTHER_PERSON']);
    expect(browser.cookies(world.api).get(SESSION)).toBe(before);
    expect((await whoAmI(browser)).json()).toMatchObject({ employeeNo: 'E1', secondFactor: false });
    expect(await lastRefusal()).toBe('SIGN_IN_OTHER_PERSON other-person');
  });

  test('a second factor is really shown, whatever the browser made of the request', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    const dodged = await world.signIn(browser, 'E1', {
      acr: SECOND_FACTOR,
      onTheWay: (url) => ['claims', 'acr_values'].forEach((name) => url.searchParams.delete(name)),
    });
    expect(answer(dodged)).toEqual([403, 'SECOND_FACTOR_REQUIRED']);
    expect((await whoAmI(browser)).json()).toMatchObject({ secondFactor: false });
  });

  test('a person who is signed in is nobody else by a header', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    expect((await whoAmI(browser, { 'daozhang-actor': 'E4' })).json()).toMatchObject({ employeeNo: 'E1' });
  });
});

describe('the session', () => {
  test('that was put into a browser beforehand is not the one that is signed in', async () => {
    const [attacker, victim] = [world.browser(), world.browser()];
    await world.signIn(attacker, 'E2');
    const planted = attacker.cookies(world.api).get(SESSION) ?? '';
    victim.cookies(world.api).set(SESSION, planted);
    await world.signIn(victim, 'E1');
    expect(victim.cookies(world.api).get(SESSION)).not.toBe(planted);
    expect((await whoAmI(victim)).json()).toMatchObject({ employeeNo: 'E1' });
    expect(answer(await whoAmI(attacker))).toEqual([401, 'SESSION_ENDED']);
  });

  test('cookies that we did not make, or made for something else, open nothing', async () => {
    const browser = world.browser();
    const jar = browser.cookies(world.api);
    let attempt = '';
    await world.signIn(browser, 'E1', { onReturn: () => void (attempt = jar.get(ATTEMPT) ?? '') });
    const good = Buffer.from(jar.get(SESSION) ?? '', 'base64url');
    const flipped = Array.from(good.keys(), (index) => {
      const bytes = Buffer.from(good);
      bytes[index] = (bytes[index] ?? 0) ^ 1;
      return bytes.toString('base64url');
    });
    const secret = randomBytes(32).toString('base64url');
    const hash = createHash('sha256').update(secret).digest('base64url');
    const others = [
      attempt,
      secret,
      `${secret}.${hash}`,
      good.subarray(1).toString('base64url'),
      good.toString('base64url').slice(0, -2),
      'x',
      'A'.repeat(5_000),
    ];
    for (const forged of [...flipped, ...others]) {
      jar.set(SESSION, forged);
      expect([forged, ...answer(await whoAmI(browser))]).toEqual([forged, 401, 'UNAUTHENTICATED']);
    }
    expect((await world.refusals()).filter((refusal) => refusal === 'UNAUTHENTICATED cookie-forged')).toHaveLength(1);
    jar.set(SESSION, good.toString('base64url'));
    expect((await whoAmI(browser)).status).toBe(200);
  });

  test('changes nothing for another site, nor for a page without its token', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    const { csrfToken } = (await whoAmI(browser)).json<{ csrfToken: string }>();
    const other = world.browser();
    await world.signIn(other, 'E1');
    const anothers = (await whoAmI(other)).json<{ csrfToken: string }>().csrfToken;
    const origin = world.api;
    const token = { 'daozhang-csrf': csrfToken };
    const attempts: [Record<string, string>, string][] = [
      [{}, 'origin-missing'],
      [token, 'origin-missing'],
      [{ ...token, origin: 'https://attacker.example' }, 'origin'],
      [{ ...token, origin: 'null' }, 'origin'],
      [{ ...token, origin: `${world.api}.attacker.example` }, 'origin'],
      [{ ...token, 'sec-fetch-site': 'cross-site' }, 'site'],
      [{ ...token, 'sec-fetch-site': 'same-site', origin }, 'site'],
      [{ origin }, 'csrf-token'],
      [{ origin, 'daozhang-csrf': '' }, 'csrf-token'],
      [{ origin, 'daozhang-csrf': `${csrfToken}x` }, 'csrf-token'],
      [{ origin, 'daozhang-csrf': anothers }, 'csrf-token'],
    ];
    for (const [headers, reason] of attempts) {
      nextMinute();
      expect([reason, ...answer(await browser.post(`${world.api}/auth/logout`, undefined, headers))]).toEqual([reason, 403, 'CSRF_REFUSED']);
      expect(await lastRefusal()).toBe(`CSRF_REFUSED ${reason}`);
    }
    expect((await whoAmI(browser)).status).toBe(200);
    expect((await browser.send('POST', `${world.api}/auth/logout`, { ...token, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  test('does not go together with a token', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    for (const authorization of [`Bearer ${world.tokens.HQ}`, 'Bearer x', 'Basic x']) {
      expect(answer(await whoAmI(browser, { authorization }))).toEqual([400, 'CREDENTIALS_AMBIGUOUS']);
    }
  });

  test('opens no metrics: they are for a system', async () => {
    const browser = world.browser();
    await world.signIn(browser, 'E1');
    expect(answer(await browser.get(`${world.api}/metrics`))).toEqual([403, 'FORBIDDEN']);
  });

  test('is what /v1/session and signing out are for: a key has none', async () => {
    expect((await world.call({ url: '/v1/session' })).json().code).toBe('UNAUTHENTICATED');
    expect((await world.call({ method: 'POST', url: '/auth/logout', key: null })).json().code).toBe('UNAUTHENTICATED');
  });
});

test('what was refused is recorded without a token, a cookie or a name, and a stranger cannot fill the audit', async () => {
  nextMinute();
  const browser = world.browser();
  const count = async () => (await world.refusals()).length;
  const before = await count();
  for (let times = 0; times < 5; times += 1) await browser.get(`${world.api}/auth/callback?code=secret-code&state=secret-state`);
  expect((await count()) - before).toBe(1);
  const { rows } = await world.database.query<{ row: string }>(`SELECT to_jsonb(a)::text AS row FROM audit_entry a WHERE action = 'credential-refused'`);
  for (const { row } of rows) expect(row).not.toMatch(/secret-|eyJ|员工|"E\d"|127\.0\.0\.1/);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECOND_FACTOR } from '#dev/identity/provider.ts';
import { startSignInWorld, type SignInWorld } from './sign-in-world.ts';

type SessionJson = {
  employeeNo: string;
  roles: unknown[];
  secondFactor: boolean;
  csrfToken: string;
  endsAt: string;
  idleUntil: string;
  secondFactorSignIn: string;
};

let world: SignInWorld;
beforeAll(async () => {
  world = await startSignInWorld();
  await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'finance' });
  await world.giveRole({ employee: 'E4', unit: 'SJZ-01', role: 'hr' });
});
afterAll(() => world?.close());

test('signs in by code, PKCE, state and nonce, and comes back to where it began', async () => {
  const browser = world.browser();
  const sent: URL[] = [];
  const back = await world.signIn(browser, 'E4', { returnTo: '/claims?state=OPEN#list', onTheWay: (url) => void sent.push(new URL(url)) });
  expect([back.status, back.location]).toEqual([303, `${world.api}/claims?state=OPEN#list`]);
  const query = Object.fromEntries(sent[0]?.searchParams ?? []);
  expect(query).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', scope: 'openid', client_id: 'daozhang' });
  for (const secret of [query['state'], query['nonce'], query['code_challenge']]) expect(secret).toMatch(/^[\w-]{43}$/);

  const session = (await browser.get(`${world.api}/v1/session`)).json<SessionJson>();
  expect(session).toMatchObject({ employeeNo: 'E4', name: '员工E4', unitCode: 'SJZ', secondFactor: false });
  expect(session.roles).toHaveLength(2);
  expect(session.roles).toEqual(
    expect.arrayContaining([
      { role: 'finance', unitCode: 'SJZ', onBehalfOf: null },
      { role: 'hr', unitCode: 'SJZ-01', onBehalfOf: null },
    ]),
  );
  expect(session.secondFactorSignIn).toBe(`/auth/login?acr=${encodeURIComponent(SECOND_FACTOR)}`);
  const hours = (new Date(session.endsAt).getTime() - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(11.9);
  expect(hours).toBeLessThanOrEqual(12);
});

test('the cookie is out of reach of pages and of other sites, and the database has nothing that opens a session', async () => {
  const browser = world.browser();
  const back = await world.signIn(browser, 'E1');
  const cookie = back.setCookies.find((line) => line.startsWith('daozhang-session=')) ?? '';
  expect(cookie).toMatch(/; Path=\//);
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Lax/);
  expect(cookie).not.toMatch(/Domain=/i);
  expect(back.headers.get('cache-control')).toBe('no-store');
  const value = browser.cookies(world.api).get('daozhang-session') ?? '';
  const { rows } = await world.database.query<{ row: string }>('SELECT s::text AS row FROM session s');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.some(({ row }) => row.includes(value))).toBe(false);
});

test('a person sees by session what the roles allow, and acts in her own name', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E4');
  expect((await browser.get(`${world.api}/v1/employees/E1`)).status).toBe(200);
  expect((await browser.get(`${world.api}/v1/employees/E2`)).status).toBe(404);
  const { rows } = await world.database.query<{ actor: { type: string; id: string } }>(
    `SELECT actor FROM audit_entry WHERE action = 'signed-in' AND actor->>'id' = $1 ORDER BY id DESC LIMIT 1`,
    [world.employeeIds.E4],
  );
  expect(rows[0]?.actor).toEqual({ type: 'person', id: world.employeeIds.E4 });
});

test('signing out ends the session here and leads to the provider for the one there', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E1');
  const stolen = browser.cookies(world.api).get('daozhang-session') ?? '';
  const { csrfToken } = (await browser.get(`${world.api}/v1/session`)).json<SessionJson>();
  const out = await browser.post(`${world.api}/auth/logout`, undefined, { origin: world.api, 'daozhang-csrf': csrfToken });
  expect(out.status).toBe(200);
  expect(out.json<{ endSessionUrl: string }>().endSessionUrl).toMatch(`${world.issuer}/session/end?`);
  expect(browser.cookies(world.api).has('daozhang-session')).toBe(false);
  browser.cookies(world.api).set('daozhang-session', stolen);
  expect((await browser.get(`${world.api}/v1/session`)).json()).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
});

test('two processes share sessions', async () => {
  const other = await world.another();
  const browser = world.browser();
  await world.signIn(browser, 'E1');
  const cookie = `daozhang-session=${browser.cookies(world.api).get('daozhang-session')}`;
  const there = await fetch(`${other.url}/v1/session`, { headers: { cookie } });
  expect([there.status, ((await there.json()) as SessionJson).employeeNo]).toEqual([200, 'E1']);
  await other.close();
});

test('an administrator ends the sessions of somebody in the own subtree, and of nobody else', async () => {
  const [browser, second] = [world.browser(), world.browser()];
  await world.signIn(browser, 'E1');
  await world.signIn(second, 'E1');
  const elsewhere = await world.call({ method: 'DELETE', url: '/v1/employees/E1/sessions', token: world.tokens.BJ });
  expect(elsewhere.statusCode).toBe(404);
  expect((await browser.get(`${world.api}/v1/session`)).status).toBe(200);
  expect((await world.call({ method: 'DELETE', url: '/v1/employees/E1/sessions', token: world.tokens.SJZ })).statusCode).toBe(204);
  for (const each of [browser, second]) expect((await each.get(`${world.api}/v1/session`)).json()).toMatchObject({ code: 'SESSION_ENDED' });
});

test('who leaves is signed out, and is not signed in again by coming back', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E2');
  await world.database.query(`UPDATE employee SET active = false WHERE employee_no = 'E2'`);
  expect((await browser.get(`${world.api}/v1/session`)).json()).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
  await world.database.query(`UPDATE employee SET active = true WHERE employee_no = 'E2'`);
  expect((await browser.get(`${world.api}/v1/session`)).json()).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
});

test('a session ends when nobody uses it for thirty minutes, and after twelve hours in any case', async () => {
  const minute = 60_000;
  const browser = world.browser();
  try {
    await world.signIn(browser, 'E1');
    const status = async () => (await browser.get(`${world.api}/v1/session`)).status;
    // seen every 29 minutes it goes on …
    for (let passed = 29; passed < 12 * 60; passed += 29) {
      world.ahead.ms = passed * minute;
      expect([passed, await status()]).toEqual([passed, 200]);
    }
    // … until its end
    world.ahead.ms = 12 * 60 * minute + 1_000;
    expect(await status()).toBe(401);

    world.ahead.ms = 0;
    const idle = world.browser();
    await world.signIn(idle, 'E1');
    world.ahead.ms = 31 * minute;
    expect((await idle.get(`${world.api}/v1/session`)).json()).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
  } finally {
    world.ahead.ms = 0;
  }
});

test('a second factor is asked for where a role needs it, and counts from then on', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E4');
  const id = browser.cookies(world.api).get('daozhang-session');
  const change = async () => {
    const { csrfToken } = (await browser.get(`${world.api}/v1/session`)).json<SessionJson>();
    const headers = { origin: world.api, 'daozhang-csrf': csrfToken, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
    return browser.post(`${world.api}/v1/payout-stops`, JSON.stringify({ scope: 'SJZ', reason: 'test' }), headers);
  };
  const refused = (await change()).json<{ code: string; params: { signIn: string } }>();
  expect(refused).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED', params: { signIn: `/auth/login?acr=${encodeURIComponent(SECOND_FACTOR)}` } });
  const back = await world.signIn(browser, 'E4', { acr: SECOND_FACTOR, code: true });
  expect([back.status, back.text]).toEqual([303, '']);
  expect(browser.cookies(world.api).get('daozhang-session')).not.toBe(id);
  expect((await browser.get(`${world.api}/v1/session`)).json()).toMatchObject({ employeeNo: 'E4', secondFactor: true });
  expect((await change()).status).toBe(201);
  // the session from before it is over
  const old = await fetch(`${world.api}/v1/session`, { headers: { cookie: `daozhang-session=${id}` } });
  expect(old.status).toBe(401);
});

test('a second factor that was shown without being asked for counts as well', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E1', { code: true });
  expect((await browser.get(`${world.api}/v1/session`)).json()).toMatchObject({ secondFactor: true });
});

test('who stands in for somebody is told for whom', async () => {
  await world.database.query(
    `INSERT INTO substitution (absent_id, substitute_id, valid_from, valid_to, created_by, created_at)
     SELECT a.id, s.id, now() - interval '1 day', now() + interval '1 day', '{"type": "system", "id": "daozhang"}', now() FROM employee a, employee s
     WHERE a.employee_no = 'E4' AND s.employee_no = 'E2'`,
  );
  const browser = world.browser();
  await world.signIn(browser, 'E2');
  const { roles } = (await browser.get(`${world.api}/v1/session`)).json<SessionJson>();
  expect(roles).toContainEqual({ role: 'finance', unitCode: 'SJZ', onBehalfOf: 'E4' });
});

test('where the provider is away, sign-in says so and sessions go on', async () => {
  const browser = world.browser();
  await world.signIn(browser, 'E1');
  const away = await startSignInWorld();
  await away.provider.close();
  const begun = await away.browser().get(`${away.api}/auth/login`);
  expect(begun.json()).toMatchObject({ status: 503, code: 'IDENTITY_PROVIDER_UNAVAILABLE', retryable: true });
  expect((await away.call({ url: '/v1/units' })).statusCode).toBe(200);
  await away.close();
});

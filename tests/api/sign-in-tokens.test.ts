import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { importJWK, SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeJwks } from '#dev/identity/keys.ts';
import { AUDIENCE, MACHINE, startSignInWorld, type SignInWorld } from './sign-in-world.ts';

type Key = Parameters<SignJWT['sign']>[0];

let world: SignInWorld;
beforeAll(async () => {
  world = await startSignInWorld();
  await world.registerMachine({ clientId: MACHINE.clientId, unit: 'SJZ', scopes: ['claims:read', 'directory:read', 'act-for'] });
});
afterAll(() => world?.close());

const ask = async (token: string, url = '/v1/employees', headers: Record<string, string> = {}) => {
  const response = await world.call({ url, token, headers });
  const { code, params } = response.json<{ code?: string; params?: { reason?: string; scope?: string } }>();
  return [response.statusCode, code, params?.reason ?? params?.scope];
};
/** A token as the provider would make it, with the provider's own key; each test spoils one thing. */
async function token(
  claims: Record<string, unknown> = {},
  { alg = 'RS256', typ = 'at+jwt', kid, key }: { alg?: string; typ?: string | null; kid?: string; key?: Key } = {},
) {
  const [jwk] = world.jwks.keys;
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: world.issuer,
    aud: AUDIENCE,
    sub: MACHINE.clientId,
    client_id: MACHINE.clientId,
    scope: 'directory:read claims:read',
    iat: now,
    exp: now + 300,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg, kid: kid ?? jwk?.kid ?? '', ...(typ !== null && { typ }) })
    .sign(key ?? (await importJWK(jwk as never, 'RS256')));
}

describe('access tokens of the provider', () => {
  test('open what both the token and the registered client have', async () => {
    const wide = await world.accessToken({ scope: 'claims:read directory:read directory:write' });
    expect(await ask(wide)).toEqual([200, undefined, undefined]);
    const write = await world.call({ method: 'POST', url: '/v1/units', token: wide, body: {} });
    expect(write.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING', params: { scope: 'directory:write' } });
    const narrow = await world.accessToken({ scope: 'claims:read' });
    expect(await ask(narrow)).toEqual([403, 'SCOPE_MISSING', 'directory:read']);
    expect(await ask(await world.accessToken())).toEqual([403, 'SCOPE_MISSING', 'directory:read']);
  });

  test('see the subtree of the client, and act for its people alone', async () => {
    const acting = await world.accessToken({ scope: 'directory:read act-for' });
    expect((await ask(acting, '/v1/employees/E1'))[0]).toBe(200);
    expect((await ask(acting, '/v1/employees/E2'))[0]).toBe(404);
    expect(await ask(acting, '/v1/employees/E1', { 'daozhang-actor': 'E1' })).toEqual([200, undefined, undefined]);
    expect(await ask(acting, '/v1/employees/E1', { 'daozhang-actor': 'E2' })).toEqual([403, 'ACTOR_OUTSIDE_UNIT', undefined]);
    const plain = await world.accessToken({ scope: 'directory:read' });
    expect(await ask(plain, '/v1/employees/E1', { 'daozhang-actor': 'E1' })).toEqual([403, 'SCOPE_MISSING', 'act-for']);
  });

  test('of a client that is revoked or of a closed unit open nothing any more', async () => {
    const good = await world.accessToken({ scope: 'directory:read' });
    for (const [end, undo] of [
      ['UPDATE machine_client SET revoked_at = now()', 'UPDATE machine_client SET revoked_at = NULL'],
      [`UPDATE unit SET active = false WHERE code = 'SJZ'`, `UPDATE unit SET active = true WHERE code = 'SJZ'`],
    ] as const) {
      await world.database.query(end);
      expect(await ask(good)).toEqual([401, 'TOKEN_INVALID', 'client']);
      await world.database.query(undo);
    }
    expect(await ask(good)).toEqual([200, undefined, undefined]);
  });
});

describe('what is no such token', () => {
  const now = () => Math.floor(Date.now() / 1_000);

  test('the one that the others differ from is accepted', async () => {
    expect(await ask(await token())).toEqual([200, undefined, undefined]);
    expect(await ask(await token({}, { typ: 'application/at+jwt' }))).toEqual([200, undefined, undefined]);
    expect(await ask(await token({ exp: now() - 10 }))).toEqual([200, undefined, undefined]);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['expired', () => token({ exp: now() - 60 }), 'expired'],
    ['without an end', () => token({ exp: undefined }), 'expiry'],
    ['not valid yet', () => token({ nbf: now() + 120 }), 'not-yet'],
    ['for another audience', () => token({ aud: 'https://other.example' }), 'audience'],
    ['for nobody', () => token({ aud: undefined }), 'audience'],
    ['of another issuer', () => token({ iss: 'https://attacker.example' }), 'issuer'],
    ['an ID token', () => token({ aud: 'daozhang', employee_no: 'E1', scope: undefined }, { typ: 'JWT' }), 'type'],
    ['typ=JWT', () => token({}, { typ: 'JWT' }), 'type'],
    ['without a type', () => token({}, { typ: null }), 'type'],
    ['a logout token', () => token({}, { typ: 'logout+jwt' }), 'type'],
    ['of an unknown client', () => token({ client_id: 'somebody' }), 'client'],
    ['of no client', () => token({ client_id: undefined }), 'client'],
    ['of a client that is a list', () => token({ client_id: [MACHINE.clientId] }), 'client'],
    [
      'signed by somebody else under our key’s name',
      async () => token({}, { key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey }),
      'signature',
    ],
    [
      'signed by a key that the provider does not have',
      async () => token({}, { kid: 'attacker', key: createPrivateKey({ key: makeJwks().keys[0] as never, format: 'jwk' }) }),
      'key',
    ],
  ])('%s', async (_, make, reason) => {
    world.ahead.ms = 0;
    const response = await world.call({ url: '/v1/employees', token: await make() });
    expect(response.json()).toMatchObject({ status: 401, code: 'TOKEN_INVALID', params: { reason } });
    expect(response.headers['www-authenticate']).toBe('Bearer realm="daozhang", error="invalid_token"');
    expect(await world.refusals()).toContain(`TOKEN_INVALID ${reason}`);
  });

  test('unsigned, in every spelling of none', async () => {
    const [, payload = ''] = (await token()).split('.');
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: world.jwks.keys[0]?.kid })).toString('base64url');
      expect(await ask(`${header}.${payload}.`)).toEqual([401, 'TOKEN_INVALID', 'algorithm']);
      expect(await ask(`${header}.${payload}.AAAA`)).toEqual([401, 'TOKEN_INVALID', 'algorithm']);
    }
  });

  test('signed with the public key as if it were a secret (HS256)', async () => {
    const jwk = world.jwks.keys[0] as { kid?: string; n?: string };
    const publicKey = createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' }));
    const [, payload = ''] = (await token()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: jwk.kid })).toString('base64url');
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      jwk.n ?? '',
    ]) {
      const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
      expect(await ask(`${header}.${payload}.${signature}`)).toEqual([401, 'TOKEN_INVALID', 'algorithm']);
    }
  });

  test('changed after it was signed', async () => {
    const [header = '', payload = '', signature = ''] = (await token({ scope: 'claims:read' })).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const wider = Buffer.from(JSON.stringify({ ...claims, scope: 'directory:read' })).toString('base64url');
    expect(await ask(`${header}.${wider}.${signature}`)).toEqual([401, 'TOKEN_INVALID', 'signature']);
    expect(await ask(`${header}.${payload}.${signature.slice(0, -4)}AAAA`)).toEqual([401, 'TOKEN_INVALID', 'signature']);
  });

  test('brings its own key, or the address of one', async () => {
    const own = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const [, payload = ''] = (await token()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
    for (const extra of [
      { jwk: own.publicKey.export({ format: 'jwk' }) },
      { jku: 'https://attacker.example/keys' },
      { x5u: 'https://attacker.example/cert' },
      { kid: '../../etc/passwd' },
    ]) {
      const kid = world.jwks.keys[0]?.kid ?? '';
      const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...(extra as object) }).sign(own.privateKey);
      expect((await ask(forged)).slice(0, 2)).toEqual([401, 'TOKEN_INVALID']);
    }
  });

  test('is no token at all', async () => {
    for (const nonsense of ['a.b.c', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA']) expect((await ask(nonsense)).slice(0, 2)).toEqual([401, 'TOKEN_INVALID']);
    for (const nonsense of ['x', 'a.b', 'a.b.c.d', `${'a'.repeat(20_000)}.b.c`]) expect((await ask(nonsense)).slice(0, 2)).toEqual([401, 'UNAUTHENTICATED']);
  });
});

test('where the provider is away nobody is refused for it: 503, and keys that are known go on', async () => {
  const other = await startSignInWorld();
  await other.registerMachine({ clientId: MACHINE.clientId, unit: 'SJZ', scopes: ['directory:read'] });
  const good = await other.accessToken({ scope: 'directory:read' });
  const third = await other.another();
  expect((await other.call({ url: '/v1/employees', token: good })).statusCode).toBe(200);
  await other.provider.close();
  expect((await other.call({ url: '/v1/employees', token: good })).statusCode).toBe(200);
  const response = await fetch(`${third.url}/v1/employees`, { headers: { authorization: `Bearer ${good}` } });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([503, 'IDENTITY_PROVIDER_UNAVAILABLE']);
  await third.close();
  await other.close();
});

test('without an audience no token is accepted, and without a provider neither', async () => {
  const other = await startSignInWorld({ audience: undefined });
  expect((await other.call({ url: '/v1/employees', token: await other.accessToken({ scope: 'directory:read' }) })).json().code).toBe('UNAUTHENTICATED');
  await other.close();
});

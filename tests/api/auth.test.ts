import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintApiKey } from '#platform/api-key.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

const ESTIMATE = {
  ...{ treatedRegion: '110000', kind: 'INPATIENT', hospital: { grade: '3' }, visit: { start: '2026-03-02', end: '2026-03-09' } },
  lines: [{ itemCode: 'A', itemName: '药', itemClass: '01', amount: '10.00' }],
};

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const answer = async (call: Parameters<TestApi['call']>[0]) => {
  const { statusCode, json } = await api.call(call);
  return [statusCode, json<{ code?: string }>().code];
};

test('nothing but a whole, living key opens a door', async () => {
  const good = api.tokens.HQ;
  const [, id = '', secret = ''] = /^dzk_([0-9a-f]{32})_(.*)$/.exec(good) ?? [];
  const tokens = [
    null,
    '',
    'x',
    `${good}x`,
    good.slice(0, -1),
    `dzk_${id}_${'A'.repeat(43)}`,
    `dzk_${'0'.repeat(32)}_${secret}`,
    mintApiKey().token,
    good.toUpperCase(),
  ];
  for (const token of tokens) {
    expect(await answer({ url: '/v1/claims', token })).toEqual([401, 'UNAUTHENTICATED']);
  }
  for (const authorization of [good, `Basic ${good}`, `Bearer ${good} ${good}`, `Bearer  `, `Bearer ${good}, Bearer ${good}`]) {
    expect(await answer({ url: '/v1/claims', token: null, headers: { authorization } })).toEqual([401, 'UNAUTHENTICATED']);
  }
  const refused = await api.call({ url: '/v1/claims', token: null });
  expect(refused.headers['www-authenticate']).toBe('Bearer realm="daozhang"');
  expect(await answer({ url: '/v1/claims', token: null, headers: { authorization: `bearer ${good}` } })).toEqual([200, undefined]);
});

test('strangers are turned away before their body is read', async () => {
  const refused = await api.call({ method: 'POST', url: '/v1/claims', token: null, body: 'x'.repeat(300_000) });
  expect(refused.json().code).toBe('UNAUTHENTICATED');
});

test('a revoked key and one of a closed unit are refused once the cache has forgotten them', async () => {
  const revoked = await api.makeKey({ unit: 'SJZ', scopes: ['claims:read'] });
  await api.database.query('UPDATE api_key SET revoked_at = now() WHERE id = (SELECT id FROM api_key ORDER BY created_at DESC LIMIT 1)');
  expect(await answer({ url: '/v1/claims', token: revoked })).toEqual([401, 'UNAUTHENTICATED']);
  const closed = await api.makeKey({ unit: 'BJ', scopes: ['claims:read'] });
  await api.database.query(`UPDATE unit SET active = false WHERE code = 'BJ'`);
  expect(await answer({ url: '/v1/claims', token: closed })).toEqual([401, 'UNAUTHENTICATED']);
  await api.database.query(`UPDATE unit SET active = true WHERE code = 'BJ'`);
});

describe('scopes', () => {
  test('each door asks for its own', async () => {
    const reader = await api.makeKey({ unit: 'HQ', scopes: ['claims:read'] });
    expect(await answer({ url: '/v1/claims', token: reader })).toEqual([200, undefined]);
    const refused = await api.call({ method: 'POST', url: '/v1/claims', token: reader, body: claimBody() });
    expect(refused.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING', params: { scope: 'claims:write' } });
    const writer = await api.makeKey({ unit: 'HQ', scopes: ['claims:write'] });
    expect((await api.call({ method: 'POST', url: '/v1/claims', token: writer, body: claimBody() })).statusCode).toBe(201);
    expect(await answer({ url: '/v1/claims', token: writer })).toEqual([403, 'SCOPE_MISSING']);
    expect(await answer({ url: '/metrics', token: reader })).toEqual([403, 'SCOPE_MISSING']);
    // what somebody would be paid says what the year has used up: that is reading
    expect(await answer({ method: 'POST', url: '/v1/employees/E1/estimates', token: writer, body: ESTIMATE, key: null })).toEqual([403, 'SCOPE_MISSING']);
    expect(await answer({ method: 'POST', url: '/v1/employees/E1/estimates', token: reader, body: ESTIMATE, key: null })).toEqual([200, undefined]);
  });

  test('acting for somebody needs the scope, and somebody active in the subtree', async () => {
    const plain = await api.makeKey({ unit: 'SJZ', scopes: ['claims:read'] });
    expect((await api.call({ url: '/v1/claims', token: plain, as: 'E1' })).json()).toMatchObject({ code: 'SCOPE_MISSING', params: { scope: 'act-for' } });
    const acting = await api.makeKey({ unit: 'SJZ', scopes: ['claims:read', 'act-for'] });
    expect(await answer({ url: '/v1/claims', token: acting, as: 'E1' })).toEqual([200, undefined]);
    for (const as of ['E2', 'E9', 'E404', '']) expect(await answer({ url: '/v1/claims', token: acting, as })).toEqual([403, 'ACTOR_OUTSIDE_UNIT']);
  });

  test('decisions ask for a person', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json();
    expect(await answer({ method: 'POST', url: `/v1/claims/${number}/hold`, body: { reason: 'x' } })).toEqual([400, 'ACTOR_REQUIRED']);
  });
});

test('a route that does not say who may call it is not served', async () => {
  const { buildApp } = await import('#api/app.ts');
  await expect(
    buildApp({ ...api.deps }).then((app) => {
      app.get('/forgotten', () => 'open to all');
      return app.ready();
    }),
  ).rejects.toThrow('does not say who may call it');
});

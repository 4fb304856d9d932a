import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApiKey } from '#dev/api-key.ts';
import { startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

test('a key is made for a unit, works with its scopes, and is stored as a hash alone', async () => {
  const token = await makeApiKey(api.database, { unitCode: 'SJZ', name: 'HR system', scopes: ['directory:read'] });
  const list = await api.call({ url: '/v1/units', token });
  expect(list.json().items.map((unit: { code: string }) => unit.code)).toEqual(['SJZ', 'SJZ-01']);
  expect((await api.call({ url: '/v1/claims', token })).json().code).toBe('SCOPE_MISSING');
  const { rows } = await api.database.query<{ row: string }>('SELECT to_jsonb(k)::text AS row FROM api_key k');
  const secret = token.slice(token.lastIndexOf('_') + 1);
  expect(rows.filter(({ row }) => row.includes(token) || row.includes(secret))).toEqual([]);
});

test('not for a unit that is not there', async () => {
  await expect(makeApiKey(api.database, { unitCode: 'NOWHERE', name: 'x', scopes: [] })).rejects.toThrow('NOWHERE');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApiKey } from '#dev/api-key.ts';
import { openDatabase } from '#prisma/database.ts';
import { createTestDatabase } from '../setup/database.ts';
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
  // the secret may have a _ of its own
  const secret = token.split('_').slice(2).join('_');
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(rows.filter(({ row }) => row.includes(token) || row.includes(secret))).toEqual([]);
});

test('a new installation has nobody and nothing that could sign in', async () => {
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url });
  const tables = ['employee', 'role_assignment', 'api_key', 'machine_client', 'session'];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table})::int AS ${table}`);
  const { rows } = await database.query(`SELECT ${counts.join(', ')}`);
  await database.close();
  await drop();
  expect(rows).toEqual([{ employee: 0, role_assignment: 0, api_key: 0, machine_client: 0, session: 0 }]);
});

test('not for a unit that is not there', async () => {
  await expect(makeApiKey(api.database, { unitCode: 'NOWHERE', name: 'x', scopes: [] })).rejects.toThrow('NOWHERE');
});

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Policies } from '#domain/policy/policies.ts';
import { loadPolicies } from '#platform/policy/load.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { storePolicies } from '#prisma/queries/policies.ts';
import { createTestDatabase } from '../setup/database.ts';

let owner: Database;
let api: Database;
let worker: Database;
let drop: () => Promise<void>;

beforeAll(async () => {
  const test = await createTestDatabase();
  ({ drop } = test);
  owner = openDatabase({ url: test.url });
  api = openDatabase({ url: test.apiUrl, group: 'daozhang_api' });
  worker = openDatabase({ url: test.workerUrl, group: 'daozhang_worker' });
});
afterAll(async () => {
  await Promise.all([owner, api, worker].map((database) => database?.close()));
  await drop?.();
});

function shipped(): Policies {
  const loaded = loadPolicies();
  if (!loaded.ok) throw new Error('the rulebooks have faults');
  return loaded;
}
const kept = async (): Promise<{ version: string; kind: string; id: string; content: string; seen: string }[]> =>
  (
    await owner.query<Awaited<ReturnType<typeof kept>>[number]>(
      'SELECT version, kind, id, content, first_seen_at::text AS seen FROM policy_copy ORDER BY id, version',
    )
  ).rows;

test('processes that start together keep one copy of each version, and a new version is kept beside the old one', async () => {
  const policies = shipped();
  await Promise.all([api, worker, api, worker, worker, api].map((database) => storePolicies(database, policies)));
  const first = await kept();
  const all = [...policies.rulebooks, ...policies.plans, ...policies.catalogues, ...policies.hospitals];
  expect(first.map(({ version }) => version).toSorted()).toEqual(all.map(({ version }) => version).toSorted());
  for (const { version, content } of first) expect(createHash('sha256').update(content).digest('hex')).toBe(version);
  expect(first.map(({ kind, id }) => `${kind} ${id}`)).toEqual(
    expect.arrayContaining(['RULEBOOK 130100-310', 'PLAN group-plan', 'CATALOGUE 130000-drugs', 'HOSPITALS 110000-hospitals']),
  );

  const [one, ...rest] = policies.rulebooks;
  if (!one) throw new Error('no rulebook');
  const content = one.content.replace('"checked":"2026-11-18"', '"checked":"2026-12-01"');
  const changed = { ...one, content, version: createHash('sha256').update(content).digest('hex') };
  await storePolicies(worker, { ...policies, rulebooks: [changed, ...rest] });
  await storePolicies(api, policies);
  const after = await kept();
  expect(after).toHaveLength(first.length + 1);
  expect(after.filter(({ version }) => version !== changed.version)).toEqual(first);
});

test('what a version is cannot be forged, and nobody changes what is kept, not even the owner', async () => {
  const [row] = await kept();
  if (!row) throw new Error('nothing is kept');
  const forged = (database: Database): Promise<unknown> =>
    database.query('INSERT INTO policy_copy (version, kind, id, content) VALUES ($1, $2, $3, $4)', ['0'.repeat(64), row.kind, row.id, row.content]);
  await expect(forged(api)).rejects.toThrow('policy_copy_true');
  await expect(owner.query(`UPDATE policy_copy SET id = 'other' WHERE version = $1`, [row.version])).rejects.toThrow('append-only');
  await expect(owner.query('DELETE FROM policy_copy')).rejects.toThrow('append-only');
  await expect(owner.query('TRUNCATE policy_copy')).rejects.toThrow('append-only');
  for (const database of [api, worker])
    for (const statement of [`UPDATE policy_copy SET id = 'other'`, 'DELETE FROM policy_copy', 'TRUNCATE policy_copy'])
      await expect(database.query(statement)).rejects.toThrow('permission denied');
});

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createKeyCache } from '#prisma/key-cache.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { KEY_TTL_MS, KeyDestroyed, openVault, type Field, type InstallationField, type Vault } from '#prisma/vault.ts';
import { createTestDatabase } from '../setup/database.ts';
import { testVault } from '../setup/vault.ts';

let url: string;
let database: Database;
let other: Database;
let unitId: string;
const opened: Database[] = [];

function process(): Database {
  const one = openDatabase({ url, poolSize: 6, vault: testVault() });
  opened.push(one);
  return one;
}

beforeAll(async () => {
  ({ url } = await createTestDatabase());
  database = process();
  other = process();
  unitId = await database.write((tx) => createRootUnit(tx, { code: 'HQ', name: '总部', nameEn: 'Head office', region: '130100' }));
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
});

let people = 0;
async function person(db: Pick<Database, 'query'> = database): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ($1, $2, '李晓梅', '130100') RETURNING id`,
    [`E${(people += 1)}`, unitId],
  );
  return rows[0]?.id ?? '';
}
const phoneOf = (employeeId: string): Field => ({ employeeId, key: 'medical', table: 'employee', column: 'phone', row: employeeId });

test("what one process sealed another one opens, and nobody else's key does", async () => {
  const [li, wang] = [await person(), await person()];
  const sealed = await database.vault.seal(phoneOf(li), '13900000000');
  expect(sealed.includes('139')).toBe(false);
  expect(await other.vault.open(phoneOf(li), sealed)).toBe('13900000000');
  await database.vault.seal(phoneOf(wang), 'x');
  await expect(other.vault.open(phoneOf(wang), sealed)).rejects.toThrow('cannot be opened');
  await expect(other.vault.open({ ...phoneOf(li), column: 'identity_no' }, sealed)).rejects.toThrow('cannot be opened');
  await database.vault.seal({ ...phoneOf(li), key: 'accounting' }, 'x');
  await expect(other.vault.open({ ...phoneOf(li), key: 'accounting' }, sealed)).rejects.toThrow('cannot be opened');
});

test('a wrapped key moved to another person does not open', async () => {
  const [li, wang] = [await person(), await person()];
  const sealed = await database.vault.seal(phoneOf(li), 'x');
  await database.query(
    'INSERT INTO person_key (employee_id, purpose, wrapped, master_key_id) SELECT $2, purpose, wrapped, master_key_id FROM person_key WHERE employee_id = $1',
    [li, wang],
  );
  await expect(other.vault.open(phoneOf(wang), sealed)).rejects.toThrow('cannot be opened');
});

test("fifty processes that need a person's first key at once make one", async () => {
  const li = await person();
  const sealed = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? database : other).write((tx) => tx.vault.seal(phoneOf(li), `phone ${n}`))));
  const { rows } = await database.query<{ count: number }>('SELECT count(*) FROM person_key WHERE employee_id = $1', [li]);
  expect(rows[0]?.count).toBe(1);
  const third = process();
  expect(await Promise.all(sealed.map((one) => third.vault.open(phoneOf(li), one)))).toEqual(sealed.map((_, n) => `phone ${n}`));
});

test('a key whose transaction was rolled back seals nothing after it', async () => {
  const li = await person();
  const failing = database.write(async (tx) => {
    await tx.vault.seal(phoneOf(li), 'x');
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  const sealed = await database.vault.seal(phoneOf(li), 'y');
  expect(await other.vault.open(phoneOf(li), sealed)).toBe('y');
});

/** A process of its own, and how often it asked the database. */
function counted(): { vault: Vault; queries(): number } {
  let asked = 0;
  const query: Database['query'] = (text, values) => {
    asked += 1;
    return database.query(text, values);
  };
  return { vault: openVault(testVault()).over({ query }), queries: () => asked };
}

test('once its keys are known a process seals, opens and looks up without a query', async () => {
  const li = await person();
  const { vault, queries } = counted();
  const place = (n: number): InstallationField => ({ purpose: 'inbox', table: 'inbox_message', column: 'body', row: ['BANK', `${n}`] });
  const once = async (n: number): Promise<void> => {
    const sealed = await vault.seal(phoneOf(li), `${n}`);
    expect(await vault.open(phoneOf(li), sealed)).toBe(`${n}`);
    await vault.blindIndex('employee.identity_no', `${n}`);
    expect((await vault.openInstallation(place(n), await vault.sealInstallation(place(n), `${n}`))).toString()).toBe(`${n}`);
  };
  await once(0);
  const first = queries();
  expect(first).toBeGreaterThan(0);
  for (let n = 1; n <= 100; n += 1) await once(n);
  expect(queries()).toBe(first);
});

test('the keys of a page of people come with one query', async () => {
  const page = await Promise.all(Array.from({ length: 20 }, () => person()));
  const sealed = await Promise.all(page.map((id) => database.vault.seal(phoneOf(id), id)));
  const { vault, queries } = counted();
  await vault.warm('medical', page);
  expect(await Promise.all(sealed.map((one, at) => vault.open(phoneOf(page[at] ?? ''), one)))).toEqual(page);
  expect(queries()).toBe(1);
});

test('blind indexes: equal for equal values in all processes, different for each column', async () => {
  const index = await database.vault.blindIndex('employee.identity_no', '11010519491231002X');
  expect(await other.vault.blindIndex('employee.identity_no', '11010519491231002X')).toEqual(index);
  expect(await database.vault.blindIndex('employee.identity_no', '110105194912310021')).not.toEqual(index);
  expect(await database.vault.blindIndex('bank_account.account_no', '11010519491231002X')).not.toEqual(index);
  expect(index).toHaveLength(32);
});

test('blind indexes are the same after the suite was changed', async () => {
  const index = await database.vault.blindIndex('employee.identity_no', 'x');
  const national = openDatabase({ url, vault: { ...testVault(), suite: 'sm4-ctr-hmac-sm3' } });
  opened.push(national);
  expect(await national.vault.blindIndex('employee.identity_no', 'x')).toEqual(index);
  const li = await person();
  const [first, second] = [await database.vault.seal(phoneOf(li), 'gcm'), await national.vault.seal(phoneOf(li), 'sm4')];
  expect([first[1], second[1]]).toEqual([1, 2]);
  expect([await national.vault.open(phoneOf(li), first), await database.vault.open(phoneOf(li), second)]).toEqual(['gcm', 'sm4']);
});

test('of the installation: opens in its place only, whatever generation sealed it', async () => {
  const place = { purpose: 'answers', table: 'idempotency_key', column: 'body', row: ['caller', 'POST /v1/claims', 'key'] } as const;
  const sealed = await database.vault.sealInstallation(place, Buffer.from('{"a":1}'));
  expect((await other.vault.openInstallation(place, sealed)).toString()).toBe('{"a":1}');
  await expect(other.vault.openInstallation({ ...place, row: ['caller', 'POST /v1/claimskey'] }, sealed)).rejects.toThrow('cannot be opened');
  await expect(other.vault.openInstallation({ ...place, purpose: 'inbox' }, sealed)).rejects.toThrow();
  const older = Buffer.from(sealed);
  older.writeUInt16BE(2);
  await expect(other.vault.openInstallation(place, older)).rejects.toThrow('no generation 2');
  expect(await database.vault.installationKey('answers', 2)).toBeUndefined();
  expect((await database.vault.installationKey('answers'))?.generation).toBe(1);
});

test('a destroyed key opens nothing any more, nowhere, once the time of the caches is over', async () => {
  const li = await person();
  const sealed = await database.vault.seal(phoneOf(li), '13900000000');
  expect(await other.vault.open(phoneOf(li), sealed)).toBe('13900000000');
  await database.write(async (tx) => {
    await tx.query('UPDATE person_key SET wrapped = NULL, master_key_id = NULL, destroyed_at = now() WHERE employee_id = $1', [li]);
    tx.vault.forget('medical', li);
    expect(await tx.vault.open(phoneOf(li), sealed)).toBeUndefined();
  });
  expect(await database.vault.open(phoneOf(li), sealed)).toBeUndefined();
  await expect(database.vault.seal(phoneOf(li), 'again')).rejects.toThrow(KeyDestroyed);
  expect(await process().vault.open(phoneOf(li), sealed)).toBeUndefined();
});

test('a cached key goes after its time however often it is used, and the least used one makes room', () => {
  vi.useFakeTimers();
  const cache = createKeyCache<number>({ size: 2, ttlMs: KEY_TTL_MS });
  cache.put('a', 1);
  for (let n = 0; n < 59; n += 1) {
    vi.advanceTimersByTime(1_000);
    expect(cache.get('a')).toBe(1);
  }
  vi.advanceTimersByTime(1_000);
  expect(cache.get('a')).toBeUndefined();
  cache.put('a', 1);
  cache.put('b', 2);
  cache.get('a');
  cache.put('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});

test('without master keys a process hears of it, and is told nothing else', async () => {
  const li = await person();
  const sealed = await database.vault.seal(phoneOf(li), 'x');
  const keyless = openDatabase({ url });
  opened.push(keyless);
  await expect(keyless.vault.open(phoneOf(li), sealed)).rejects.toThrow('started without master keys');
});

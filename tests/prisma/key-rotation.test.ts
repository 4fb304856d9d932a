import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileMasterKeys } from '#platform/master-keys.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { countByMasterKey } from '#prisma/queries/key-rotation.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { openVault, type Field, type Vault } from '#prisma/vault.ts';
import { createTestDatabase } from '../setup/database.ts';
import { eventually } from '../stack/eventually.ts';

const PEOPLE = 300;
const entry = fileURLToPath(new URL('../../activities/keys-rotate.ts', import.meta.url));
const gateways = fileURLToPath(new URL('../../package.json', import.meta.url));

let keysDir: string;
let workerUrl: string;
let database: Database;
const people: { field: Field; sealed: Buffer }[] = [];

beforeAll(async () => {
  const test = await createTestDatabase();
  workerUrl = test.workerUrl;
  keysDir = await mkdtemp(join(tmpdir(), 'daozhang-rotation-'));
  database = openDatabase({ url: test.url, vault: { suite: 'aes-256-gcm', masterKeys: await masterKeys() } });
  const unitId = await database.write((tx) => createRootUnit(tx, { code: 'HQ', name: '总部', nameEn: 'Head office', region: '130100' }));
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO employee (employee_no, unit_id, name, insured_region) SELECT 'E' || n, $1, '李晓梅', '130100' FROM generate_series(1, $2) n RETURNING id`,
    [unitId, PEOPLE],
  );
  await database.write(async (tx) => {
    for (const { id } of rows) {
      const field: Field = { employeeId: id, key: 'medical', table: 'employee', column: 'phone', row: id };
      people.push({ field, sealed: await tx.vault.seal(field, id) });
    }
    await tx.vault.blindIndex('employee.identity_no', 'x');
  });
});
afterAll(async () => {
  await database?.close();
  await rm(keysDir, { recursive: true, force: true });
});

const masterKeys = () => fileMasterKeys({ dir: join(keysDir, 'master'), suite: 'aes-256-gcm' });
const counts = async () => [...(await countByMasterKey(database)).values()].toSorted((a, b) => a - b);

function rotate(...args: string[]) {
  const env = {
    ...{ PATH: process.env['PATH'], DATABASE_URL: workerUrl, KEYS_DIR: keysDir, GATEWAYS_FILE: gateways, DOCUMENT_DIR: keysDir },
    ...{ SMTP_URL: 'smtp://127.0.0.1:25', MAIL_FROM: 'claims@example.com', AUDIT_EXPORT_DIR: keysDir },
  };
  const child = spawn(process.execPath, [entry, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => void lines.push(line));
  child.stderr.on('data', (data: Buffer) => void lines.push(data.toString()));
  return { child, lines, output, ended: once(child, 'close').then(([code]) => code as number | null) };
}

/** Reads everybody again and again, each time with a vault that knows no key yet: the database is asked each time. */
function readOn(): { stop(): Promise<number> } {
  let going = true;
  const reading = (async () => {
    const keys = await masterKeys();
    let read = 0;
    while (going || read === 0) {
      const vault: Vault = openVault({ masterKeys: keys, suite: 'aes-256-gcm' }).over(database);
      for (const { field, sealed } of people) expect(await vault.open(field, sealed)).toBe(field.employeeId);
      read += 1;
    }
    return read;
  })();
  return {
    stop() {
      going = false;
      return reading;
    },
  };
}

test('killed in the middle a rotation goes on where it was, and whoever reads meanwhile finds everything', async () => {
  expect(await counts()).toEqual([PEOPLE + 1]);
  const readers = [readOn(), readOn()];

  // it comes as far as a key that somebody holds, and there it dies
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = database.write(async (tx) => {
    const inOrder = people.map(({ field }) => field.employeeId).toSorted();
    await tx.query('SELECT FROM person_key WHERE employee_id = $1 FOR UPDATE', [inOrder[PEOPLE / 2]]);
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const first = rotate('--new', '--batch', '10');
  const halfway = eventually(() => first.lines.includes(`rewrapped ${PEOPLE / 2} keys of people`));
  await Promise.race([halfway, first.ended.then(() => expect.fail(first.lines.join('\n')))]);
  first.child.kill('SIGKILL');
  await first.ended;
  release.resolve();
  await holding;
  expect(await counts()).toEqual([PEOPLE / 2, PEOPLE / 2 + 1]);

  const second = rotate('--batch', '50');
  expect(await second.ended, second.lines.join('\n')).toBe(0);
  expect(await counts()).toEqual([PEOPLE + 1]);
  expect((await Promise.all(readers.map((reader) => reader.stop()))).every((times) => times > 0)).toBe(true);

  const [, byFile] = second.lines.join('\n').split('master key', 2);
  expect(byFile).toContain(`2.key) wraps ${PEOPLE + 1} keys: the current one`);
  expect(second.lines.at(-1)).toMatch(/1\.key\) wraps 0 keys: nothing any more, it may be removed$/);

  await rm(join(keysDir, 'master', '1.key'));
  expect(await readOn().stop()).toBe(1);
});

test('a key whose master key is gone is told, and the others are brought over', async () => {
  const one = people[0]?.field.employeeId;
  await database.query(`UPDATE person_key SET master_key_id = 'lost' WHERE employee_id = $1`, [one]);
  const run = rotate('--new');
  expect(await run.ended).toBe(1);
  expect(run.lines.join('\n')).toContain('master key lost wraps 1 keys: NOT HERE, bring it back');
  expect(await counts()).toEqual([1, PEOPLE]);
  expect((await readdir(join(keysDir, 'master'))).toSorted()).toEqual(['2.key', '3.key']);
  const { rows } = await database.query<{ id: string }>('SELECT DISTINCT master_key_id AS id FROM installation_key');
  expect(rows.map(({ id }) => id)).toEqual([await (await masterKeys()).currentId()]);
});

import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditActivities } from '#activities/audit/seal-days.ts';
import { verifyChains } from '#activities/audit/verify-chains.ts';
import { verifyRoots } from '#activities/audit/verify-roots.ts';
import { rootText, type RootStatement } from '#domain/audit/root.ts';
import { isSigned, signed } from '#platform/audit-key.ts';
import { leafHash, nodeHash } from '#platform/merkle.ts';
import { audit } from '#prisma/queries/audit.ts';
import { holdDay } from '#prisma/queries/audit-roots.ts';
import { eventually } from '../../stack/eventually.ts';
import { ACTOR, open } from './audit-world.ts';

let world: Awaited<ReturnType<typeof open>>;
beforeEach(async () => (world = await open()));
afterEach(async () => world.end());

const seal = () => auditActivities({ database: world.worker, auditKey: world.audit.key, auditExport: world.audit.export }).sealAuditDays();
const verify = async (withExport = true) => (await verifyRoots(world.worker, {}, withExport ? world.audit.export : undefined)).broken;
const VERIFY = fileURLToPath(new URL('../../../activities/audit-verify.ts', import.meta.url));
const run = promisify(execFile);
const commandAs = (url: string, ...args: string[]) => run(process.execPath, [VERIFY, ...args], { env: { ...process.env, DATABASE_URL: url } });
const command = (...args: string[]) => commandAs(world.workerUrl, ...args);
const fileOf = (day: string, unit: string) => join(world.audit.dir, day.slice(0, 4), day, `${unit}.json`);

test('a day that is over is sealed: a signed root for each unit over its entries, in their order', async () => {
  const number = await world.claim({ moves: 2 });
  await world.claim({ unitId: world.other.id });
  await world.backdate('2026-11-20');
  await world.claim();
  expect(await seal()).toEqual({ days: 1, exported: 2 });

  const { rows } = await world.admin.query<{ hash: Buffer }>('SELECT hash FROM audit_entry WHERE chain = $1 ORDER BY chain_no', [number]);
  const [first, second, third] = rows.map(({ hash }) => leafHash(hash)) as [Buffer, Buffer, Buffer];
  const root = nodeHash(nodeHash(first, second), third).toString('hex');
  const file = JSON.parse(await readFile(fileOf('2026-11-20', world.unit.id), 'utf8'));
  expect(JSON.parse(file.statement)).toEqual({ type: 'daozhang-audit-root-v1', unit: world.unit, day: '2026-11-20', entries: 3, root, previous: null });
  expect(isSigned(file)).toBe(true);
  expect(isSigned({ ...file, statement: file.statement.replace('"entries":3', '"entries":2') })).toBe(false);
  expect(await readFile(join(world.audit.dir, 'keys', `${world.audit.key.keyId}.pem`), 'utf8')).toBe(world.audit.key.publicKey);
  expect(await verify()).toBeNull();
});

test('days that were missed are caught up with, each root names the one before, and doing it again changes nothing', async () => {
  for (const day of ['2026-11-17', '2026-11-19', '2026-11-20']) {
    await world.claim();
    await world.backdate(day);
  }
  expect(await Promise.all([seal(), seal()])).toContainEqual(expect.objectContaining({ days: 3 }));
  expect(await seal()).toEqual({ days: 0, exported: 0 });
  const previous = await Promise.all(
    ['2026-11-17', '2026-11-19', '2026-11-20'].map(async (day) => JSON.parse(JSON.parse(await readFile(fileOf(day, world.unit.id), 'utf8')).statement)),
  );
  expect(previous.map((statement) => statement.previous)).toEqual([
    null,
    { day: '2026-11-17', root: previous[0].root },
    { day: '2026-11-19', root: previous[1].root },
  ]);
  expect(await verify()).toBeNull();
});

test('today is never sealed', async () => {
  await world.claim();
  expect(await seal()).toEqual({ days: 0, exported: 0 });
});

test('a day is closed only when everybody who wrote on it has finished', async () => {
  const { rows } = await world.admin.query<{ today: string }>('SELECT audit_day(now())::text AS today');
  const today = rows[0]?.today ?? '';
  const late = new pg.Client({ connectionString: world.workerUrl });
  await late.connect();
  await late.query('BEGIN');
  await audit({ query: async (text, values) => late.query(text, [...(values ?? [])]) }, { unitId: world.unit.id, actor: ACTOR, action: 'late', detail: {} });
  let closed = false;
  const closing = world.worker.write(async (tx) => {
    await holdDay(tx, today);
    closed = true;
    return (await tx.query('SELECT FROM audit_entry')).rowCount;
  });
  const waits = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await eventually(async () => (await world.admin.query(waits)).rowCount === 1);
  expect(closed).toBe(false);
  await late.query('COMMIT');
  expect(await closing).toBe(1);
  await late.end();
});

test('a chain that was rewritten from some entry on, every link made to fit, does not have the root of its day', async () => {
  const number = await world.claim({ moves: 3 });
  await world.backdate('2026-11-20');
  await seal();
  await world.tamper(`UPDATE claim_event SET actor = '{"id": "x", "type": "person"}' WHERE claim_number = $1 AND seq = 3`, [number]);
  await world.tamper(`UPDATE audit_entry SET actor = '{"id": "x", "type": "person"}' WHERE chain = $1 AND chain_no = 3`, [number]);
  await world.relink(number, 3);
  expect((await verifyChains(world.worker, {})).broken).toBeNull();
  expect(await verify(false)).toEqual({ chain: `unit:${world.unit.id}`, no: null, what: '2026-11-20: the root is another one' });
  expect(await verify()).toEqual({ chain: `unit:${world.unit.id}`, no: null, what: '2026-11-20: the exported root is another one' });
});

test('looks cut off at the end, which no claim counts, are missed by the root', async () => {
  const employeeId = await world.employee();
  for (const id of ['a', 'b'])
    await world.admin.query(`INSERT INTO audit_entry (employee_id, unit_id, actor, action) VALUES ($1, $2, $3, 'looked')`, [employeeId, world.unit.id, { id }]);
  await world.backdate('2026-11-20');
  await seal();
  await world.tamper(`DELETE FROM audit_entry WHERE employee_id = $1 AND chain_no = 2`, [employeeId]);
  expect((await verifyChains(world.worker, {})).broken).toBeNull();
  expect(await verify(false)).toMatchObject({ what: '2026-11-20: the root is another one' });
});

test.each([
  ['a root that was made again under another key', `UPDATE audit_root SET public_key = 'x'`, 'the signature of the root is wrong'],
  ['a root whose columns were changed', `UPDATE audit_root SET entries = 7`, 'the columns of the root do not say what was signed'],
  [
    'roots that were removed with their entries',
    `WITH gone AS (DELETE FROM audit_root) DELETE FROM audit_entry`,
    'the exported root has entries, the database has none',
  ],
  ['roots that were removed', `DELETE FROM audit_root`, 'has entries and no root'],
])('%s', async (_, sql, what) => {
  await world.claim();
  await world.backdate('2026-11-20');
  await seal();
  await world.tamper(sql);
  expect(await verify()).toEqual({ chain: `unit:${world.unit.id}`, no: null, what: `2026-11-20: ${what}` });
});

test('an export that was changed or thinned out is found', async () => {
  await world.claim();
  await world.backdate('2026-11-20');
  await seal();
  const file = fileOf('2026-11-20', world.unit.id);
  const content = await readFile(file, 'utf8');
  await writeFile(file, content.replace('\\"entries\\":1', '\\"entries\\":2'));
  expect(await verify()).toMatchObject({ what: '2026-11-20: the exported root is not signed by the key that is exported with it' });
  await writeFile(file, `${content} `);
  expect(await verify()).toMatchObject({ what: '2026-11-20: the exported root is another one than the stored one' });
  await rm(file);
  expect(await verify()).toMatchObject({ what: '2026-11-20: the root is not in the export' });
  await writeFile(file, content);
  expect(await verify()).toBeNull();
});

test('a day of a unit that was removed with its root, every chain of it whole, is missed by the next root', async () => {
  for (const day of ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20']) {
    // a chain of one entry for each day
    await world.admin.query(`INSERT INTO audit_entry (employee_id, unit_id, actor, action) VALUES ($1, $2, $3, 'looked')`, [
      await world.employee(),
      world.unit.id,
      ACTOR,
    ]);
    if (day === '2026-11-18') await world.claim({ unitId: world.other.id });
    await world.backdate(day);
  }
  await seal();
  expect(await verify(false)).toBeNull();
  await world.tamper(
    `WITH entries AS (DELETE FROM audit_entry WHERE unit_id = $1 AND audit_day(recorded_at) = '2026-11-18' RETURNING chain),
       chains AS (DELETE FROM audit_chain WHERE chain IN (SELECT chain FROM entries)) DELETE FROM audit_root WHERE unit_id = $1 AND day = '2026-11-18'`,
    [world.unit.id],
  );
  expect((await verifyChains(world.worker, {})).broken).toBeNull();
  const what = '2026-11-19: the root follows that of 2026-11-18, the stored one before it is of 2026-11-17';
  for (const args of [[], ['--unit', world.unit.code]])
    await expect(command(...args)).rejects.toMatchObject({ code: 1, stderr: `BROKEN unit:${world.unit.id}: ${what}\n` });
  expect((await command('--unit', world.other.code)).stdout).toMatch(/^ok: 1 entries in 1 chains, 1 daily roots/);
});

test('a root, rightly signed, that follows another one than the stored one is found', async () => {
  for (const day of ['2026-11-19', '2026-11-20']) {
    await world.claim();
    await world.backdate(day);
  }
  await seal();
  const { rows } = await world.admin.query<{ statement: string }>(`SELECT statement FROM audit_root WHERE day = '2026-11-20'`);
  const told = JSON.parse(rows[0]?.statement ?? '') as RootStatement;
  const follow = async (previous: RootStatement['previous']) => {
    const { statement, signature } = signed(world.audit.key, rootText({ ...told, previous }));
    await world.tamper(`UPDATE audit_root SET statement = $1, signature = decode($2, 'base64') WHERE day = '2026-11-20'`, [statement, signature]);
    return verify(false);
  };
  const broken = (what: string) => ({ chain: `unit:${world.unit.id}`, no: null, what: `2026-11-20: ${what}` });
  expect(await follow({ day: '2026-11-19', root: '0'.repeat(64) })).toEqual(broken('the root follows another one of 2026-11-19 than the stored one'));
  expect(await follow(null)).toEqual(broken('the root follows that of no day, the stored one before it is of 2026-11-19'));
  expect(await follow(told.previous)).toBeNull();
});

test('another root under a name of the export is never overwritten: it is recorded, and the rest goes on', async () => {
  await world.claim();
  await world.claim({ unitId: world.other.id });
  await world.backdate('2026-11-20');
  await world.audit.export.put(`2026/2026-11-20/${world.unit.id}.json`, 'something else');
  const failure: unknown = await seal().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'AuditExportDiffers', nonRetryable: true });
  expect(await readFile(fileOf('2026-11-20', world.unit.id), 'utf8')).toBe('something else');
  expect(JSON.parse(await readFile(fileOf('2026-11-20', world.other.id), 'utf8'))).toMatchObject({ keyId: world.audit.key.keyId });
  const { rows } = await world.admin.query(`SELECT detail FROM audit_entry WHERE action = 'audit-export-differs'`);
  expect(rows).toEqual([{ detail: { files: [`2026/2026-11-20/${world.unit.id}.json`] } }]);
});

test('the command compares with the export, for one claim as well', async () => {
  const compare = (...args: string[]) => command('--export', world.audit.dir, ...args);
  const number = await world.claim({ moves: 1 });
  await world.claim({ unitId: world.other.id });
  await world.backdate('2026-11-20');
  await seal();
  const by = `signed by ${world.audit.key.keyId}`;
  expect((await compare()).stdout).toBe(`ok: 3 entries in 2 chains, 2 daily roots, ${by}\n`);
  expect((await compare('--claim', number)).stdout).toBe(`ok: 2 entries in 1 chains, 1 daily roots, ${by}\n`);
  await rm(fileOf('2026-11-20', world.other.id));
  expect((await compare('--unit', world.unit.code)).stdout).toBe(`ok: 2 entries in 1 chains, 1 daily roots, ${by}\n`);
  await expect(compare()).rejects.toMatchObject({ code: 1, stderr: `BROKEN unit:${world.other.id}: 2026-11-20: the root is not in the export\n` });
});

test('the command refuses a login to which the audit looks empty', async () => {
  await world.claim();
  await expect(commandAs(world.apiUrl)).rejects.toMatchObject({
    code: 1,
    stderr: 'The audit could not be verified: the login of DATABASE_URL is not a member of daozhang_worker alone\n',
  });
});

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeMigration } from '#dev/migrations/diff.ts';
import { migrate, migrationsDir } from '#dev/migrations/run.ts';
import { applyMigrations, diffMigrations } from '#dev/migrations/schema-engine.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { type Postgres, startPostgres } from '#dev/stack/postgres.ts';

const dataDir = temporaryDataDir();
let postgres: Postgres;
let client: pg.Client;
beforeAll(async () => {
  postgres = await startPostgres({ dataDir, durable: false });
  client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('migrating twice, and three at once, applies each migration once', async () => {
  const databaseUrl = await freshDatabase('product');
  const runs = await Promise.all([migrate(databaseUrl), migrate(databaseUrl), migrate(databaseUrl)]);
  expect(runs.flat().length).toBeGreaterThan(0);
  expect(runs.flat()).toEqual([...new Set(runs.flat())]);
  expect(await migrate(databaseUrl)).toEqual([]);
  const rows = await queryIn(databaseUrl, 'select migration_name from _prisma_migrations where finished_at is not null order by 1');
  expect(rows.map((row) => row['migration_name'])).toEqual(runs.flat());
});

test('the migrations lead to the schema', async () => {
  const schemaFile = join(migrationsDir, '..', 'schema.prisma');
  const shadowUrl = await freshDatabase('shadow');
  expect(await diffMigrations({ shadowUrl, migrationsDir, schemaFile })).toBeUndefined();
});

test('a migration is written for what the schema has and the migrations lack, function bodies survive', async () => {
  const project = join(dataDir, 'project');
  const schemaFile = join(project, 'schema.prisma');
  const ours = async (shadow: string) => ({
    migrationsDir: join(project, 'migrations'),
    schemaFile,
    shadowUrl: await freshDatabase(shadow),
  });
  const databaseUrl = await freshDatabase('project');
  mkdirSync(project);
  const schema = (fields: string) => `datasource db {\n  provider = "postgresql"\n}\nmodel Town {\n  id Int @id\n${fields}\n}\n`;

  writeFileSync(schemaFile, schema('name String'));
  const first = await writeMigration({ ...(await ours('shadow_1')), name: 'init', now: new Date('2026-11-22T08:00:00Z') });
  expect(first).toBe(join(join(project, 'migrations'), '20261122080000_init', 'migration.sql'));
  writeFileSync(
    first ?? '',
    `${readFileSync(first ?? '', 'utf8')}
    -- a comment; with a semicolon
    create function towns() returns bigint language plpgsql as $$ begin return (select count(*) from "Town"); end $$;`,
  );
  expect(await applyMigrations({ databaseUrl, migrationsDir: join(project, 'migrations') })).toEqual(['20261122080000_init']);
  expect(await queryIn(databaseUrl, 'select towns()')).toEqual([{ towns: '0' }]);

  writeFileSync(schemaFile, schema('name String @unique\n  people Int?'));
  const second = await writeMigration({ ...(await ours('shadow_2')), name: 'people', now: new Date('2026-11-22T09:00:00Z') });
  const sql = readFileSync(second ?? '', 'utf8');
  expect(sql).toContain('ALTER TABLE "Town" ADD COLUMN     "people" INTEGER');
  expect(sql).toContain('CREATE UNIQUE INDEX "Town_name_key"');
  expect(await applyMigrations({ databaseUrl, migrationsDir: join(project, 'migrations') })).toEqual(['20261122090000_people']);
  expect(await writeMigration({ ...(await ours('shadow_3')), name: 'again', now: new Date() })).toBeUndefined();
});

test('a migration that fails leaves nothing of itself behind, is named, and bars those after it', async () => {
  const dir = join(dataDir, 'bad-migrations');
  const databaseUrl = await freshDatabase('bad');
  mkdirSync(join(dir, '20261122080000_bad'), { recursive: true });
  writeFileSync(join(dir, '20261122080000_bad', 'migration.sql'), 'create table half (id int); create tabel other ();');
  await expect(applyMigrations({ databaseUrl, migrationsDir: dir })).rejects.toThrow(/syntax error.*20261122080000_bad/s);
  expect(await queryIn(databaseUrl, `select to_regclass('half') as half`)).toEqual([{ half: null }]);
  await expect(applyMigrations({ databaseUrl, migrationsDir: dir })).rejects.toThrow(/20261122080000_bad.*failed/s);
});

async function freshDatabase(name: string): Promise<string> {
  await client.query(`create database ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function queryIn(databaseUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const inside = new pg.Client({ connectionString: databaseUrl });
  await inside.connect();
  try {
    return (await inside.query(text)).rows;
  } finally {
    await inside.end();
  }
}

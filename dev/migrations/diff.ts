import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDataDir } from '../stack/data-dir.ts';
import { startPostgres } from '../stack/postgres.ts';
import { migrationsDir } from './run.ts';
import { diffMigrations, migrationLock } from './schema-engine.ts';

/**
 * Writes `<time>_<name>/migration.sql` with what the schema has and the migrations lack. Returns the file, or
 * undefined when there is no difference. `shadowUrl`: an empty database of no further use.
 */
export async function writeMigration(options: {
  name: string;
  now: Date;
  migrationsDir: string;
  schemaFile: string;
  shadowUrl: string;
}): Promise<string | undefined> {
  const sql = await diffMigrations(options);
  if (sql === undefined) return undefined;
  const stamp = options.now.toISOString().slice(0, 19).replaceAll(/\D/g, '');
  const dir = join(options.migrationsDir, `${stamp}_${options.name}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(options.migrationsDir, migrationLock.path), migrationLock.content);
  writeFileSync(join(dir, 'migration.sql'), sql);
  return join(dir, 'migration.sql');
}

if (import.meta.main) {
  const [name] = process.argv.slice(2);
  if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
    console.error('usage: npm run migrate:diff -- NAME   (lower case, digits, underscores)');
    process.exit(1);
  }
  const dataDir = temporaryDataDir();
  const postgres = await startPostgres({ dataDir, durable: false });
  try {
    const schemaFile = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));
    const file = await writeMigration({ name, now: new Date(), migrationsDir, schemaFile, shadowUrl: postgres.url });
    console.log(file === undefined ? 'the migrations already lead to the schema' : `wrote ${file}`);
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

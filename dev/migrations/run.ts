import { fileURLToPath } from 'node:url';
import { applyMigrations } from './schema-engine.ts';

export const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Brings a database up to the newest migration. Running it again, or on several machines at once, is harmless. */
export function migrate(databaseUrl: string): Promise<string[]> {
  return applyMigrations({ databaseUrl, migrationsDir });
}

if (import.meta.main) {
  const databaseUrl = process.env['DATABASE_URL'];
  if (databaseUrl === undefined) {
    console.error('DATABASE_URL: missing. Example: postgresql://user:password@host:5432/daozhang');
    process.exit(1);
  }
  try {
    const applied = await migrate(databaseUrl);
    for (const name of applied) console.log(`applied ${name}`);
    if (applied.length === 0) console.log('nothing to apply');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

import { fileURLToPath } from 'node:url';
import { databaseUrl, runCommand } from '../command.ts';
import { applyMigrations } from './schema-engine.ts';

export const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Brings a database up to the newest migration. Running it again, or on several machines at once, is harmless. */
export function migrate(url: string): Promise<string[]> {
  return applyMigrations({ databaseUrl: url, migrationsDir });
}

if (import.meta.main)
  await runCommand(async () => {
    const applied = await migrate(databaseUrl());
    for (const name of applied) console.log(`applied ${name}`);
    if (applied.length === 0) console.log('nothing to apply');
  });

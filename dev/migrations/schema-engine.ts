import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { catalogAdapter } from './catalog-adapter.ts';

type MigrationList = Parameters<bindings.SchemaEngine['applyMigrations']>[0]['migrationsList'];

/** Beside the migrations for Prisma's own command line, which reads the provider there. */
export const migrationLock = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' };

const noFilter = { externalTables: [], externalEnums: [] };

/** Applies the migrations that the database has not seen, in order, as `prisma migrate deploy` does. Returns their names. */
export async function applyMigrations(options: { databaseUrl: string; migrationsDir: string }): Promise<string[]> {
  const migrationsList = readMigrations(options.migrationsDir);
  return withEngine(options.databaseUrl, async (engine, pool) => {
    // Several machines may deploy at once. The engine's own lock gives up after 10 s, and a long migration takes longer.
    const lock = await pool.connect();
    try {
      await lock.query("select pg_advisory_lock(hashtext('daozhang.migrations'))");
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: noFilter });
      return appliedMigrationNames;
    } finally {
      // Destroyed, not given back: the end of the session is what lets go of the lock, whatever happened.
      lock.release(true);
    }
  });
}

/**
 * The SQL that leads from the migrations to the schema; undefined when they agree.
 * The database of `shadowUrl` must be empty and of no further use: the migrations are played in it.
 */
export async function diffMigrations(options: { shadowUrl: string; migrationsDir: string; schemaFile: string }): Promise<string | undefined> {
  const files = [{ path: options.schemaFile, content: readFileSync(options.schemaFile, 'utf8') }];
  return withEngine(options.shadowUrl, async (engine) => {
    const { stdout, exitCode } = await engine.diff({
      from: { tag: 'migrations', ...readMigrations(options.migrationsDir) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: noFilter,
    });
    const differs = 2;
    return exitCode === differs && stdout !== null ? stdout : undefined;
  });
}

async function withEngine<T>(databaseUrl: string, work: (engine: bindings.SchemaEngine, pool: pg.Pool) => Promise<T>): Promise<T> {
  loaded ??= load();
  await loaded;
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const adapter = bindMigrationAwareSqlAdapterFactory(catalogAdapter(pool));
  try {
    const engine = await bindings.SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
    return await work(engine, pool);
  } catch (error) {
    // The engine only tells the number under which the adapter keeps the database's own error.
    const [, id] = /External error id#(\d+)/.exec(String(error)) ?? [];
    const cause = id === undefined ? undefined : adapter.errorRegistry.consumeError(Number(id));
    throw cause?.error ?? error;
  } finally {
    await pool.end();
  }
}

let loaded: Promise<void> | undefined;

/** What we use of it: the types of Node leave it to those of a browser. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ exports: Record<string, unknown> }>;
};

async function load(): Promise<void> {
  // Where the engine leaves its last words: without it a panic would say nothing of its cause.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) } });
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const module = await WebAssembly.compile(readFileSync(path.replace(/\.js$/, '.wasm')));
  const imports = Object.entries(bindings).map(([name, value]) => [
    name,
    // The bound of its lock's wait is never cleared, and would keep every process that migrates alive for 10 s more.
    name.startsWith('__wbg_setTimeout_') ? (callback: () => void, ms: number) => setTimeout(callback, ms).unref() : value,
  ]);
  const { exports } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': Object.fromEntries(imports) });
  bindings.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
}

function readMigrations(baseDir: string): MigrationList {
  const names = existsSync(baseDir)
    ? readdirSync(baseDir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .toSorted()
    : [];
  return {
    baseDir,
    lockfile: migrationLock,
    shadowDbInitScript: '',
    migrationDirectories: names.map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(baseDir, path, 'migration.sql'), 'utf8') },
      },
    })),
  };
}

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { ensureLogins } from '#dev/stack/database-logins.ts';
import { migrate } from '#dev/migrations/run.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { stopAll } from '#dev/stack/processes.ts';
import { startPostgres } from '#dev/stack/postgres.ts';
import { findTemporalServer } from '#dev/stack/temporal-binary.ts';
import { claimSearchAttributes } from '#dev/stack/temporal-namespace.ts';
import { startTemporalServer } from '#dev/stack/temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's own database: for making others. */
    postgresUrl: string;
    /** The same server as what the API, and the worker, log in as. */
    apiLogin: string;
    workerLogin: string;
    templateDatabase: string;
    temporalAddress: string;
  }
}

/** One PostgreSQL and one Temporal for the whole run; both go with their directory at its end. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = temporaryDataDir();
  const report = (line: string) => console.log(line);
  const end = async () => {
    await stopAll();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await Promise.all([
      startPostgres({ dataDir, durable: false }).then(async ({ url }) => {
        project.provide('postgresUrl', url);
        project.provide('templateDatabase', await createTemplate(url));
        const logins = await ensureLogins(url, () => randomUUID());
        project.provide('apiLogin', logins.api);
        project.provide('workerLogin', logins.worker);
      }),
      startTemporal({ dataDir, report }).then((address) => project.provide('temporalAddress', address)),
    ]);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function createTemplate(serverUrl: string): Promise<string> {
  const name = 'migrated';
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return name;
}

async function startTemporal(options: { dataDir: string; report: (line: string) => void }): Promise<string> {
  const source = await findTemporalServer({ report: options.report });
  if (source.kind === 'running') return source.address;
  const server = await startTemporalServer({
    binary: source.path,
    dataDir: options.dataDir,
    inMemory: true,
    uiPort: false,
    searchAttributes: claimSearchAttributes,
  });
  return server.address;
}

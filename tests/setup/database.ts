import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export type TestDatabase = {
  /** Connection string of a database with all migrations and nothing else, as its superuser: for what a test prepares and looks at. */
  url: string;
  /** The same as what the API, and the worker, connect as. */
  apiUrl: string;
  workerUrl: string;
  /** Ends every connection to it and removes it. Optional: the whole server goes at the end of the run. */
  drop(): Promise<void>;
};

/** A fresh database, copied from a migrated one: cheap enough for every test file, or for every test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`create database ${name} template ${inject('templateDatabase')}`);
  const at = (server: string): string => {
    const address = new URL(server);
    address.pathname = `/${name}`;
    return address.href;
  };
  return {
    url: at(inject('postgresUrl')),
    apiUrl: at(inject('apiLogin')),
    workerUrl: at(inject('workerLogin')),
    drop: () => administer(`drop database if exists ${name} with (force)`),
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './ports.ts';
import { type Account, postgresBinaries, reachableDir, unprivilegedAccount } from './postgres-binaries.ts';
import { type ManagedProcess, ProcessStartError, startProcess } from './processes.ts';

export type Postgres = {
  /** Connection string of the database `daozhang`, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly exited: ManagedProcess['exited'];
  /** Fast shutdown: open transactions are rolled back, nothing committed is lost. */
  stop(): Promise<void>;
  /** SIGKILL to the server. `startPostgres` on the same directory brings it back. */
  kill(): Promise<void>;
};

const user = 'daozhang';
const database = 'daozhang';

/**
 * Starts PostgreSQL 18 on 127.0.0.1 with its cluster under `dataDir`, made on first use with a generated password
 * (file `postgres.password`, readable by its owner alone). Works as root too.
 * `durable: false` trades safety against power loss (not against a crash of the server) for speed, for tests.
 */
export async function startPostgres(options: { dataDir: string; port?: number; durable?: boolean }): Promise<Postgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const account = unprivilegedAccount();
  const binaries = postgresBinaries(account);
  const password = readPassword(join(dataDir, 'postgres.password'));
  const link = join(dataDir, 'postgres');
  if (!existsSync(link)) {
    const cluster = join(reachableDir(dataDir, account), 'postgres');
    initialise({ initdb: binaries.initdb, cluster, password, account });
    if (cluster !== link) symlinkSync(cluster, link);
  }
  const cluster = realpathSync(link);

  const port = options.port ?? (await freePort());
  const connection = { host: '127.0.0.1', port, user, password };
  const server = await startServer({
    name: 'postgres',
    command: binaries.postgres,
    args: ['-D', cluster, ...settings(port, options.durable ?? true)],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
    account,
    dataDir,
    ready: { probe: () => answers(connection) },
    stopSignal: 'SIGINT',
  });
  await ensureDatabase(connection);
  return {
    url: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
    port,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => server.kill(),
  };
}

function readPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

function initialise(options: { initdb: string; cluster: string; password: string; account: Account | undefined }): void {
  const { initdb, cluster, password, account } = options;
  // Made aside and renamed when complete: a run that is interrupted here leaves nothing that looks like a cluster.
  const unfinished = `${cluster}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const passwordFile = `${cluster}.initial-password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    for (const path of [unfinished, passwordFile]) chownSync(path, account.uid, account.gid);
  }
  try {
    const result = spawnSync(
      initdb,
      [
        `--pgdata=${unfinished}`,
        `--username=${user}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
        // The first start writes everything once more anyway.
        '--no-sync',
      ],
      { ...account, cwd: '/', encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } },
    );
    if (result.status !== 0) {
      throw new Error(`initdb failed: ${result.error?.message ?? result.stderr.trim()}`);
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  chmodSync(unfinished, 0o700);
  renameSync(unfinished, cluster);
}

function settings(port: number, durable: boolean): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A failed statement is told to whoever sent it, who knows how to log it; here it would stand with the values that it failed on.
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * After a SIGKILL the server's own children hold the shared memory for a moment longer, and a new server refuses to
 * start over it: ask again until they are gone.
 */
async function startServer(spec: Parameters<typeof startProcess>[0]): Promise<ManagedProcess> {
  const bound = Date.now() + 30_000;
  while (true) {
    try {
      return await startProcess(spec);
    } catch (error) {
      const held = error instanceof ProcessStartError && /shared memory block|lock file "postmaster.pid"/.test(error.log);
      if (!held || Date.now() > bound) throw error;
      await delay(200);
    }
  }
}

type ServerConnection = { host: string; port: number; user: string; password: string };

async function answers(connection: ServerConnection): Promise<boolean> {
  const client = new pg.Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    // Anything but "not there yet" and "starting up" would never get better by asking again.
    const { code } = error as { code?: string };
    if (code === '28P01') throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(connection: ServerConnection): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

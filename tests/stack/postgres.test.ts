import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { type Postgres, startPostgres } from '#dev/stack/postgres.ts';
import { processIdentity } from '#dev/stack/process-identity.ts';
import { eventually } from './eventually.ts';

const dataDir = temporaryDataDir();
let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ dataDir });
});
afterAll(async () => {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('it is PostgreSQL 18 and keeps its password to itself', async () => {
  const [{ server_version: version }] = (await query('show server_version')) as [{ server_version: string }];
  expect(version).toMatch(/^18\./);
  expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
  const wrong = new URL(postgres.url);
  wrong.password = 'wrong';
  await expect(new pg.Client({ connectionString: wrong.href }).connect()).rejects.toMatchObject({ code: '28P01' });
});

test('it listens on 127.0.0.1 only and stores times in UTC, text as UTF-8', async () => {
  const [row] = await query(
    `select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
            current_setting('timezone') as zone, current_setting('server_encoding') as encoding`,
  );
  expect(row).toEqual({ addresses: '127.0.0.1', sockets: '', zone: 'UTC', encoding: 'UTF8' });
});

test('after SIGKILL with open connections it starts again at once, with all that was committed', async () => {
  await query('create table survivor (id int primary key)');
  const { pid, port } = postgres;
  for (const round of [1, 2, 3]) {
    await query(`insert into survivor values (${round})`);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    await Promise.all(clients.map((client) => client.query('begin; insert into survivor values (1000 + pg_backend_pid())')));
    await postgres.kill();
    expect(await postgres.exited).toEqual({ code: null, signal: 'SIGKILL' });
    postgres = await startPostgres({ dataDir, port });
    expect(postgres.port).toBe(port);
    expect(await query('select id from survivor order by id')).toEqual(Array.from({ length: round }, (_, index) => ({ id: index + 1 })));
  }
  expect(postgres.pid).not.toBe(pid);
});

test('while a process of the killed server still holds its memory, the start waits for it', async () => {
  const straggler = await connect();
  const { rows } = await straggler.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = rows[0]?.pid ?? 0;
  process.kill(backend, 'SIGSTOP');
  try {
    await postgres.kill();
    const log = () => readFileSync(join(dataDir, 'logs', 'postgres.log'), 'utf8');
    const before = log().length;
    const starting = startPostgres({ dataDir, port: postgres.port });
    await eventually(() => log().slice(before).includes('shared memory block'));
    process.kill(backend, 'SIGCONT');
    postgres = await starting;
  } finally {
    // Where it has gone already there is nothing to wake.
    if (processIdentity(backend) !== undefined) process.kill(backend, 'SIGCONT');
  }
  expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url });
  // Its server is going to be killed.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function query(text: string): Promise<unknown[]> {
  const client = await connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

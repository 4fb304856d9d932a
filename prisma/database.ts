import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';

/**
 * The two ways to the database. Writes and hot reads are SQL inside `write` (a Prisma transaction costs two to three times as much:
 * docs/decisions/0003); lists and pages read through `prisma`. Nothing outside prisma/ sees a table.
 */
export type Database = {
  readonly prisma: PrismaClient;
  /** Runs `work` in one READ COMMITTED transaction: all of it or nothing. An exception rolls back and is thrown on. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A statement of its own, outside a transaction. */
  query: Tx['query'];
  /** A connection of its own for LISTEN; the caller releases it. `ended` resolves when it is over, by `close` or because it broke. */
  listen(channel: string, onNotify: () => void): Promise<{ ended: Promise<void>; close(): Promise<void> }>;
  close(): Promise<void>;
};

/** An open transaction. A write that takes a `Tx` cannot be called outside of one. */
export type Tx = {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
};

const INT8 = 20;
const DATE = 1082;

/** BIGINT as a safe integer (fen, sequences), DATE as `yyyy-MM-dd`; the rest as pg does. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return toSafeInteger;
    if (oid === DATE) return String;
    return pg.types.getTypeParser(oid, format);
  },
};

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('BIGINT beyond the safe integers');
  return value;
}

const MAX_PREPARED = 500;
const names = new Map<string, string>();

/**
 * Every connection parses and plans a statement once, which halves what the hot ones cost (their plans are longer than their work). Texts are constants, so there are
 * few; should somebody build one, the cap keeps the server's memory. A pooler in between has to know prepared statements (PgBouncer from 1.21).
 */
function prepared(text: string, values: readonly unknown[] = []): pg.QueryConfig {
  let name = names.get(text);
  if (name === undefined && names.size < MAX_PREPARED) {
    name = `s${names.size + 1}`;
    names.set(text, name);
  }
  return { text, values: [...values], ...(name !== undefined && { name }) };
}

export function openDatabase({ url, poolSize = 10 }: { url: string; poolSize?: number }): Database {
  const pool = new pg.Pool({ connectionString: url, max: poolSize, types, application_name: 'daozhang', connectionTimeoutMillis: 5_000 });
  // A connection that dies while idle is replaced by the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  const prisma = new PrismaClient({
    adapter: new PrismaPg({
      ...{ connectionString: url, max: Math.max(2, Math.floor(poolSize / 2)), application_name: 'daozhang', connectionTimeoutMillis: 5_000 },
      // The adapter reads a timestamptz as if the session's zone were UTC, whatever it is: eight hours off in Shanghai.
      options: '-c TimeZone=UTC',
    }),
  });

  return {
    prisma,
    query: (text, values) => pool.query(prepared(text, values)),
    async write(work) {
      const client = await pool.connect();
      // The pool does not listen while a connection is out: one that dies between two statements would end the process.
      const ignore = (): void => undefined;
      client.on('error', ignore);
      let broken: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work({ query: (text, values) => client.query(prepared(text, values)) });
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch((rollbackError: Error) => {
          broken = rollbackError;
        });
        throw error;
      } finally {
        client.off('error', ignore);
        client.release(broken);
      }
    },
    async listen(channel, onNotify) {
      const client = new pg.Client({ connectionString: url, application_name: 'daozhang-listen' });
      client.on('error', () => undefined);
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      await client.connect();
      client.on('notification', onNotify);
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      return { ended, close: () => client.end() };
    },
    async close() {
      await Promise.all([pool.end(), prisma.$disconnect()]);
    },
  };
}

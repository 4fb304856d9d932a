import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';
import { checkPrivileges, type Group } from './privileges.ts';
import { openVault, type Vault, type VaultSettings } from './vault.ts';

/**
 * The two ways to the database. Writes and hot reads are SQL inside `write` (a Prisma transaction costs two to three times as much:
 * docs/decisions/0003); lists and pages read through `prisma`. Nothing outside prisma/ sees a table.
 */
export type Database = {
  readonly prisma: Reads;
  /** Runs `work` in one READ COMMITTED transaction: all of it or nothing. An exception rolls back and is thrown on. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A statement of its own, outside a transaction. */
  query: Tx['query'];
  /** Opens what is sealed, outside a transaction. Within one it is `tx.vault`. */
  vault: Vault;
  /**
   * The same database as far as `scope` opens it: what the policies of row-level security leave to the API. Without a scope the API's role sees nothing, and the
   * worker's sees everything.
   */
  within(scope: DataScope): ScopedDatabase;
  /** A connection of its own for LISTEN; the caller releases it. `ended` resolves when it is over, by `close` or because it broke. */
  listen(channel: string, onNotify: () => void): Promise<{ ended: Promise<void>; close(): Promise<void> }>;
  close(): Promise<void>;
};

export type ScopedDatabase = Pick<Database, 'prisma' | 'write' | 'query' | 'vault'>;

/** The models of Prisma, without its transactions: writes are SQL. */
type Reads = Pick<PrismaClient, Exclude<keyof PrismaClient, `$${string}` | symbol>>;

/** What a transaction of the API may see: set by `within`, asked by the policies. */
export type DataScope = {
  /** units with everything below them */
  units?: readonly string[];
  /** the person herself: the own record, the own claims */
  employeeId?: string | null;
  /** who is named in Idempotency-Keys and uploads */
  caller?: string;
  /** the bureau or bank whose signature was verified */
  source?: string;
};

/** An open transaction. A write that takes a `Tx` cannot be called outside of one. */
export type Tx = {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
  vault: Vault;
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

/**
 * `vault`: undefined for tools that touch nothing that is sealed; whoever needs a key then hears of it. `group`: whose privileges the login must have; the processes of
 * the product say it, and then use no connection that has others.
 */
export function openDatabase({
  url,
  poolSize = 10,
  vault: settings,
  group,
}: {
  url: string;
  poolSize?: number;
  vault?: VaultSettings;
  group?: Group;
}): Database {
  const vaults = openVault(settings);
  const pool = new pg.Pool({
    ...{ connectionString: url, max: poolSize, types, application_name: 'daozhang', connectionTimeoutMillis: 5_000 },
    ...(group && { verify: (client: pg.PoolClient, done: (error?: Error) => void) => void checkPrivileges(client, group).then(() => done(), done) }),
  });
  // A connection that dies while idle is replaced by the pool, one that is out fails its next statement; without listeners the process would end. The pool listens to
  // none that is out, nor while it is being verified.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const prisma = new PrismaClient({
    adapter: new PrismaPg({
      ...{ connectionString: url, max: Math.max(2, Math.floor(poolSize / 2)), application_name: 'daozhang', connectionTimeoutMillis: 5_000 },
      // The adapter reads a timestamptz as if the session's zone were UTC, whatever it is: eight hours off in Shanghai.
      options: '-c TimeZone=UTC',
    }),
  });

  async function transact<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const query: Tx['query'] = (text, values) => client.query(prepared(text, values));
      const { vault, committed } = vaults.within({ query });
      const result = await work({ query, vault });
      await client.query('COMMIT');
      committed();
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  const query: Tx['query'] = (text, values) => pool.query(prepared(text, values));

  return {
    prisma,
    query,
    vault: vaults.over({ query }),
    write: (work) => transact('BEGIN', work),
    within(scope) {
      const scopeSql = settingsOf(scope);
      // one trip for both: text without parameters may hold several statements
      const begin = `BEGIN; ${scopeSql}`;
      let reader: Reads | undefined;
      const scoped: Tx['query'] = (text, values) => transact(begin, (tx) => tx.query(text, values));
      return {
        get prisma() {
          return (reader ??= readWithin(prisma, scopeSql));
        },
        query: scoped,
        vault: vaults.over({ query: scoped }),
        write: (work) => transact(begin, work),
      };
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

const SETTING = 'daozhang';

/**
 * Narrows or moves the scope of the open transaction, for a caller who is proven only inside it: the visit that a bureau tells of lies in the unit of the person
 * whom it names.
 */
export async function enterScope(tx: Tx, scope: DataScope): Promise<void> {
  await tx.query(`SELECT set_config('${SETTING}.units', $1, true), set_config('${SETTING}.employee', $2, true)`, [
    `{${(scope.units ?? []).join(',')}}`,
    scope.employeeId ?? '',
  ]);
}

function settingsOf({ units = [], employeeId, caller = '', source = '' }: DataScope): string {
  const settings = { units: `{${units.join(',')}}`, employee: employeeId ?? '', caller, source };
  const set = Object.entries(settings).map(([name, value]) => `set_config('${SETTING}.${name}', ${pg.escapeLiteral(value)}, true)`);
  // Behind policies planning takes longer than the look-up by key that is planned; prepared statements are planned once for each connection instead.
  return `SELECT ${set.join(', ')}, set_config('plan_cache_mode', 'force_generic_plan', true)`;
}

/** Prisma within a scope: each read is a transaction of its own that sets it first. Writes are refused, because such a transaction would not be the caller's. */
function readWithin(prisma: PrismaClient, scopeSql: string): Reads {
  return prisma.$extends({
    query: {
      $allModels: {
        async $allOperations({ operation, args, query }) {
          if (!/^(find|count|aggregate|groupBy)/.test(operation)) throw new Error(`${operation}: Prisma only reads`);
          const [, found] = await prisma.$transaction([prisma.$queryRawUnsafe(scopeSql), query(args)]);
          return found;
        },
      },
    },
  }) as unknown as Reads;
}

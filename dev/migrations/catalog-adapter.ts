import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const { CHAR, TEXT } = pg.types.builtins;

/**
 * Prisma's adapter over `pool`, mended in three places where it stops the schema engine:
 * - It refuses the type `"char"`, in which the system catalogue keeps the kinds of constraints and the like, so the
 *   engine could not read a schema back.
 * - It cuts scripts at every semicolon, those in comments and function bodies included.
 * - Its own shadow database leaves connections open that nobody can close. Only a comparison with the migrations plays
 *   them in a shadow, and the database that it is given is one.
 */
export function catalogAdapter(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = new WeakMap<unknown[], number[]>();
  const query: (config: pg.QueryArrayConfig) => Promise<pg.QueryArrayResult | pg.QueryArrayResult[]> = pool.query.bind(pool);
  pool.query = (async (config: pg.QueryArrayConfig) => {
    const answer = await query(config);
    for (const { fields, rows } of [answer].flat()) {
      const found = fields.filter((field) => field.dataTypeID === CHAR);
      charColumns.set(
        rows,
        found.map((field) => fields.indexOf(field)),
      );
      for (const field of found) field.dataTypeID = TEXT;
    }
    return answer;
  }) as pg.Pool['query'];

  const factory = new PrismaPg(pool);
  const connect = async () => {
    const adapter = await factory.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (request) => {
      const result = await queryRaw(request);
      for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    };
    adapter.executeScript = async (sql) => void (await adapter.executeRaw({ sql, args: [], argTypes: [] }));
    return adapter;
  };
  return { provider: factory.provider, adapterName: factory.adapterName, connect, connectToShadowDb: connect };
}

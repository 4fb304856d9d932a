import { Gauge, type Registry } from 'prom-client';
import type { Database } from '#prisma/database.ts';
import { countUnexported } from '#prisma/queries/audit-roots.ts';
import { readBacklog } from '#prisma/queries/delivery.ts';
import { countUnexplained } from '#prisma/queries/statement.ts';

/** Registers gauges of what is still to be sent or explained, read from the database at each scrape. While that is away they have no value. */
export function registerBacklogGauges({ database, registry }: { database: Database; registry: Registry }): void {
  let reading: ReturnType<typeof readBacklog> | undefined;
  /** The gauges of one scrape share one query. */
  async function read() {
    reading ??= readBacklog(database).finally(() => (reading = undefined));
    return reading.catch(() => []);
  }

  const pending = new Gauge({
    name: 'daozhang_relay_pending',
    help: 'Rows that wait to be delivered',
    labelNames: ['table'],
    registers: [registry],
    async collect() {
      const backlog = await read();
      pending.reset();
      for (const entry of backlog) pending.set({ table: entry.table }, entry.pending);
    },
  });
  const oldest = new Gauge({
    name: 'daozhang_relay_oldest_seconds',
    help: 'Age of the oldest row that waits to be delivered',
    labelNames: ['table'],
    registers: [registry],
    async collect() {
      const backlog = await read();
      oldest.reset();
      for (const entry of backlog) oldest.set({ table: entry.table }, entry.oldestSeconds);
    },
  });
  const unexported = new Gauge({
    name: 'daozhang_audit_roots_unexported',
    help: 'Signed daily roots of the audit that have not left the database',
    registers: [registry],
    async collect() {
      const count = await countUnexported(database).catch(() => undefined);
      if (count === undefined) unexported.remove();
      else unexported.set(count);
    },
  });
  const unexplained = new Gauge({
    name: 'daozhang_statement_lines_unexplained',
    help: 'Lines of the bank statement that do not fit our instructions and that nobody has explained',
    labelNames: ['result'],
    registers: [registry],
    async collect() {
      const counts = await countUnexplained(database).catch(() => []);
      unexplained.reset();
      for (const { result, lines } of counts) unexplained.set({ result }, lines);
    },
  });
}

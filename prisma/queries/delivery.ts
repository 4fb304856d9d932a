import type { Database } from '../database.ts';

/**
 * What three tables have in common: workflow_command, notice and webhook_delivery are written with the fact that they tell of, and delivered
 * afterwards, at least once. A row is leased by moving `next_attempt_at` ahead: a relay that dies loses nothing but that time.
 */
export type Leased = {
  /** counts leases, this one included; the fence that keeps a lease that ran out from settling the row of its successor */
  attempts: number;
};

/**
 * How a delivery ended. `Final` are the states that give up; `error` never holds personal data. PENDING without an error gives back what was not
 * tried, and the attempt with it. `responseStatus` is HTTP's, where there was an answer.
 */
export type Outcome<Final extends string> = { responseStatus?: number } & (
  | { status: 'SENT'; error?: string }
  | { status: 'PENDING'; delayMs: number; error: string | null }
  | { status: Final; error: string }
);

export type Settlement<Item extends Leased, Final extends string> = { item: Item; outcome: Outcome<Final> };

/** The columns that every settling statement unnests, in this order: attempts, status, error, delay in milliseconds. */
export function outcomeColumns<Item extends Leased, Final extends string>(settlements: readonly Settlement<Item, Final>[]) {
  return [
    settlements.map(({ item }) => item.attempts),
    settlements.map(({ outcome }) => outcome.status),
    settlements.map(({ outcome }) => outcome.error ?? null),
    settlements.map(({ outcome }) => ('delayMs' in outcome ? outcome.delayMs : 0)),
  ];
}

/** The attempts that a settled row has had. */
export const ATTEMPTS_SQL = (table: string): string => `${table}.attempts - CASE WHEN outcome.status = 'PENDING' AND outcome.error IS NULL THEN 1 ELSE 0 END`;

export const DELIVERY_TABLES = ['workflow_command', 'notice', 'webhook_delivery'] as const;
export type DeliveryTable = (typeof DELIVERY_TABLES)[number];

/** What is still to be sent, by table; `oldestSeconds` is 0 where nothing waits. */
export async function readBacklog(database: Database): Promise<{ table: DeliveryTable; pending: number; oldestSeconds: number }[]> {
  const backlogOf = (table: DeliveryTable) => `
    SELECT '${table}' AS "table", count(*)::int AS pending,
           coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
    FROM ${table} WHERE status = 'PENDING'`;
  const { rows } = await database.query<{ table: DeliveryTable; pending: number; oldestSeconds: number }>(DELIVERY_TABLES.map(backlogOf).join(' UNION ALL '));
  return rows;
}

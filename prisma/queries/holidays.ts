import { overrideHolidays, type HolidayTable } from '#domain/calendar.ts';
import type { Database } from '../database.ts';
import type { Clockwork } from './claim-context.ts';

const KEEP_MS = 60_000;

/** The published calendar with the days that the operator has set otherwise laid over it, read again each minute, and the terms of the bank that pays. */
export function clockworkReader(input: { database: Database; published: HolidayTable; bank: Clockwork['bank'] }): () => Promise<Clockwork> {
  const { code, returnWindowSeconds, queryAfterSeconds } = input.bank;
  let holidays = input.published;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - readAt > KEEP_MS) {
      holidays = overrideHolidays(input.published, await listHolidayOverrides(input.database));
      readAt = performance.now();
    }
    return { holidays, bank: { code, returnWindowSeconds, queryAfterSeconds } };
  };
}

async function listHolidayOverrides(database: Pick<Database, 'query'>): Promise<{ day: string; working: boolean }[]> {
  const { rows } = await database.query<{ day: string; working: boolean }>('SELECT day, working FROM holiday ORDER BY day');
  return rows;
}

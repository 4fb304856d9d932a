/**
 * Working days of the Chinese public calendar, over a table that is handed in. Days are `yyyy-MM-dd` in Asia/Shanghai, which has had no
 * daylight saving since 1991: a day is 24 hours there, always eight ahead of UTC.
 */
export type Day = string;

/** Seconds are for what no calendar governs (technical waits, demonstrations, tests): service levels are data. */
export type Duration = { workingDays: number } | { seconds: number };

export type HolidayTable = {
  /** years whose holidays have been published; a deadline that touches another year is provisional */
  publishedYears: ReadonlySet<number>;
  /** days off that are no weekend, or would be worked */
  daysOff: ReadonlySet<Day>;
  /** Saturdays and Sundays that are worked in exchange (调休) */
  extraWorkingDays: ReadonlySet<Day>;
};

export type Deadline = { at: Date; provisional: boolean };

const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;
const MAX_WORKING_DAYS = 2_500;

/** The day that `instant` falls on in Shanghai. */
export function shanghaiDay(instant: Date): Day {
  return new Date(instant.getTime() + SHANGHAI_MS).toISOString().slice(0, 10);
}

/** The last second of `day` in Shanghai (23:59:59 there, 15:59:59 UTC). */
export function endOfDay(day: Day): Date {
  return new Date(parseDay(day) + DAY_MS - SHANGHAI_MS - 1_000);
}

/** `amount` days later; earlier where it is negative. */
export function addDays(day: Day, amount: number): Day {
  return formatDay(parseDay(day) + amount * DAY_MS);
}

/** Whether `text` is a day that exists, as `yyyy-MM-dd`. */
export function isDay(text: string): boolean {
  return Number.isFinite(dayMs(text));
}

export function isWorkingDay(day: Day, table: HolidayTable): boolean {
  if (table.extraWorkingDays.has(day)) return true;
  if (table.daysOff.has(day)) return false;
  const weekday = new Date(parseDay(day)).getUTCDay();
  return weekday >= 1 && weekday <= 5;
}

/**
 * Whether the table can know `day`. The last three days of a year are moved by the notice of the next one (2018-12-31 was off by the
 * notice for 2019), so they are known only with it.
 */
export function isPublished(day: Day, table: HolidayTable): boolean {
  const year = new Date(parseDay(day)).getUTCFullYear();
  return table.publishedYears.has(year) && (day.slice(5) < '12-29' || table.publishedYears.has(year + 1));
}

/** Working days after `from`, up to and including `to`; 0 where `to` is not after `from`. */
export function workingDaysBetween(from: Day, to: Day, table: HolidayTable): number {
  let count = 0;
  for (let day = addDays(from, 1); day <= to; day = addDays(day, 1)) if (isWorkingDay(day, table)) count += 1;
  return count;
}

/**
 * When a duration that starts at `start` is over: for working days the last second, in Shanghai, of the n-th working day after the start's
 * own day. `provisional` where a day was counted that the table cannot know. Throws RangeError for a duration that is none.
 */
export function deadlineAfter(start: Date, duration: Duration, table: HolidayTable): Deadline {
  if ('seconds' in duration) {
    if (!(duration.seconds >= 0)) throw new RangeError(`not a number of seconds: ${duration.seconds}`);
    return { at: new Date(start.getTime() + duration.seconds * 1_000), provisional: false };
  }
  const { workingDays } = duration;
  if (!Number.isInteger(workingDays) || workingDays < 0 || workingDays > MAX_WORKING_DAYS) throw new RangeError(`not a number of working days: ${workingDays}`);
  let day = shanghaiDay(start);
  let provisional = false;
  for (let left = workingDays; left > 0;) {
    day = addDays(day, 1);
    if (!isPublished(day, table)) provisional = true;
    if (isWorkingDay(day, table)) left -= 1;
  }
  return { at: endOfDay(day), provisional };
}

/** The table with single days set otherwise, as the database keeps them. A year with such a day counts as published. */
export function overrideHolidays(table: HolidayTable, days: readonly { day: Day; working: boolean }[]): HolidayTable {
  const publishedYears = new Set(table.publishedYears);
  const daysOff = new Set(table.daysOff);
  const extraWorkingDays = new Set(table.extraWorkingDays);
  for (const { day, working } of days) {
    publishedYears.add(Number(day.slice(0, 4)));
    (working ? extraWorkingDays : daysOff).add(day);
    (working ? daysOff : extraWorkingDays).delete(day);
  }
  return { publishedYears, daysOff, extraWorkingDays };
}

function parseDay(day: Day): number {
  const ms = dayMs(day);
  if (!Number.isFinite(ms)) throw new RangeError(`not a day (yyyy-MM-dd): ${day}`);
  return ms;
}

function dayMs(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Number.NaN;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 2026-02-30 for 2 March in some engines
  return Number.isFinite(ms) && formatDay(ms) === text ? ms : Number.NaN;
}

function formatDay(ms: number): Day {
  return new Date(ms).toISOString().slice(0, 10);
}

import calendar from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import type { HolidayTable } from '#domain/calendar.ts';

/**
 * The holidays that the State Council has published, as far as `chinese-days` carries them. The package's own functions take a year
 * without data for one without holidays; here a year counts as published only where both Spring Festival and National Day are in the data.
 */
export function chineseHolidays(): HolidayTable {
  const holidays = Object.entries(calendar.holidays);
  const yearsWith = (name: string): number[] => holidays.filter(([, label]) => label.startsWith(`${name},`)).map(([day]) => Number(day.slice(0, 4)));
  const withNationalDay = new Set(yearsWith('National Day'));
  return {
    publishedYears: new Set(yearsWith('Spring Festival').filter((year) => withNationalDay.has(year))),
    daysOff: new Set(Object.keys(calendar.holidays)),
    extraWorkingDays: new Set(Object.keys(calendar.workdays)),
  };
}

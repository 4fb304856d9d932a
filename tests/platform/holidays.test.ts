import { describe, expect, test } from 'vitest';
import { deadlineAfter, isPublished, isWorkingDay } from '#domain/calendar.ts';
import { chineseHolidays } from '#platform/holidays.ts';

const table = chineseHolidays();

describe('the published Chinese calendar', () => {
  test('Spring Festival 2026: nine days off, two Saturdays worked for it', () => {
    const february = Array.from({ length: 28 }, (_, index) => `2026-02-${String(index + 1).padStart(2, '0')}`);
    const worked = february.filter((day) => isWorkingDay(day, table)).map((day) => Number(day.slice(8)));
    expect(worked).toEqual([2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28]);
  });

  test('National Day 2026 and its days in exchange', () => {
    expect(['2026-09-20', '2026-09-25', '2026-10-01', '2026-10-07', '2026-10-08', '2026-10-10'].map((day) => isWorkingDay(day, table))).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test('2026 is known; 2027 is not, whatever the package says of its days', () => {
    expect(isPublished('2026-06-01', table)).toBe(true);
    expect(isPublished('2027-02-08', table)).toBe(false);
    expect(isPublished('2003-06-01', table)).toBe(false);
    expect(deadlineAfter(new Date('2027-02-01T02:00:00Z'), { workingDays: 5 }, table).provisional).toBe(true);
  });

  test('every published year has at least the ten days off of the old law', () => {
    for (const year of table.publishedYears) {
      expect([...table.daysOff].filter((day) => day.startsWith(`${year}-`)).length).toBeGreaterThanOrEqual(10);
    }
  });
});

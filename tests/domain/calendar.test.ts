import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  deadlineAfter,
  endOfDay,
  isDay,
  isPublished,
  isWorkingDay,
  overrideHolidays,
  shanghaiDay,
  workingDaysBetween,
  type HolidayTable,
} from '#domain/calendar.ts';

/** New Year, Spring Festival and National Day of 2026, from the State Council's notice. */
const TABLE: HolidayTable = {
  publishedYears: new Set([2026]),
  daysOff: new Set([
    '2026-01-01',
    '2026-01-02',
    '2026-01-03',
    '2026-02-15',
    '2026-02-16',
    '2026-02-17',
    '2026-02-18',
    '2026-02-19',
    '2026-02-20',
    '2026-02-21',
    '2026-02-22',
    '2026-02-23',
    '2026-10-01',
    '2026-10-02',
    '2026-10-03',
    '2026-10-04',
    '2026-10-05',
    '2026-10-06',
    '2026-10-07',
  ]),
  extraWorkingDays: new Set(['2026-01-04', '2026-02-14', '2026-02-28', '2026-09-20', '2026-10-10']),
};

describe('days', () => {
  test.each([
    ['2026-11-18T15:59:59.999Z', '2026-11-18'],
    ['2026-11-18T16:00:00.000Z', '2026-11-19'],
    ['2026-12-31T16:00:00.000Z', '2027-01-01'],
    ['2028-02-28T20:00:00.000Z', '2028-02-29'],
  ])('%s is %s in Shanghai', (instant, day) => expect(shanghaiDay(new Date(instant))).toBe(day));

  test('the end of a day is its last second there', () => expect(endOfDay('2026-11-18').toISOString()).toBe('2026-11-18T15:59:59.000Z'));

  test.each(['2026-02-29', '2026-13-01', '2026-00-10', '2026-1-1', '20260101', '', '2026-01-01T00:00:00Z', '２０２６-01-01'])('%j is no day', (text) => {
    expect(isDay(text)).toBe(false);
    expect(() => isWorkingDay(text, { ...TABLE, daysOff: new Set(), extraWorkingDays: new Set() })).toThrow(RangeError);
  });

  test('are added over the end of a year', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-03-01', -1)).toBe('2028-02-29');
  });
});

describe('working days', () => {
  test.each([
    ['2026-02-13', true], // Friday
    ['2026-02-14', true], // Saturday, worked
    ['2026-02-16', false], // Monday, Spring Festival
    ['2026-02-21', false],
    ['2026-02-24', true],
    ['2026-02-28', true], // Saturday, worked
    ['2026-03-01', false], // Sunday
    ['2026-10-10', true],
    ['2026-10-11', false],
  ])('%s: %s', (day, working) => expect(isWorkingDay(day, TABLE)).toBe(working));

  test('over Spring Festival 2026 three working days last until the 24th', () => {
    // Thursday the 12th; 1: Friday the 13th, 2: Saturday the 14th, nine days off, 3: Tuesday the 24th
    expect(deadlineAfter(new Date('2026-02-12T02:00:00Z'), { workingDays: 3 }, TABLE)).toEqual({ at: new Date('2026-02-24T15:59:59Z'), provisional: false });
    expect(workingDaysBetween('2026-02-12', '2026-02-24', TABLE)).toBe(3);
  });

  test('over National Day 2026', () => {
    // Wednesday 30 September; 1: Thursday the 8th, 2: Friday the 9th, 3: Saturday the 10th
    expect(deadlineAfter(new Date('2026-09-30T09:00:00Z'), { workingDays: 3 }, TABLE).at.toISOString()).toBe('2026-10-10T15:59:59.000Z');
  });

  test('the start counts by its day in Shanghai, and is not counted itself', () => {
    expect(deadlineAfter(new Date('2026-11-18T15:59:59Z'), { workingDays: 1 }, TABLE).at.toISOString()).toBe('2026-11-19T15:59:59.000Z');
    expect(deadlineAfter(new Date('2026-11-18T16:00:00Z'), { workingDays: 1 }, TABLE).at.toISOString()).toBe('2026-11-20T15:59:59.000Z');
    expect(deadlineAfter(new Date('2026-11-18T03:00:00Z'), { workingDays: 0 }, TABLE).at.toISOString()).toBe('2026-11-18T15:59:59.000Z');
  });

  test('seconds are seconds', () => {
    expect(deadlineAfter(new Date('2027-01-01T00:00:00Z'), { seconds: 90 }, TABLE)).toEqual({ at: new Date('2027-01-01T00:01:30Z'), provisional: false });
  });

  test('a year without a published calendar makes a deadline provisional, and so do the days that its notice may move', () => {
    const from = new Date('2026-12-24T02:00:00Z'); // Thursday
    expect(deadlineAfter(from, { workingDays: 2 }, TABLE)).toEqual({ at: new Date('2026-12-28T15:59:59Z'), provisional: false });
    expect(deadlineAfter(from, { workingDays: 3 }, TABLE)).toEqual({ at: new Date('2026-12-29T15:59:59Z'), provisional: true });
    expect(deadlineAfter(from, { workingDays: 10 }, TABLE).provisional).toBe(true);
    const later = overrideHolidays(TABLE, [{ day: '2027-01-01', working: false }]);
    // 25, 28, 29, 30, 31 December, then 4 January
    expect(deadlineAfter(from, { workingDays: 6 }, later)).toEqual({ at: new Date('2027-01-04T15:59:59Z'), provisional: false });
    expect(isPublished('2025-06-01', TABLE)).toBe(false);
  });

  test('the database overrides the table both ways', () => {
    const changed = overrideHolidays(TABLE, [
      { day: '2026-02-14', working: false },
      { day: '2026-02-23', working: true },
    ]);
    expect(isWorkingDay('2026-02-14', changed)).toBe(false);
    expect(isWorkingDay('2026-02-23', changed)).toBe(true);
    expect(isWorkingDay('2026-02-14', TABLE)).toBe(true);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_000])('%d working days are refused', (workingDays) => {
    expect(() => deadlineAfter(new Date(0), { workingDays }, TABLE)).toThrow(RangeError);
  });
  test.each([-1, Number.NaN])('%d seconds are refused', (seconds) => expect(() => deadlineAfter(new Date(0), { seconds }, TABLE)).toThrow(RangeError));

  test('a deadline ends on a working day, with exactly so many in between, and more days are never sooner', () => {
    const starts = fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2026-10-31T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(starts, fc.integer({ min: 1, max: 60 }), (start, workingDays) => {
        const { at } = deadlineAfter(start, { workingDays }, TABLE);
        expect(isWorkingDay(shanghaiDay(at), TABLE)).toBe(true);
        expect(workingDaysBetween(shanghaiDay(start), shanghaiDay(at), TABLE)).toBe(workingDays);
        expect(deadlineAfter(start, { workingDays: workingDays + 1 }, TABLE).at > at).toBe(true);
      }),
    );
  });
});

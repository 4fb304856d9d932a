import { describe, expect, test } from 'vitest';
import { deadlinesOf, type DeadlineInput } from '#domain/claim/deadlines.ts';
import { DEFAULT_SETTINGS } from '#domain/org/settings.ts';

/** Monday 2026-11-02, 10:00 in Shanghai; no holidays in November and December. */
const since = new Date('2026-11-02T02:00:00Z');
const input = (change: Partial<DeadlineInput>): DeadlineInput => ({
  state: 'IN_REVIEW',
  turnSince: since,
  remindedAt: null,
  escalationLevel: 0,
  bureauOutage: false,
  levels: DEFAULT_SETTINGS.serviceLevels,
  holidays: { publishedYears: new Set([2026]), daysOff: new Set(), extraWorkingDays: new Set() },
  settledAt: null,
  returnWindowSeconds: 86_400,
  ...change,
});
const of = (change: Partial<DeadlineInput>) => {
  const { remindAt, actAt } = deadlinesOf(input(change));
  return [remindAt?.toISOString().slice(0, 10) ?? null, actAt?.toISOString().slice(0, 10) ?? null];
};

describe('what a waiting claim’s clock says', () => {
  test.each<[string, Partial<DeadlineInput>, [string | null, string | null]]>([
    ['the employee: 5 and 15 working days', { state: 'PENDED_INFO' }, ['2026-11-09', '2026-11-23']],
    ['reminded once is enough', { state: 'PENDED_INFO', remindedAt: since }, [null, '2026-11-23']],
    ['the bureau: 15 and 20', {}, ['2026-11-23', '2026-11-30']],
    ['after the branch manager head office, 25 from the start', { remindedAt: since, escalationLevel: 1 }, [null, '2026-12-07']],
    ['after head office nobody', { remindedAt: since, escalationLevel: 2 }, [null, null]],
    ['an appeal like a review', { state: 'APPEAL_REVIEW' }, ['2026-11-23', '2026-11-30']],
    ['a claim that a task of ours stops: 3, 5 and 8', { state: 'SUBMITTED', waitsForTask: true }, ['2026-11-05', '2026-11-09']],
    ['after the branch manager head office', { state: 'PENDED_DUPLICATE', waitsForTask: true, remindedAt: since, escalationLevel: 1 }, [null, '2026-11-12']],
    [
      'an appeal that the employer hears itself is on that clock, not the bureau’s',
      { state: 'APPEAL_REVIEW', waitsForTask: true },
      ['2026-11-05', '2026-11-09'],
    ],
    ['a claim that nothing stops', { state: 'SUBMITTED' }, [null, null]],
    ['a denial: 45 for an appeal', { state: 'DENIED' }, [null, '2027-01-04']],
    ['a failed payment: every 3', { state: 'PAYMENT_FAILED', remindedAt: new Date('2026-11-05T15:59:59Z') }, ['2026-11-10', null]],
    ['a payment: the bank’s window from when it settled', { state: 'PAID', settledAt: new Date('2026-11-04T02:00:00Z') }, [null, '2026-11-05']],
    ['nobody waits', { state: 'APPROVED' }, [null, null]],
  ])('%s', (_, change, expected) => expect(of(change)).toEqual(expected));

  test('is provisional only where a day counted lies beyond the published calendar', () => {
    expect(deadlinesOf(input({})).provisional).toBe(false);
    expect(deadlinesOf(input({ state: 'DENIED' })).provisional).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { DEFAULT_SETTINGS, mergeSettings } from '#domain/org/settings.ts';

describe('settings of a unit', () => {
  test('are the defaults where nobody set anything', () => {
    expect(mergeSettings([])).toEqual(DEFAULT_SETTINGS);
    expect(mergeSettings([{}, {}])).toEqual(DEFAULT_SETTINGS);
    expect(DEFAULT_SETTINGS.maxResubmissions).toBe(3);
  });

  test('are inherited value by value; the lower unit wins; a list is replaced whole', () => {
    const merged = mergeSettings([
      {
        serviceLevels: { bureauReview: { remindAfter: { workingDays: 7 }, escalateAfter: { workingDays: 9 } } },
        maxResubmissions: 1,
        paysFundingSources: ['bureau_fund'],
      },
      { payoutLimits: { perDayFen: fen(1_000) } },
      { serviceLevels: { bureauReview: { escalateAfter: { seconds: 4 } } }, paysFundingSources: ['employer_plan'] },
    ]);
    expect(merged.serviceLevels.bureauReview).toEqual({
      remindAfter: { workingDays: 7 },
      escalateAfter: { seconds: 4 },
      escalateAgainAfter: { workingDays: 25 },
    });
    expect(merged.serviceLevels.taskDue).toEqual(DEFAULT_SETTINGS.serviceLevels.taskDue);
    expect(merged.payoutLimits).toEqual({ perInstructionFen: 50_000_000, perDayFen: 1_000 });
    expect([merged.maxResubmissions, merged.paysFundingSources]).toEqual([1, ['employer_plan']]);
  });

  test('an empty list is a setting, and merging leaves the defaults alone', () => {
    const before = structuredClone(DEFAULT_SETTINGS);
    expect(mergeSettings([{ paysFundingSources: [] }]).paysFundingSources).toEqual([]);
    expect(DEFAULT_SETTINGS).toEqual(before);
  });
});

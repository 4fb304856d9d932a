import { describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { approvalStepsFor, DEFAULT_SETTINGS, mergeSettings } from '#domain/org/settings.ts';

describe('settings of a unit', () => {
  test('are the defaults where nobody set anything', () => {
    expect(mergeSettings([])).toEqual(DEFAULT_SETTINGS);
    expect(mergeSettings([{}, {}])).toEqual(DEFAULT_SETTINGS);
    expect(DEFAULT_SETTINGS.approvalSteps).toEqual([]);
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
    expect(mergeSettings([{ approvalSteps: [{ role: 'finance' }] }, { approvalSteps: [] }]).approvalSteps).toEqual([]);
    expect(mergeSettings([{ paysFundingSources: [] }]).paysFundingSources).toEqual([]);
    expect(DEFAULT_SETTINGS).toEqual(before);
  });

  test('approval steps are asked for by amount and kind, in order', () => {
    const settings = mergeSettings([
      { approvalSteps: [{ role: 'approver' }, { role: 'hr', claimKinds: ['INPATIENT'] }, { role: 'finance', minAmountFen: fen(100_000) }] },
    ]);
    const roles = (kind: 'OUTPATIENT' | 'INPATIENT', amount: number) => approvalStepsFor(settings, { kind, submittedFen: fen(amount) }).map(({ role }) => role);
    expect(roles('OUTPATIENT', 99_999)).toEqual(['approver']);
    expect(roles('OUTPATIENT', 100_000)).toEqual(['approver', 'finance']);
    expect(roles('INPATIENT', 100_000)).toEqual(['approver', 'hr', 'finance']);
  });
});

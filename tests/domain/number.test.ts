import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bureauMessageId, formatClaimNumber, parseClaimNumber, paymentReference, workflowIdOf } from '#domain/claim/number.ts';

describe('claim numbers', () => {
  test('carry the day in Shanghai', () => {
    expect(formatClaimNumber(new Date('2026-11-17T16:00:00Z'), 7)).toBe('YB20261118-00000007');
    expect(formatClaimNumber(new Date('2026-11-17T15:59:59Z'), 7)).toBe('YB20261117-00000007');
  });

  test('are read back', () => {
    const times = fc.date({ min: new Date('2020-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 99_999_999 }), (at, sequence) => {
        expect(parseClaimNumber(formatClaimNumber(at, sequence))?.sequence).toBe(sequence);
      }),
    );
    expect(parseClaimNumber('YB20261118-00000007')).toEqual({ day: '2026-11-18', sequence: 7 });
  });

  test.each([
    '',
    'YB20261118-7',
    'YB20261318-00000007',
    'YB20260230-00000007',
    'yb20261118-00000007',
    'YB20261118-00000000',
    'YB20261118-00000007\n',
    ' YB20261118-00000007',
  ])('%j is none', (text) => expect(parseClaimNumber(text)).toBeUndefined());
  test.each([0, -1, 1.5, 100_000_000, Number.NaN])('%d is no sequence', (sequence) =>
    expect(() => formatClaimNumber(new Date(0), sequence)).toThrow(RangeError),
  );

  test('name workflows', () => {
    expect(workflowIdOf('YB20261118-00000007')).toBe('claim/YB20261118-00000007');
    expect(workflowIdOf('YB20261118-00000007', { kind: 'return', no: 2 })).toBe('claim/YB20261118-00000007/return/2');
  });
});

describe('payment references', () => {
  const of = (decisionNo: number, attempt: number, claimNumber = 'YB20261118-00000007') => paymentReference({ claimNumber, decisionNo, attempt });

  test('are the same for the same instruction', () => expect([of(1, 2), of(1, 2)]).toEqual(['YB20261118-00000007-1-2', 'YB20261118-00000007-1-2']));

  test('fit every bank, and no two instructions share one', () => {
    const nos = fc.integer({ min: 1, max: 9_999 });
    fc.assert(
      fc.property(nos, nos, nos, nos, (a, b, c, d) => {
        expect(of(a, b)).toMatch(/^[A-Za-z0-9_-]{1,30}$/);
        expect(of(a, b) === of(c, d)).toBe(a === c && b === d);
      }),
    );
  });

  test('are refused rather than cut', () => {
    expect(() => of(123_456, 123_456)).toThrow(RangeError);
    expect(() => of(0, 1)).toThrow(RangeError);
    expect(() => of(1, 1.5)).toThrow(RangeError);
    expect(() => of(1, 1, 'YB1')).toThrow(RangeError);
  });
});

describe('message ids of the bureau', () => {
  test('institution, time in Shanghai, sequence: 30 characters', () => {
    const id = bureauMessageId({ institution: 'H13010000001', at: new Date('2026-11-18T16:05:09.999Z'), sequence: 42 });
    expect(id).toBe('H13010000001202611190005090042');
    expect(id).toHaveLength(30);
  });
  test.each([{ institution: 'H1' }, { institution: 'h13010000001' }, { sequence: 10_000 }, { sequence: -1 }, { sequence: 0.5 }])('%j is refused', (wrong) =>
    expect(() => bureauMessageId({ institution: 'H13010000001', at: new Date(0), sequence: 1, ...wrong })).toThrow(RangeError),
  );
});

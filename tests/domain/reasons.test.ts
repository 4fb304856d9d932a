import { describe, expect, test } from 'vitest';
import { isReasonCode, REASON_CODES, reasonCodeFor, reasonFor, REASONS, type ReasonCode } from '#domain/claim/reasons.ts';

/** The table of the requirements, copied by hand. */
const NUMBERS: Record<ReasonCode, number | null> = {
  DOC_REQUIRED: 252,
  DOC_WRONG: 250,
  DOC_INCOMPLETE: 251,
  INFO_NOT_SUPPLIED: 227,
  DATA_ERROR: 16,
  DUPLICATE: 18,
  NOT_IN_CATALOGUE: 96,
  PLAN_EXCLUDES: 204,
  QUOTA_USED: 119,
  NOT_INSURED: 31,
  BEFORE_COVERAGE: 26,
  AFTER_COVERAGE: 27,
  COVERAGE_LAPSED: 200,
  LATE_FILING: 29,
  OTHER_PAYER_FIRST: 22,
  PAID_ON_THE_SPOT: 23,
  WRONG_BUREAU: 109,
  NO_CROSS_REGION_RECORD: 197,
  NOT_DESIGNATED_HOSPITAL: 242,
  SPANS_YEARS: 268,
  DEDUCTIBLE: 1,
  COINSURANCE: 2,
  COPAY: 3,
  ABOVE_TARIFF: 45,
  APPEAL_UPHELD: 193,
  APPEAL_LATE: 286,
  BANK_RETURNED: null,
  WORK_INJURY: null,
  THIRD_PARTY: null,
  PUBLIC_HEALTH: null,
  TREATED_ABROAD: null,
  INVOICE_FALSE: null,
  INVOICE_REVERSED: null,
  INVOICE_CLAIMED: null,
  NO_RULE: null,
  NOT_VERIFIED: null,
};

describe('reasons', () => {
  test('carry the numbers of the requirements', () => {
    expect(Object.fromEntries(REASON_CODES.map((code) => [code, REASONS[code].carc]))).toEqual(NUMBERS);
  });

  test('are found by code and by number, as text or number', () => {
    for (const code of REASON_CODES) {
      expect(reasonFor(code)?.code).toBe(code);
      const { carc } = REASONS[code];
      if (carc !== null) expect([reasonCodeFor(carc), reasonCodeFor(String(carc))]).toEqual([code, code]);
    }
  });

  test.each(['', '999', 'null', 'toString', '__proto__', 'duplicate', ' 18', '018'])("a bureau's own code %j is none of ours", (code) => {
    expect(reasonFor(code)).toBeUndefined();
    expect(isReasonCode(code)).toBe(false);
  });

  test('say in both languages what it is and what to do', () => {
    for (const code of REASON_CODES) {
      const { zh, en, next } = REASONS[code];
      expect([zh, next.zh].every((text) => /\p{Script=Han}/u.test(text))).toBe(true);
      expect([en, next.en].every((text) => /^[A-Z]/.test(text) && !/\p{Script=Han}/u.test(text))).toBe(true);
    }
  });

  test('the end of an appeal cannot be appealed against', () => {
    expect([REASONS.APPEAL_UPHELD.appealable, REASONS.APPEAL_LATE.appealable]).toEqual([false, false]);
  });
});

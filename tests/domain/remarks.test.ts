import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOVE_TYPES } from '#domain/claim/moves.ts';
import { nextStepFor, REMARK_CODES, renderRemark } from '#domain/claim/remarks.ts';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { formatDate, LOCALES, localeOf } from '#domain/locale.ts';

describe('remarks', () => {
  test('every move has one of its own name', () => {
    expect(MOVE_TYPES.filter((type) => !(REMARK_CODES as string[]).includes(type))).toEqual([]);
  });

  test('are filled in', () => {
    expect(renderRemark('DECIDED_PARTIALLY', { submitted: '500.00', benefit: '345.22' }, 'zh')).toBe('部分通过，申报500.00元，报销345.22元');
    expect(renderRemark('DECIDED_PARTIALLY', { submitted: '500.00', benefit: '345.22' }, 'en')).toBe('Approved in part: CNY 345.22 of 500.00');
    const missing = { documents: 'INVOICE,DISCHARGE_SUMMARY', until: '2026-11-25T15:59:59Z' };
    expect(renderRemark('INFO_REQUESTED', missing, 'zh')).toBe('需补充材料：医疗收费票据、出院小结；请在2026年11月25日前补齐');
    expect(renderRemark('INFO_REQUESTED', missing, 'en')).toBe('Documents needed: Invoice, Discharge summary; due by 25 November 2026');
    expect(renderRemark('DECIDED_DENIED', { reasons: '18,B77' }, 'zh')).toBe('审核未通过：重复报销、B77');
  });

  test('say why a payment failed in words, and nothing where there are none', () => {
    expect(renderRemark('PAYMENT_FAILED', { code: '49' }, 'zh')).toBe('付款未成功：户名不符');
    expect(renderRemark('PAYMENT_FAILED', { code: '46' }, 'en')).toBe("The payment failed: the employer's account is short; finance is on it");
    expect(renderRemark('PAYMENT_UNCLEAR', { cause: 'connect ECONNREFUSED 10.0.0.7:443' }, 'en')).toBe('The bank has not said for certain; asking');
    expect(renderRemark('PAYMENT_FAILED', { code: 'constructor' }, 'en')).toBe('The payment failed');
  });

  test('leave out what is not known', () => {
    expect(renderRemark('INFO_REQUESTED', {}, 'zh')).toBe('需补充材料');
    expect(renderRemark('INFO_REQUESTED', { documents: '' }, 'en')).toBe('Documents needed');
    expect(renderRemark('PAID', { toString: 'x' }, 'en')).toBe('The money has arrived');
  });

  test('an unknown code is shown as it is', () => {
    expect(renderRemark('FROM_A_LATER_VERSION', {}, 'zh')).toBe('FROM_A_LATER_VERSION');
    expect(renderRemark('constructor', {}, 'zh')).toBe('constructor');
  });

  test('are never left with a hole, in either language, whatever is given', () => {
    const params = fc.dictionary(
      fc.constantFrom(
        'until',
        'documents',
        'reasons',
        'amount',
        'benefit',
        'submitted',
        'prior',
        'version',
        'acceptanceNo',
        'step',
        'steps',
        'code',
        'cause',
        'fault',
        'tail',
      ),
      fc.stringMatching(/^[A-Z0-9.,-]{0,12}$/),
    );
    fc.assert(
      fc.property(fc.constantFrom(...REMARK_CODES), params, fc.constantFrom(...LOCALES), (code, given, locale) => {
        expect(renderRemark(code, given, locale)).not.toMatch(/[[\]{}]|undefined|null|NaN|Invalid/);
        expect(renderRemark(code, given, locale)).not.toBe('');
      }),
    );
  });

  test('what is filled in is not taken for a template', () => {
    expect(renderRemark('BUREAU_ACCEPTED', { acceptanceNo: '[{amount}]', amount: '1.00' }, 'en')).toBe('Accepted by the bureau, number [{amount}]');
  });
});

describe('the next step', () => {
  test('is told in every state', () => {
    for (const state of CLAIM_STATES)
      for (const locale of LOCALES) {
        expect(nextStepFor({ state, onHold: false }, locale)).toMatch(locale === 'zh' ? /\p{Script=Han}/u : /^[A-Z]/);
        expect(nextStepFor({ state, onHold: false }, locale)).not.toMatch(/[[\]{}]/);
      }
  });

  test('names what is missing and until when', () => {
    const claim = { state: 'PENDED_INFO' as const, onHold: false, documents: ['FEE_LIST' as const], until: '2026-11-25T15:59:59Z' };
    expect(nextStepFor(claim, 'zh')).toBe('请在2026年11月25日前补充材料：费用清单，完成后点击“材料已齐”');
    expect(nextStepFor(claim, 'en')).toBe('Add the documents asked for by 25 November 2026: List of fees; then press “materials complete”');
    expect(nextStepFor({ ...claim, reasons: ['SPANS_YEARS'] }, 'zh')).toBe(
      '请在2026年11月25日前补充或更正：费用清单（费用跨年度，请分单申报），完成后点击“材料已齐”',
    );
    expect(nextStepFor({ state: 'DENIED', onHold: false, until: '2026-12-01T15:59:59Z' }, 'zh')).toContain('截止2026年12月1日');
  });

  test('a hold is said, but hides nothing that the employee can do meanwhile', () => {
    expect(nextStepFor({ state: 'IN_REVIEW', onHold: true }, 'zh')).toContain('已暂停');
    expect(nextStepFor({ state: 'PAYMENT_FAILED', onHold: true }, 'zh')).toContain('收款账户');
  });
});

test('dates and languages', () => {
  expect(formatDate('2026-12-31T16:00:00Z', 'zh')).toBe('2027年1月1日');
  expect(formatDate('2026-12-31T16:00:00Z', 'en')).toBe('1 January 2027');
  expect(formatDate('soon', 'en')).toBe('soon');
  expect(['zh-CN', 'en', 'en-GB', 'EN', '', 'de'].map(localeOf)).toEqual(['zh', 'en', 'en', 'en', 'zh', 'zh']);
});

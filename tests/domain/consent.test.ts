import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { effectOfWithdrawal, WITHDRAWAL_EFFECTS } from '#domain/consent/effects.ts';
import { CONSENT_LABELS, CONSENT_PURPOSES, type ConsentPurpose } from '#domain/consent/purposes.ts';
import { CONSENT_TEXTS, missingConsents, stillCounts, textInForce, type ConsentText } from '#domain/consent/texts.ts';

const DAY = '2026-11-18';
const to = (...purposes: ConsentPurpose[]) => purposes.map((purpose) => ({ purpose, textVersion: '2026-1' }));

describe('wording', () => {
  it('is what was hashed: a version in force never changes', () => {
    for (const { purpose, version, zh, en, sha256 } of CONSENT_TEXTS)
      expect([purpose, version, createHash('sha256').update(`${zh}\n${en}`).digest('hex')]).toEqual([purpose, version, sha256]);
  });

  it('there is one for each purpose, in order of its days, each version once', () => {
    for (const purpose of CONSENT_PURPOSES) {
      const texts = CONSENT_TEXTS.filter((text) => text.purpose === purpose);
      expect(texts.map(({ from }) => from)).toEqual(texts.map(({ from }) => from).toSorted());
      expect(new Set(texts.map(({ version }) => version)).size).toBe(texts.length);
      expect(textInForce(purpose, DAY)).toBe(texts.at(-1));
      expect(CONSENT_LABELS[purpose].law).toMatch(/^PIPL \d+$/);
    }
    expect(() => textInForce('SENSITIVE_DATA', '2025-12-31')).toThrow(RangeError);
  });

  it('says what the law asks to be said: that a payment cannot be called back, and that consent can be withdrawn as easily as given', () => {
    for (const { zh, en } of CONSENT_TEXTS) {
      expect(zh).toContain('付款无法召回');
      expect(en).toContain('a payment cannot be called back');
      expect(zh).toContain('与给予同意同样方便');
      expect(en).toContain('as easily as you gave it');
    }
  });
});

describe('a consent', () => {
  it('counts on until something material changes', () => {
    const version = (name: string, from: string, material: boolean): ConsentText => ({
      purpose: 'SHARING_BANK',
      version: name,
      from,
      material,
      zh: '',
      en: '',
      sha256: '',
    });
    const texts = [version('1', '2026-01-01', true), version('2', '2026-06-01', false), version('3', '2027-01-01', true)];
    const given = { purpose: 'SHARING_BANK', textVersion: '1' } as const;
    expect(stillCounts(given, '2026-05-31', texts)).toBe(true);
    expect(stillCounts(given, '2026-12-31', texts)).toBe(true);
    expect(stillCounts(given, '2027-01-01', texts)).toBe(false);
    expect(stillCounts({ ...given, textVersion: '2' }, '2027-01-01', texts)).toBe(false);
    expect(stillCounts({ ...given, textVersion: '3' }, '2027-01-01', texts)).toBe(true);
    // of a version that is not in force yet, or that there never was, nobody has read anything
    expect(stillCounts({ ...given, textVersion: '3' }, '2026-12-31', texts)).toBe(false);
    expect(stillCounts({ ...given, textVersion: '0' }, '2026-12-31', texts)).toBe(false);
  });

  it.each([
    ['STORE', [], ['SENSITIVE_DATA']],
    ['STORE', ['SENSITIVE_DATA'], []],
    ['SUBMIT', ['SENSITIVE_DATA'], ['SHARING_BUREAU']],
    ['SUBMIT', ['SHARING_BANK'], ['SENSITIVE_DATA', 'SHARING_BUREAU']],
    ['SUBMIT', ['SENSITIVE_DATA', 'SHARING_BUREAU'], []],
    ['TAKE_VISIT', ['SENSITIVE_DATA'], ['SHARING_BUREAU']],
    ['PAY', ['SENSITIVE_DATA', 'SHARING_BUREAU'], ['SHARING_BANK']],
    ['PAY', ['SENSITIVE_DATA', 'SHARING_BANK'], []],
  ] as const)('%s with %j lacks %j', (step, given, missing) => {
    expect(missingConsents(to(...given), step, DAY)).toEqual(missing);
  });
});

describe('what a withdrawal does', () => {
  const claim = { state: 'SUBMITTED', withBureau: false, decided: false, ordered: false } as const;

  it.each([
    ['SENSITIVE_DATA', { state: 'DRAFT' }, 'WITHDRAWN'],
    ['SHARING_BUREAU', {}, 'WITHDRAWN'],
    ['SHARING_BUREAU', { state: 'PENDED_INFO', withBureau: true }, 'WITHDRAWAL_REQUESTED'],
    ['SENSITIVE_DATA', { state: 'IN_REVIEW', withBureau: true }, 'WITHDRAWAL_REQUESTED'],
    ['SHARING_BANK', { state: 'IN_REVIEW', withBureau: true }, 'PAYOUT_WAITS'],
    ['SHARING_BANK', {}, 'PAYOUT_WAITS'],
    ['SENSITIVE_DATA', { state: 'APPROVED', withBureau: true, decided: true }, 'PAYOUT_WAITS'],
    ['SHARING_BUREAU', { state: 'APPROVED', withBureau: true, decided: true }, 'NOTHING_FURTHER'],
    ['SHARING_BANK', { state: 'PAYMENT_IN_PROCESS', withBureau: true, decided: true, ordered: true }, 'GOES_ON'],
    ['SENSITIVE_DATA', { state: 'PAID', withBureau: true, decided: true, ordered: true }, 'GOES_ON'],
    ['SHARING_BANK', { state: 'PAYMENT_FAILED', withBureau: true, decided: true }, 'PAYOUT_WAITS'],
    ['SHARING_BUREAU', { state: 'APPEAL_REVIEW', withBureau: true, decided: true }, 'NOTHING_FURTHER'],
    // the bureau has asked for material in an appeal: what it decided before stands
    ['SENSITIVE_DATA', { state: 'PENDED_INFO', withBureau: true, decided: true, ordered: true }, 'GOES_ON'],
    ['SENSITIVE_DATA', { state: 'DENIED' }, 'NOTHING_FURTHER'],
  ] as const)('%s, %j: %s', (purpose, facts, effect) => {
    expect(effectOfWithdrawal(purpose, { ...claim, ...facts })).toBe(effect);
  });

  it('is said of every state, and never promises to call a payment back', () => {
    for (const state of CLAIM_STATES)
      for (const purpose of CONSENT_PURPOSES) {
        const effect = effectOfWithdrawal(purpose, { state, withBureau: true, decided: true, ordered: true });
        expect(Object.keys(WITHDRAWAL_EFFECTS)).toContain(effect);
        expect(['GOES_ON', 'NOTHING_FURTHER']).toContain(effect);
      }
  });
});

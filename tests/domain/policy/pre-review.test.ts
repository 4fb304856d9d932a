import { expect, test } from 'vitest';
import { review, type Reviewed } from '#domain/policy/pre-review.ts';
import type { Rulebook } from '#domain/policy/rulebook.ts';
import { rulebook } from './books.ts';

const CLAIM: Reviewed = {
  ...{ kind: 'OUTPATIENT', insuredRegion: '130100', treatedRegion: '130102', circumstances: [], visit: { start: '2026-03-02', end: '2026-03-02' } },
  ...{ documents: ['INVOICE', 'FEE_LIST'], onFile: { identity: true, account: false }, lines: [], today: '2026-03-10' },
};

/** The rulebook with documents that its outpatient benefit asks for from a day on. */
function asking(from: string, kinds: readonly ['DISCHARGE_SUMMARY', 'IDENTITY_CARD', 'BANK_CARD']): Rulebook {
  const rules = rulebook('130100-310');
  const entry = { from, value: { kinds }, source: 's', checked: '2026-01-01', confirmed: true };
  return { ...rules, benefits: rules.benefits.map((benefit) => (benefit.kinds.includes('OUTPATIENT') ? { ...benefit, documents: [entry] } : benefit)) };
}

test('documents of the rulebook are asked for besides those of the kind, from their day on, each once, and nothing that is on file', () => {
  const missing = (rules: Rulebook | undefined, kind: Reviewed['kind'] = 'OUTPATIENT') =>
    review({ ...CLAIM, kind }, rules).map(({ code, document }) => (code === 'DOC_REQUIRED' ? document : code));
  const asked = ['DISCHARGE_SUMMARY', 'IDENTITY_CARD', 'BANK_CARD'] as const;
  expect(missing(undefined)).toEqual(['PRESCRIPTION_OR_RECORD', 'BANK_CARD']);
  expect(missing(asking('2026-03-02', asked))).toEqual(['PRESCRIPTION_OR_RECORD', 'DISCHARGE_SUMMARY', 'BANK_CARD']);
  expect(missing(asking('2026-03-03', asked))).toEqual(['PRESCRIPTION_OR_RECORD', 'BANK_CARD']);
  expect(missing(asking('2026-03-02', asked), 'MATERNITY')).toEqual(['DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'BIRTH_CERTIFICATE', 'BANK_CARD']);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CIRCUMSTANCE_CODES,
  CLAIM_KIND_CODES,
  CLAIM_KINDS,
  DOCUMENT_KIND_CODES,
  findMissing,
  requiredDocuments,
  type Situation,
} from '#domain/claim/completeness.ts';

const KNOWN = { identity: true, account: true };
const situation = (change: Partial<Situation>): Situation => ({ kind: 'OUTPATIENT', crossRegion: false, circumstances: [], onFile: KNOWN, ...change });
const situations = fc.record<Situation>({
  kind: fc.constantFrom(...CLAIM_KIND_CODES),
  crossRegion: fc.boolean(),
  circumstances: fc.subarray(CIRCUMSTANCE_CODES),
  onFile: fc.record({ identity: fc.boolean(), account: fc.boolean() }),
});

describe('what a claim needs', () => {
  test.each<[string, Partial<Situation>, string[]]>([
    ['outpatient', {}, ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD']],
    ['nothing on file', { onFile: { identity: false, account: false } }, ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'IDENTITY_CARD', 'BANK_CARD']],
    ['inpatient', { kind: 'INPATIENT' }, ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY']],
    ['inpatient elsewhere', { kind: 'INPATIENT', crossRegion: true }, ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'REFERRAL_PROOF']],
    [
      'filed elsewhere',
      { kind: 'INPATIENT', crossRegion: true, circumstances: ['REFERRAL_FILED'] },
      ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'REFERRAL_PROOF'],
    ],
    [
      'an emergency elsewhere counts as filed',
      { kind: 'INPATIENT', crossRegion: true, circumstances: ['EMERGENCY'] },
      ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'EMERGENCY_DIAGNOSIS'],
    ],
    [
      'without referral elsewhere: paid less, but complete',
      { kind: 'INPATIENT', crossRegion: true, circumstances: ['NO_REFERRAL'] },
      ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY'],
    ],
    ['emergency', { kind: 'EMERGENCY', crossRegion: true }, ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'EMERGENCY_DIAGNOSIS']],
    ['injury', { kind: 'TRAUMA' }, ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'ACCIDENT_STATEMENT']],
    ['outpatient injury', { circumstances: ['ACCIDENT'] }, ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'ACCIDENT_STATEMENT']],
    ['birth', { kind: 'MATERNITY' }, ['INVOICE', 'FEE_LIST', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY', 'BIRTH_CERTIFICATE']],
  ])('%s', (_, change, expected) => expect(requiredDocuments(situation(change))).toEqual(expected));

  test('only what is required and not there is missing', () => {
    expect(findMissing(situation({}), ['FEE_LIST', 'OTHER', 'FEE_LIST'])).toEqual(['INVOICE', 'PRESCRIPTION_OR_RECORD']);
    fc.assert(
      fc.property(situations, fc.subarray(DOCUMENT_KIND_CODES), (given, present) => {
        const required = requiredDocuments(given);
        const missing = findMissing(given, present);
        expect(new Set(required).size).toBe(required.length);
        expect(findMissing(given, [...present, ...missing])).toEqual([]);
        for (const kind of missing) expect(required.includes(kind) && !present.includes(kind)).toBe(true);
      }),
    );
  });

  test('the kinds have the bureau’s codes, one each', () => {
    const codes = CLAIM_KIND_CODES.map((kind) => CLAIM_KINDS[kind].medicalType);
    expect(new Set(codes).size).toBe(codes.length);
    expect([CLAIM_KINDS.OUTPATIENT, CLAIM_KINDS.EMERGENCY, CLAIM_KINDS.CHRONIC, CLAIM_KINDS.INPATIENT].map((kind) => kind.medicalType)).toEqual([
      '11',
      '13',
      '14',
      '2101',
    ]);
  });
});

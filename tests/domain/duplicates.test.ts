import { describe, expect, test } from 'vitest';
import { bandsOf, gradeMatches, GRADES, MATCH_KINDS, MATCH_REASONS, type Finding, type OtherClaim } from '#domain/claim/duplicates.ts';
import { fen } from '#domain/money.ts';

const other = (about: Partial<OtherClaim> = {}): OtherClaim => ({ number: 'YB20261118-00000001', samePerson: true, state: 'IN_REVIEW', paid: false, ...about });
const another = { samePerson: false };
const paid = { state: 'PAID', paid: true } as const;
const withdrawn = { state: 'WITHDRAWN' } as const;
const visit = (about: Partial<Extract<Finding, { by: 'visit' }>> = {}): Finding => ({
  ...{ by: 'visit', other: other(), kind: 'OUTPATIENT', numbersDiffer: false, sameHospital: true, sameDates: true, daysApart: 0 },
  ...{ amountFen: fen(100_000), otherFen: fen(100_000) },
  ...about,
});
const graded = (...findings: Finding[]): string[] => gradeMatches(findings).map(({ kind, grade, reason }) => `${kind} ${grade} ${reason}`);

describe('what a match is graded as', () => {
  test.each<[string, Finding, string[]]>([
    ['the same invoice', { by: 'invoice', other: other() }, ['SAME_INVOICE BLOCK INVOICE']],
    ["a file of another person's claim, whatever it is", { by: 'file', kinds: ['OTHER'], other: other(another) }, ['SAME_FILE BLOCK FILE_OF_ANOTHER']],
    ['even of one that ended unpaid', { by: 'file', kinds: ['OTHER'], other: other({ ...another, ...withdrawn }) }, ['SAME_FILE BLOCK FILE_OF_ANOTHER']],
    ['the own invoice file of a claim that was paid', { by: 'file', kinds: ['INVOICE'], other: other(paid) }, ['SAME_FILE BLOCK FILE_PAID']],
    ['and then asked back', { by: 'file', kinds: ['INVOICE'], other: other({ state: 'REVERSED', paid: true }) }, ['SAME_FILE BLOCK FILE_PAID']],
    ['the own invoice file of a claim under way', { by: 'file', kinds: ['OTHER', 'INVOICE'], other: other() }, ['SAME_FILE HOLD FILE_OPEN']],
    ['the own invoice file of a claim that ended unpaid', { by: 'file', kinds: ['INVOICE'], other: other(withdrawn) }, []],
    ['the own record, which may go with several claims', { by: 'file', kinds: ['PRESCRIPTION_OR_RECORD', 'FEE_LIST'], other: other(paid) }, []],
    ["the visit's number", { by: 'visit-number', other: other() }, ['SAME_VISIT HOLD VISIT_NUMBER']],
    ["the visit's number under another person", { by: 'visit-number', other: other({ ...another, ...withdrawn }) }, ['SAME_VISIT HOLD VISIT_NUMBER']],
    ["the visit's number of a claim that ended unpaid", { by: 'visit-number', other: other({ state: 'DENIED' }) }, []],
    ['a stay from and to the same days', visit({ kind: 'INPATIENT', otherFen: fen(1) }), ['SAME_VISIT HOLD STAY']],
    ['a stay whose number is another one', visit({ kind: 'INPATIENT', numbersDiffer: true, otherFen: fen(1) }), []],
    ['two visits on a day, of other amounts', visit({ otherFen: fen(50_000) }), ['SAME_VISIT NOTE SAME_DAY']],
    ['two visits on a day, of one amount', visit(), ['NEAR_SAME NOTE NEAR']],
    ['the amount within one in a hundred: 1 000.00 and 1 010.10', visit({ sameDates: false, daysApart: 1, otherFen: fen(101_010) }), ['NEAR_SAME NOTE NEAR']],
    ['the amount beyond: 1 000.00 and 1 010.11', visit({ sameDates: false, daysApart: 1, otherFen: fen(101_011) }), []],
    ['in another hospital the day after', visit({ sameDates: false, sameHospital: false, daysApart: 1 }), ['NEAR_SAME NOTE NEAR']],
    ['in another hospital two days after', visit({ sameDates: false, sameHospital: false, daysApart: 2 }), []],
    ['in the same hospital a fortnight after', visit({ sameDates: false, daysApart: 14 }), ['NEAR_SAME NOTE NEAR']],
    ['in the same hospital after that: the next prescription', visit({ sameDates: false, daysApart: 15 }), []],
    ['a visit of a claim that ended unpaid', visit({ other: other(withdrawn), kind: 'INPATIENT' }), []],
    ["another person's picture", { by: 'picture', kinds: ['INVOICE'], people: 3, other: other(another) }, ['SAME_PICTURE HOLD PICTURE_OF_ANOTHER']],
    ['a picture that many people have', { by: 'picture', kinds: ['INVOICE'], people: 4, other: other(another) }, ['SAME_PICTURE NOTE PICTURE_OF_MANY']],
    ["the own invoice's picture", { by: 'picture', kinds: ['INVOICE'], people: 1, other: other(paid) }, ['SAME_PICTURE NOTE PICTURE_OWN']],
    ["the own identity card's picture", { by: 'picture', kinds: ['IDENTITY_CARD'], people: 1, other: other(paid) }, []],
    ['an account that another person has', { by: 'account', other: other(another) }, ['SAME_ACCOUNT NOTE ACCOUNT']],
  ])('%s', (_, finding, expected) => expect(graded(finding)).toEqual(expected));
});

test('a pair of claims has each kind once, the gravest; a file that is the same is no picture seen before', () => {
  const foreign = other(another);
  const findings: Finding[] = [
    { by: 'picture', kinds: ['INVOICE'], people: 1, other: foreign },
    { by: 'file', kinds: ['INVOICE'], other: foreign },
    { by: 'visit-number', other: other() },
    visit({ otherFen: fen(1) }),
  ];
  expect(graded(...findings).toSorted()).toEqual(['SAME_FILE BLOCK FILE_OF_ANOTHER', 'SAME_VISIT HOLD VISIT_NUMBER']);
});

test('of many of a kind the gravest are kept, then the newest', () => {
  const number = (n: number): string => `YB20261118-${String(n).padStart(8, '0')}`;
  const notes = Array.from({ length: 30 }, (_, n) => visit({ other: other({ number: number(n + 1) }), otherFen: fen(1) }));
  const found = gradeMatches([...notes, { by: 'visit-number', other: other({ number: number(0) }) }]);
  expect(found.map((match) => `${match.grade} ${match.other}`)).toEqual([
    `HOLD ${number(0)}`,
    ...[30, 29, 28, 27, 26, 25, 24, 23, 22].map((n) => `NOTE ${number(n)}`),
  ]);
});

test('everything is said in both languages', () => {
  for (const { zh, en } of [MATCH_KINDS, GRADES, MATCH_REASONS].flatMap((texts) => Object.values(texts))) {
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(en).toMatch(/^[A-Z][ -~]+$/);
  }
});

test('the bands of a hash', () => {
  expect(bandsOf('0123456789abcdef')).toEqual(['0:0123', '1:4567', '2:89ab', '3:cdef']);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDecisionFault, type BureauAnswer } from '#domain/bureau/decision.ts';
import { allocate, fen, share, sum } from '#domain/money.ts';

type Decision = Extract<BureauAnswer, { kind: 'decision' }>;

/** 100.00 and 50.00 submitted; 82.00 and 0 granted. */
function decision(change: Partial<Decision> = {}): Decision {
  return {
    kind: 'decision',
    decisionNo: 'D1',
    claimNumber: 'YB20261118-00000007',
    answersMessageId: 'M1',
    outcome: 'PARTIALLY_APPROVED',
    decidedAt: '2026-11-20T02:00:00Z',
    remark: '',
    reasons: [],
    lines: [line(1, 10_000, 8_200), line(2, 5_000, 0)],
    funding: [{ source: 'bureau_fund', amountFen: fen(8_200) }],
    ...change,
  };
}
function line(lineNo: number, submitted: number, benefit: number) {
  return {
    lineNo,
    submittedFen: fen(submitted),
    eligibleFen: fen(submitted),
    deductibleFen: fen(0),
    benefitFen: fen(benefit),
    adjustments: benefit === submitted ? [] : [{ code: 'COINSURANCE', amountFen: fen(submitted - benefit) }],
  };
}
const claimLines = [
  { lineNo: 1, amountFen: fen(10_000) },
  { lineNo: 2, amountFen: fen(5_000) },
];

describe('a decision is believed only if it adds up', () => {
  test('to the fen', () => expect(findDecisionFault(decision(), claimLines)).toBeNull());

  test.each<[string, Partial<Decision>, string]>([
    ['a line missing', { lines: [line(1, 10_000, 8_200)] }, 'LINES_DIFFER_FROM_CLAIM'],
    ['a line twice', { lines: [line(1, 10_000, 8_200), line(1, 10_000, 8_200)] }, 'LINES_DIFFER_FROM_CLAIM'],
    ['a line twice beside the others', { lines: [line(1, 10_000, 8_200), line(2, 5_000, 0), line(2, 5_000, 0)] }, 'LINES_DIFFER_FROM_CLAIM'],
    ['a line too many', { lines: [line(1, 10_000, 8_200), line(2, 5_000, 0), line(3, 0, 0)] }, 'LINES_DIFFER_FROM_CLAIM'],
    ['another price', { lines: [line(1, 10_001, 8_200), line(2, 5_000, 0)] }, 'LINES_DIFFER_FROM_CLAIM'],
    ['a fen lost in a line', { lines: [{ ...line(1, 10_000, 8_200), benefitFen: fen(8_199) }, line(2, 5_000, 0)] }, 'LINES_DO_NOT_ADD_UP'],
    ['a fen more funded', { funding: [{ source: 'bureau_fund', amountFen: fen(8_201) }] }, 'FUNDING_DOES_NOT_ADD_UP'],
    ['no funding', { funding: [] }, 'FUNDING_DOES_NOT_ADD_UP'],
    [
      'negative funding that balances',
      {
        funding: [
          { source: 'bureau_fund', amountFen: fen(8_300) },
          { source: 'large_amount', amountFen: fen(-100) },
        ],
      },
      'NEGATIVE_AMOUNT',
    ],
    ['denied, but paid', { outcome: 'DENIED' }, 'OUTCOME_CONTRADICTS_AMOUNTS'],
    ['approved, but nothing paid', { outcome: 'APPROVED', lines: [line(1, 10_000, 0), line(2, 5_000, 0)], funding: [] }, 'OUTCOME_CONTRADICTS_AMOUNTS'],
    [
      'a line paid above its price',
      { lines: [line(1, 10_000, 12_000), line(2, 5_000, 0)], funding: [{ source: 'bureau_fund', amountFen: fen(12_000) }] },
      'NEGATIVE_AMOUNT',
    ],
  ])('%s', (_, change, fault) => expect(findDecisionFault(decision(change), claimLines)).toBe(fault));

  test('whatever the amounts, a sound one passes and the same a fen off does not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(),
        fc.constantFrom(-1, 1),
        (prices, ratio, pick, off) => {
          const submitted = prices.map(fen);
          const benefit = share(sum(submitted), ratio);
          fc.pre(benefit > 0);
          const parts = allocate(benefit, submitted);
          const lines = submitted.map((price, index) => line(index + 1, price, parts[index] ?? 0));
          const sound = decision({ lines, funding: [{ source: 'bureau_fund', amountFen: benefit }] });
          const own = submitted.map((amountFen, index) => ({ lineNo: index + 1, amountFen }));
          expect(findDecisionFault(sound, own)).toBeNull();
          const wrong = lines.map((each, index) => (index === pick % lines.length ? { ...each, benefitFen: fen(each.benefitFen + off) } : each));
          expect(findDecisionFault({ ...sound, lines: wrong }, own)).not.toBeNull();
        },
      ),
    );
  });
});

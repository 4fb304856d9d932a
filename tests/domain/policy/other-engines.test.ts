import { describe, expect, it } from 'vitest';
import { enginesFor, findDifference } from '#dev/bench/engine.ts';
import { makeTreatments } from '#dev/bench/engine/treatments.ts';
import { loadPolicies } from '#platform/policy/load.ts';

/** Two rule engines that others wrote, with the rulebooks' tables written out for them and arithmetic of their own: they share nothing with ours but the data. */
describe('other engines, given the same rulebooks', () => {
  const policies = loadPolicies();
  const treatments = makeTreatments(400);
  const { ours, others } = enginesFor(policies.ok ? policies : { rulebooks: [], plans: [], catalogues: [], hospitals: [] }, treatments);

  it.each(others.map((other) => [other.name, other] as const))('%s takes and pays the same to the fen', async (_, other) => {
    expect(await findDifference(ours, other, treatments)).toBeUndefined();
  });

  it('the treatments reach every rule and both funds', () => {
    const answers = treatments.map((_, index) => ours.read(ours.answer(index)));
    const reached = Object.keys(answers[0]?.taken ?? {}).map((rule) => [rule, answers.some(({ taken }) => taken[rule as keyof typeof taken] > 0)]);
    expect(Object.fromEntries(reached)).toEqual({
      ...{ catalogue: true, 'restricted-use': true, 'price-limit': true, 'pre-self-pay': true, deductible: true, ratio: true, 'annual-cap': true },
    });
    expect(answers.some(({ pooled, large }) => pooled > 0 && large > 0)).toBe(true);
  });
});

import { isSameCity } from '#domain/bureau/region.ts';
import type { Fen } from '#domain/money.ts';
import { inForce, isFor, type Benefit, type CrossRegion, type Rulebook, type Table } from '#domain/policy/rulebook.ts';
import type { Rule, Settlement, Treatment } from '#domain/policy/settle.ts';
import type { Policies } from '#platform/policy/load.ts';

/** Limits of quantity, and what was settled on the spot, are ours alone: no treatment here has either. */
export type CommonRule = Exclude<Rule, 'treatment-limit' | 'on-the-spot'>;

/** What every engine must answer, in fen: what of each line is in scope, what was taken by which rule, and which fund pays. */
export type Answer = { inScope: readonly number[]; taken: Record<CommonRule, number>; pooled: number; large: number };

/** An engine with its rules compiled. `answer` is what is timed; `read` turns its result into what is compared, and is not. */
export type Engine = { name: string; answer: (index: number) => unknown; read: (result: unknown) => Answer };

/** The day on which the rules are those that engines without dated values are given; all treatments are of this year. */
const DAY = '2026-06-01';

/** What one benefit of a rulebook says in 2026: the data from which the other engines' rules are written. */
export type Rules = {
  id: string;
  per: 'stay' | 'year';
  deductible: Table<{ fen: Fen }>;
  ratio: Benefit['ratio'][number]['value']['table'];
  cap: Table<{ fen: Fen }>;
  large: { bp: number; capFen: Fen } | undefined;
  crossRegion: CrossRegion;
};

/** The rules of the benefit that answers a treatment; engines keep one compiled set for each, so that none searches through another city's rules. */
export function rulesOf({ rulebooks }: Policies, treatment: Treatment): Rules {
  const rulebook = rulebooks.find(({ value }) => isFor(value, { ...treatment, scheme: '310' }))?.value;
  const benefit = rulebook?.benefits.findIndex(({ kinds }) => kinds.includes(treatment.kind)) ?? -1;
  if (!rulebook || benefit < 0) throw new Error(`no rulebook for ${treatment.insuredRegion} ${treatment.kind}`);
  return rulesIn(rulebook, benefit);
}

function rulesIn(rulebook: Rulebook, index: number): Rules {
  const benefit = rulebook.benefits[index];
  const [deductible, ratio, cap] = benefit ? [inForce(benefit.deductible, DAY), inForce(benefit.ratio, DAY), inForce(benefit.cap, DAY)] : [];
  const crossRegion = inForce(rulebook.crossRegion, DAY);
  if (!benefit || !deductible || !ratio || !cap || !crossRegion) throw new Error(`${rulebook.id}: not in force`);
  return {
    ...{ id: `${rulebook.id}/${index}`, per: deductible.value.per, deductible: deductible.value.table, ratio: ratio.value.table, cap: cap.value.table },
    ...{ large: inForce(benefit.largeAmount, DAY)?.value, crossRegion: crossRegion.value },
  };
}

/** Who is treated where, as tables of conditions ask. The kind and the city have chosen the rules. */
export function factsOf({ personType, age, hospital, soFar, insuredRegion, treatedRegion, circumstances }: Treatment) {
  return {
    ...{ personType, age, grade: hospital.grade, tier: hospital.tier ?? 'provincial', stay: soFar.stays === 0 ? 'first' : 'later' },
    ...{ sameCity: isSameCity(insuredRegion, treatedRegion), province: treatedRegion.slice(0, 2), circumstances },
  };
}

export function answerOf({ lines, deductions, adds }: Settlement): Answer {
  const taken: Record<CommonRule, number> = { ...NOTHING_TAKEN };
  for (const { rule, amountFen } of deductions) if (rule !== 'treatment-limit' && rule !== 'on-the-spot') taken[rule] += amountFen;
  return { inScope: lines.map((line) => line.eligibleFen), taken, pooled: adds.pooledFen, large: adds.largeAmountFen };
}

export const NOTHING_TAKEN: Record<CommonRule, number> = {
  ...{ catalogue: 0, 'restricted-use': 0, 'price-limit': 0, 'pre-self-pay': 0, deductible: 0, ratio: 0, 'annual-cap': 0 },
};

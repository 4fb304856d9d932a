import { explain, explainLine } from '#domain/policy/explain.ts';
import { isFor } from '#domain/policy/rulebook.ts';
import { settle, type NotCovered, type Settlement, type Treatment } from '#domain/policy/settle.ts';
import type { Policies } from '#platform/policy/load.ts';
import { answerOf, type Engine } from './answer.ts';

/** The product's engine as an estimate uses it: the rulebook by region, the settlement with its amounts laid over the lines, and all of it in words in two languages. */
export function ourEngine({ rulebooks }: Policies, treatments: readonly Treatment[]): Engine {
  return {
    name: 'ours, with explanations',
    answer(index) {
      const treatment = treatments[index];
      const rulebook = rulebooks.find(({ value }) => treatment && isFor(value, { ...treatment, scheme: '310' }))?.value;
      if (!treatment || !rulebook) return undefined;
      const settlement = settle(treatment, rulebook);
      return { settlement, told: explain(settlement), lines: settlement.covered ? settlement.lines.map(explainLine) : [] };
    },
    read(result) {
      const { settlement } = result as { settlement: Settlement | NotCovered };
      if (!settlement.covered) throw new Error(`not covered: ${settlement.why}`);
      return answerOf(settlement);
    },
  };
}

import type { Allowance } from './limits.ts';
import type { CostLine } from './lines.ts';
import type { Entry } from './rulebook.ts';

/** What may lack a primary source among that which decided an amount, in the order in which it is asked. */
export const DOUBTS = ['catalogue', 'treatment-limit', 'deductible', 'ratio', 'cross-region', 'annual-cap', 'large-amount', 'employer-plan'] as const;
export type Doubt = (typeof DOUBTS)[number];

type Confirmed = Pick<Entry<unknown>, 'confirmed'> | undefined;
type Asked = Confirmed | readonly Confirmed[];

/**
 * The values without a primary source that an amount came from, whether they took anything away or not: a ratio, a cap that was not reached, an item that is paid in full. `rules`: the
 * entries that were asked; what played no part is absent.
 */
export function doubtsOf(
  { lines, allowances }: { lines: readonly CostLine[]; allowances: readonly (Allowance | undefined)[] },
  rules: Partial<Record<Exclude<Doubt, 'catalogue' | 'treatment-limit'>, Asked>>,
): Doubt[] {
  const asked: Partial<Record<Doubt, Asked>> = {
    ...{ catalogue: lines.map(({ catalogue }) => catalogue), 'treatment-limit': allowances.map((allowance) => allowance?.entry) },
    ...rules,
  };
  return DOUBTS.filter((doubt) => [asked[doubt]].flat().some((entry) => entry?.confirmed === false));
}

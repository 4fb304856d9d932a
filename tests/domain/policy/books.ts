import { readFileSync } from 'node:fs';
import { fen, sum, type Fen } from '#domain/money.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import type { SettledLine, SoFar } from '#domain/policy/settle.ts';
import { parsePlan, parseRulebook } from '#platform/policy/rulebook-file.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../domain/rulebooks/${name}.json`, import.meta.url), 'utf8'));

function opened<Value>(parsed: { ok: true; value: Value } | { ok: false; faults: unknown }): Value {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.value;
}

/** The rulebook, and the plan, that come with the product. */
export const rulebook = (id: string): Rulebook => opened(parseRulebook(read(id)));
export const groupPlan = (): EmployerPlan => opened(parsePlan(read('plans/group-plan')));

const NONE: Fen = fen(0);
/** The first claim of a year. */
export const NOTHING_SO_FAR: SoFar = { deductibleFen: NONE, scopeFen: NONE, pooledFen: NONE, largeAmountFen: NONE, planFen: NONE, stays: 0 };

/** submitted − benefit = Σ deductions, of a line or of a claim. */
export function addsUp({ submittedFen, benefitFen, deductions }: Pick<SettledLine, 'submittedFen' | 'benefitFen' | 'deductions'>): boolean {
  return submittedFen - benefitFen === sum(deductions.map((deduction) => deduction.amountFen));
}

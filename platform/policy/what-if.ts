import { findPlanFaults, findRulebookFaults } from '#domain/policy/check.ts';
import type { Versioned } from '#domain/policy/edition.ts';
import type { Policies } from '#domain/policy/policies.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { versioned } from './load.ts';
import { parsePlan, parseRulebook } from './rulebook-file.ts';
import type { Fault, Parsed } from './values.ts';

/** `UNITS`: each claim with the plan that it was assessed with; `GIVEN`: all with the one given; `NONE`: as if there were none. */
export type PlanMode = 'UNITS' | 'GIVEN' | 'NONE';
/** The rules that somebody wants to try, as files have them. A rulebook takes the place of those for the same regions and scheme. */
export type WhatIf = { rulebooks: readonly unknown[]; plan: unknown; planMode: PlanMode };

type Named = { id: string; version: string };
/** `changed`: given, and not the one in force */
export type Under = { rulebooks: (Named & { changed: boolean })[]; plans: Named[]; plan: Named | null };
export type Rules = { rulebooks: readonly Versioned<Rulebook>[]; plans: readonly Versioned<EmployerPlan>[]; plan: Versioned<EmployerPlan> | null };

/**
 * What a simulation runs under: the rules in force with those that are given in their place, by the same parser and checks as files. `hash` is that of all of it; equal for equal
 * rules, whoever asks when. Faults come with their path in the request: `rulebooks.0.benefits.1.ratio…`.
 */
export function rulesOf(
  { rulebooks, plan, planMode }: WhatIf,
  policies: Pick<Policies, 'rulebooks' | 'plans'>,
): { ok: true; rules: Rules; under: Under; hash: string } | { ok: false; faults: Fault[] } {
  const faults: Fault[] = [];
  const read = <Value>(content: unknown, path: Fault['path'], parse: (content: unknown) => Parsed<Value>, check: (value: Value) => Fault[]) => {
    const parsed = parse(content);
    const found = parsed.ok ? check(parsed.value) : parsed.faults;
    faults.push(...found.map((fault) => ({ ...fault, path: [...path, ...fault.path] })));
    return parsed.ok ? [{ file: path.join('.'), ...versioned(content), value: parsed.value }] : [];
  };
  const given = rulebooks.flatMap((content, index) => read(content, ['rulebooks', index], parseRulebook, findRulebookFaults));
  const [topUp = null] = planMode === 'GIVEN' ? read(plan, ['plan'], parsePlan, findPlanFaults) : [];
  for (const [index, one] of given.entries())
    if (given.slice(0, index).some((other) => rival(one.value, other.value)))
      faults.push({ path: ['rulebooks', index, 'insuredRegions'], reason: 'another one given is for the same regions and scheme' });
  if (faults.length > 0) return { ok: false, faults };
  const kept = policies.rulebooks.filter(({ value }) => !given.some((one) => rival(one.value, value)));
  const rules: Rules = {
    rulebooks: [...kept, ...given].toSorted((a, b) => (a.value.id < b.value.id ? -1 : 1)),
    plans: planMode === 'UNITS' ? policies.plans : [],
    plan: topUp,
  };
  const inForce = new Set(policies.rulebooks.map(({ version }) => version));
  const under: Under = {
    rulebooks: rules.rulebooks.map((one) => ({ ...named(one), changed: !inForce.has(one.version) })),
    plans: rules.plans.map(named),
    plan: topUp && named(topUp),
  };
  return { ok: true, rules, under, hash: versioned({ rulebooks: rules.rulebooks.map(named), plans: under.plans, plan: under.plan, planMode }).version };
}

const named = ({ value: { id }, version }: Versioned<{ id: string }>): Named => ({ id, version });

function rival(one: Rulebook, other: Rulebook): boolean {
  return one.scheme === other.scheme && one.insuredRegions.some((a) => other.insuredRegions.some((b) => a.startsWith(b) || b.startsWith(a)));
}

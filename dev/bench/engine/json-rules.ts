import { Engine as RulesEngine, type NestedCondition, type RuleProperties } from 'json-rules-engine';
import type { Table, When } from '#domain/policy/rulebook.ts';
import type { Treatment } from '#domain/policy/settle.ts';
import type { Policies } from '#platform/policy/load.ts';
import { factsOf, NOTHING_TAKEN, rulesOf, type Answer, type Engine, type Rules } from './answer.ts';

/**
 * A rule for each row of the rulebook's tables, whose event carries the row's values, and a run of a few rules for each line. The engine decides and does not calculate, so
 * the arithmetic stands beside it, in plain numbers.
 */
export function jsonRulesEngine(policies: Policies, treatments: readonly Treatment[]): Engine {
  const engines = new Map<string, RulesEngine>();
  const lineEngine = new RulesEngine(ITEM_RULES);
  const asked = treatments.map((treatment) => {
    const rules = rulesOf(policies, treatment);
    const engine = engines.get(rules.id) ?? new RulesEngine(claimRules(rules));
    engines.set(rules.id, engine);
    return { engine, rules, treatment, facts: factsOf(treatment), lines: treatment.lines.map(lineFacts) };
  });
  return {
    name: 'json-rules-engine',
    async answer(index): Promise<Answer | undefined> {
      const about = asked[index];
      if (!about) return undefined;
      const { engine, rules, treatment, facts, lines } = about;
      const [claim, ...items] = await Promise.all([engine.run(facts), ...lines.map((line) => lineEngine.run(line))]);
      const said = (events: { type: string; params?: unknown }[], type: string): unknown => events.find((event) => event.type === type)?.params;
      const decided = Object.fromEntries(claim.events.map(({ type, params }) => [type, params])) as Decided;
      return calculate({ rules, treatment, decided, itemRules: items.map(({ events }) => (said(events, 'item') as { rule: string }).rule) });
    },
    read: (answer) => answer as Answer,
  };
}

/** What the events carry: of each table, the row that holds. */
type Decided = { deductible: { fen: number }; ratio: Pick<Rules['ratio'][number], 'segments'>; cap: { fen: number }; points: { less: number } };

const equal = (fact: string, value: unknown): NestedCondition => ({ fact, operator: 'equal', value });
const lineFacts = ({ itemClass, outsideRestriction = false }: Treatment['lines'][number]) => ({ itemClass, outsideRestriction });

const listed = (itemClass: string, rule: string): RuleProperties => ({
  conditions: { all: [equal('itemClass', itemClass), equal('outsideRestriction', false)] },
  event: { type: 'item', params: { rule } },
});
const ITEM_RULES: RuleProperties[] = [
  { conditions: { all: [equal('itemClass', '03')] }, event: { type: 'item', params: { rule: 'catalogue' } } },
  {
    conditions: { all: [{ fact: 'itemClass', operator: 'notEqual', value: '03' }, equal('outsideRestriction', true)] },
    event: { type: 'item', params: { rule: 'restricted-use' } },
  },
  listed('01', 'class-a'),
  listed('02', 'class-b'),
];

function claimRules(rules: Rules): RuleProperties[] {
  const fromTable = <Row extends { when: When }>(type: string, table: Table<Row>): RuleProperties[] =>
    table.map(({ when, ...params }) => ({ conditions: { all: conditionsOf(when) }, event: { type, params } }));
  return [...fromTable('deductible', rules.deductible), ...fromTable('ratio', rules.ratio), ...fromTable('cap', rules.cap), ...pointRules(rules)];
}

function conditionsOf({ personType, grades, tier, ageFrom, ageBelow, stay }: When): NestedCondition[] {
  return [
    ...(personType === undefined ? [] : [equal('personType', personType)]),
    ...(grades === undefined ? [] : [{ fact: 'grade', operator: 'in', value: grades }]),
    ...(tier === undefined ? [] : [equal('tier', tier)]),
    ...(ageFrom === undefined ? [] : [{ fact: 'age', operator: 'greaterThanInclusive', value: ageFrom }]),
    ...(ageBelow === undefined ? [] : [{ fact: 'age', operator: 'lessThan', value: ageBelow }]),
    ...(stay === undefined ? [] : [equal('stay', stay)]),
  ];
}

/** The first of these that holds, which a rule says by excluding those before it. */
function pointRules({ crossRegion: { lessBp, countsAsFiled } }: Rules): RuleProperties[] {
  const has = (value: string): NestedCondition => ({ fact: 'circumstances', operator: 'contains', value });
  const ordered: [NestedCondition, number][] = [
    [equal('sameCity', true), 0],
    [has('LONG_TERM_RESIDENT'), lessBp.longTermResident],
    [has('EMERGENCY'), lessBp.emergency],
    [has('NO_REFERRAL'), lessBp.unfiled],
    [{ any: [has('REFERRAL_FILED'), { fact: 'province', operator: 'in', value: countsAsFiled }] }, lessBp.filed],
    [{ all: [] }, lessBp.unfiled],
  ];
  return ordered.map(([condition, less], index) => ({
    conditions: { all: [condition, ...ordered.slice(0, index).map(([before]) => ({ not: before }))] },
    event: { type: 'points', params: { less } },
  }));
}

const halfUp = (value: number): number => Math.floor(value + 0.5);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function calculate({ rules, treatment, decided, itemRules }: { rules: Rules; treatment: Treatment; decided: Decided; itemRules: string[] }): Answer {
  const { soFar } = treatment;
  const taken = { ...NOTHING_TAKEN };
  const inScope = treatment.lines.map((line, index) => {
    const rule = itemRules[index];
    if (rule === 'catalogue' || rule === 'restricted-use') {
      taken[rule] += line.amountFen;
      return 0;
    }
    const highest = line.priceLimitFen === undefined ? line.amountFen : Math.min(line.amountFen, halfUp(line.priceLimitFen * Number(line.quantity)));
    const before = rule === 'class-b' ? halfUp((highest * (line.preSelfPayBp ?? 0)) / 10_000) : 0;
    taken['price-limit'] += line.amountFen - highest;
    taken['pre-self-pay'] += before;
    return highest - before;
  });
  const scope = sum(inScope);
  const whole = decided.deductible.fen;
  taken.deductible = Math.min(rules.per === 'stay' ? whole : Math.max(0, whole - soFar.deductibleFen), scope);
  const start = rules.per === 'stay' ? 0 : soFar.scopeFen;
  const { segments } = decided.ratio;
  const steps = segments.map(({ overFen, bp, fund }, index) => {
    const cost = Math.min(segments[index + 1]?.overFen ?? Number.MAX_SAFE_INTEGER, start + scope) - Math.max(overFen, start + taken.deductible);
    return { fund, paid: halfUp((Math.max(0, cost) * Math.max(0, bp - decided.points.less)) / 10_000) };
  });
  const paidBy = (fund: string): number => sum(steps.filter((step) => step.fund === fund).map(({ paid }) => paid));
  const wanted = paidBy('bureau_fund');
  const pooled = Math.min(wanted, Math.max(0, decided.cap.fen - soFar.pooledFen));
  const wantedLarge = paidBy('large_amount') + (rules.large ? halfUp(((wanted - pooled) * rules.large.bp) / 10_000) : 0);
  const large = rules.large ? Math.min(wantedLarge, Math.max(0, rules.large.capFen - soFar.largeAmountFen)) : wantedLarge;
  const shared = scope - taken.deductible - pooled - large;
  taken['annual-cap'] = Math.max(0, Math.min(wanted - pooled + paidBy('large_amount') - large, shared));
  taken.ratio = shared - taken['annual-cap'];
  return { inScope, taken, pooled, large };
}

import { ZenEngine } from '@gorules/zen-engine';
import type { Table, When } from '#domain/policy/rulebook.ts';
import type { Treatment } from '#domain/policy/settle.ts';
import type { Policies } from '#platform/policy/load.ts';
import { factsOf, rulesOf, type Answer, type Engine, type Rules } from './answer.ts';

/**
 * The rules as a JSON decision model: a decision table for each table of the rulebook, expressions for the arithmetic, both in a loop where they are about lines. Amounts
 * are fen; the engine calculates with decimals, so that `floor(x + 0.5)` rounds half up as we do.
 */
export function zenEngine(policies: Policies, treatments: readonly Treatment[], { trace }: { trace: boolean }): Engine {
  const engine = new ZenEngine();
  const decisions = new Map<string, ReturnType<ZenEngine['createDecision']>>();
  const asked = treatments.map((treatment) => {
    const rules = rulesOf(policies, treatment);
    const decision = decisions.get(rules.id) ?? engine.createDecision(decisionModel(rules));
    decisions.set(rules.id, decision);
    return { decision, input: inputOf(treatment) };
  });
  return {
    name: trace ? 'zen-engine with its trace' : 'zen-engine',
    answer: (index) => asked[index]?.decision.evaluate(asked[index].input, { trace }),
    read: (response) => (response as { result: Answer }).result,
  };
}

function inputOf(treatment: Treatment) {
  const { deductibleFen, scopeFen, pooledFen, largeAmountFen } = treatment.soFar;
  return {
    ...factsOf(treatment),
    soFar: { deductible: deductibleFen, scope: scopeFen, pooled: pooledFen, large: largeAmountFen },
    lines: treatment.lines.map(({ itemClass, quantity, amountFen, priceLimitFen, preSelfPayBp, outsideRestriction }) => ({
      ...{ itemClass, quantity: Number(quantity), amount: amountFen, priceLimit: priceLimitFen ?? null },
      ...{ preSelfPay: preSelfPayBp ?? 0, outsideRestriction: outsideRestriction ?? false },
    })),
  };
}

function decisionModel(rules: Rules) {
  const nodes = [
    { id: 'request', name: 'request', type: 'inputNode', content: { schema: '' } },
    table('items', ITEMS, { loop: true }),
    expressions('scope', SCOPE, { loop: true }),
    table(
      'deductible',
      whenTable(rules.deductible, ({ fen }) => ({ wholeDeductible: String(fen) })),
    ),
    table(
      'ratio',
      whenTable(rules.ratio, ({ segments }) => ({ segments: segmentsOf(segments) })),
    ),
    table(
      'cap',
      whenTable(rules.cap, ({ fen }) => ({ cap: String(fen) })),
    ),
    table('points', pointsTable(rules)),
    expressions('amounts', amounts(rules), { last: true }),
    { id: 'response', name: 'response', type: 'outputNode', content: { schema: '' } },
  ];
  const edges = nodes.slice(1).map(({ id }, index) => ({ id: `to-${id}`, type: 'edge', sourceId: nodes[index]?.id, targetId: id }));
  return { nodes, edges };
}

/** Columns by the field that they ask; what a row does not ask holds for all. Cells are expressions. */
type Decisions = { asks: readonly string[]; answers: readonly string[]; rows: readonly Record<string, string>[] };

const LOOP = { executionMode: 'loop', inputField: 'lines', outputPath: 'lines', passThrough: true };
const SINGLE = { executionMode: 'single', inputField: null, outputPath: null };

function table(id: string, { asks, answers, rows }: Decisions, { loop = false } = {}) {
  const column = (field: string): { id: string; name: string; field: string } => ({ id: field, name: field, field });
  // a cell that is empty holds for all; one that is absent holds for nothing
  const empty = Object.fromEntries(asks.map((field) => [field, '']));
  const rules = rows.map((row, index) => ({ _id: `${id}-${index}`, ...empty, ...row }));
  const content = { hitPolicy: 'first', inputs: asks.map(column), outputs: answers.map(column), rules, passThrough: true };
  return { id, name: id, type: 'decisionTableNode', content: { ...content, ...(loop ? LOOP : SINGLE) } };
}

function expressions(id: string, values: Record<string, string>, { loop = false, last = false } = {}) {
  const list = Object.entries(values).map(([key, value]) => ({ id: `${id}-${key}`, key, value }));
  return { id, name: id, type: 'expressionNode', content: { expressions: list, passThrough: !last, ...(loop ? LOOP : SINGLE) } };
}

const ITEMS: Decisions = {
  asks: ['itemClass', 'outsideRestriction'],
  answers: ['rule'],
  rows: [
    { itemClass: '"03"', rule: '"catalogue"' },
    { outsideRestriction: 'true', rule: '"restricted-use"' },
    { itemClass: '"02"', rule: '"class-b"' },
    { rule: '"class-a"' },
  ],
};

const SCOPE = {
  outside: 'rule == "catalogue" or rule == "restricted-use" ? amount : 0',
  highest: '$.outside > 0 ? 0 : (priceLimit == null ? amount : min([amount, floor(priceLimit * quantity + 0.5)]))',
  over: 'amount - $.outside - $.highest',
  before: 'rule == "class-b" ? floor($.highest * preSelfPay / 10000 + 0.5) : 0',
  inScope: '$.highest - $.before',
};

function whenTable<Row>(rows: Table<Row>, answers: (row: Row) => Record<string, string>): Decisions {
  const [first] = rows;
  return {
    asks: ['personType', 'grade', 'tier', 'age', 'stay'],
    answers: first ? Object.keys(answers(first)) : [],
    rows: rows.map((row) => ({ ...cellsOf(row.when), ...answers(row) })),
  };
}

function cellsOf({ personType, grades, tier, ageFrom, ageBelow, stay }: When): Record<string, string> {
  const age = [...(ageFrom === undefined ? [] : [`>= ${ageFrom}`]), ...(ageBelow === undefined ? [] : [`< ${ageBelow}`])];
  return {
    ...(personType !== undefined && { personType: JSON.stringify(personType) }),
    ...(grades !== undefined && { grade: grades.map((grade) => JSON.stringify(grade)).join(', ') }),
    ...(tier !== undefined && { tier: JSON.stringify(tier) }),
    ...(age.length > 0 && { age: age.join(' and ') }),
    ...(stay !== undefined && { stay: JSON.stringify(stay) }),
  };
}

/** From where to where a segment reaches, its ratio and its fund. */
function segmentsOf(segments: Rules['ratio'][number]['segments']): string {
  const list = segments.map(({ overFen, bp, fund }, index) => {
    const upTo = segments[index + 1]?.overFen ?? Number.MAX_SAFE_INTEGER;
    return `{ over: ${overFen}, upTo: ${upTo}, bp: ${bp}, fund: ${JSON.stringify(fund)} }`;
  });
  return `[${list.join(', ')}]`;
}

function pointsTable({ crossRegion: { lessBp, countsAsFiled } }: Rules): Decisions {
  const circumstance = (code: string, points: number): Record<string, string> => ({ circumstances: `contains($, "${code}")`, less: String(points) });
  return {
    asks: ['sameCity', 'circumstances', 'province'],
    answers: ['less'],
    rows: [
      { sameCity: 'true', less: '0' },
      circumstance('LONG_TERM_RESIDENT', lessBp.longTermResident),
      circumstance('EMERGENCY', lessBp.emergency),
      circumstance('NO_REFERRAL', lessBp.unfiled),
      circumstance('REFERRAL_FILED', lessBp.filed),
      { province: countsAsFiled.map((digits) => JSON.stringify(digits)).join(', '), less: String(lessBp.filed) },
      { less: String(lessBp.unfiled) },
    ],
  };
}

function amounts({ per, large }: Rules): Record<string, string> {
  const paidBy = (fund: string): string => `sum(map(filter($.steps, #.fund == "${fund}"), #.paid))`;
  return {
    scope: 'sum(map(lines, #.inScope))',
    deductible: per === 'stay' ? 'min([wholeDeductible, $.scope])' : 'min([max([0, wholeDeductible - soFar.deductible]), $.scope])',
    from: per === 'stay' ? '$.deductible' : 'soFar.scope + $.deductible',
    to: per === 'stay' ? '$.scope' : 'soFar.scope + $.scope',
    steps: `map(segments, { fund: #.fund, paid: floor(max([0, min([#.upTo, $.to]) - max([#.over, $.from])]) * max([0, #.bp - less]) / 10000 + 0.5) })`,
    wanted: paidBy('bureau_fund'),
    pooled: 'min([$.wanted, max([0, cap - soFar.pooled])])',
    wantedLarge: `${paidBy('large_amount')}${large ? ` + floor(($.wanted - $.pooled) * ${large.bp} / 10000 + 0.5)` : ''}`,
    large: large ? `min([$.wantedLarge, max([0, ${large.capFen} - soFar.large])])` : '$.wantedLarge',
    shared: '$.scope - $.deductible - $.pooled - $.large',
    cut: `max([0, min([$.wanted - $.pooled + ${paidBy('large_amount')} - $.large, $.shared])])`,
    taken: `{
      catalogue: sum(map(filter(lines, #.rule == "catalogue"), #.outside)), "restricted-use": sum(map(filter(lines, #.rule == "restricted-use"), #.outside)),
      "price-limit": sum(map(lines, #.over)), "pre-self-pay": sum(map(lines, #.before)),
      deductible: $.deductible, "annual-cap": $.cut, ratio: $.shared - $.cut
    }`,
    inScope: 'map(lines, #.inScope)',
  };
}

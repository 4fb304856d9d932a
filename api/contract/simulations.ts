import { z } from 'zod';
import { NOT_COVERED } from '#domain/policy/settle.ts';
import { SMALLEST_GROUP } from '#domain/simulation/shown.ts';
import { UNCOVERED } from '#domain/simulation/totals.ts';
import { actor, code, line, pageOf, pageQuery, time, unitCode, uuid } from './common.ts';
import { difference } from './entitlements.ts';

/** Sums of a year: more digits than one amount has. */
const amount = z
  .string()
  .regex(/^\d{1,14}\.\d{2}$/)
  .meta({ id: 'Sum', description: 'Decimal yuan', example: '1234567.00' });
const count = z.int().min(0);

/** Twice as deep as any file of policies. What is nested thousands deep can be parsed but not written again, and so has no fingerprint. */
const DEEPEST = 20;
const isWithin = (node: unknown, depth: number): boolean =>
  typeof node !== 'object' || node === null || (depth > 0 && Object.values(node).every((each) => isWithin(each, depth - 1)));

/** As a file of domain/rulebooks has it; what it must look like is said by the refusal, with its path. */
const content = z.record(z.string(), z.unknown()).refine((file) => isWithin(file, DEEPEST), { message: 'nested too deeply' });

export const newSimulation = z
  .strictObject({
    unitCode: unitCode.meta({ description: 'With everything below it' }),
    year: z.int().min(2000).max(2100).meta({ description: 'Calendar year of the first day of treatment' }),
    name: line(100).meta({ description: 'What is tried', example: '补充医疗提高到 85%' }),
    rulebooks: z.array(content).max(20).default([]).meta({ description: 'Each takes the place of those in force for the same regions and scheme' }),
    plan: content.nullable().optional().meta({
      description: "The employer's plan for all of the claims; null: as if there were none; absent: each claim with the plan that it was assessed with",
    }),
  })
  .meta({ id: 'NewSimulation' });

const named = z.strictObject({ id: code(40), version: z.string() });

const totals = z
  .strictObject({
    people: count.meta({ description: 'Who has a claim in the unit; somebody with claims in two units counts in both' }),
    claims: count,
    submitted: amount,
    covered: count,
    eligible: amount,
    benefit: amount,
    funding: z.strictObject({ bureauFund: amount, largeAmount: amount, employerPlan: amount }),
    notCovered: z.array(z.strictObject({ why: z.enum(UNCOVERED), claims: count, submitted: amount })),
  })
  .meta({
    id: 'SimulationTotals',
    description: `Eligible costs and benefit are those of the claims that are covered. ${NOT_COVERED.join(', ')}: no rule answers. ERASED, NOT_ASSESSED: there is nothing to settle anew`,
  });

const GROUPS = `Units of fewer than ${SMALLEST_GROUP} people are told together as \`others\`, with another one where they are still too few; nothing is told of fewer than that in all`;

const result = z
  .strictObject({
    partial: z.boolean().meta({ description: 'It did not come to its end: the claims up to where it stopped' }),
    digest: z.string().meta({ description: 'Of the claims that went in: equal for two runs over the same' }),
    total: totals.nullable(),
    units: z.array(z.strictObject({ unitCode, totals })),
    others: totals.nullable(),
  })
  .meta({ id: 'SimulationResult', description: GROUPS });

const about = {
  ...{ id: uuid, unitCode, year: z.int(), name: z.string() },
  status: z.enum(['QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED']),
  progress: z.strictObject({ claims: count, of: count }),
  hash: z.string().meta({ description: 'Of all rules that it runs under: equal rules, equal hash' }),
  ...{ createdBy: actor, createdAt: time, startedAt: time.nullable(), endedAt: time.nullable() },
};
export const simulationSummary = z.strictObject(about).meta({ id: 'SimulationSummary' });
export const simulation = z
  .strictObject({
    ...about,
    rulebooks: z.array(z.strictObject({ ...named.shape, changed: z.boolean() })),
    plan: z.strictObject({ mode: z.enum(['UNITS', 'GIVEN', 'NONE']), given: named.nullable() }),
    result: result.nullable().meta({ description: 'Once it has ended' }),
  })
  .meta({ id: 'Simulation' });
export type SimulationJson = z.output<typeof simulation>;
export type TotalsJson = z.output<typeof totals>;
export const simulationPage = pageOf(simulationSummary);
export const simulationParams = z.strictObject({ id: uuid });
export const simulationQuery = z.strictObject(pageQuery);
export const comparisonQuery = z.strictObject({ with: uuid });

const compared = {
  one: totals,
  other: totals,
  difference: z
    .strictObject({
      covered: z.int(),
      ...{ eligible: difference, benefit: difference },
      funding: z.strictObject({ bureauFund: difference, largeAmount: difference, employerPlan: difference }),
    })
    .meta({ description: 'The other one less this one' }),
};
export const comparison = z
  .strictObject({
    ...{ one: uuid, other: uuid },
    sameClaims: z
      .boolean()
      .meta({ description: 'false: claims were made, assessed, withdrawn or erased in between, and account for a part of the difference' }),
    total: z.strictObject(compared).nullable(),
    units: z.array(z.strictObject({ unitCode, ...compared })),
    others: z.strictObject(compared).nullable(),
  })
  .meta({ id: 'SimulationComparison', description: GROUPS });
export type ComparisonJson = z.output<typeof comparison>;

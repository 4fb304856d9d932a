import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { isMainland } from '#domain/bureau/region.ts';
import { CLAIM_KIND_CODES, DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';
import { parseQuantity } from '#domain/policy/quantity.ts';
import { day, grade, id, itemCode, parsed, percent, text, words, yuan, type Parsed } from './values.ts';

const digits = z
  .string()
  .regex(/^\d{2,6}$/, 'no region')
  .refine(isMainland, 'no region where a scheme pays');
const years = z.number().int().min(0).max(150);

/**
 * Far beyond any policy. Who tries other rules sends a file, and its checks compare rows with cases and regions with regions: without bounds a quarter of a megabyte would keep a
 * process busy for a minute.
 */
const MOST = { regions: 200, values: 50, rows: 60, segments: 50, benefits: 20, limits: 500, codes: 2_000 };

function dated<Value extends z.ZodType>(value: Value) {
  const entry = z.strictObject({ from: day, value, source: words, checked: day, confirmed: z.boolean() });
  return z.array(entry).max(MOST.values);
}
const table = <Row extends z.ZodType>(row: Row) => z.array(row).min(1).max(MOST.rows);

const when = z.strictObject({
  personType: z.enum(['11', '12']).exactOptional(),
  grades: z.array(grade).min(1).exactOptional(),
  tier: z.enum(['municipal', 'provincial']).exactOptional(),
  ageFrom: years.exactOptional(),
  ageBelow: years.exactOptional(),
  stay: z.enum(['first', 'later']).exactOptional(),
});
const amountRow = z.strictObject({ when, yuan }).transform(({ when: about, yuan: fen }) => ({ when: about, fen }));
const segment = z
  .strictObject({ over: yuan, percent, fund: z.enum(FUNDING_SOURCES).exclude(['employer_plan']).default('bureau_fund') })
  .transform(({ over, percent: bp, fund }) => ({ overFen: over, bp, fund }));
const kinds = z
  .array(z.enum(CLAIM_KIND_CODES))
  .min(1)
  .max(2 * CLAIM_KIND_CODES.length);

const benefit = z.strictObject({
  kinds,
  deductible: dated(z.strictObject({ per: z.enum(['stay', 'year']), table: table(amountRow) })).min(1),
  ratio: dated(z.strictObject({ table: table(z.strictObject({ when, segments: z.array(segment).min(1).max(MOST.segments) })) })).min(1),
  cap: dated(z.strictObject({ table: table(amountRow) })).min(1),
  largeAmount: dated(z.strictObject({ percent, cap: yuan }).transform(({ percent: bp, cap }) => ({ bp, capFen: cap }))).default([]),
  documents: dated(z.strictObject({ kinds: z.array(z.enum(DOCUMENT_KIND_CODES)).max(2 * DOCUMENT_KIND_CODES.length) })).default([]),
});

const quantity = z.string().transform((written, context): number => {
  const read = parseQuantity(written);
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: 'no quantity' });
  return z.NEVER;
});
const limit = z.strictObject({
  ...{ id, name: text, itemCodes: z.array(itemCode).min(1).max(MOST.codes) },
  allowed: dated(z.strictObject({ perVisit: quantity.exactOptional(), perYear: quantity.exactOptional() })).min(1),
});

const points = z.strictObject({ filed: percent, emergency: percent, longTermResident: percent, unfiled: percent });
const place = z.enum(['treated', 'insured']);
const crossRegion = z
  .strictObject({ countsAsFiled: z.array(digits).max(MOST.regions), points, catalogue: z.strictObject({ direct: place, manual: place }) })
  .transform(({ points: lessBp, ...rest }) => ({ ...rest, lessBp }));

const rulebook = z.strictObject({
  id: id,
  insuredRegions: z.array(digits).min(1).max(MOST.regions),
  scheme: z.enum(['310', '390']),
  name: text,
  benefits: z.array(benefit).min(1).max(MOST.benefits),
  crossRegion: dated(crossRegion).min(1),
  filing: dated(z.strictObject({ months: z.number().int().min(1).max(36) })).min(1),
  limits: z.array(limit).max(MOST.limits).default([]),
});

const plan = z.strictObject({
  id: id,
  name: text,
  benefits: z
    .array(
      z.strictObject({
        kinds,
        raise: dated(z.strictObject({ to: percent }).transform(({ to }) => ({ toBp: to }))).min(1),
        quota: dated(z.strictObject({ yuan }).transform(({ yuan: fen }) => ({ fen }))).min(1),
      }),
    )
    .min(1)
    .max(MOST.benefits),
  excludes: dated(z.strictObject({ itemCodes: z.array(itemCode).max(MOST.codes) })),
});

export function parseRulebook(content: unknown): Parsed<Rulebook> {
  return parsed(rulebook, content);
}

export function parsePlan(content: unknown): Parsed<EmployerPlan> {
  return parsed(plan, content);
}

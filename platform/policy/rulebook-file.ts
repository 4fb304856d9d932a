import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { isDay } from '#domain/calendar.ts';
import { CLAIM_KIND_CODES, DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import { parseYuan, type Fen } from '#domain/money.ts';
import type { EmployerPlan, Rulebook } from '#domain/policy/rulebook.ts';

/** How rulebooks are written: amounts as decimal yuan, ratios in percent, both as text, so that a file reads as the policy does. Unknown properties are refused. */
const day = z.string().refine(isDay, 'no day (yyyy-MM-dd)');
const yuan = z.string().transform((text, context): Fen => {
  const amount = parseYuan(text);
  if (amount !== undefined && amount >= 0) return amount;
  context.addIssue({ code: 'custom', message: 'no amount in yuan' });
  return z.NEVER;
});
/** `"96.1"` → 9610 */
const percent = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,2})?$/, 'no percentage')
  .transform((text) => {
    const [whole = '', fraction = ''] = text.split('.');
    return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  })
  .refine((bp) => bp <= 10_000, 'more than 100 %');
const text = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
const digits = z.string().regex(/^\d{2,6}$/, 'no region');
const years = z.number().int().min(0).max(150);
const grade = z.enum(['community', '1', '2', '3']);

function dated<Value extends z.ZodType>(value: Value) {
  const entry = z.strictObject({ from: day, value, source: z.string().min(1), checked: day, confirmed: z.boolean() });
  return z.array(entry);
}

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
const kinds = z.array(z.enum(CLAIM_KIND_CODES)).min(1);

const benefit = z.strictObject({
  kinds,
  deductible: dated(z.strictObject({ per: z.enum(['stay', 'year']), table: z.array(amountRow).min(1) })).min(1),
  ratio: dated(z.strictObject({ table: z.array(z.strictObject({ when, segments: z.array(segment).min(1) })).min(1) })).min(1),
  cap: dated(z.strictObject({ table: z.array(amountRow).min(1) })).min(1),
  largeAmount: dated(z.strictObject({ percent, cap: yuan }).transform(({ percent: bp, cap }) => ({ bp, capFen: cap }))).default([]),
  documents: z.array(z.enum(DOCUMENT_KIND_CODES)),
});

const points = z.strictObject({ filed: percent, emergency: percent, longTermResident: percent, unfiled: percent });
const place = z.enum(['treated', 'insured']);
const crossRegion = z
  .strictObject({ countsAsFiled: z.array(digits), points, catalogue: z.strictObject({ direct: place, manual: place }) })
  .transform(({ points: lessBp, ...rest }) => ({ ...rest, lessBp }));

const rulebook = z.strictObject({
  id: z.string().regex(/^[\w-]{1,40}$/),
  insuredRegions: z.array(digits).min(1),
  scheme: z.string().regex(/^\d{3}$/),
  name: text,
  benefits: z.array(benefit).min(1),
  crossRegion: dated(crossRegion).min(1),
  filing: dated(z.strictObject({ months: z.number().int().min(1).max(36) })).min(1),
});

const plan = z.strictObject({
  id: z.string().regex(/^[\w-]{1,40}$/),
  name: text,
  benefits: z
    .array(
      z.strictObject({
        kinds,
        raise: dated(z.strictObject({ to: percent }).transform(({ to }) => ({ toBp: to }))).min(1),
        quota: dated(z.strictObject({ yuan }).transform(({ yuan: fen }) => ({ fen }))).min(1),
      }),
    )
    .min(1),
  excludes: dated(z.strictObject({ itemCodes: z.array(z.string()) })),
});

/** Something in a file that is not as it must be: where (`benefits.0.ratio.1.value`) and why. */
export type Fault = { path: readonly (string | number)[]; reason: string };

export function parseRulebook(content: unknown): { ok: true; value: Rulebook } | { ok: false; faults: Fault[] } {
  return parsed(rulebook, content);
}

export function parsePlan(content: unknown): { ok: true; value: EmployerPlan } | { ok: false; faults: Fault[] } {
  return parsed(plan, content);
}

function parsed<Value>(schema: z.ZodType<Value>, content: unknown): { ok: true; value: Value } | { ok: false; faults: Fault[] } {
  const result = schema.safeParse(content);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    faults: result.error.issues.map(({ path, message }) => ({ path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)), reason: message })),
  };
}

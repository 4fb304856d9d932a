import { z } from 'zod';
import { isDay } from '#domain/calendar.ts';
import { parseYuan, type Fen } from '#domain/money.ts';

/** How policies are written: amounts as decimal yuan, ratios in percent, both as text, so that a file reads as the policy does. Unknown properties are refused. */
export const day = z.string().refine(isDay, 'no day (yyyy-MM-dd)');
export const yuan = z.string().transform((text, context): Fen => {
  const amount = parseYuan(text);
  if (amount !== undefined && amount >= 0) return amount;
  context.addIssue({ code: 'custom', message: 'no amount in yuan' });
  return z.NEVER;
});
/** `"96.1"` → 9610 */
export const percent = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,2})?$/, 'no percentage')
  .transform((text) => {
    const [whole = '', fraction = ''] = text.split('.');
    return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  })
  .refine((bp) => bp <= 10_000, 'more than 100 %');
export const words = z.string().refine((written) => written.trim() !== '', 'empty');
export const text = z.strictObject({ zh: words, en: words });
export const id = z.string().regex(/^[\w-]{1,40}$/);
export const itemCode = z.string().regex(/^[\w.-]{1,50}$/, 'no item code');
export const grade = z.enum(['community', '1', '2', '3']);

/** Something in a file that is not as it must be: where (`benefits.0.ratio.1.value`) and why. */
export type Fault = { path: readonly (string | number)[]; reason: string };
export type Parsed<Value> = { ok: true; value: Value } | { ok: false; faults: Fault[] };

export function parsed<Value>(schema: z.ZodType<Value>, content: unknown): Parsed<Value> {
  const result = schema.safeParse(content);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    faults: result.error.issues.map(({ path, message }) => ({ path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)), reason: message })),
  };
}

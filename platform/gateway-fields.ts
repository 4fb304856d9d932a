import { z } from 'zod';
import { addDays, isDay } from '#domain/calendar.ts';
import { fen, parseYuan, type Fen } from '#domain/money.ts';

/** Fields that bureaus and banks share: decimal yuan, and times of Asia/Shanghai, which is always eight hours ahead of UTC. */
const SHANGHAI_MS = 8 * 3_600_000;

/** What travels back to whoever called us. Keep it: a repeated callback gets the same bytes. */
export type Acknowledgement = { mediaType: string; body: string };

/** `yyyy-MM-dd HH:mm:ss` */
export function shanghaiTime(at: Date): string {
  return new Date(at.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** `yyyyMMddHHmmss`, or with milliseconds `yyyyMMddHHmmssSSS` */
export function compactTime(at: Date, precision: 'seconds' | 'milliseconds' = 'seconds'): string {
  const digits = new Date(at.getTime() + SHANGHAI_MS).toISOString().replace(/\D/g, '');
  return digits.slice(0, precision === 'seconds' ? 14 : 17);
}

/** `2026-11-18 09:30:00` (or with a T) → `2026-11-18T01:30:00.000Z`; undefined where there is no such second. */
export function parseShanghaiTime(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](([01]\d|2[0-3]):[0-5]\d:[0-5]\d)$/.exec(text);
  const [, day = '', time = ''] = match ?? [];
  return match && isDay(day) ? new Date(`${day}T${time}+08:00`).toISOString() : undefined;
}

/** The days from `from` to `to`, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** An amount that is never negative. A number, a third decimal, a sign or an exponent is a refusal: guessing would cost money. */
export const yuan = z.string().transform((text, context): Fen => {
  const amount = text.startsWith('-') ? undefined : parseYuan(text);
  if (amount !== undefined) return amount;
  context.addIssue('not an amount in yuan');
  return z.NEVER;
});

/** An amount above zero. */
export const someYuan = yuan.refine((amount) => amount > fen(0), 'must be above zero');

/** RFC 3339 in UTC out of a time in Shanghai. */
export const instant = z.string().transform((text, context): string => {
  const at = parseShanghaiTime(text);
  if (at !== undefined) return at;
  context.addIssue('not a time');
  return z.NEVER;
});

/** `yyyy-MM-dd` out of a date, or out of a time in Shanghai. */
export const day = z.string().transform((text, context): string => {
  const date = parseShanghaiTime(text) === undefined ? text : text.slice(0, 10);
  if (isDay(date)) return date;
  context.addIssue('not a day');
  return z.NEVER;
});

/** What is wrong with a message, by path; without its values, which may be personal. */
export function problemsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || '(message)'}: ${issue.message}`)
    .join('; ');
}

import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';

/** A moment inside a position: one that Date and PostgreSQL both know. */
export const positionTime = z.iso.datetime().regex(/^20/);

/**
 * Where a page ended, opaque to the caller. It holds nothing but values that the caller has seen, and is read through a schema: a forged one is a
 * strange place to go on from, never a way to see more.
 */
export function readCursor<Position>(schema: z.ZodType<Position>, cursor: string | undefined): { ok: true; after: Position | undefined } | Refusal {
  if (cursor === undefined) return { ok: true, after: undefined };
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  // ours have no escapes, and what only an escape can write (NUL, half a surrogate pair) no query takes
  if (text.includes('\\')) return refuse('CURSOR_INVALID');
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? { ok: true, after: parsed.data } : refuse('CURSOR_INVALID');
  } catch {
    return refuse('CURSOR_INVALID');
  }
}

/** A page out of `limit + 1` rows: the one too many says that there is another page. */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  { limit, item, position }: { limit: number; item: (row: Row) => Item; position: (row: Row) => unknown },
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(item),
    nextCursor: more ? Buffer.from(JSON.stringify(position(last))).toString('base64url') : null,
  };
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Versioned } from '#domain/policy/edition.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { isDatabaseAway } from '../database-errors.ts';
import type { Database } from '../database.ts';

const AGAIN_AFTER_MS = 2_000;

/**
 * Keeps a copy of every policy whose version the database has not seen, so that whatever an amount was computed by can be referred to by its version. As often, and from as
 * many processes at once, as you like.
 */
export async function storePolicies(db: Pick<Database, 'query'>, policies: Policies): Promise<void> {
  const copies = copiesOf(policies);
  const { rows } = await db.query<{ version: string }>('SELECT version FROM policy_copy WHERE version = ANY ($1::text[])', [
    copies.map(({ version }) => version),
  ]);
  const seen = new Set(rows.map(({ version }) => version));
  // in one order, or two processes that start together would wait for each other
  const fresh = copies.filter(({ version }) => !seen.has(version)).toSorted((a, b) => (a.version < b.version ? -1 : 1));
  for (const { version, kind, id, content } of fresh) {
    await db.query('INSERT INTO policy_copy (version, kind, id, content) VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING', [
      version,
      kind,
      id,
      content,
    ]);
  }
}

/** As `storePolicies`, and again while the database is away, until it is done or `signal` says that nobody waits any more. */
export async function storePoliciesAtStart(
  db: Pick<Database, 'query'>,
  policies: Policies,
  { onWait, signal }: { onWait: () => void; signal?: AbortSignal },
): Promise<void> {
  while (!signal?.aborted) {
    try {
      return await storePolicies(db, policies);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      onWait();
      await wait(AGAIN_AFTER_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

function copiesOf({ rulebooks, plans, catalogues, hospitals }: Policies): { version: string; kind: string; id: string; content: string }[] {
  const copies = (kind: string, all: readonly Versioned<{ id: string }>[]) =>
    all.map(({ version, content, value: { id } }) => ({ version, kind, id, content }));
  return [...copies('RULEBOOK', rulebooks), ...copies('PLAN', plans), ...copies('CATALOGUE', catalogues), ...copies('HOSPITALS', hospitals)];
}

import type { Actor } from '#domain/claim/actor.ts';
import type { Tx } from '../database.ts';

/** Something that must be provable and is no transition: a late answer, a refused decision, a look. Transitions write their own rows. */
export async function insertAudit(
  tx: Tx,
  entry: { claimNumber: string | null; seq?: number; at: Date; actor: Actor; action: string; detail: Record<string, unknown> },
): Promise<void> {
  await tx.query('INSERT INTO audit_entry (claim_number, seq, at, actor, action, detail) VALUES ($1, $2, $3, $4, $5, $6)', [
    ...[entry.claimNumber, entry.seq ?? null, entry.at, JSON.stringify(entry.actor), entry.action, JSON.stringify(entry.detail)],
  ]);
}

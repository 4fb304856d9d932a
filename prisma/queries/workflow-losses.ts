import type { Database, Tx } from '../database.ts';

type Writer = Pick<Database | Tx, 'query'>;

/** That an open claim has no workflow. `found`: Temporal's word for what is there instead. Known already: since when stays. */
export async function recordLoss(db: Writer, loss: { claimNumber: string; found: string; at: Date; error?: string | null }): Promise<void> {
  await db.query(
    `INSERT INTO workflow_loss AS known (claim_number, found, since, error) VALUES ($1, $2, $3, $4)
     ON CONFLICT (claim_number) DO UPDATE SET found = excluded.found, error = excluded.error, recovered_at = NULL,
       since = CASE WHEN known.recovered_at IS NULL THEN known.since ELSE excluded.since END`,
    [loss.claimNumber, loss.found, loss.at, loss.error ?? null],
  );
}

/** Workflows of these claims run again. */
export async function endLosses(db: Writer, { claimNumbers, at }: { claimNumbers: readonly string[]; at: Date }): Promise<void> {
  await db.query('UPDATE workflow_loss SET recovered_at = $2, error = NULL WHERE claim_number = ANY ($1) AND recovered_at IS NULL', [claimNumbers, at]);
}

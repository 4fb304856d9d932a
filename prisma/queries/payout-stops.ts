import type { Actor } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

/** `scope` is `*` or a unit's code. */
export type PayoutStopRow = { scope: string; reason: string; stoppedBy: Actor; stoppedAt: Date };

const STOP = 'scope, reason, stopped_by AS "stoppedBy", stopped_at AS "stoppedAt"';

/** Stops the payouts of a scope. A scope that is stopped already keeps its first reason. */
export async function stopPayouts(tx: Tx, stop: { scope: string; reason: string; stoppedBy: Actor }): Promise<PayoutStopRow | 'exists'> {
  const { rows } = await tx.query<PayoutStopRow>(
    `INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ($1, $2, $3) ON CONFLICT (scope) DO NOTHING RETURNING ${STOP}`,
    [stop.scope, stop.reason, JSON.stringify(stop.stoppedBy)],
  );
  return rows[0] ?? 'exists';
}

/** Stops that bind what lies under `within`: those of its units, of the units above, and the one for all. SQL: a scope is no relation. */
export async function listPayoutStops(db: Pick<Database, 'query'>, { within }: { within: readonly string[] }): Promise<PayoutStopRow[]> {
  const { rows } = await db.query<PayoutStopRow>(
    `SELECT ${STOP} FROM payout_stop s
     WHERE s.scope = '*' OR EXISTS (
       SELECT 1 FROM unit u, unit own WHERE u.code = s.scope AND own.id = ANY ($1::uuid[]) AND (u.ancestor_ids @> ARRAY[own.id] OR own.ancestor_ids @> ARRAY[u.id]))
     ORDER BY s.stopped_at, s.scope`,
    [within],
  );
  return rows;
}

/** Lets the payouts of a scope go on; false where it was not stopped. */
export async function resumePayouts(tx: Tx, { scope }: { scope: string }): Promise<boolean> {
  const { rowCount } = await tx.query('DELETE FROM payout_stop WHERE scope = $1', [scope]);
  return rowCount === 1;
}

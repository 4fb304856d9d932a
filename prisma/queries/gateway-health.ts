import type { GatewayHealth } from '#domain/operations/outage.ts';
import type { Database } from '../database.ts';

export type GatewayHealthRow = GatewayHealth & { code: string; lastFailure: string | null };

/** A bureau or bank has answered. */
export async function recordGatewaySuccess(db: Pick<Database, 'query'>, { code, at }: { code: string; at: Date }): Promise<void> {
  await db.query(
    `INSERT INTO gateway_health (code, last_success_at) VALUES ($1, $2)
     ON CONFLICT (code) DO UPDATE SET last_success_at = excluded.last_success_at, failing_since = NULL, failures = 0`,
    [code, at],
  );
}

/** A bureau or bank has not answered, or nonsense. `failure`: what of ours says so, never its words. */
export async function recordGatewayFailure(db: Pick<Database, 'query'>, { code, at, failure }: { code: string; at: Date; failure: string }): Promise<void> {
  await db.query(
    `INSERT INTO gateway_health AS known (code, last_failure_at, failing_since, failures, last_failure) VALUES ($1, $2, $2, 1, $3)
     ON CONFLICT (code) DO UPDATE SET last_failure_at = excluded.last_failure_at, last_failure = excluded.last_failure, failures = known.failures + 1,
       failing_since = coalesce(known.failing_since, excluded.failing_since)`,
    [code, at, failure],
  );
}

export async function listGatewayHealth(db: Pick<Database, 'query'>): Promise<GatewayHealthRow[]> {
  const { rows } = await db.query<GatewayHealthRow>(
    `SELECT code, last_success_at AS "lastSuccessAt", last_failure_at AS "lastFailureAt", failing_since AS "failingSince", failures, last_failure AS "lastFailure"
     FROM gateway_health ORDER BY code`,
  );
  return rows;
}

export type RelayBacklog = { relay: string; pending: number; oldest: Date | null };

/** What is still to be sent, of all units. */
export async function readRelayBacklog(db: Pick<Database, 'query'>): Promise<RelayBacklog[]> {
  const { rows } = await db.query<RelayBacklog>('SELECT relay, pending, oldest FROM relay_backlog()');
  return rows;
}

import type { Database } from '../database.ts';

/** A call of a claim has failed and will be made again, within minutes: after an hour without a failure it is another trouble. A claim that is not there has none. */
export async function recordRetry(
  db: Pick<Database, 'query'>,
  retry: { claimNumber: string; activity: string; attempt: number; at: Date; failure: string },
): Promise<void> {
  const { claimNumber, activity, attempt, at, failure } = retry;
  await db.query(
    `INSERT INTO activity_retry AS known (claim_number, activity, attempt, since, last_failed_at, failure)
     SELECT number, $2, $3, $4, $4, $5 FROM claim WHERE number = $1
     ON CONFLICT (claim_number, activity) DO UPDATE SET attempt = excluded.attempt, last_failed_at = excluded.last_failed_at, failure = excluded.failure,
       since = CASE WHEN known.last_failed_at > excluded.since - interval '1 hour' THEN known.since ELSE excluded.since END`,
    [claimNumber, activity, attempt, at, failure],
  );
}

export async function endRetry(db: Pick<Database, 'query'>, { claimNumber, activity }: { claimNumber: string; activity: string }): Promise<void> {
  await db.query('DELETE FROM activity_retry WHERE claim_number = $1 AND activity = $2', [claimNumber, activity]);
}

import type { Database } from '../database.ts';

/** `looked`: open claims that were looked at; `recovered`: whose workflow was started again; `failed`: whose could not be. */
export type SweepRow = { endedAt: Date; looked: number; recovered: number; failed: number };

const CLAIMS = 'claims';

/** The search for open claims without a workflow has ended; of workers side by side the last one counts. */
export async function recordSweep(db: Pick<Database, 'query'>, { endedAt, looked, recovered, failed }: SweepRow): Promise<void> {
  await db.query(
    `INSERT INTO sweep (name, ended_at, looked, recovered, failed) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, looked = excluded.looked, recovered = excluded.recovered, failed = excluded.failed
     WHERE sweep.ended_at < excluded.ended_at`,
    [CLAIMS, endedAt, looked, recovered, failed],
  );
}

/** The last one; undefined where there was none yet. */
export async function readSweep(db: Pick<Database, 'query'>): Promise<SweepRow | undefined> {
  const { rows } = await db.query<SweepRow>('SELECT ended_at AS "endedAt", looked, recovered, failed FROM sweep WHERE name = $1', [CLAIMS]);
  return rows[0];
}

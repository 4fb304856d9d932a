import type { Tx } from '../database.ts';

/** A bucket that holds `capacity` tokens and fills up within `windowSeconds`. */
export type Bucket = { id: string; capacity: number; windowSeconds: number };

type Reader = Pick<Tx, 'query'>;

/** Takes up to `want` tokens (≤ capacity), for all processes in one place and by the database's clock. `left` is what the bucket still holds, a fraction included. */
export async function takeTokens(db: Reader, { id, capacity, windowSeconds }: Bucket, want: number): Promise<{ granted: number; left: number }> {
  const { rows } = await db.query<{ granted: number; left: number }>(
    `INSERT INTO rate_limit AS r (bucket, tokens, granted, at, full_at)
     VALUES ($1, $2::float8 - $3::int, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $3 * $4::float8 / $2::float8))
     ON CONFLICT (bucket) DO UPDATE SET (tokens, granted, at, full_at) = (
       SELECT filled - given, given, moment, moment + make_interval(secs => ($2 - filled + given) * $4 / $2)
       FROM (SELECT clock_timestamp() AS moment) clock,
         LATERAL (SELECT least($2, r.tokens + greatest(0, extract(epoch FROM moment - r.at)) * $2 / $4) AS filled) refilled,
         LATERAL (SELECT least($3, floor(filled)::int) AS given) taken)
     RETURNING granted, tokens AS left`,
    [id, capacity, want, windowSeconds],
  );
  return rows[0] ?? { granted: 0, left: 0 };
}

/** Forgets buckets that are full again. */
export async function dropFullBuckets(db: Reader): Promise<number> {
  const { rowCount } = await db.query('DELETE FROM rate_limit WHERE full_at < clock_timestamp()');
  return rowCount ?? 0;
}

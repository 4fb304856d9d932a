import type { Database, Tx } from '../database.ts';

/** One request of one caller: the route as it is declared (`POST /v1/claims/:number/documents`) and the Idempotency-Key. */
export type RequestName = { callerId: string; route: string; key: string };
/** `body` and `headers` are the JSON text that was sent, so that it is sent again byte for byte. */
export type StoredAnswer = { fingerprint: string; status: number; body: string; headers: string };

type Reader = Pick<Database, 'query'>;

const ANSWER = 'fingerprint, status, body::text, headers::text';

export async function findAnswer(db: Reader, { callerId, route, key }: RequestName): Promise<StoredAnswer | undefined> {
  const { rows } = await db.query<StoredAnswer>(`SELECT ${ANSWER} FROM idempotency_key WHERE caller_id = $1 AND route = $2 AND key = $3`, [
    callerId,
    route,
    key,
  ]);
  return rows[0];
}

/**
 * Takes the request for this transaction and looks whether it has an answer. `'in-flight'`: another transaction has it. The lock ends with the
 * transaction, however that ends; there is no row to leak. The look-up may be older than the lock, so that `'ours'` is not yet proof:
 * the primary key is (`storeAnswer`).
 */
export async function takeRequest(tx: Tx, name: RequestName & { lock: bigint }): Promise<'ours' | 'in-flight' | StoredAnswer> {
  const { rows } = await tx.query<{ locked: boolean } & (StoredAnswer | { fingerprint: null })>(
    `SELECT pg_try_advisory_xact_lock($4) AS locked, ${ANSWER}
     FROM (VALUES (1)) one LEFT JOIN idempotency_key ON caller_id = $1 AND route = $2 AND key = $3`,
    [name.callerId, name.route, name.key, name.lock.toString()],
  );
  const [row] = rows;
  if (!row?.locked) return 'in-flight';
  return row.fingerprint === null ? 'ours' : row;
}

export const ANSWER_KEY = 'idempotency_key_pkey';

/** Breaks `ANSWER_KEY` where an equal request was faster. */
export async function storeAnswer(tx: Tx, name: RequestName & StoredAnswer): Promise<void> {
  await tx.query('INSERT INTO idempotency_key (caller_id, route, key, fingerprint, status, body, headers) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
    name.callerId,
    name.route,
    name.key,
    name.fingerprint,
    name.status,
    name.body,
    name.headers,
  ]);
}

import type { Database, Tx } from '../database.ts';
import type { Vault } from '../vault.ts';
import { answerBodyOf } from './sealed.ts';

/** One request of one caller: the route as it is declared (`POST /v1/claims/:number/documents`) and the Idempotency-Key. */
export type RequestName = { callerId: string; route: string; key: string };
/** `body` and `headers` are the JSON text that was sent, so that it is sent again byte for byte. */
export type StoredAnswer = { fingerprint: string; status: number; body: string; headers: string };

type Reader = Pick<Database, 'query' | 'vault'>;
type SealedAnswer = Omit<StoredAnswer, 'body'> & { body: Uint8Array };

const ANSWER = 'fingerprint, status, body, headers::text';

async function opened(vault: Vault, name: RequestName, { fingerprint, status, headers, body }: SealedAnswer): Promise<StoredAnswer> {
  return { fingerprint, status, headers, body: (await vault.openInstallation(answerBodyOf(name), body)).toString('utf8') };
}

export async function findAnswer(db: Reader, name: RequestName): Promise<StoredAnswer | undefined> {
  const { callerId, route, key } = name;
  const { rows } = await db.query<SealedAnswer>(`SELECT ${ANSWER} FROM idempotency_key WHERE caller_id = $1 AND route = $2 AND key = $3`, [
    callerId,
    route,
    key,
  ]);
  return rows[0] && opened(db.vault, name, rows[0]);
}

/**
 * Takes the request for this transaction and looks whether it has an answer. `'in-flight'`: another transaction has it. The lock ends with the
 * transaction, however that ends; there is no row to leak. The look-up may be older than the lock, so that `'ours'` is not yet proof:
 * the primary key is (`storeAnswer`).
 */
export async function takeRequest(tx: Tx, name: RequestName & { lock: bigint }): Promise<'ours' | 'in-flight' | StoredAnswer> {
  const { rows } = await tx.query<{ locked: boolean } & (SealedAnswer | { fingerprint: null })>(
    `SELECT pg_try_advisory_xact_lock($4) AS locked, ${ANSWER}
     FROM (VALUES (1)) one LEFT JOIN idempotency_key ON caller_id = $1 AND route = $2 AND key = $3`,
    [name.callerId, name.route, name.key, name.lock.toString()],
  );
  const [row] = rows;
  if (!row?.locked) return 'in-flight';
  return row.fingerprint === null ? 'ours' : opened(tx.vault, name, row);
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
    await tx.vault.sealInstallation(answerBodyOf(name), name.body),
    name.headers,
  ]);
}

import { additionalData } from '#platform/crypto/additional-data.ts';
import { makeDataKey, openDataKey, type DataKey } from '#platform/crypto/data-key.ts';
import { seal, unseal } from '#platform/crypto/envelope.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { Database, Tx } from '../database.ts';
import type { Vault } from '../vault.ts';

type Reader = Pick<Database, 'query' | 'vault'>;

/** A file on its way. Name and pieces are sealed under a key of its own, which nobody has any more once the row is gone. */
export type UploadRow = {
  id: string;
  unitId: string;
  unitCode: string;
  sizeBytes: number;
  /** what of it is in the store, from the first byte on */
  receivedBytes: number;
  mediaType: string | null;
  sha256: string | null;
  sealedName: Uint8Array;
  wrappedKey: Uint8Array;
  /** STORED: it is the document of the same id */
  status: 'OPEN' | 'STORED' | 'REFUSED';
  refusal: ErrorCode | null;
  expiresAt: Date;
};

export type NewUpload = Pick<UploadRow, 'id' | 'sizeBytes' | 'mediaType' | 'sha256' | 'expiresAt'> & {
  callerId: string;
  employeeId: string | null;
  unitId: string;
  fileName: string;
  at: Date;
};

const placeOf = (id: string) => ({ purpose: 'documents' as const, table: 'upload', column: 'wrapped_key', row: id });
const nameOf = (id: string): Buffer => additionalData('upload', 'name', id);
/** A piece opens in its own place alone. */
const chunkOf = (id: string, start: number): Buffer => additionalData('upload', 'chunk', id, String(start));

/** False where the caller has `most` of them under way already. */
export async function insertUpload(tx: Tx, upload: NewUpload, { most }: { most: number }): Promise<boolean> {
  const { id, callerId, employeeId, unitId, sizeBytes, mediaType, sha256, at, expiresAt } = upload;
  const material = makeDataKey();
  const wrappedKey = await tx.vault.sealInstallation(placeOf(id), material);
  const sealedName = seal({ key: openDataKey(material), suite: tx.vault.suite, aad: nameOf(id) }, Buffer.from(upload.fileName, 'utf8'));
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('uploads'), hashtext($1))`, [`${callerId}/${employeeId}`]);
  const { rowCount } = await tx.query(
    `INSERT INTO upload (id, caller_id, employee_id, unit_id, size_bytes, media_type, sha256, file_name, wrapped_key, created_at, expires_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
     WHERE (SELECT count(*) FROM upload u WHERE u.caller_id = $2 AND u.employee_id IS NOT DISTINCT FROM $3 AND u.status = 'OPEN' AND u.expires_at > $10) < $12`,
    [id, callerId, employeeId, unitId, sizeBytes, mediaType, sha256, sealedName, wrappedKey, at, expiresAt, most],
  );
  return rowCount === 1;
}

/** The caller's own, unless its time is over. */
export async function findUpload(db: Pick<Database, 'query'>, { id, at }: { id: string; at: Date }): Promise<UploadRow | undefined> {
  const { rows } = await db.query<UploadRow>(
    `SELECT p.id, p.unit_id AS "unitId", u.code AS "unitCode", p.size_bytes AS "sizeBytes", p.received_bytes AS "receivedBytes", p.media_type AS "mediaType", p.sha256,
       p.file_name AS "sealedName", p.wrapped_key AS "wrappedKey", p.status, p.refusal, p.expires_at AS "expiresAt"
     FROM upload p JOIN unit u ON u.id = p.unit_id WHERE p.id = $1 AND p.expires_at > $2`,
    [id, at],
  );
  return rows[0];
}

export async function openUploadKey(vault: Vault, { id, wrappedKey }: Pick<UploadRow, 'id' | 'wrappedKey'>): Promise<DataKey> {
  return openDataKey(await vault.openInstallation(placeOf(id), wrappedKey));
}

export const openUploadName = (key: DataKey, { id, sealedName }: UploadRow): string => unseal({ key, aad: nameOf(id) }, sealedName).toString('utf8');
export const sealChunk = (vault: Vault, key: DataKey, { id, start }: { id: string; start: number }, content: Uint8Array): Buffer =>
  seal({ key, suite: vault.suite, aad: chunkOf(id, start) }, content);
export const openChunk = (key: DataKey, { id, start }: { id: string; start: number }, sealed: Uint8Array): Buffer =>
  unseal({ key, aad: chunkOf(id, start) }, sealed);

/** Before the file is put into the store: whatever happens then, its name is known here, and goes the way of all names. */
export async function announceChunk(db: Reader, { id, storageKey }: { id: string; storageKey: string }): Promise<void> {
  await db.query('INSERT INTO upload_chunk (storage_key, upload_id) VALUES ($1, $2)', [storageKey, id]);
}

/** Makes the piece the next one of the upload. False where the upload is not at `start` any more: somebody else has gone on with it, and the piece is dropped. */
export async function countChunk(
  db: Reader,
  { id, storageKey, start, size, at }: { id: string; storageKey: string; start: number; size: number; at: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH counted AS (
       UPDATE upload SET received_bytes = received_bytes + $4 WHERE id = $1 AND received_bytes = $3 AND status = 'OPEN' AND expires_at > $5 RETURNING id)
     UPDATE upload_chunk c SET start = $3 FROM counted WHERE c.storage_key = $2 AND c.upload_id = counted.id`,
    [id, storageKey, start, size, at],
  );
  if (rowCount !== 1) await db.query('DELETE FROM upload_chunk WHERE storage_key = $1', [storageKey]);
  return rowCount === 1;
}

/** Its pieces in their order. */
export async function listChunks(db: Reader, { id }: { id: string }): Promise<{ storageKey: string; start: number }[]> {
  const { rows } = await db.query<{ storageKey: string; start: number }>(
    'SELECT storage_key AS "storageKey", start FROM upload_chunk WHERE upload_id = $1 AND start IS NOT NULL ORDER BY start',
    [id],
  );
  return rows;
}

/** Ends it: the pieces go, and the row stays for a while, for whoever did not hear the answer. False where somebody else was faster. */
export async function endUpload(tx: Tx, { id, refusal }: { id: string; refusal: ErrorCode | null }): Promise<boolean> {
  const { rowCount } = await tx.query(`UPDATE upload SET status = $2, refusal = $3 WHERE id = $1 AND status = 'OPEN'`, [
    ...[id, refusal === null ? 'STORED' : 'REFUSED', refusal],
  ]);
  if (rowCount === 1) await tx.query('DELETE FROM upload_chunk WHERE upload_id = $1', [id]);
  return rowCount === 1;
}

/** The names of its pieces, which are gone with it. */
export async function deleteUpload(tx: Tx, { id }: { id: string }): Promise<string[]> {
  const { rows } = await tx.query<{ storageKey: string }>('SELECT storage_key AS "storageKey" FROM upload_chunk WHERE upload_id = $1', [id]);
  await tx.query('DELETE FROM upload WHERE id = $1', [id]);
  return rows.map(({ storageKey }) => storageKey);
}

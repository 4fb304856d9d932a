import { custodyOf } from '#domain/claim/document-custody.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { additionalData } from '#platform/crypto/additional-data.ts';
import { makeDataKey, openDataKey } from '#platform/crypto/data-key.ts';
import { seal, unseal } from '#platform/crypto/envelope.ts';
import type { Tx } from '../database.ts';
import { KeyDestroyed, type Vault } from '../vault.ts';
import type { PersonPurpose } from './keys.ts';

/** What opens a document: its own random key, wrapped under the installation's key until the document belongs to a person, then under one of theirs. */
export type DocumentKey = { id: string; wrappedKey: Uint8Array; keyEmployeeId: string | null; keyPurpose: PersonPurpose | null };

/** Columns of `DocumentKey`, and the name that it opens. */
export const DOCUMENT_KEY = `d.id, d.wrapped_key AS "wrappedKey", d.key_employee_id AS "keyEmployeeId", d.key_purpose AS "keyPurpose", d.file_name AS "sealedName"`;

const placeOf = (row: string) => ({ table: 'document', column: 'wrapped_key', row });
/** Of a reading its version as well: `reading/1`. */
type Part = 'content' | 'name' | `reading/${number}`;
const partOf = (id: string, part: Part): Buffer => additionalData('document', part, id);

/** Seals an original and its name under a key that nothing else is under. They open as that document's alone, whatever name they lie under. */
export async function sealDocument(
  vault: Vault,
  { id, content, fileName }: { id: string; content: Uint8Array; fileName: string },
): Promise<{ key: DocumentKey; sealed: Buffer; sealedName: Buffer }> {
  const material = makeDataKey();
  const wrappedKey = await vault.sealInstallation({ purpose: 'documents', ...placeOf(id) }, material);
  const under = { key: openDataKey(material), suite: vault.suite };
  return {
    key: { id, wrappedKey, keyEmployeeId: null, keyPurpose: null },
    sealed: seal({ ...under, aad: partOf(id, 'content') }, content),
    sealedName: seal({ ...under, aad: partOf(id, 'name') }, Buffer.from(fileName, 'utf8')),
  };
}

/** undefined: the key that it was under was destroyed. Throws `SealBroken` where content or key are not this document's, or were changed. */
export async function openDocument(vault: Vault, { key, sealed }: { key: DocumentKey; sealed: Uint8Array }): Promise<Buffer | undefined> {
  return openPart(vault, { key, part: 'content', sealed });
}

/** null: the key was destroyed. */
export async function openFileName(vault: Vault, row: DocumentKey & { sealedName: Uint8Array }): Promise<string | null> {
  return (await openPart(vault, { key: row, part: 'name', sealed: row.sealedName }))?.toString('utf8') ?? null;
}

/** Seals what was read in a document under the document's own key. undefined: the key that it was under was destroyed. */
export async function sealReading(vault: Vault, { key, version, text }: { key: DocumentKey; version: number; text: string }): Promise<Buffer | undefined> {
  const material = await unwrap(vault, key);
  return material && seal({ key: openDataKey(material), suite: vault.suite, aad: partOf(key.id, `reading/${version}`) }, Buffer.from(text, 'utf8'));
}

/** undefined: the key was destroyed. */
export async function openReading(
  vault: Vault,
  { key, version, sealed }: { key: DocumentKey; version: number; sealed: Uint8Array },
): Promise<string | undefined> {
  return (await openPart(vault, { key, part: `reading/${version}`, sealed }))?.toString('utf8');
}

async function openPart(vault: Vault, { key, part, sealed }: { key: DocumentKey; part: Part; sealed: Uint8Array }): Promise<Buffer | undefined> {
  const material = await unwrap(vault, key);
  return material && unseal({ key: openDataKey(material), aad: partOf(key.id, part) }, sealed);
}

async function unwrap(vault: Vault, { id, wrappedKey, keyEmployeeId, keyPurpose }: DocumentKey): Promise<Buffer | undefined> {
  if (keyEmployeeId === null || keyPurpose === null) return vault.openInstallation({ purpose: 'documents', ...placeOf(id) }, wrappedKey);
  return vault.openBytes({ employeeId: keyEmployeeId, key: keyPurpose, ...placeOf(id) }, wrappedKey);
}

/**
 * Makes documents that were attached to a claim the claimant's: their keys are wrapped under the claimant's, and the wrapping from before is gone with the
 * transaction. A voucher stays under the accounting key whatever else it is attached as. DOCUMENT_OF_ANOTHER: it is somebody else's already; the claim
 * must not stay. ERASED: the claimant's medical key was destroyed.
 */
export async function giveDocuments(
  tx: Tx,
  { employeeId, documents }: { employeeId: string; documents: readonly { documentId: string; kind: DocumentKind }[] },
): Promise<{ ok: true } | Refusal> {
  if (documents.length === 0) return { ok: true };
  // Locked in one order, and only as strongly as the update does: the rows that name the documents already hold them by their keys.
  const { rows } = await tx.query<DocumentKey>(`SELECT ${DOCUMENT_KEY} FROM document d WHERE d.id = ANY ($1::uuid[]) ORDER BY d.id FOR NO KEY UPDATE`, [
    documents.map(({ documentId }) => documentId),
  ]);
  const foreign = rows.filter(({ keyEmployeeId }) => keyEmployeeId !== null && keyEmployeeId !== employeeId);
  if (foreign.length > 0) return refuse('DOCUMENT_OF_ANOTHER', { params: { documents: foreign.map(({ id }) => id) } });
  try {
    for (const row of rows) {
      const kinds = documents.filter(({ documentId }) => documentId === row.id).map(({ kind }) => kind);
      const purpose = row.keyPurpose === 'accounting' || kinds.some((kind) => custodyOf(kind) === 'accounting') ? 'accounting' : 'medical';
      if (row.keyPurpose === purpose) continue;
      const material = await unwrap(tx.vault, row);
      if (!material) return refuse('ERASED');
      const wrappedKey = await tx.vault.seal({ employeeId, key: purpose, ...placeOf(row.id) }, material);
      await tx.query('UPDATE document SET wrapped_key = $2, key_employee_id = $3, key_purpose = $4 WHERE id = $1', [row.id, wrappedKey, employeeId, purpose]);
    }
    return { ok: true };
  } catch (error) {
    if (error instanceof KeyDestroyed) return refuse('ERASED');
    throw error;
  }
}

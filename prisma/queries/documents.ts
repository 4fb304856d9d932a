import type { Database, Tx } from '../database.ts';
import { DOCUMENT_KEY, openFileName, type DocumentKey } from './document-keys.ts';

type Reader = Pick<Database, 'query'>;

export type DocumentRow = DocumentKey & {
  unitId: string;
  unitCode: string;
  /** from the root to the document's unit */
  ancestorIds: string[];
  /** `openFileName` */
  sealedName: Uint8Array;
  mediaType: string;
  sizeBytes: number;
  /** null where the format has none */
  pages: number | null;
  notes: string[];
  sha256: string;
  sm3: string;
  storageKey: string;
  /** an employee's id, or a key's */
  uploadedBy: string;
  createdAt: Date;
};

const DOCUMENT = `${DOCUMENT_KEY}, d.unit_id AS "unitId", d.pages, d.notes, u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", d.media_type AS "mediaType",
  d.size_bytes AS "sizeBytes", d.sha256, d.sm3, d.storage_key AS "storageKey", d.uploaded_by AS "uploadedBy", d.created_at AS "createdAt"`;

/** The documents among `ids` that the scope opens. SQL: a submission asks inside its transaction. */
export async function findDocuments(db: Reader, { ids }: { ids: readonly string[] }): Promise<DocumentRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<DocumentRow>(`SELECT ${DOCUMENT} FROM document d JOIN unit u ON u.id = d.unit_id WHERE d.id = ANY ($1::uuid[])`, [ids]);
  return rows;
}

/** The claims that the document is filed with, as far as the scope opens them: whose they are, and from the root to their unit. */
export async function findFiledWith(
  { prisma }: Pick<Database, 'prisma'>,
  { documentId }: { documentId: string },
): Promise<{ employeeId: string; ancestorIds: string[] }[]> {
  const claims = await prisma.claim.findMany({
    where: { documents: { some: { documentId } } },
    select: { employeeId: true, unit: { select: { ancestorIds: true } } },
  });
  return claims.map(({ employeeId, unit }) => ({ employeeId, ancestorIds: unit.ancestorIds }));
}

/** `contentIndex`: blind index of the SHA-256. `pictureHashes`: of platform/render/picture-hash.ts. */
export async function insertDocument(
  tx: Tx,
  document: Omit<DocumentRow, 'ancestorIds' | 'unitCode'> & { contentIndex: Uint8Array; pictureHashes: readonly string[] },
): Promise<void> {
  await tx.query(
    `INSERT INTO document (id, unit_id, sha256, sm3, content_index, media_type, size_bytes, pages, notes, file_name, storage_key, wrapped_key, uploaded_by, created_at, picture_hashes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      ...[document.id, document.unitId, document.sha256, document.sm3, document.contentIndex, document.mediaType, document.sizeBytes, document.pages],
      ...[document.notes, document.sealedName, document.storageKey, document.wrappedKey, document.uploadedBy, document.createdAt, document.pictureHashes],
    ],
  );
}

/** `fileName` is null where it was erased. */
export type AttachedRow = {
  documentId: string;
  kind: string;
  fileName: string | null;
  mediaType: string;
  sizeBytes: number;
  addedAt: Date;
  /** the document that took its place */
  replacedBy: string | null;
};

/** Adds documents to a claim; those that it has already stay as they are. Returns how many it has then. */
export async function attachDocuments(
  tx: Tx,
  { claimNumber, documents, at }: { claimNumber: string; documents: readonly { documentId: string; kind: string }[]; at: Date },
): Promise<number> {
  await tx.query(
    `INSERT INTO claim_document (claim_number, document_id, kind, added_at)
     SELECT $1, new.document_id, new.kind, $3 FROM unnest($2::uuid[], $4::text[]) AS new (document_id, kind)
     ON CONFLICT (claim_number, document_id) DO NOTHING`,
    [claimNumber, documents.map((document) => document.documentId), at, documents.map((document) => document.kind)],
  );
  const { rows } = await tx.query<{ count: number }>('SELECT count(*) AS count FROM claim_document WHERE claim_number = $1', [claimNumber]);
  return rows[0]?.count ?? 0;
}

/** Puts documents of a claim in the place of others of the same kind that it has, and that are not put in anybody's place themselves. Returns those that are not among them. */
export async function replaceDocuments(
  tx: Tx,
  { claimNumber, pairs, at }: { claimNumber: string; pairs: readonly { documentId: string; replaces: string }[]; at: Date },
): Promise<string[]> {
  if (pairs.length === 0) return [];
  // where another one had taken its place, it counts again
  await tx.query('UPDATE claim_document SET replaced_at = NULL, replaced_by = NULL WHERE claim_number = $1 AND document_id = ANY ($2::uuid[])', [
    claimNumber,
    pairs.map(({ documentId }) => documentId),
  ]);
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE claim_document old SET replaced_at = $4, replaced_by = new.document_id
     FROM unnest($2::uuid[], $3::uuid[]) AS pair (document_id, replaces) JOIN claim_document new ON new.claim_number = $1 AND new.document_id = pair.document_id
     WHERE old.claim_number = $1 AND old.document_id = pair.replaces AND old.kind = new.kind AND old.replaced_at IS NULL AND old.document_id <> ALL ($2::uuid[])
     RETURNING old.document_id AS id`,
    [claimNumber, pairs.map(({ documentId }) => documentId), pairs.map(({ replaces }) => replaces), at],
  );
  const replaced = new Set(rows.map(({ id }) => id));
  return pairs.flatMap(({ replaces }) => (replaced.has(replaces) ? [] : [replaces]));
}

/** All that the claim has, those that this transaction added included. */
export async function listAttached(tx: Tx, { claimNumber }: { claimNumber: string }): Promise<AttachedRow[]> {
  const { rows } = await tx.query<Omit<AttachedRow, 'documentId' | 'fileName'> & DocumentKey & { sealedName: Uint8Array }>(
    `SELECT ${DOCUMENT_KEY}, cd.kind, d.media_type AS "mediaType", d.size_bytes AS "sizeBytes", cd.added_at AS "addedAt",
       cd.replaced_by AS "replacedBy"
     FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = $1 ORDER BY cd.added_at, d.id`,
    [claimNumber],
  );
  const attached: AttachedRow[] = [];
  for (const { kind, mediaType, sizeBytes, addedAt, replacedBy, ...key } of rows) {
    attached.push({ documentId: key.id, kind, fileName: await openFileName(tx.vault, key), mediaType, sizeBytes, addedAt, replacedBy });
  }
  return attached;
}

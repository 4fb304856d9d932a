import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

export type DocumentRow = {
  id: string;
  unitCode: string;
  /** from the root to the document's unit */
  ancestorIds: string[];
  fileName: string;
  mediaType: string;
  sizeBytes: number;
  sha256: string;
  sm3: string;
  storageKey: string;
  /** an employee's id, or a key's */
  uploadedBy: string;
  createdAt: Date;
};

const DOCUMENT = `d.id, u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", d.file_name AS "fileName", d.media_type AS "mediaType",
  d.size_bytes AS "sizeBytes", d.sha256, d.sm3, d.storage_key AS "storageKey", d.uploaded_by AS "uploadedBy", d.created_at AS "createdAt"`;

/** The documents among `ids` that lie in the subtree of `within`. SQL: a submission asks inside its transaction. */
export async function findDocuments(db: Reader, { ids, within }: { ids: readonly string[]; within: string }): Promise<DocumentRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<DocumentRow>(
    `SELECT ${DOCUMENT} FROM document d JOIN unit u ON u.id = d.unit_id WHERE d.id = ANY ($1::uuid[]) AND u.ancestor_ids @> ARRAY[$2::uuid]`,
    [ids, within],
  );
  return rows;
}

/** Those whose claims have the document. */
export async function findClaimantsOf({ prisma }: Pick<Database, 'prisma'>, { documentId }: { documentId: string }): Promise<string[]> {
  const claims = await prisma.claim.findMany({ where: { documents: { some: { documentId } } }, select: { employeeId: true }, distinct: 'employeeId' });
  return claims.map((claim) => claim.employeeId);
}

export async function insertDocument(tx: Tx, document: Omit<DocumentRow, 'ancestorIds' | 'unitCode'> & { unitId: string }): Promise<void> {
  await tx.query(
    `INSERT INTO document (id, unit_id, sha256, sm3, media_type, size_bytes, file_name, storage_key, uploaded_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[document.id, document.unitId, document.sha256, document.sm3, document.mediaType, document.sizeBytes],
      ...[document.fileName, document.storageKey, document.uploadedBy, document.createdAt],
    ],
  );
}

export type AttachedRow = { documentId: string; kind: string; fileName: string; mediaType: string; sizeBytes: number; addedAt: Date };

/** Adds documents to a claim; those that it has already stay as they are. Returns how many it has then. */
export async function attachDocuments(
  tx: Tx,
  { claimNumber, documents, at }: { claimNumber: string; documents: readonly { documentId: string; kind: string }[]; at: Date },
): Promise<number> {
  await tx.query(
    `INSERT INTO claim_document (claim_number, document_id, kind, added_at)
     SELECT $1, new.document_id, new.kind, $3 FROM unnest($2::uuid[], $4::text[]) AS new (document_id, kind) ON CONFLICT DO NOTHING`,
    [claimNumber, documents.map((document) => document.documentId), at, documents.map((document) => document.kind)],
  );
  const { rows } = await tx.query<{ count: number }>('SELECT count(*) AS count FROM claim_document WHERE claim_number = $1', [claimNumber]);
  return rows[0]?.count ?? 0;
}

/** All that the claim has, those that this transaction added included. */
export async function listAttached(tx: Tx, { claimNumber }: { claimNumber: string }): Promise<AttachedRow[]> {
  const { rows } = await tx.query<AttachedRow>(
    `SELECT d.id AS "documentId", cd.kind, d.file_name AS "fileName", d.media_type AS "mediaType", d.size_bytes AS "sizeBytes", cd.added_at AS "addedAt"
     FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = $1 ORDER BY cd.added_at, d.id`,
    [claimNumber],
  );
  return rows;
}

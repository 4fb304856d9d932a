import { createHash, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { keyedHash } from '#platform/keys.ts';
import type { MediaType } from '#platform/media-type.ts';
import { inspectDocument } from '#platform/render/documents.ts';
import type { Tx } from '#prisma/database.ts';
import { sealDocument } from '#prisma/queries/document-keys.ts';
import { insertDocument, type DocumentRow } from '#prisma/queries/documents.ts';
import { findUnit } from '#prisma/queries/units.ts';

/** What may be said of a file that is not taken. */
export const FILE_CODES = [
  ...(['DOCUMENT_EMPTY', 'DOCUMENT_TYPE_REFUSED', 'DOCUMENT_CONTENT_MISMATCH', 'DOCUMENT_SUSPICIOUS', 'DOCUMENT_IMAGE_TOO_LARGE'] as const),
  ...(['DOCUMENT_TOO_MANY_PAGES', 'DOCUMENT_ENCRYPTED', 'DOCUMENT_ACTIVE_CONTENT', 'DOCUMENT_READER_UNAVAILABLE'] as const),
] as const;

type DocumentUnit = { id: string; code: string; ancestorIds: string[] };

/** The unit that a new file belongs to, by default that of who sends it, if the caller may add to it. */
export async function unitOfUpload(request: FastifyRequest, named: string | undefined): Promise<{ ok: true; unit: DocumentUnit } | Refusal> {
  const { caller, person } = request;
  const unitCode = named ?? person?.unitCode ?? caller.machine?.unitCode ?? '';
  const unit = await findUnit(request.db, { code: unitCode, own: person?.unitId ?? null });
  if (!unit) return refuse('UNIT_UNKNOWN', { params: { unitCode } });
  const owner = person?.unitId === unit.id ? { employeeId: person.employeeId } : {};
  const allowed = request.may('document.upload', { unitAncestors: unit.ancestorIds, ...owner });
  return allowed.ok ? { ok: true, unit } : allowed;
}

/**
 * A whole file that was looked at, sealed and put into the store, and `insert`, which makes it a document: a row promises its content, while content without a row is only
 * a file that nobody can open, and whoever does not come to insert it removes it.
 */
export async function takeDocument(
  request: FastifyRequest,
  file: { id: string; unit: DocumentUnit; content: Buffer; fileName: string; declared: MediaType | undefined },
): Promise<{ ok: true; row: DocumentRow; insert(tx: Tx): Promise<void> } | Refusal> {
  const { renderer, keys, documents, clock } = request.server.deps;
  const { id, unit, content, fileName, declared } = file;
  const inspected = await inspectDocument(renderer, content);
  if (!inspected.ok) return inspected;
  const { mediaType, pages, notes, pictureHashes } = inspected;
  if (declared !== undefined && declared !== mediaType) return refuse('DOCUMENT_CONTENT_MISMATCH', { params: { declared, found: mediaType } });
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { key, sealed, sealedName } = await sealDocument(request.db.vault, { id, content, fileName });
  const row: DocumentRow = {
    ...{ unitCode: unit.code, ancestorIds: unit.ancestorIds, unitId: unit.id, sealedName, mediaType, pages, notes, ...key },
    ...{ sizeBytes: content.length, sha256, sm3: createHash('sm3').update(content).digest('hex') },
    // a name of its own for each attempt: what two of them seal opens under two keys
    ...{ storageKey: `${unit.id}/${keyedHash(keys.document, `document ${id} ${randomUUID()}`)}`, uploadedBy: request.actor.id, createdAt: clock() },
  };
  const contentIndex = await request.db.vault.blindIndex('document.content', sha256);
  await documents.put(row.storageKey, sealed);
  return { ok: true, row, insert: (tx) => insertDocument(tx, { ...row, contentIndex, pictureHashes }) };
}

import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can, type Subject } from '#domain/org/can.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { findParticipationIn } from '#prisma/queries/approval-reading.ts';
import { openDocument } from '#prisma/queries/document-keys.ts';
import { findDocuments, findFiledWith, type DocumentRow } from '#prisma/queries/documents.ts';
import { recordLookAt } from './look.ts';

type Readable = { ok: true; document: DocumentRow; subject: Subject };

/**
 * The document if the caller may see it, else NOT_FOUND. A person sees what he or she uploaded, what the own claims have, and what a role opens: on the unit that the document belongs to, or
 * on that of a claim that it is filed with, whoever brought it.
 */
export async function readableDocument(request: FastifyRequest, id: string): Promise<Readable | Refusal> {
  const { asker, person } = request;
  const [document] = await findDocuments(request.db, { ids: [id] });
  if (!document) return refuse('NOT_FOUND');
  const filedWith = await findFiledWith(request.db, { documentId: id });
  const own = person !== null && (document.uploadedBy === person.employeeId || filedWith.some(({ employeeId }) => employeeId === person.employeeId));
  const participants = person === null ? [] : await findParticipationIn(request.db, { documentId: id });
  const subject = [document, ...filedWith]
    .map(({ ancestorIds: unitAncestors }): Subject => ({ unitAncestors, participants, ...(own && { employeeId: person.employeeId }) }))
    .find((one) => can(asker, 'document.read', one).ok);
  return subject ? { ok: true, document, subject } : refuse('NOT_FOUND');
}

/** Whether the file itself is given out, and not only what it looks like. A machine gets back what it brought. */
export function mayHaveOriginal(request: FastifyRequest, { document, subject }: Readable): { ok: true } | Refusal {
  const brought = request.person === null && document.uploadedBy === request.caller.id;
  return brought ? { ok: true } : can(request.asker, 'document.original', subject);
}

/**
 * The content in clear, and the look recorded where it is of a person. ERASED: its key was destroyed. DOCUMENT_DAMAGED: what lies in the store is not what
 * was put there. NOT_FOUND: nothing lies there.
 */
export async function openContent(
  request: FastifyRequest,
  document: DocumentRow,
  what: 'preview' | 'content' | 'reading',
): Promise<{ ok: true; content: Buffer } | Refusal> {
  const sealed = await request.server.deps.documents.get(document.storageKey);
  if (!sealed) return refuse('NOT_FOUND');
  try {
    const content = await openDocument(request.db.vault, { key: document, sealed });
    if (!content) return refuse('ERASED');
    await recordLookAtDocument(request, document, what);
    return { ok: true, content };
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    request.log.error({ documentId: document.id }, 'a document in the store is not what was put there');
    return refuse('DOCUMENT_DAMAGED');
  }
}

/** Nothing is recorded before the document is somebody's: it then belongs to whoever brought it. */
export async function recordLookAtDocument(
  request: FastifyRequest,
  { id, keyEmployeeId: employeeId, unitId }: DocumentRow,
  what: 'name' | 'preview' | 'content' | 'reading',
): Promise<void> {
  if (employeeId !== null) await recordLookAt(request, `document.${what}/${id}`, [{ employeeId, unitId }]);
}

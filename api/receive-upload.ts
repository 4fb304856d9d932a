import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { ERRORS, refuse, type ErrorCode, type Refusal } from '#domain/errors.ts';
import { keyedHash } from '#platform/keys.ts';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import type { DataKey } from '#platform/crypto/data-key.ts';
import { announceChunk, countChunk, endUpload, findUpload, listChunks, openChunk, openUploadKey, openUploadName, sealChunk } from '#prisma/queries/uploads.ts';
import type { UploadRow } from '#prisma/queries/uploads.ts';
import { takeDocument, unitOfUpload } from './document-intake.ts';

/** Sealed and stored as one: what a line that breaks costs at most, and what of a file is in memory at once. */
const PIECE_BYTES = 1024 * 1024;

type Received = { ok: true; offset: number } | Refusal;

/**
 * Takes what comes from `upload.receivedBytes` on, piece by piece. Where the line breaks, what came before stays, to the byte. UPLOAD_OFFSET_WRONG: somebody else has gone
 * on with it meanwhile. BODY_TOO_LARGE: it would become longer than it was said to be.
 */
export async function receiveUpload(request: FastifyRequest, upload: UploadRow, body: Readable): Promise<Received> {
  const key = await openUploadKey(request.db.vault, upload);
  let offset = upload.receivedBytes;
  let held: Buffer[] = [];
  let size = 0;

  async function store(): Promise<boolean> {
    const content = Buffer.concat(held);
    [held, size] = [[], 0];
    if (content.length === 0) return true;
    const stored = await storePiece(request, upload, { key, start: offset, content });
    if (stored) offset += content.length;
    return stored;
  }

  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      if (offset + size + part.length > upload.sizeBytes) return refuse('BODY_TOO_LARGE');
      held.push(part);
      size += part.length;
      if (size >= PIECE_BYTES && !(await store())) return wrongOffset(request, upload);
    }
  } catch (error) {
    await store();
    throw error;
  }
  return (await store()) ? { ok: true, offset } : wrongOffset(request, upload);
}

async function storePiece(request: FastifyRequest, { id, unitId }: UploadRow, piece: { key: DataKey; start: number; content: Buffer }): Promise<boolean> {
  const { documents, keys, clock } = request.server.deps;
  const { key, start, content } = piece;
  const storageKey = `${unitId}/${keyedHash(keys.document, `chunk ${id} ${randomUUID()}`)}`;
  await announceChunk(request.db, { id, storageKey });
  await documents.put(storageKey, sealChunk(request.db.vault, key, { id, start }, content));
  const counted = await countChunk(request.db, { id, storageKey, start, size: content.length, at: clock() });
  if (!counted) await documents.remove(storageKey);
  return counted;
}

async function wrongOffset(request: FastifyRequest, { id }: UploadRow): Promise<Refusal> {
  const now = await findUpload(request.db, { id, at: request.server.deps.clock() });
  return now ? refuse('UPLOAD_OFFSET_WRONG', { params: { offset: now.receivedBytes } }) : refuse('NOT_FOUND');
}

/**
 * Makes the document of an upload that is whole: the same checks as for one that came in one piece. Asked again, by whoever did not hear the answer or because the process
 * died over it, it says the same. A refusal of the file ends the upload; one that may be tried again does not.
 */
export async function finishUpload(request: FastifyRequest, upload: UploadRow): Promise<{ ok: true } | Refusal> {
  const { documents } = request.server.deps;
  const chunks = await listChunks(request.db, upload);
  const unit = await unitOfUpload(request, upload.unitCode);
  if (!unit.ok) return unit;
  const key = await openUploadKey(request.db.vault, upload);
  const content = await contentOf(request, upload, { key, chunks });
  // another request has ended it, and its pieces are gone
  if (!content) return endedAs(request, upload);
  const { id, sha256 } = upload;
  const taken =
    sha256 !== null && createHash('sha256').update(content).digest('hex') !== sha256
      ? refuse('UPLOAD_CHECKSUM_WRONG')
      : await takeDocument(request, { id, unit: unit.unit, content, fileName: openUploadName(key, upload), declared: declaredType(upload) });
  const code: ErrorCode | null = taken.ok ? null : taken.code;
  if (code !== null && ERRORS[code].retryable) return refuse(code);
  const ended = await request.db.write(async (tx) => {
    const ours = await endUpload(tx, { id, refusal: code });
    if (ours && taken.ok) await taken.insert(tx);
    return ours;
  });
  if (!ended && taken.ok) await documents.remove(taken.row.storageKey);
  for (const { storageKey } of chunks) await documents.remove(storageKey);
  if (!ended) return endedAs(request, upload);
  return taken.ok ? { ok: true } : taken;
}

/** undefined where a piece is gone. */
async function contentOf(
  request: FastifyRequest,
  { id, sizeBytes }: UploadRow,
  { key, chunks }: { key: DataKey; chunks: readonly { storageKey: string; start: number }[] },
): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  for (const { storageKey, start } of chunks) {
    const sealed = await request.server.deps.documents.get(storageKey);
    if (!sealed) return undefined;
    pieces.push(openChunk(key, { id, start }, sealed));
  }
  const content = Buffer.concat(pieces);
  return content.length === sizeBytes ? content : undefined;
}

async function endedAs(request: FastifyRequest, { id }: UploadRow): Promise<{ ok: true } | Refusal> {
  const now = await findUpload(request.db, { id, at: request.server.deps.clock() });
  if (!now) return refuse('NOT_FOUND');
  if (now.status === 'OPEN') throw new Error(`upload ${id}: a piece is not in the store`);
  return now.refusal === null ? { ok: true } : refuse(now.refusal);
}

const declaredType = ({ mediaType }: UploadRow) => MEDIA_TYPES.find((known) => known === mediaType);

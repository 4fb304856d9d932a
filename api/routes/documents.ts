import { randomUUID } from 'node:crypto';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import { DOCUMENT_NOTES } from '#platform/render/documents.ts';
import { openFileName } from '#prisma/queries/document-keys.ts';
import type { DocumentRow } from '#prisma/queries/documents.ts';
import { headers, responses } from '../contract/common.ts';
import { document, documentParams, uploadBody } from '../contract/documents.ts';
import { readableDocument, recordLookAtDocument } from '../document-access.ts';
import { FILE_CODES, takeDocument, unitOfUpload } from '../document-intake.ts';
import { DOCUMENT_LIMIT_BYTES } from '../limits.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { readUpload } from '../upload.ts';

const tags = ['documents'];
/** what the parts around the file may take */
const FRAME_BYTES = 64 * 1024;

/** Documents (材料): kept once, whole, as they came, under a key of their own. */
export const documentRoutes: FastifyPluginAsyncZod = async (app) => {
  const { documents } = app.deps;
  await app.register(fastifyMultipart, {
    limits: { fileSize: DOCUMENT_LIMIT_BYTES, files: 1, fields: 4, fieldSize: 1_000, parts: 5, headerPairs: 20 },
  });

  app.post(
    '/v1/documents',
    {
      config: { access: 'documents:write', action: 'document.upload' },
      bodyLimit: DOCUMENT_LIMIT_BYTES + FRAME_BYTES,
      schema: {
        tags,
        summary: 'Store a file',
        description:
          'PDF, OFD, XML, JPEG, PNG or HEIC up to 20 MB, known by content. Parts: `file`, and `unitCode` where the file belongs to another unit than who sends it.',
        consumes: ['multipart/form-data'],
        headers: headers('idempotency-key'),
        body: uploadBody,
        response: responses({ 201: document }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', ...FILE_CODES] }),
      },
    },
    async (request, reply) => {
      const upload = await readUpload(request);
      if (!upload.ok) return reply.refuse(upload);
      const { unitCode, fileName, declared, content } = upload;
      const unit = await unitOfUpload(request, unitCode);
      if (!unit.ok) return reply.refuse(unit);
      const taken = await takeDocument(request, { id: randomUUID(), unit: unit.unit, content, fileName, declared });
      if (!taken.ok) return reply.refuse(taken);
      const { row, insert } = taken;
      await withIdempotency(
        request,
        reply,
        async (tx) => {
          await insert(tx);
          return { ok: true, status: 201, body: toJson(row, fileName), headers: { location: `/v1/documents/${row.id}` } };
        },
        { content: { sha256: row.sha256, fileName, unitCode: row.unitCode } },
      );
      if (reply.statusCode !== 201 || reply.hasHeader('idempotent-replayed')) await documents.remove(row.storageKey);
      return reply;
    },
  );

  app.get(
    '/v1/documents/:id',
    {
      config: { access: 'documents:read', action: 'document.read' },
      schema: { tags, summary: 'What is known of a file', headers: headers(), params: documentParams, response: responses({ 200: document }) },
    },
    async (request, reply) => {
      const found = await readableDocument(request, request.params.id);
      if (!found.ok) return reply.refuse(found);
      await recordLookAtDocument(request, found.document, 'name');
      return toJson(found.document, await openFileName(request.db.vault, found.document));
    },
  );
};

function toJson(row: DocumentRow, fileName: string | null): z.output<typeof document> {
  const { id, unitCode, pages, sizeBytes, sha256, sm3, createdAt } = row;
  const mediaType = MEDIA_TYPES.find((type) => type === row.mediaType);
  if (!mediaType) throw new Error(`a document of the unknown type ${row.mediaType}`);
  const notes = DOCUMENT_NOTES.filter((note) => row.notes.includes(note));
  return { id, unitCode, fileName, mediaType, sizeBytes, pages, notes, sha256, sm3, createdAt: createdAt.toISOString() };
}

import { createHash, randomUUID } from 'node:crypto';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { can } from '#domain/org/can.ts';
import { keyedHash } from '#platform/keys.ts';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import { DOCUMENT_NOTES, inspectDocument } from '#platform/render/documents.ts';
import { openFileName, sealDocument } from '#prisma/queries/document-keys.ts';
import { insertDocument, type DocumentRow } from '#prisma/queries/documents.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { headers, responses } from '../contract/common.ts';
import { document, documentParams, uploadBody } from '../contract/documents.ts';
import { readableDocument, recordLookAtDocument } from '../document-access.ts';
import { DOCUMENT_LIMIT_BYTES } from '../limits.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { readUpload } from '../upload.ts';

const tags = ['documents'];
/** what the parts around the file may take */
const FRAME_BYTES = 64 * 1024;
const FILE_CODES = [
  ...['DOCUMENT_EMPTY', 'DOCUMENT_TYPE_REFUSED', 'DOCUMENT_CONTENT_MISMATCH', 'DOCUMENT_SUSPICIOUS', 'DOCUMENT_IMAGE_TOO_LARGE'],
  ...['DOCUMENT_TOO_MANY_PAGES', 'DOCUMENT_ENCRYPTED', 'DOCUMENT_ACTIVE_CONTENT', 'DOCUMENT_READER_UNAVAILABLE'],
] as const;

/** Documents (材料): kept once, whole, as they came, under a key of their own. */
export const documentRoutes: FastifyPluginAsyncZod = async (app) => {
  const { documents, keys, clock, renderer } = app.deps;
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
      const { caller, asker, person, actor } = request;
      const unitCode = upload.unitCode ?? person?.unitCode ?? caller.machine?.unitCode ?? '';
      const unit = await findUnit(request.db, { code: unitCode, own: person?.unitId ?? null });
      if (!unit) return reply.refuse(refuse('UNIT_UNKNOWN', { params: { unitCode } }));
      const owner = person?.unitId === unit.id ? { employeeId: person.employeeId } : {};
      const allowed = can(asker, 'document.upload', { unitAncestors: unit.ancestorIds, ...owner });
      if (!allowed.ok) return reply.refuse(allowed);

      const inspected = await inspectDocument(renderer, upload.content);
      if (!inspected.ok) return reply.refuse(inspected);
      const { mediaType, pages, notes, pictureHashes } = inspected;
      if (upload.declared !== undefined && upload.declared !== mediaType) {
        return reply.refuse(refuse('DOCUMENT_CONTENT_MISMATCH', { params: { declared: upload.declared, found: mediaType } }));
      }
      const sha256 = createHash('sha256').update(upload.content).digest('hex');
      const id = randomUUID();
      const { key, sealed, sealedName } = await sealDocument(request.db.vault, { id, content: upload.content, fileName: upload.fileName });
      const row: DocumentRow = {
        ...{ unitCode, ancestorIds: unit.ancestorIds, unitId: unit.id, sealedName, mediaType, pages, notes, ...key },
        ...{ sizeBytes: upload.content.length, sha256, sm3: createHash('sm3').update(upload.content).digest('hex') },
        ...{ storageKey: `${unit.id}/${keyedHash(keys.document, `document ${id}`)}`, uploadedBy: actor.id, createdAt: clock() },
      };
      const contentIndex = await request.db.vault.blindIndex('document.content', sha256);
      // before the row: a row promises its content, while content without a row is only a file that nobody can open
      await documents.put(row.storageKey, sealed);
      const content = { sha256, fileName: upload.fileName, unitCode };
      await withIdempotency(
        request,
        reply,
        async (tx) => {
          await insertDocument(tx, { ...row, contentIndex, pictureHashes });
          return { ok: true, status: 201, body: toJson(row, upload.fileName), headers: { location: `/v1/documents/${id}` } };
        },
        { content },
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

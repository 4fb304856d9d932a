import { createHash, randomUUID } from 'node:crypto';
import fastifyMultipart, { type Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can } from '#domain/org/can.ts';
import { keyedHash } from '#platform/keys.ts';
import { MEDIA_TYPES, sniffMediaType, type MediaType } from '#platform/media-type.ts';
import { findClaimantsOf, findDocuments, insertDocument, type DocumentRow } from '#prisma/queries/documents.ts';
import { findUnit } from '#prisma/queries/units.ts';
import { headers, responses } from '../contract/common.ts';
import { document, documentParams, fileName, uploadBody, uploadFields } from '../contract/documents.ts';
import { DOCUMENT_LIMIT_BYTES } from '../limits.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['documents'];
/** what the parts around the file may take */
const FRAME_BYTES = 64 * 1024;
const TYPE_CODES = ['DOCUMENT_EMPTY', 'DOCUMENT_TYPE_REFUSED', 'DOCUMENT_CONTENT_MISMATCH', 'DOCUMENT_SUSPICIOUS'] as const;
const DECLARED_AS: Record<string, MediaType> = { 'text/xml': 'application/xml', 'image/jpg': 'image/jpeg', 'image/heif': 'image/heic' };

/** Documents (材料): stored once, whole, as they came. */
export const documentRoutes: FastifyPluginAsyncZod = async (app) => {
  const { database, documents, keys, clock } = app.deps;
  await app.register(fastifyMultipart, {
    limits: { fileSize: DOCUMENT_LIMIT_BYTES, files: 1, fields: 4, fieldSize: 1_000, parts: 5, headerPairs: 20 },
  });

  app.post(
    '/v1/documents',
    {
      config: { access: 'documents:write' },
      bodyLimit: DOCUMENT_LIMIT_BYTES + FRAME_BYTES,
      schema: {
        tags,
        summary: 'Store a file',
        description:
          'PDF, OFD, XML, JPEG, PNG or HEIC up to 20 MB, known by content. Parts: `file`, and `unitCode` where the file belongs to another unit than who sends it.',
        consumes: ['multipart/form-data'],
        headers: headers('idempotency-key'),
        body: uploadBody,
        response: responses({ 201: document }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', ...TYPE_CODES] }),
      },
    },
    async (request, reply) => {
      const upload = await readUpload(request);
      if (!upload.ok) return reply.refuse(upload);
      const sniffed = await sniffMediaType(upload.content);
      if (!sniffed.ok) return reply.refuse(sniffed);
      const { mediaType } = sniffed;
      if (upload.declared !== undefined && upload.declared !== mediaType) {
        return reply.refuse(refuse('DOCUMENT_CONTENT_MISMATCH', { params: { declared: upload.declared, found: mediaType } }));
      }
      const { caller, asker, person, actor } = request;
      const unitCode = upload.unitCode ?? person?.unitCode ?? caller.unitCode;
      const unit = await findUnit(database, { code: unitCode, within: caller.unitId });
      if (!unit) return reply.refuse(refuse('UNIT_UNKNOWN', { params: { unitCode } }));
      const owner = person?.unitId === unit.id ? { employeeId: person.employeeId } : {};
      const allowed = can(asker, 'document.upload', { unitAncestors: unit.ancestorIds, ...owner });
      if (!allowed.ok) return reply.refuse(allowed);

      const sha256 = createHash('sha256').update(upload.content).digest('hex');
      const storageKey = `${unit.id}/${keyedHash(keys.document, upload.content)}`;
      // before the row: a row promises its content, while content without a row is only a file that nobody asks for
      await documents.put(storageKey, upload.content);
      const content = { sha256, fileName: upload.fileName, unitCode };
      return withIdempotency(
        request,
        reply,
        async (tx) => {
          const row: DocumentRow = {
            ...{ id: randomUUID(), unitCode, ancestorIds: unit.ancestorIds, fileName: upload.fileName, mediaType, sizeBytes: upload.content.length, sha256 },
            ...{ sm3: createHash('sm3').update(upload.content).digest('hex'), storageKey, uploadedBy: actor.id, createdAt: clock() },
          };
          await insertDocument(tx, { ...row, unitId: unit.id });
          return { ok: true, status: 201, body: toJson(row), headers: { location: `/v1/documents/${row.id}` } };
        },
        { content },
      );
    },
  );

  app.get(
    '/v1/documents/:id',
    {
      config: { access: 'documents:read' },
      schema: { tags, summary: 'What is known of a file', headers: headers(), params: documentParams, response: responses({ 200: document }) },
    },
    async (request, reply) => {
      const found = await readable(request, request.params.id);
      return found ? toJson(found) : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.get(
    '/v1/documents/:id/content',
    {
      config: { access: 'documents:read' },
      schema: {
        tags,
        summary: 'The file as it came',
        headers: headers(),
        params: documentParams,
        response: responses({ 200: { description: 'The content', content: Object.fromEntries(MEDIA_TYPES.map((type) => [type, { schema: z.any() }])) } }),
      },
    },
    async (request, reply) => {
      const found = await readable(request, request.params.id);
      const content = found && (await documents.get(found.storageKey));
      if (!found || !content) return reply.refuse(refuse('NOT_FOUND'));
      // never opened in a browser in our name: an XML or a PDF may hold scripts
      return reply
        .type(found.mediaType)
        .header('content-length', found.sizeBytes)
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(found.fileName)}`)
        .header('x-content-type-options', 'nosniff')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('cache-control', 'private, no-store')
        .send(content);
    },
  );

  /** The document if the caller may see it. A person sees what he or she uploaded, what the own claims have, and what a role opens. */
  async function readable(request: FastifyRequest, id: string): Promise<DocumentRow | undefined> {
    const { caller, asker, person } = request;
    const [found] = await findDocuments(database, { ids: [id], within: caller.unitId });
    if (!found) return undefined;
    const own =
      person !== null && (found.uploadedBy === person.employeeId || (await findClaimantsOf(database, { documentId: id })).includes(person.employeeId));
    const subject = { unitAncestors: found.ancestorIds, ...(own && { employeeId: person.employeeId }) };
    return can(asker, 'document.read', subject).ok ? found : undefined;
  }
};

type Upload = { ok: true; content: Buffer; fileName: string; declared: MediaType | undefined; unitCode: string | undefined };
type Parts = { ok: true; fields: Record<string, unknown>; file: { content: Buffer; name: string; type: string } | undefined };

async function readUpload(request: FastifyRequest): Promise<Upload | Refusal> {
  if (!request.isMultipart()) return refuse('UNSUPPORTED_MEDIA_TYPE');
  const parts = await readParts(request);
  if (!parts.ok) return parts;
  if (!parts.file) return refuse('VALIDATION_FAILED', { detail: 'there is no part `file`' });
  const { content, name, type } = parts.file;
  const fields = uploadFields.safeParse(parts.fields);
  const named = fileName.safeParse(name);
  if (!fields.success) return refuse('VALIDATION_FAILED', { detail: 'the only other part is `unitCode`' });
  if (!named.success) return refuse('VALIDATION_FAILED', { detail: 'the file has no name, or one that cannot be kept' });
  return { ok: true, content, fileName: named.data, declared: declaredType(type), unitCode: fields.data.unitCode };
}

/** Reads every part before anything is looked at: a stream that is left half read would hang the connection. */
async function readParts(request: FastifyRequest): Promise<Parts | Refusal> {
  const parts: Parts = { ok: true, fields: {}, file: undefined };
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') parts.fields[part.fieldname] = valueOf(part);
      else if (part.fieldname === 'file') parts.file = { content: await part.toBuffer(), name: part.filename, type: part.mimetype };
      else return refuse('VALIDATION_FAILED', { detail: 'the file is the part `file`' });
    }
    return parts;
  } catch (error) {
    // limits come with a status of their own; the rest is what the parser says of parts that it cannot make out
    if (error instanceof Error && 'statusCode' in error) throw error;
    return refuse('VALIDATION_FAILED', { detail: 'the parts cannot be read' });
  }
}

const valueOf = (part: Extract<Multipart, { type: 'field' }>): unknown => part.value;

/** The type that a client claims, where it is one of ours: `application/octet-stream` claims nothing. */
function declaredType(type: string): MediaType | undefined {
  return DECLARED_AS[type] ?? MEDIA_TYPES.find((known) => known === type);
}

function toJson({ id, unitCode, fileName: name, mediaType, sizeBytes, sha256, sm3, createdAt }: DocumentRow): z.output<typeof document> {
  const known = MEDIA_TYPES.find((type) => type === mediaType);
  if (!known) throw new Error(`a document of the unknown type ${mediaType}`);
  return { id, unitCode, fileName: name, mediaType: known, sizeBytes, sha256, sm3, createdAt: createdAt.toISOString() };
}

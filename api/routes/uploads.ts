import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { deleteUpload, findUpload, insertUpload, type UploadRow } from '#prisma/queries/uploads.ts';
import { headers, noContent, responses } from '../contract/common.ts';
import { chunkBody, chunkHeaders, newUploadHeaders, TUS, tusHeaders, upload, uploadMetadata, uploadParams } from '../contract/uploads.ts';
import { FILE_CODES, unitOfUpload } from '../document-intake.ts';
import { DOCUMENT_LIMIT_BYTES } from '../limits.ts';
import { withIdempotency } from '../plugins/idempotency.ts';
import { finishUpload, receiveUpload } from '../receive-upload.ts';

const tags = ['documents'];
const config = { access: 'documents:write', action: 'document.upload' } as const;
/** for one photograph after another over a bad line, and no store for anything */
const HOURS = 24;
const MOST = 20;

/** Files that arrive in pieces, by tus 1.0.0: begun here, gone on with from where the line broke, and then documents (材料) like any other, under the same id. */
export const uploadRoutes: FastifyPluginAsyncZod = async (app) => {
  const { documents, clock } = app.deps;
  app.addContentTypeParser(TUS.contentType, (_request, payload, done) => done(null, payload));
  app.addHook('preValidation', async (request, reply) => {
    reply.header('tus-resumable', TUS.version);
    if (request.method === 'GET' || request.headers['tus-resumable'] === TUS.version) return;
    return reply.header('tus-version', TUS.version).refuse(refuse('TUS_VERSION_UNSUPPORTED'));
  });

  app.post(
    '/v1/uploads',
    {
      config,
      schema: {
        tags,
        summary: 'Begin to upload a file in pieces (tus)',
        description: `Up to 20 MB, for ${HOURS} hours. PATCH what \`Location\` names, from where \`Upload-Offset\` of a HEAD says; once it is whole it is the document of the same id.`,
        headers: headers('idempotency-key').extend(newUploadHeaders),
        response: responses({ 201: upload }, { with: 'key', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'TUS_VERSION_UNSUPPORTED', 'UPLOADS_TOO_MANY'] }),
      },
    },
    async (request, reply) => {
      const sizeBytes = Number(request.headers['upload-length']);
      if (sizeBytes === 0) return reply.refuse(refuse('DOCUMENT_EMPTY'));
      if (sizeBytes > DOCUMENT_LIMIT_BYTES) return reply.header('tus-max-size', String(DOCUMENT_LIMIT_BYTES)).refuse(refuse('BODY_TOO_LARGE'));
      const metadata = readMetadata(request.headers['upload-metadata']);
      if (!metadata.ok) return reply.refuse(metadata);
      const { filename: fileName, filetype: mediaType = null, sha256 = null, unitCode } = metadata.value;
      const found = await unitOfUpload(request, unitCode);
      if (!found.ok) return reply.refuse(found);
      const at = clock();
      const row = {
        id: randomUUID(),
        sizeBytes,
        receivedBytes: 0,
        status: 'OPEN' as const,
        refusal: null,
        expiresAt: new Date(at.getTime() + HOURS * 3_600_000),
      };
      const who = { callerId: request.caller.id, employeeId: request.person?.employeeId ?? null, unitId: found.unit.id };
      return withIdempotency(
        request,
        reply,
        async (tx) => {
          if (!(await insertUpload(tx, { ...row, ...who, mediaType, sha256, fileName, at }, { most: MOST }))) return refuse('UPLOADS_TOO_MANY');
          const told = { location: `/v1/uploads/${row.id}`, 'upload-expires': row.expiresAt.toUTCString() };
          return { ok: true, status: 201, body: toJson(row), headers: told };
        },
        { content: { sizeBytes, ...metadata.value } },
      );
    },
  );

  app.get(
    '/v1/uploads/:id',
    {
      config: { ...config, action: { none: 'the own upload' } },
      schema: {
        tags,
        summary: 'How far an upload is',
        description: 'HEAD for `Upload-Offset` alone.',
        headers: headers().extend(tusHeaders),
        params: uploadParams,
        response: responses({ 200: upload }, { codes: ['TUS_VERSION_UNSUPPORTED'] }),
      },
    },
    async (request, reply) => {
      const found = await findUpload(request.db, { id: request.params.id, at: clock() });
      return found ? standing(reply, found).send(toJson(found)) : reply.refuse(refuse('NOT_FOUND'));
    },
  );

  app.patch(
    '/v1/uploads/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Go on with an upload',
        description:
          'The last piece is answered when the file was looked at, with what is wrong with it, if anything is. An empty one asks for that answer again.',
        consumes: [TUS.contentType],
        headers: headers().extend(chunkHeaders),
        params: uploadParams,
        body: chunkBody,
        response: responses(
          { 204: noContent },
          { with: 'body', codes: ['FORBIDDEN', 'UNIT_UNKNOWN', 'TUS_VERSION_UNSUPPORTED', 'UPLOAD_OFFSET_WRONG', 'UPLOAD_CHECKSUM_WRONG', ...FILE_CODES] },
        ),
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (!(body instanceof Readable)) return reply.refuse(refuse('UNSUPPORTED_MEDIA_TYPE'));
      const found = await findUpload(request.db, { id: request.params.id, at: clock() });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      if (found.refusal !== null) return reply.refuse(refuse(found.refusal));
      const { sizeBytes, receivedBytes } = found;
      if (Number(request.headers['upload-offset']) !== receivedBytes) return reply.refuse(refuse('UPLOAD_OFFSET_WRONG', { params: { offset: receivedBytes } }));
      if (Number(request.headers['content-length'] ?? 0) > sizeBytes - receivedBytes) return reply.refuse(refuse('BODY_TOO_LARGE'));
      const received = await receiveUpload(request, found, body);
      if (!received.ok) return reply.refuse(received);
      const whole = received.offset === sizeBytes && found.status === 'OPEN';
      const finished = whole ? await finishUpload(request, { ...found, receivedBytes: received.offset }) : received;
      if (!finished.ok) return reply.refuse(finished);
      return standing(reply, { ...found, receivedBytes: received.offset })
        .code(204)
        .send();
    },
  );

  app.delete(
    '/v1/uploads/:id',
    {
      config: { ...config, action: { none: 'the own upload' } },
      schema: {
        tags,
        summary: 'Give an upload up',
        description: 'A document that came of it stays.',
        headers: headers().extend(tusHeaders),
        params: uploadParams,
        response: responses({ 204: noContent }, { codes: ['TUS_VERSION_UNSUPPORTED'] }),
      },
    },
    async (request, reply) => {
      const found = await findUpload(request.db, { id: request.params.id, at: clock() });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      for (const storageKey of await request.db.write((tx) => deleteUpload(tx, found))) await documents.remove(storageKey);
      return reply.code(204).send();
    },
  );
};

function readMetadata(header: string): { ok: true; value: z.output<typeof uploadMetadata> } | Refusal {
  const pairs = header.split(',').map((pair) => pair.trim().split(' '));
  const values = Object.fromEntries(pairs.map(([name = '', value = '']) => [name, Buffer.from(value, 'base64').toString('utf8')]));
  const parsed = uploadMetadata.safeParse(values);
  const twice = new Set(pairs.map(([name]) => name)).size < pairs.length;
  return parsed.success && !twice ? { ok: true, value: parsed.data } : refuse('VALIDATION_FAILED', { detail: 'Upload-Metadata cannot be read' });
}

/** The headers that a client of the protocol goes on by. */
function standing(reply: FastifyReply, { sizeBytes, receivedBytes, expiresAt }: UploadRow): FastifyReply {
  return reply.header('upload-offset', String(receivedBytes)).header('upload-length', String(sizeBytes)).header('upload-expires', expiresAt.toUTCString());
}

function toJson({
  id,
  status,
  refusal,
  sizeBytes,
  receivedBytes,
  expiresAt,
}: Omit<UploadRow, 'unitId' | 'unitCode' | 'mediaType' | 'sha256' | 'sealedName' | 'wrappedKey'>): z.output<typeof upload> {
  return { id, status, refusal, length: sizeBytes, offset: receivedBytes, expiresAt: expiresAt.toISOString() };
}

import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { MEDIA_TYPES, type MediaType } from '#platform/media-type.ts';
import { fileName, uploadFields } from './contract/documents.ts';

const DECLARED_AS: Record<string, MediaType> = { 'text/xml': 'application/xml', 'image/jpg': 'image/jpeg', 'image/heif': 'image/heic' };

export type Upload = { ok: true; content: Buffer; fileName: string; declared: MediaType | undefined; unitCode: string | undefined };
type Parts = { ok: true; fields: Record<string, unknown>; file: { content: Buffer; name: string; type: string } | undefined };

/** The file of a multipart request with its name, and what the client says of it. */
export async function readUpload(request: FastifyRequest): Promise<Upload | Refusal> {
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

import { z } from 'zod';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import { DOCUMENT_NOTES } from '#platform/render/documents.ts';
import { line, time, unitCode, uuid } from './common.ts';

export const documentId = uuid.meta({ description: 'Id of a stored document' });
export const mediaType = z.enum(MEDIA_TYPES);

/** The parts of an upload; checked after the stream was read, because multipart has no schema of its own. */
export const uploadFields = z.strictObject({ unitCode: unitCode.optional() });
export const fileName = line(200);

const { pattern: UNIT_CODE } = z.toJSONSchema(unitCode);

/** What the page says of an upload; the parts are read as a stream, and checked by `uploadFields` and `fileName`. */
export const uploadBody = z.any().meta({
  type: 'object',
  required: ['file'],
  additionalProperties: false,
  properties: {
    file: { type: 'string', format: 'binary', description: 'PDF, OFD, XML, JPEG, PNG or HEIC' },
    unitCode: { type: 'string', pattern: UNIT_CODE, description: 'The unit that the file belongs to; by default that of who sends it' },
  },
});

/** Pages count from 1. */
export const previewQuery = z.strictObject({ page: z.coerce.number().int().min(1).max(1_000).default(1) });

export const documentParams = z.strictObject({ id: documentId });

export const document = z
  .strictObject({
    id: documentId,
    unitCode,
    fileName: z.string().nullable().meta({ description: 'null: it was erased' }),
    mediaType,
    sizeBytes: z.int(),
    pages: z.int().nullable().meta({ description: 'Of PDF and images; null for XML and OFD' }),
    notes: z.array(z.enum(DOCUMENT_NOTES)).meta({ description: 'EMBEDDED_FILES: a PDF that carries other files. RESTRICTED: a PDF locked against changes' }),
    sha256: z.string(),
    sm3: z.string(),
    createdAt: time,
  })
  .meta({ id: 'Document', description: 'A stored file. Its media type is what its content says, whatever it is called.' });

import { z } from 'zod';
import { ERROR_CODES } from '#domain/errors.ts';
import { MEDIA_TYPES } from '#platform/media-type.ts';
import { time, unitCode } from './common.ts';
import { fileName } from './documents.ts';

/** The headers of tus 1.0.0, as far as we take part: core, creation, termination, expiration (https://tus.io/protocols/resumable-upload). */
export const TUS = { version: '1.0.0', extensions: 'creation,termination,expiration', contentType: 'application/offset+octet-stream' } as const;

const count = z.string().regex(/^\d{1,12}$/);
const METADATA = 'filename <base64>[,filetype <base64>][,sha256 <base64>][,unitCode <base64>]';
const PAIR = '(filename|filetype|sha256|unitCode) [A-Za-z0-9+/]+={0,2}';

export const tusHeaders = { 'tus-resumable': z.string().max(20).optional().meta({ description: 'Version of the protocol', example: TUS.version }) };
export const newUploadHeaders = {
  ...tusHeaders,
  'upload-length': count.meta({ description: 'Bytes of the whole file', example: '1048576' }),
  'upload-metadata': z
    .string()
    .max(4_000)
    .regex(new RegExp(`^${PAIR}(, *${PAIR}){0,3}$`))
    .meta({
      description: `${METADATA}. \`sha256\`: of the whole file, in hexadecimal`,
      example: 'filename aW52b2ljZS5wZGY=,filetype YXBwbGljYXRpb24vcGRm',
    }),
};
export const chunkHeaders = { ...tusHeaders, 'upload-offset': count.meta({ description: 'Where in the file the body begins', example: '0' }) };

/** The values of Upload-Metadata, out of their Base64. */
export const uploadMetadata = z.strictObject({
  filename: fileName,
  filetype: z.enum(MEDIA_TYPES).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  unitCode: unitCode.optional(),
});

export const uploadParams = z.strictObject({ id: z.uuid().meta({ description: 'Id of the upload, and of the document that comes of it' }) });

export const chunkBody = z
  .any()
  .meta({ type: 'string', format: 'binary', description: 'The file from Upload-Offset on, as much of it as you like; may be empty' });

export const upload = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(['OPEN', 'STORED', 'REFUSED']).meta({ description: 'STORED: it is the document of the same id' }),
    refusal: z.enum(ERROR_CODES).nullable(),
    length: z.int(),
    offset: z.int().meta({ description: 'Where to go on' }),
    expiresAt: time.meta({ description: 'What is not whole by then is removed' }),
  })
  .meta({ id: 'Upload', description: 'A file on its way' });

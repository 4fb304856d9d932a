import { z } from 'zod';
import { time } from './common.ts';

/** Payloads as Temporal's web page and command line send them to a codec server: the bytes of metadata and data in Base64. */
const base64 = z
  .string()
  .max(3_000_000)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/);
// loose: a newer server knows fields that we do not, and sends them along
const payload = z
  .looseObject({ metadata: z.record(z.string().max(100), base64).optional(), data: base64.optional() })
  .meta({ id: 'Payload', description: 'A payload of Temporal, its bytes in Base64' });

export const payloads = z
  .looseObject({ payloads: z.array(payload).max(500) })
  .meta({ id: 'Payloads', description: "What Temporal's remote codec protocol sends and gets" });
export type PayloadJson = z.output<typeof payload>;

export const codecHeaders = z.looseObject({
  'x-namespace': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .meta({ description: 'The namespace that the page or the command line looks at' }),
});

export const codecToken = z
  .strictObject({ token: z.string().meta({ description: 'For `temporal … --codec-auth`: `Bearer <token>`' }), expiresAt: time })
  .meta({ id: 'CodecToken' });

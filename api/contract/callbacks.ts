import { z } from 'zod';
import { region } from './common.ts';

export const bureauParams = z.strictObject({ code: region });
export const bankParams = z.strictObject({ code: z.string().regex(/^[A-Z0-9]{2,12}$/) });

const SIGNED = ['_api_access_key', '_api_digest', '_api_name', '_api_timestamp', '_api_version', '_api_signature'] as const;

/** docs/gateways.md. Checked by the signature's own code, so that whatever is wrong is SIGNATURE_INVALID and nothing else. */
export const signedHeaders = z.looseObject(Object.fromEntries(SIGNED.map((name) => [name, z.string().optional()])));

export const bureauAnswer = {
  description: 'The response envelope: taken (`infcode` 0) or not a message that can be read (-1)',
  content: { 'application/json': { schema: z.string() } },
};
export const bankAnswer = { description: 'The FOX document that acknowledges the notice', content: { 'application/x-fox': { schema: z.string() } } };

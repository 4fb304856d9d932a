import { fileURLToPath } from 'node:url';
import { PayloadUnreadable } from '#platform/payload-codec.ts';
import type * as real from '#platform/payload-codec.ts';

/** In place of platform/payload-codec.ts: payloads as the SDK makes them. */
export { PayloadUnreadable };
export const failureConverterPath: typeof real.failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));
export const encryptingConverter: typeof real.encryptingConverter = () => ({});
export const payloadCodec: typeof real.payloadCodec = () => ({ encode: async (payloads) => payloads, decode: async (payloads) => payloads });
export const placeOf: typeof real.placeOf = () => undefined;

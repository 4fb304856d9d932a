import type { KeyObject } from 'node:crypto';
import { signHeaders } from './gateway-signature.ts';

/** One signed POST to a bureau or bank. */
export type GatewayCall = {
  url: string;
  apiName: string;
  contentType: string;
  body: string;
  accessKey: string;
  secret: KeyObject;
  timeoutMs: number;
  maxAnswerBytes: number;
};

export type GatewayWire = {
  now: () => Date;
  fetch?: typeof globalThis.fetch;
  /** asked at every call: what cancels the work that the call is part of */
  signal?: () => AbortSignal | undefined;
};

/** `cause` is a word for logs and tables: TIMEOUT, CANCELLED, CONNECTION, TOO_LARGE, or HTTP_ and the status. */
export type GatewayAnswer = { ok: true; body: Uint8Array } | { ok: false; cause: string };

/**
 * Sends the call and reads the answer up to `maxAnswerBytes`. Whatever is not HTTP 200 with a whole body is a `cause`, never an exception; redirects are
 * not followed, since a signed order goes where it was sent and nowhere else. Connections are kept alive by fetch itself.
 */
export async function postSigned(call: GatewayCall, wire: GatewayWire): Promise<GatewayAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const cancelled = wire.signal?.();
  const headers = signHeaders({ apiName: call.apiName, rawBody: call.body, accessKey: call.accessKey, secret: call.secret, now: wire.now() });
  try {
    const response = await (wire.fetch ?? fetch)(call.url, {
      method: 'POST',
      headers: { ...headers, 'content-type': call.contentType, 'accept-encoding': 'identity' },
      body: call.body,
      redirect: 'manual',
      signal: cancelled ? AbortSignal.any([timeout, cancelled]) : timeout,
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { ok: false, cause: `HTTP_${response.status}` };
    }
    const body = await readCapped(response, call.maxAnswerBytes);
    return body ? { ok: true, body } : { ok: false, cause: 'TOO_LARGE' };
  } catch {
    // What fetch throws says no more than this, and its text could carry the address.
    return { ok: false, cause: cancelled?.aborted ? 'CANCELLED' : timeout.aborted ? 'TIMEOUT' : 'CONNECTION' };
  }
}

async function readCapped(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

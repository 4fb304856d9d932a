import { createHash, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

/**
 * The signature of docs/gateways.md, in both directions. It covers the headers alone; what binds it to the content is the digest among them, so
 * both are always checked, over the body's bytes as they travelled.
 */
const SIGNED = ['_api_access_key', '_api_digest', '_api_name', '_api_timestamp', '_api_version'] as const;
const VERSION = '1.0';
export const MAX_SKEW_MS = 30 * 60 * 1000;

type SignedName = (typeof SIGNED)[number];
export type SignatureHeaders = Record<SignedName | '_api_signature', string>;

export type SignatureRefusal =
  | { ok: false; reason: 'HEADER_MISSING'; header: string }
  | { ok: false; reason: 'CLOCK_SKEW' | 'UNKNOWN_KEY' | 'DIGEST_DIFFERS' | 'SIGNATURE_DIFFERS' };
/** `apiName`: the `infno`, or the bank transaction's element name. */
export type SignatureCheck = { ok: true; accessKey: string; apiName: string } | SignatureRefusal;

/** SM3 of the bytes, lower-case hex. */
export function sm3(body: Uint8Array | string): string {
  return createHash('sm3').update(body).digest('hex');
}

export function signHeaders(call: { apiName: string; rawBody: Uint8Array | string; accessKey: string; secret: KeyObject; now: Date }): SignatureHeaders {
  const headers = {
    _api_access_key: call.accessKey,
    _api_digest: sm3(call.rawBody),
    _api_name: call.apiName,
    _api_timestamp: call.now.getTime().toString(),
    _api_version: VERSION,
  };
  return { ...headers, _api_signature: signatureOf(headers, call.secret) };
}

/**
 * Checks a call that came in. `headers` as Node hands them out (lower-case names). `secretFor` answers undefined for a key that may not call here.
 * A header that is malformed counts as missing.
 */
export function verifyHeaders(
  rawBody: Uint8Array | string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  options: { secretFor: (accessKey: string) => KeyObject | undefined; now: Date },
): SignatureCheck {
  const signed = { _api_access_key: '', _api_digest: '', _api_name: '', _api_timestamp: '', _api_version: '' };
  for (const name of SIGNED) {
    const value = headers[name];
    if (typeof value !== 'string' || !SHAPES[name].test(value)) return { ok: false, reason: 'HEADER_MISSING', header: name };
    signed[name] = value;
  }
  const signature = headers['_api_signature'];
  if (typeof signature !== 'string' || signature === '') return { ok: false, reason: 'HEADER_MISSING', header: '_api_signature' };

  if (Math.abs(options.now.getTime() - Number(signed._api_timestamp)) > MAX_SKEW_MS) return { ok: false, reason: 'CLOCK_SKEW' };
  const secret = options.secretFor(signed._api_access_key);
  if (!secret) return { ok: false, reason: 'UNKNOWN_KEY' };
  if (!sameText(signed._api_digest, sm3(rawBody))) return { ok: false, reason: 'DIGEST_DIFFERS' };
  if (!sameText(signature, signatureOf(signed, secret))) return { ok: false, reason: 'SIGNATURE_DIFFERS' };
  return { ok: true, accessKey: signed._api_access_key, apiName: signed._api_name };
}

/** No value may hold what joins them, or one signed text could be read in two ways. */
const SHAPES: Record<SignedName, RegExp> = {
  _api_access_key: /^[0-9A-Za-z._-]{1,100}$/,
  _api_digest: /^[0-9a-f]{64}$/,
  _api_name: /^[0-9A-Za-z]{1,40}$/,
  _api_timestamp: /^\d{13}$/,
  _api_version: /^1\.0$/,
};

function signatureOf(headers: Record<SignedName, string>, secret: KeyObject): string {
  return createHmac('sha1', secret)
    .update(SIGNED.map((name) => `${name}=${headers[name]}`).join('&'))
    .digest('base64');
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** One direction of a link: who calls, and the secret that proves it. */
export type Credentials = { accessKey: string; secret: string };

const WINDOW_MS = 30 * 60 * 1000;
const SIGNED = ['_api_access_key', '_api_digest', '_api_name', '_api_timestamp', '_api_version'] as const;

/** SM3 of the bytes as they travel, lower-case hex. */
export const digestOf = (body: Uint8Array | string) => createHash('sm3').update(body).digest('hex');

/** The six headers of a call by its name (an `infno`, or an element name of the bank). */
export function signedHeaders(call: { name: string; body: string; credentials: Credentials; nowMs: number }) {
  const headers = {
    _api_access_key: call.credentials.accessKey,
    _api_digest: digestOf(call.body),
    _api_name: call.name,
    _api_timestamp: String(call.nowMs),
    _api_version: '1.0',
  };
  return { ...headers, _api_signature: signature(headers, call.credentials.secret) };
}

/** Checks headers against the raw body; the answer is the name called, or why not (HTTP 401). */
export function verify(call: {
  headers: IncomingHttpHeaders;
  body: Uint8Array;
  credentials: Credentials;
  nowMs: number;
}): { ok: true; name: string } | { ok: false; why: string } {
  const given: Record<string, string> = {};
  for (const key of [...SIGNED, '_api_signature']) {
    const value = call.headers[key];
    if (typeof value !== 'string' || value === '') return { ok: false, why: `header ${key} is missing` };
    given[key] = value;
  }
  const { _api_access_key, _api_digest, _api_name = '', _api_timestamp = '', _api_version } = given;
  if (_api_version !== '1.0') return { ok: false, why: '_api_version is not 1.0' };
  if (_api_access_key !== call.credentials.accessKey) return { ok: false, why: '_api_access_key is unknown' };
  if (!/^\d{13}$/.test(_api_timestamp)) return { ok: false, why: '_api_timestamp is not 13 digits' };
  if (Math.abs(call.nowMs - Number(_api_timestamp)) > WINDOW_MS) return { ok: false, why: '_api_timestamp is more than 30 minutes off' };
  if (_api_digest !== digestOf(call.body)) return { ok: false, why: '_api_digest is not the SM3 of the body' };
  if (!same(given['_api_signature'] ?? '', signature(given, call.credentials.secret))) return { ok: false, why: '_api_signature does not match' };
  return { ok: true, name: _api_name };
}

function signature(headers: Record<string, string>, secret: string) {
  const signed = SIGNED.map((key) => `${key}=${headers[key] ?? ''}`).join('&');
  return createHmac('sha1', secret).update(signed).digest('base64');
}

function same(a: string, b: string) {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

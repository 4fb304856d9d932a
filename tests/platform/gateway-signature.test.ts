import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signHeaders, sm3, verifyHeaders } from '#platform/gateway-signature.ts';

const secret = createSecretKey('a secret of thirty-two characters', 'utf8');
const body = '{"infno":"DZ11"}';
const now = new Date(1_795_000_000_000);
const options = { secretFor: (key: string) => (key === 'bureau-130100' ? secret : undefined), now };

/**
 * Worked out with the openssl command line:
 *   printf '{"infno":"DZ11"}' | openssl dgst -sm3
 *   printf '_api_access_key=bureau-130100&_api_digest=607f…&_api_name=DZ11&_api_timestamp=1795000000000&_api_version=1.0' |
 *     openssl dgst -sha1 -hmac 'a secret of thirty-two characters' -binary | base64
 */
const vector = {
  _api_access_key: 'bureau-130100',
  _api_digest: '607f3f828b1da921d4da93d6abfe9fcaa4cb61d6196b3e89abe780d1587d3f1d',
  _api_name: 'DZ11',
  _api_timestamp: '1795000000000',
  _api_version: '1.0',
  _api_signature: 'VEFuH4vHpO4WbORaxy7/50ZEJWw=',
};

/** The signature as docs/gateways.md words it, written without looking at the code under test. */
function resign(headers: Record<string, string>, key = 'a secret of thirty-two characters'): Record<string, string> {
  const { _api_signature: _, ...signed } = headers;
  const text = Object.entries(signed)
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join('&');
  return { ...signed, _api_signature: createHmac('sha1', key).update(text).digest('base64') };
}

test('SM3 of "abc" is the standard’s own example', () => {
  expect(sm3('abc')).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
});

test('signs as the openssl command line does', () => {
  expect(signHeaders({ apiName: 'DZ11', rawBody: body, accessKey: 'bureau-130100', secret, now })).toEqual(vector);
});

describe('verifyHeaders', () => {
  test('takes what openssl signed', () => {
    expect(verifyHeaders(Buffer.from(body), vector, options)).toEqual({ ok: true, accessKey: 'bureau-130100', apiName: 'DZ11' });
  });

  test.each(Object.keys(vector))('refuses without %s', (header) => {
    const headers: Record<string, string | string[] | undefined> = { ...vector, [header]: undefined };
    const missing = { ok: false, reason: 'HEADER_MISSING', header };
    expect(verifyHeaders(body, headers, options)).toEqual(missing);
    expect(verifyHeaders(body, { ...vector, [header]: ['a', 'b'] }, options)).toEqual(missing);
    expect(verifyHeaders(body, { ...vector, [header]: '' }, options)).toEqual(missing);
  });

  test.each([
    ['_api_timestamp', '1795000000'],
    ['_api_timestamp', '1795000000000.5'],
    ['_api_version', '2.0'],
    ['_api_digest', vector._api_digest.toUpperCase()],
    ['_api_name', 'DZ11&_api_name=DZ13'],
    ['_api_access_key', 'bureau-130100&x=1'],
  ])('a malformed %s counts as missing, whoever signed it', (header, value) => {
    expect(verifyHeaders(body, resign({ ...vector, [header]: value }), options)).toEqual({ ok: false, reason: 'HEADER_MISSING', header });
  });

  test('the window is thirty minutes to the millisecond, both ways', () => {
    const at = (offsetMs: number) => verifyHeaders(body, vector, { ...options, now: new Date(now.getTime() + offsetMs) });
    expect(at(1_800_000).ok).toBe(true);
    expect(at(-1_800_000).ok).toBe(true);
    expect(at(1_800_001)).toEqual({ ok: false, reason: 'CLOCK_SKEW' });
    expect(at(-1_800_001)).toEqual({ ok: false, reason: 'CLOCK_SKEW' });
  });

  test('refuses a key that may not call here', () => {
    expect(verifyHeaders(body, resign({ ...vector, _api_access_key: 'bureau-110000' }), options)).toEqual({ ok: false, reason: 'UNKNOWN_KEY' });
  });

  test('binds the content: one changed byte of the body', () => {
    expect(verifyHeaders('{"infno":"DZ13"}', vector, options)).toEqual({ ok: false, reason: 'DIGEST_DIFFERS' });
  });

  test('binds the digest: changed body with a digest that fits, but an old signature', () => {
    const other = '{"infno":"DZ13"}';
    expect(verifyHeaders(other, { ...vector, _api_digest: sm3(other) }, options)).toEqual({ ok: false, reason: 'SIGNATURE_DIFFERS' });
  });

  test.each([
    ['another name', { ...vector, _api_name: 'DZ13' }],
    ['another time', { ...vector, _api_timestamp: '1795000000001' }],
    ['another secret', resign(vector, 'a secret of thirty-three characters')],
    ['a shorter signature', { ...vector, _api_signature: vector._api_signature.slice(0, -1) }],
    ['a signature in other letters', { ...vector, _api_signature: vector._api_signature.toLowerCase() }],
    ['a longer signature', { ...vector, _api_signature: `${vector._api_signature}=` }],
    ['a signature that is not ASCII', { ...vector, _api_signature: '签'.repeat(28) }],
  ])('refuses %s', (_, headers) => {
    expect(verifyHeaders(body, headers, options)).toEqual({ ok: false, reason: 'SIGNATURE_DIFFERS' });
  });
});

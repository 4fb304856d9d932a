import { createCipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { additionalData } from '#platform/crypto/additional-data.ts';
import { openDataKey } from '#platform/crypto/data-key.ts';
import { blindHash, unseal } from '#platform/crypto/envelope.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/* What the crypto library here computes, against what the standards print. */

test('SM3: GB/T 32905-2016, examples A.1 and A.2', () => {
  expect(createHash('sm3').update('abc').digest('hex')).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
  expect(createHash('sm3').update('abcd'.repeat(16)).digest('hex')).toBe('debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732');
});

test('SM4: GB/T 32907-2016, example A.1; and in CTR mode, draft-ribose-cfrg-sm4-10 A.2.5.1', () => {
  const key = hex('0123456789abcdeffedcba9876543210');
  const block = createCipheriv('sm4-ecb', key, null).setAutoPadding(false);
  expect(block.update(key, undefined, 'hex')).toBe('681edf34d206965e86b3e94f536e4246');
  const plaintext = hex('aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb');
  expect(createCipheriv('sm4-ctr', key, hex('000102030405060708090a0b0c0d0e0f')).update(plaintext, undefined, 'hex')).toBe(
    'ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514',
  );
});

test('AES-256-GCM: McGrew and Viega, test case 16 (part of the NIST submission)', () => {
  const cipher = createCipheriv('aes-256-gcm', hex('feffe9928665731c6d6a8f9467308308'.repeat(2)), hex('cafebabefacedbaddecaf888'));
  cipher.setAAD(hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'));
  const plaintext = hex('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39');
  expect(cipher.update(plaintext, undefined, 'hex') + cipher.final('hex')).toBe(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  );
  expect(cipher.getAuthTag().toString('hex')).toBe('76fc6ece0f4e1768cddf8853bb2d551b');
});

test('HKDF-SHA-256: RFC 5869, test case 1', () => {
  const made = hkdfSync('sha256', hex('0b'.repeat(22)), hex('000102030405060708090a0b0c'), hex('f0f1f2f3f4f5f6f7f8f9'), 42);
  expect(Buffer.from(made).toString('hex')).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
});

/* What is sealed here, put together by hand from those parts: whoever has the keys can open it without this program. */

const material = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const aad = additionalData('employee', 'identity_no', 'row-1');

/** RFC 5869 by its two steps; one block is all that is asked for. */
function hkdf(hash: 'sha256' | 'sm3', info: string, bytes: number): Buffer {
  const prk = createHmac(hash, Buffer.alloc(32)).update(material).digest();
  return createHmac(hash, prk)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, bytes);
}

test('an AES-256-GCM envelope is 01 01, nonce, ciphertext, tag', () => {
  const [header, nonce] = [hex('0101'), hex('cafebabefacedbaddecaf888')];
  const cipher = createCipheriv('aes-256-gcm', hkdf('sha256', 'daozhang aes-256-gcm', 32), nonce).setAAD(Buffer.concat([header, aad]));
  const sealed = Buffer.concat([header, nonce, cipher.update('11010519491231002X'), cipher.final(), cipher.getAuthTag()]);
  expect(unseal({ key: openDataKey(material), aad }, sealed).toString()).toBe('11010519491231002X');
});

test('an SM4-CTR + HMAC-SM3 envelope is 01 02, nonce, ciphertext, HMAC over length, header, aad, nonce, ciphertext', () => {
  const [header, nonce] = [hex('0102'), hex('000102030405060708090a0b0c0d0e0f')];
  const cipher = createCipheriv('sm4-ctr', hkdf('sm3', 'daozhang sm4-ctr', 16), nonce);
  const ciphertext = Buffer.concat([cipher.update('11010519491231002X'), cipher.final()]);
  const length = Buffer.alloc(8);
  length.writeUInt32BE(header.length + aad.length, 4);
  const tag = createHmac('sm3', hkdf('sm3', 'daozhang hmac-sm3', 32))
    .update(Buffer.concat([length, header, aad, nonce, ciphertext]))
    .digest();
  expect(unseal({ key: openDataKey(material), aad }, Buffer.concat([header, nonce, ciphertext, tag])).toString()).toBe('11010519491231002X');
});

test('additional data is the number of parts, then each behind its length', () => {
  expect(additionalData('a', 'é').toString('hex')).toBe(['00000002', '00000001', '61', '00000002', 'c3a9'].join(''));
});

test('a blind index is an HMAC under a key of its own for each column and suite', () => {
  const key = openDataKey(material);
  const name = 'employee.identity_no';
  expect(blindHash({ key, suite: 'aes-256-gcm', name }, 'x')).toEqual(
    createHmac('sha256', hkdf('sha256', `daozhang blind-index:${name}`, 32))
      .update('x')
      .digest(),
  );
  expect(blindHash({ key, suite: 'sm4-ctr-hmac-sm3', name }, 'x')).toEqual(
    createHmac('sm3', hkdf('sm3', `daozhang blind-index:${name}`, 32))
      .update('x')
      .digest(),
  );
  expect(blindHash({ key, suite: 'aes-256-gcm', name: 'bank_account.account_no' }, 'x')).not.toEqual(blindHash({ key, suite: 'aes-256-gcm', name }, 'x'));
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { additionalData } from '#platform/crypto/additional-data.ts';
import { makeDataKey, openDataKey, SUITES } from '#platform/crypto/data-key.ts';
import { seal, SealBroken, unseal } from '#platform/crypto/envelope.ts';

const key = openDataKey(makeDataKey());
const aad = additionalData('employee', 'identity_no', 'row-1');
const SHAPES = { 'aes-256-gcm': { code: 1, nonce: 12, tag: 16 }, 'sm4-ctr-hmac-sm3': { code: 2, nonce: 16, tag: 32 } } as const;

describe.each(SUITES)('%s', (suite) => {
  const { code, nonce, tag } = SHAPES[suite];

  test('opens what it sealed, of any length, and names itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
        const sealed = seal({ key, suite, aad }, plaintext);
        expect(sealed.length).toBe(2 + nonce + plaintext.length + tag);
        expect([...sealed.subarray(0, 2)]).toEqual([1, code]);
        expect([...unseal({ key, aad }, sealed)]).toEqual([...plaintext]);
      }),
    );
  });

  test('no bit of it can be changed: version, suite, nonce, ciphertext, tag', () => {
    const sealed = seal({ key, suite, aad }, Buffer.from('11010519491231002X'));
    for (let at = 0; at < sealed.length; at += 1) {
      for (const bit of [0, 7]) {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(() => unseal({ key, aad }, changed), `byte ${at}, bit ${bit}`).toThrow(SealBroken);
      }
    }
  });

  test('cannot be cut, nor grown', () => {
    const sealed = seal({ key, suite, aad }, Buffer.from('x'));
    for (let length = 0; length < sealed.length; length += 1) expect(() => unseal({ key, aad }, sealed.subarray(0, length))).toThrow(SealBroken);
    expect(() => unseal({ key, aad }, Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(SealBroken);
  });

  test('opens nowhere else: another row, another column, another table, another key', () => {
    const sealed = seal({ key, suite, aad }, Buffer.from('x'));
    for (const place of [
      ['employee', 'identity_no', 'row-2'],
      ['employee', 'phone', 'row-1'],
      ['claim', 'identity_no', 'row-1'],
      ['employee', 'identity_no', 'row-1', ''],
    ]) {
      expect(() => unseal({ key, aad: additionalData(...place) }, sealed)).toThrow(SealBroken);
    }
    expect(() => unseal({ key: openDataKey(makeDataKey()), aad }, sealed)).toThrow(SealBroken);
  });

  test('never the same twice', () => {
    const twenty = Array.from({ length: 20 }, () => seal({ key, suite, aad }, Buffer.from('x')).toString('hex'));
    expect(new Set(twenty).size).toBe(20);
  });

  test('cannot be passed off as of the other suite, whatever is cut off or filled in', () => {
    const sealed = seal({ key, suite, aad }, Buffer.alloc(64, 1));
    const other = code === 1 ? 2 : 1;
    for (let cut = 0; cut < 20; cut += 1) {
      const passedOff = Buffer.concat([Buffer.from([1, other]), sealed.subarray(2, sealed.length - cut)]);
      expect(() => unseal({ key, aad }, passedOff)).toThrow(SealBroken);
    }
  });
});

test('what was sealed before the configuration changed opens after it', () => {
  const [first, second] = SUITES.map((suite) => seal({ key, suite, aad }, Buffer.from(suite)));
  expect([first, second].map((sealed) => unseal({ key, aad }, sealed ?? Buffer.alloc(0)).toString())).toEqual([...SUITES]);
});

test('no two lists of parts give the same additional data', () => {
  const parts = fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      expect(additionalData(...a).equals(additionalData(...b))).toBe(false);
    }),
  );
  expect(additionalData('a:b', 'c').equals(additionalData('a', 'b:c'))).toBe(false);
  expect(additionalData('ab', 'c').equals(additionalData('a', 'bc'))).toBe(false);
});

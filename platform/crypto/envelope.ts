import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { DataKey, Suite } from './data-key.ts';

/*
 * version (1 byte) | suite (1) | nonce (12 or 16) | ciphertext (as long as the plaintext) | tag (16 or 32)
 * The suite is named in what is sealed, so that what was sealed under another one stays readable after the configuration has changed.
 */
const VERSION = 1;
const HEADER_BYTES = 2;

type Algorithm = {
  code: number;
  nonceBytes: number;
  tagBytes: number;
  encrypt(key: DataKey, nonce: Buffer, aad: Buffer, plaintext: Uint8Array): Buffer;
  /** Throws where the tag is not of these bytes. */
  decrypt(key: DataKey, parts: { nonce: Buffer; aad: Buffer; ciphertext: Buffer; tag: Buffer }): Buffer;
};

const GCM = { authTagLength: 16 } as const;
const gcmKey = (key: DataKey): KeyObject => key.subkey('aes-256-gcm', { hash: 'sha256', bytes: 32 });
const sm4Key = (key: DataKey): KeyObject => key.subkey('sm4-ctr', { hash: 'sm3', bytes: 16 });
const sm3Key = (key: DataKey): KeyObject => key.subkey('hmac-sm3', { hash: 'sm3', bytes: 32 });

const ALGORITHMS: Readonly<Record<Suite, Algorithm>> = {
  'aes-256-gcm': {
    ...{ code: 1, nonceBytes: 12, tagBytes: 16 },
    encrypt(key, nonce, aad, plaintext) {
      const cipher = createCipheriv('aes-256-gcm', gcmKey(key), nonce, GCM).setAAD(aad);
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(key, { nonce, aad, ciphertext, tag }) {
      const decipher = createDecipheriv('aes-256-gcm', gcmKey(key), nonce, GCM).setAAD(aad).setAuthTag(tag);
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    },
  },
  'sm4-ctr-hmac-sm3': {
    ...{ code: 2, nonceBytes: 16, tagBytes: 32 },
    encrypt(key, nonce, aad, plaintext) {
      const cipher = createCipheriv('sm4-ctr', sm4Key(key), nonce);
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([ciphertext, macSm3(sm3Key(key), nonce, aad, ciphertext)]);
    },
    decrypt(key, { nonce, aad, ciphertext, tag }) {
      if (!timingSafeEqual(tag, macSm3(sm3Key(key), nonce, aad, ciphertext))) throw new Error('the tag does not fit');
      const decipher = createDecipheriv('sm4-ctr', sm4Key(key), nonce);
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    },
  },
};

/** The length of `aad` stands in front of it: no byte can wander from there into the ciphertext. */
function macSm3(key: KeyObject, nonce: Buffer, aad: Buffer, ciphertext: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(aad.length));
  return createHmac('sm3', key).update(length).update(aad).update(nonce).update(ciphertext).digest();
}

/** What cannot be opened: damaged, cut, moved from where it belongs, or sealed under another key. Says nothing of the content. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';

  constructor() {
    super('a sealed value cannot be opened: it was changed or moved, or is under another key');
  }
}

/** Seals `plaintext` for the one place that `aad` names (`additionalData`). */
export function seal({ key, suite, aad }: { key: DataKey; suite: Suite; aad: Uint8Array }, plaintext: Uint8Array): Buffer {
  const algorithm = ALGORITHMS[suite];
  const header = Buffer.from([VERSION, algorithm.code]);
  const nonce = randomBytes(algorithm.nonceBytes);
  return Buffer.concat([header, nonce, algorithm.encrypt(key, nonce, Buffer.concat([header, aad]), plaintext)]);
}

/** Opens what `seal` made, whatever its suite. Throws `SealBroken` for everything else. */
export function unseal({ key, aad }: { key: DataKey; aad: Uint8Array }, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const algorithm = Object.values(ALGORITHMS).find(({ code }) => code === bytes[1]);
  if (bytes[0] !== VERSION || algorithm === undefined) throw new SealBroken();
  const start = HEADER_BYTES + algorithm.nonceBytes;
  const end = bytes.length - algorithm.tagBytes;
  if (end < start) throw new SealBroken();
  const parts = {
    nonce: bytes.subarray(HEADER_BYTES, start),
    aad: Buffer.concat([bytes.subarray(0, HEADER_BYTES), aad]),
    ciphertext: bytes.subarray(start, end),
    tag: bytes.subarray(end),
  };
  try {
    return algorithm.decrypt(key, parts);
  } catch {
    throw new SealBroken();
  }
}

/** A keyed hash for exact look-up: equal values have equal ones, and nobody without the key can try values out. */
export function blindHash({ key, suite, name }: { key: DataKey; suite: Suite; name: string }, value: string): Buffer {
  const hash = suite === 'aes-256-gcm' ? 'sha256' : 'sm3';
  return createHmac(hash, key.subkey(`blind-index:${name}`, { hash, bytes: 32 }))
    .update(value)
    .digest();
}

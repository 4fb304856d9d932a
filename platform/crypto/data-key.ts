import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

/**
 * How values are sealed. `aes-256-gcm`: the international default. `sm4-ctr-hmac-sm3`: for those who must use the national algorithms (GB/T 32907,
 * GB/T 32905), encrypt-then-MAC, because OpenSSL has no SM4-GCM.
 */
export type Suite = 'aes-256-gcm' | 'sm4-ctr-hmac-sm3';

export const SUITES: readonly Suite[] = ['aes-256-gcm', 'sm4-ctr-hmac-sm3'];
export const DATA_KEY_BYTES = 32;

type Purpose = 'aes-256-gcm' | 'sm4-ctr' | 'hmac-sm3' | `blind-index:${string}`;

/**
 * A key of 32 bytes that never works itself: each algorithm gets its own subkey by HKDF, so that what one of them might leak says nothing of the
 * other, and a value that is passed off as sealed under another suite meets another key.
 */
export type DataKey = { subkey(purpose: Purpose, options: { hash: 'sha256' | 'sm3'; bytes: number }): KeyObject };

export const makeDataKey = (): Buffer => randomBytes(DATA_KEY_BYTES);

/** Throws where `material` is not of 32 bytes. */
export function openDataKey(material: Uint8Array): DataKey {
  if (material.length !== DATA_KEY_BYTES) throw new Error(`a data key has ${DATA_KEY_BYTES} bytes`);
  const root = createSecretKey(material);
  const subkeys = new Map<string, KeyObject>();
  return {
    subkey(purpose, { hash, bytes }) {
      const id = `${hash} ${bytes} ${purpose}`;
      const known = subkeys.get(id);
      if (known) return known;
      const made = createSecretKey(Buffer.from(hkdfSync(hash, root, '', `daozhang ${purpose}`, bytes)));
      subkeys.set(id, made);
      return made;
    },
  };
}

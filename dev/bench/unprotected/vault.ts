import { makeDataKey, openDataKey } from '#platform/crypto/data-key.ts';
import { KEY_TTL_MS, KeyDestroyed, type Vault } from '#prisma/vault.ts';
import type * as real from '#prisma/vault.ts';

/** In place of prisma/vault.ts: no keys, and what is kept is what was given. */
export { KEY_TTL_MS, KeyDestroyed };

const bytesOf = (text: string | Uint8Array): Buffer => (typeof text === 'string' ? Buffer.from(text) : Buffer.from(text));
const key = { key: openDataKey(makeDataKey()), generation: 1, suite: 'aes-256-gcm' as const };
const plain: Vault = {
  suite: 'aes-256-gcm',
  seal: async (_, plaintext) => bytesOf(plaintext),
  open: async (_, sealed) => Buffer.from(sealed).toString('utf8'),
  openBytes: async (_, sealed) => Buffer.from(sealed),
  warm: async () => undefined,
  blindIndex: async (_, value) => Buffer.from(value),
  sealInstallation: async (_, plaintext) => bytesOf(plaintext),
  openInstallation: async (_, sealed) => Buffer.from(sealed),
  installationKey: async () => key,
  forget: () => undefined,
};

export const openVault: typeof real.openVault = () => ({ over: () => plain, within: () => ({ vault: plain, committed: () => undefined }) });

import { createSecretKey } from 'node:crypto';
import { environmentMasterKeys } from '#platform/master-keys.ts';
import type { VaultSettings } from '#prisma/vault.ts';

/** The vault of tests that do not care about keys: one master key, the same in each process of a test. */
export function testVault(): VaultSettings {
  const suite = 'aes-256-gcm';
  return { suite, masterKeys: environmentMasterKeys({ current: createSecretKey(Buffer.alloc(32, 7)), others: [], suite }) };
}

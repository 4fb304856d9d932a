import { join } from 'node:path';
import { openMasterKeys } from '#platform/master-keys.ts';
import type { VaultSettings } from '#prisma/vault.ts';

/** The vault of a stack, as its API and worker open it: for whoever looks on, and for what is made directly in the database. */
export async function stackVault(dataDir: string): Promise<VaultSettings> {
  const suite = 'aes-256-gcm';
  return { suite, masterKeys: await openMasterKeys({ keysDir: join(dataDir, 'keys'), masterKey: undefined, suite }) };
}

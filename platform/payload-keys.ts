import type { DataKey, Suite } from './crypto/data-key.ts';
import type { PayloadKeys } from './payload-codec.ts';

/** How long a process goes on sealing under a key after a newer one was made. */
const NEWEST_FOR_MS = 60_000;

type Key = { key: DataKey; generation: number; suite: Suite };

/**
 * The installation's keys for payloads, as its vault keeps them. Once read they are kept: they are never destroyed, and a worker must be able to read what it is told
 * while the database is away. For the same reason a newest key that cannot be asked for again is gone on with.
 */
export function vaultPayloadKeys(
  vault: { installationKey(purpose: 'payloads', generation?: number): Promise<Key | undefined> },
  now: () => number = Date.now,
): PayloadKeys {
  const kept = new Map<number, DataKey>();
  let newest: { found: Key; until: number } | undefined;
  let asking: Promise<Key> | undefined;

  async function ask(): Promise<Key> {
    const before = newest?.found;
    // every payload of a workflow task asks at once
    asking ??= vault
      .installationKey('payloads')
      .then((found) => {
        if (!found) throw new Error('the vault made no key for payloads');
        return found;
      })
      .finally(() => (asking = undefined));
    const found = before ? await asking.catch(() => before) : await asking;
    newest = { found, until: now() + NEWEST_FOR_MS };
    kept.set(found.generation, found.key);
    return found;
  }

  return {
    current: async () => (newest && newest.until > now() ? newest.found : ask()),
    async find(generation) {
      const known = kept.get(generation) ?? (await vault.installationKey('payloads', generation))?.key;
      if (known) kept.set(generation, known);
      return known;
    },
  };
}

import { makeDataKey, openDataKey, type DataKey, type Suite } from '#platform/crypto/data-key.ts';
import type { PayloadKeys } from '#platform/payload-codec.ts';

/** Keys in memory; `turn` makes a new generation, as rotation does. */
export type TestPayloadKeys = PayloadKeys & { turn(suite?: Suite): void; forget(generation: number): void };

export function makePayloadKeys(suite: Suite = 'aes-256-gcm', first: Uint8Array = makeDataKey()): TestPayloadKeys {
  const keys = new Map<number, DataKey>([[1, openDataKey(first)]]);
  let newest = { generation: 1, suite };
  return {
    async current() {
      const key = keys.get(newest.generation);
      if (!key) throw new Error('the newest key was forgotten');
      return { ...newest, key };
    },
    find: async (generation) => keys.get(generation),
    turn(next = suite) {
      newest = { generation: newest.generation + 1, suite: next };
      keys.set(newest.generation, openDataKey(makeDataKey()));
    },
    forget: (generation) => void keys.delete(generation),
  };
}

/** Always the same: what is recorded under it can be replayed by a later run. */
export const RECORDED_KEYS = makePayloadKeys('aes-256-gcm', Buffer.alloc(32, 'daozhang'));

import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider';

/** What the provider remembers, until its process ends: sessions, codes, grants. A new memory for each provider. */
export function openMemory(): AdapterConstructor {
  const stored = new Map<string, { payload: AdapterPayload; until: number }>();

  return class implements Adapter {
    readonly #name: string;

    constructor(name: string) {
      this.#name = name;
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      stored.set(this.#key(id), { payload, until: expiresIn > 0 ? Date.now() + expiresIn * 1_000 : Infinity });
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      const found = stored.get(this.#key(id));
      return found && found.until > Date.now() ? found.payload : undefined;
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.#first((payload) => payload.uid === uid);
    }

    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return this.#first((payload) => payload.userCode === userCode);
    }

    async consume(id: string): Promise<void> {
      const found = stored.get(this.#key(id));
      if (found) found.payload.consumed = Math.floor(Date.now() / 1_000);
    }

    async destroy(id: string): Promise<void> {
      stored.delete(this.#key(id));
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      // of this kind alone: an interaction that has the grant goes on when another person signs in
      for (const [key, { payload }] of stored) if (key.startsWith(`${this.#name}:`) && payload.grantId === grantId) stored.delete(key);
    }

    #key(id: string): string {
      return `${this.#name}:${id}`;
    }

    #first(fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
      for (const [key, { payload, until }] of stored) if (key.startsWith(`${this.#name}:`) && until > Date.now() && fits(payload)) return payload;
      return undefined;
    }
  };
}

/**
 * The most recently used `size` values, each for `ttlMs` from when it was put in, however often it is used: a key that another process destroyed is gone
 * from here as well by then, and not only overlooked.
 */
export type KeyCache<Value> = { get(id: string): Value | undefined; put(id: string, value: Value): void; drop(id: string): void };

export function createKeyCache<Value>({ size, ttlMs }: { size: number; ttlMs: number }): KeyCache<Value> {
  const entries = new Map<string, { value: Value; timer: NodeJS.Timeout }>();
  const drop = (id: string): void => {
    clearTimeout(entries.get(id)?.timer);
    entries.delete(id);
  };
  return {
    drop,
    get(id) {
      const entry = entries.get(id);
      if (!entry) return undefined;
      entries.delete(id);
      entries.set(id, entry);
      return entry.value;
    },
    put(id, value) {
      drop(id);
      entries.set(id, { value, timer: setTimeout(() => entries.delete(id), ttlMs).unref() });
      const [oldest] = entries.keys();
      if (entries.size > size && oldest !== undefined) drop(oldest);
    },
  };
}

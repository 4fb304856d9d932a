import { open } from 'node:fs/promises';

/** What every entry carries besides its own fields: a number without gaps and the real time it was written. */
export type Entry<Fields> = Fields & { n: number; at: string };

/** An append-only JSONL file that the simulator's whole state is folded from. */
export type Ledger<Fields> = {
  /** Applies the entry at once and queues it for the disk; await `synced` before anybody outside hears of it. */
  append(fields: Fields): Entry<Fields>;
  /** Resolves when everything appended so far is on disk. Concurrent callers share one write and one fsync. */
  synced(): Promise<void>;
  /** Every entry on disk, oldest first. */
  read(): Promise<Entry<Fields>[]>;
};

/**
 * Opens (or creates) the ledger and hands every entry that it holds to `apply`, in order.
 * A last line cut short by a kill was never acknowledged to anybody, and is cut off.
 */
export async function openLedger<Fields extends { kind: string }>(options: { path: string; apply: (entry: Entry<Fields>) => void }): Promise<Ledger<Fields>> {
  const file = await open(options.path, 'a+', 0o600);
  const load = async () => {
    const text = await readAll();
    const whole = text.subarray(0, text.lastIndexOf('\n') + 1);
    const lines = whole.toString('utf8').split('\n').slice(0, -1);
    return { size: whole.length, entries: lines.map((line) => JSON.parse(line) as Entry<Fields>) };
  };
  const readAll = async () => {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(size);
    let read = 0;
    while (read < size) {
      const { bytesRead } = await file.read(buffer, read, size - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return buffer.subarray(0, read);
  };

  const loaded = await load();
  await file.truncate(loaded.size);
  for (const entry of loaded.entries) options.apply(entry);

  let appended = loaded.entries.length;
  let durable = appended;
  let queue: string[] = [];
  let flushing: Promise<void> | undefined;

  const flush = async () => {
    const upTo = appended;
    const lines = queue;
    queue = [];
    await file.appendFile(lines.join(''));
    await file.datasync();
    durable = upTo;
  };
  const synced = async () => {
    const target = appended;
    while (durable < target) {
      flushing ??= flush().finally(() => (flushing = undefined));
      await flushing;
    }
  };

  return {
    append(fields) {
      const entry = { n: ++appended, at: new Date().toISOString(), ...fields };
      queue.push(`${JSON.stringify(entry)}\n`);
      options.apply(entry);
      // A disk that refuses is the end of a ledger that promised to remember: the rejection stops the process.
      setImmediate(() => void synced());
      return entry;
    },
    synced,
    async read() {
      await synced();
      return (await load()).entries;
    },
  };
}

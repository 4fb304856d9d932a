import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Where the sealed content of documents lies. A key is made by the caller of a unit and a hash, `<unit id>/<64 hex>`, and says nothing of the content: content under a key
 * never changes, so putting it twice is putting it once.
 */
export type DocumentStore = {
  /** Returns when the content would survive a power cut. */
  put(key: string, content: Uint8Array): Promise<void>;
  /** Whole, because nothing of it may be used before its seal was checked; undefined where there is none. */
  get(key: string): Promise<Buffer | undefined>;
  stat(key: string): Promise<{ sizeBytes: number } | undefined>;
  /** Takes back what no row came to name. */
  remove(key: string): Promise<void>;
};

const KEY = /^[0-9a-f-]{36}\/[0-9a-f]{64}$/;

/** Documents as files under `dir`, in two levels so that no directory grows without bound. */
export function fileDocumentStore(dir: string): DocumentStore {
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new RangeError('not a key of a document');
    const [unit = '', hash = ''] = key.split('/');
    return join(dir, unit, hash.slice(0, 2), hash);
  };
  const statOf = async (key: string): Promise<{ sizeBytes: number } | undefined> => {
    try {
      return { sizeBytes: (await stat(pathOf(key))).size };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    stat: statOf,
    async put(key, content) {
      if ((await statOf(key))?.sizeBytes === content.byteLength) return;
      const path = pathOf(key);
      const draft = `${path}.${randomUUID()}`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      try {
        await writeSynced(draft, content);
        await rename(draft, path);
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        throw error;
      }
      await syncDirectories(dirname(path), dir);
    },
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async remove(key) {
      await unlink(pathOf(key)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is on disk only when its directory is, and so on up. */
async function syncDirectories(from: string, to: string): Promise<void> {
  for (let each = from; each.startsWith(to); each = dirname(each)) {
    const directory = await open(each, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Where the signed roots of the audit go: out of the reach of whoever rules the database. Names are paths with slashes. A directory that another machine
 * collects, or a mount that cannot be rewritten.
 */
export type AuditExport = {
  /** Stores a file under a name that is free. `differs`: there is one with other content, which stays as it is. */
  put(name: string, content: string): Promise<'written' | 'same' | 'differs'>;
  get(name: string): Promise<string | undefined>;
  /** What lies in a folder, files and folders, by name in their order; '' is the top. */
  list(folder: string): Promise<string[]>;
};

export function fileAuditExport(dir: string): AuditExport {
  return {
    async put(name, content) {
      const path = join(dir, name);
      const there = await readIfThere(path);
      if (there !== undefined) return there === content ? 'same' : 'differs';
      await mkdir(dirname(path), { recursive: true });
      const draft = join(dirname(path), `.${randomUUID()}`);
      const file = await open(draft, 'wx', 0o644);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        // unlike a rename, a link refuses where another process was first
        await link(draft, path);
        return 'written';
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
        return (await readIfThere(path)) === content ? 'same' : 'differs';
      } finally {
        await unlink(draft);
      }
    },
    get: (name) => readIfThere(join(dir, name)),
    async list(folder) {
      try {
        return (await readdir(join(dir, folder))).filter((name) => !name.startsWith('.')).toSorted();
      } catch (error) {
        if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
        throw error;
      }
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const isErrno = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

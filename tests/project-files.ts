import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What installs, runs and other tools put into a checkout. */
const NOT_OURS = new Set(['node_modules', '.git', '.daozhang', 'coverage', 'generated', 'dist']);

/** Every file of the project, whether it is committed yet or not: paths from the root, with slashes. */
export function projectFiles(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? projectFiles(path) : [path];
    })
    .toSorted();
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = join(root, 'console');
export const CONSOLE_DIST = join(pages, 'dist');
const STAMP = 'built-from';

/** What the pages are made of, apart from types. */
const SOURCES = ['console/**/*.{ts,tsx,css,html,svg}', 'domain/**/*.ts', 'package-lock.json'];

/** Builds the console where it is not there, or was made of other sources. Processes that do it at once do not meet: each builds aside, and the last stands. */
export async function buildConsole({ report = () => undefined, force = false }: { report?: (line: string) => void; force?: boolean } = {}): Promise<void> {
  const sources = hashOfSources();
  const stamp = join(CONSOLE_DIST, STAMP);
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  report('building the pages of the console');
  const aside = join(root, '.daozhang', `console-${process.pid}`);
  mkdirSync(aside, { recursive: true });
  try {
    await build({ configFile: join(pages, 'vite.config.ts'), mode: 'production', build: { outDir: join(aside, 'new') } });
    compress(join(aside, 'new', 'assets'));
    writeFileSync(join(aside, 'new', STAMP), sources);
    if (existsSync(CONSOLE_DIST)) renameSync(CONSOLE_DIST, join(aside, 'old'));
    renameSync(join(aside, 'new'), CONSOLE_DIST);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Once, as small as it gets, beside the file itself. */
function compress(folder: string): void {
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['console/dist/**'] })).toSorted();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

if (import.meta.main) await buildConsole({ force: true, report: (line) => console.log(line) });

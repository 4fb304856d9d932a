import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Generates the Prisma client after an install. Prisma's command line wants to download its schema engine first,
// which `generate` never runs: any program in its place keeps the install offline.
const home = join(import.meta.dirname, '..');
const cli = commandLine();
if (cli !== undefined) {
  const { status, error } = spawnSync(process.execPath, [cli, 'generate', '--no-hints'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} else if (!existsSync(join(home, 'prisma', 'generated'))) {
  console.error('prisma/generated is missing, and so is Prisma: install once with the development dependencies');
  process.exitCode = 1;
}

function commandLine(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build', 'index.js');
  } catch {
    return undefined;
  }
}

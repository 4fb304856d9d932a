import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess, type ExitStatus, type ProcessSpec } from '../stack/processes.ts';
import { cacheDir } from '../stack/temporal-binary.ts';
import type { World } from './world.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const WITHIN_MS = 240_000;

/**
 * A Python virtual environment with Schemathesis, everything in it pinned by version and hash, in the account's cache. Returns its `st`. Needs
 * python3 (3.11 or newer) with venv and pip.
 */
export async function installSchemathesis({ dataDir, report }: { dataDir: string; report: (line: string) => void }): Promise<string> {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const home = join(cacheDir(), `schemathesis-${version}`);
  const complete = join(home, 'complete');
  const bin = join(home, process.platform === 'win32' ? 'Scripts' : 'bin');
  if (existsSync(complete)) return join(bin, 'st');

  report('installing Schemathesis from the Python package index (once)');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(cacheDir(), { recursive: true });
  await run({ name: 'python-venv', command: process.platform === 'win32' ? 'python' : 'python3', args: ['-m', 'venv', home], dataDir });
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:', '-r', REQUIREMENTS];
  await run({ name: 'pip', command: join(bin, 'python'), args: pip, dataDir });
  // a run that was interrupted leaves no such file: the next one begins anew
  writeFileSync(`${complete}.draft`, '');
  renameSync(`${complete}.draft`, complete);
  return join(bin, 'st');
}

/** Fuzzes the API for about `seconds`. Returns the exit code (0 nothing found, 1 findings, else it could not run) and what it printed. */
export async function fuzz(options: {
  schemathesis: string;
  dataDir: string;
  apiUrl: string;
  token: string;
  world: World;
  seed: number;
  seconds: number;
  examples: number;
}): Promise<{ code: number; output: string }> {
  const { schemathesis, dataDir, apiUrl, token, world, seed, seconds, examples } = options;
  const worldFile = join(dataDir, 'world.json');
  writeFileSync(worldFile, JSON.stringify(world));
  const { code, output } = await finish({
    name: 'schemathesis',
    command: schemathesis,
    args: [
      ...['--config-file', join(import.meta.dirname, 'schemathesis.toml'), 'run', `${apiUrl}/openapi.json`, '--no-color', '--checks', 'all'],
      ...['--seed', String(seed), '--max-time', String(seconds), '--max-examples', String(examples)],
    ],
    env: {
      SCHEMATHESIS_HOOKS: 'hooks',
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: '1',
      DAOZHANG_FUZZ_WORLD: worldFile,
      DAOZHANG_API_KEY: token,
    },
    cwd: dataDir,
    dataDir,
    withinMs: seconds * 1_000 + 60_000,
  });
  return { code: code ?? -1, output };
}

async function run(spec: ProcessSpec): Promise<void> {
  const { code, output } = await finish({ ...spec, withinMs: WITHIN_MS });
  if (code !== 0) throw new Error(`${spec.name} failed:\n${output.trimEnd().split('\n').slice(-20).join('\n')}`);
}

/** Starts a process that ends by itself and waits for it; one that does not end in time is stopped. */
async function finish({ withinMs, ...spec }: ProcessSpec & { withinMs: number }): Promise<ExitStatus & { output: string }> {
  const started = await startProcess(spec);
  const timer = setTimeout(() => void started.stop(), withinMs);
  const status = await started.exited;
  clearTimeout(timer);
  return { ...status, output: readFileSync(started.logFile, 'utf8') };
}

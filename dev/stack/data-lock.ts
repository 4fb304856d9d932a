import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from './process-identity.ts';

type Holder = { pid: number; identity: string | undefined };

/** Another stack that runs uses the data directory. */
export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError';
}

/**
 * Takes a data directory for this process; throws `DataDirInUseError` while another one that lives has it. What a dead
 * one left is taken over. Returns how to let go; the end of the process does so too.
 */
export function lockDataDir(dataDir: string): () => void {
  const file = join(dataDir, 'stack.lock');
  const mine = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) } satisfies Holder);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    while (!placed(draft, file)) removeIfStale(file, dataDir);
  } finally {
    rmSync(draft, { force: true });
  }
  const release = () => {
    process.off('exit', release);
    if (read(file) === mine) rmSync(file, { force: true });
  };
  process.on('exit', release);
  return release;
}

/** `link` fails where the file is there already, and shows it to others only with its content. */
function placed(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(file: string, dataDir: string): void {
  const text = read(file);
  if (text === undefined) return;
  refuseIfHeld(text, dataDir);
  // Two may have found it stale: whoever moves away the lock that the other has just placed finds it held, and puts it back.
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  try {
    if (moved !== undefined && moved !== text) {
      placed(aside, file);
      refuseIfHeld(moved, dataDir);
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

function refuseIfHeld(text: string, dataDir: string): void {
  const holder = JSON.parse(text) as Holder;
  const identity = processIdentity(holder.pid);
  if (identity === undefined || identity !== holder.identity) return;
  throw new DataDirInUseError(`${dataDir} is in use by another stack (pid ${holder.pid}): stop that one, or give this one another data directory`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';

/** How a process ended: exactly one of the two is set. */
export type ExitStatus = { code: number | null; signal: NodeJS.Signals | null };

/** When a started process counts as ready: a line in its log, a URL answering 2xx, or any question of ours. */
export type Readiness = { line: RegExp } | { url: string } | { probe: () => Promise<boolean> };

export type ManagedProcess = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ExitStatus>;
  /** Asks it to stop, and kills it when it has not within `stopWithinMs`. */
  stop(): Promise<void>;
  /** SIGKILL: what a crash looks like to the others. */
  kill(): Promise<void>;
};

export type ProcessSpec = {
  /** Names the process in messages, its log `<dataDir>/logs/<name>.log` and its pid file. */
  name: string;
  command: string;
  args?: readonly string[];
  /** Added to this process' own environment; undefined removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Runs it as another account (only root can). */
  account?: { uid: number; gid: number } | undefined;
  dataDir: string;
  ready?: Readiness;
  /** How long it may take to become ready; default 60 s. */
  readyWithinMs?: number;
  stopSignal?: NodeJS.Signals;
  /** Default 15 s. */
  stopWithinMs?: number;
};

const running: ManagedProcess[] = [];
const children = new Map<number, ChildProcess>();

/** A process that ended before it was ready, or was not ready in time. The message carries the end of its log. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';
  readonly log: string;

  constructor(message: string, log: string) {
    super(log === '' ? message : `${message}\n${log}`);
    this.log = log;
  }
}

/**
 * Starts a process, waits until it is ready and keeps watch over it: whatever ends this process ends the child too.
 * Should one survive nevertheless, the next start with the same data directory finds it by its pid file and stops it.
 */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  watchOverChildren();
  const logFile = join(spec.dataDir, 'logs', `${spec.name}.log`);
  const pidFile = join(spec.dataDir, 'run', `${spec.name}.json`);
  mkdirSync(join(spec.dataDir, 'logs'), { recursive: true });
  mkdirSync(join(spec.dataDir, 'run'), { recursive: true });
  await stopLeftover(pidFile);

  const log = openSync(logFile, 'a');
  const logStart = statSync(logFile).size;
  // Its own process group: Ctrl-C in a terminal must reach only the parent, which stops the children in order.
  const child = spawn(spec.command, spec.args ?? [], {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
    ...spec.account,
  });
  closeSync(log);
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ProcessStartError(`${spec.name} could not be started: ${(error as Error).message}`, '');
  }
  const pid = child.pid;
  if (pid === undefined) throw new ProcessStartError(`${spec.name} has no process id`, '');
  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  children.set(pid, child);
  tellWatchdog();
  writeFileSync(pidFile, JSON.stringify({ pid, identity: processIdentity(pid), stopSignal }));

  const managed: ManagedProcess = {
    name: spec.name,
    pid,
    logFile,
    exited,
    stop: () => end(child, exited, stopSignal, spec.stopWithinMs ?? 15_000),
    kill: () => end(child, exited, 'SIGKILL', 15_000),
  };
  running.push(managed);
  void exited.then(() => {
    children.delete(pid);
    tellWatchdog();
    running.splice(running.indexOf(managed), 1);
    rmSync(pidFile, { force: true });
  });
  if (spec.ready !== undefined) {
    try {
      await untilReady(managed, spec.ready, logStart, spec.readyWithinMs ?? 60_000);
    } catch (error) {
      await managed.kill();
      throw error;
    }
  }
  return managed;
}

/** Starts one of our own TypeScript entries with the Node that runs this process. */
export function startNode(spec: Omit<ProcessSpec, 'command'> & { entry: string }): Promise<ManagedProcess> {
  const { entry, args = [], ...rest } = spec;
  return startProcess({ ...rest, command: process.execPath, args: [entry, ...args] });
}

/** Stops everything that `startProcess` started here and that still runs, the youngest first. */
export async function stopAll(): Promise<void> {
  for (const managed of running.toReversed()) await managed.stop();
}

/** Stops what an earlier run with this data directory left behind because it was killed. Returns the names. */
export async function stopLeftovers(dataDir: string): Promise<string[]> {
  const stopped: string[] = [];
  const runDir = join(dataDir, 'run');
  mkdirSync(runDir, { recursive: true });
  for (const file of readdirSync(runDir).filter((name) => name.endsWith('.json'))) {
    if (await stopLeftover(join(runDir, file))) stopped.push(file.slice(0, -'.json'.length));
  }
  return stopped;
}

type Interruption = { announce: (signal: NodeJS.Signals) => void; exitCode?: number };
let interruption: Interruption = { announce: () => undefined };

/** What to say, and with which code to exit (default 128 + the signal's number), when the run is interrupted. */
export function onInterruption(settings: Interruption): void {
  interruption = settings;
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
let watching = false;
let interrupted = false;

function watchOverChildren(): void {
  if (watching) return;
  watching = true;
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const exitCode = interruption.exitCode ?? 128 + signalNumbers[signal];
      // Asked twice: the hook on 'exit' ends the children at once.
      if (interrupted) process.exit(exitCode);
      interrupted = true;
      interruption.announce(signal);
      void stopAll().finally(() => process.exit(exitCode));
    });
  }
  process.on('exit', () => {
    for (const child of children.values()) child.kill('SIGKILL');
  });
}

let watchdog: Writable | undefined;

/**
 * Nothing in a process can act on its own SIGKILL. A shell reads the pids of our children from a pipe, and when the
 * pipe closes because we are gone, it kills those of the last line.
 */
function tellWatchdog(): void {
  if (process.platform === 'win32') return;
  watchdog ??= startWatchdog();
  watchdog.write(`${[...children.keys()].join(' ')}\n`);
}

function startWatchdog(): Writable {
  const script = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids';
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  (shell.stdin as Socket).unref();
  shell.stdin.on('error', () => undefined);
  return shell.stdin;
}

async function end(child: ChildProcess, exited: Promise<ExitStatus>, signal: NodeJS.Signals, withinMs: number): Promise<void> {
  child.kill(signal);
  const bound = new AbortController();
  const tooLate = delay(withinMs, 'too late' as const, { signal: bound.signal }).catch(() => undefined);
  if ((await Promise.race([exited, tooLate])) === 'too late') child.kill('SIGKILL');
  bound.abort();
  await exited;
}

async function stopLeftover(pidFile: string): Promise<boolean> {
  let left: { pid: number; identity: string; stopSignal: NodeJS.Signals };
  try {
    left = JSON.parse(readFileSync(pidFile, 'utf8'));
  } catch {
    return false;
  }
  const lives = () => processIdentity(left.pid) === left.identity;
  const found = lives();
  for (const [signal, withinMs] of [
    [left.stopSignal, 15_000],
    ['SIGKILL', 15_000],
  ] as const) {
    if (!lives()) break;
    process.kill(left.pid, signal);
    const bound = Date.now() + withinMs;
    while (lives() && Date.now() < bound) await delay(50);
  }
  rmSync(pidFile, { force: true });
  return found;
}

async function untilReady(managed: ManagedProcess, ready: Readiness, logStart: number, withinMs: number): Promise<void> {
  let ended: ExitStatus | undefined;
  void managed.exited.then((status) => (ended = status));
  const bound = Date.now() + withinMs;
  while (true) {
    if (ended !== undefined) {
      const how = ended.signal ?? `exit code ${ended.code}`;
      throw new ProcessStartError(`${managed.name} ended before it was ready (${how}); log: ${managed.logFile}`, lastLines(managed.logFile, logStart));
    }
    if (await isReady(ready, () => readFileSync(managed.logFile).subarray(logStart).toString('utf8'))) return;
    if (Date.now() > bound) {
      throw new ProcessStartError(`${managed.name} was not ready within ${withinMs / 1000} s; log: ${managed.logFile}`, lastLines(managed.logFile, logStart));
    }
    await delay(50);
  }
}

async function isReady(ready: Readiness, readLog: () => string): Promise<boolean> {
  if ('probe' in ready) return ready.probe();
  if ('line' in ready) return ready.line.test(readLog());
  try {
    const response = await fetch(ready.url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function lastLines(file: string, from: number): string {
  return readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n').slice(-20).join('\n');
}

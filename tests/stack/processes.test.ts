import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { DataDirInUseError, lockDataDir } from '#dev/stack/data-lock.ts';
import { freePort, takePort } from '#dev/stack/ports.ts';
import { processIdentity } from '#dev/stack/process-identity.ts';
import { ProcessStartError, startNode, startProcess, stopLeftovers } from '#dev/stack/processes.ts';
import { eventually } from './eventually.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
let dataDir: string;
beforeEach(() => {
  dataDir = temporaryDataDir();
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a child', () => {
  test('is killed when it does not stop, and its log is kept', async () => {
    const entry = join(fixtures, 'child.ts');
    const child = await startNode({ name: 'stubborn', entry, dataDir, ready: { line: /^ready$/m }, stopWithinMs: 300 });
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(processIdentity(child.pid)).toBeUndefined();
    expect(existsSync(join(dataDir, 'logs', 'stubborn.log'))).toBe(true);
    expect(existsSync(join(dataDir, 'run', 'stubborn.json'))).toBe(false);
  });

  test('that ends before it is ready is reported with the end of its log', async () => {
    const args = ['-e', 'console.error("no such bureau"); process.exit(3)'];
    const started = startProcess({ name: 'broken', command: process.execPath, args, dataDir, ready: { line: /never/ } });
    await expect(started).rejects.toThrow(ProcessStartError);
    await expect(started).rejects.toThrow(/broken ended before it was ready \(exit code 3\).*no such bureau/s);
  });

  test('that cannot be started at all is reported', async () => {
    const started = startProcess({ name: 'absent', command: join(dataDir, 'absent'), dataDir });
    await expect(started).rejects.toThrow(/absent could not be started.*ENOENT/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGKILL', null],
  ] as const)('does not outlive a parent that gets %s', async (signal, exitCode) => {
    const { parent, childPid } = await startParent();
    parent.kill(signal);
    const [code] = await once(parent, 'exit');
    expect(code).toBe(exitCode);
    await eventually(() => processIdentity(childPid) === undefined);
  });

  test('does not outlive a parent that dies of an exception', async () => {
    const { parent, childPid } = await startParent('throw');
    if (parent.exitCode === null) await once(parent, 'exit');
    expect(parent.exitCode).toBe(1);
    await eventually(() => processIdentity(childPid) === undefined);
  });

  test('left behind by an earlier run is stopped by the next, and nobody else is', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const [left, other] = [child.pid, bystander.pid];
    if (left === undefined || other === undefined) throw new Error('not started');
    mkdirSync(join(dataDir, 'run'));
    const record = (name: string, pid: number, identity: string | undefined) =>
      writeFileSync(join(dataDir, 'run', `${name}.json`), JSON.stringify({ pid, identity, stopSignal: 'SIGTERM' }));
    record('worker', left, processIdentity(left));
    // The same pid, of which the record says that an earlier process had it.
    record('api', other, `${other} 1`);
    try {
      expect(await stopLeftovers(dataDir)).toEqual(['worker']);
      await eventually(() => processIdentity(left) === undefined);
      expect(processIdentity(other)).toBeDefined();
    } finally {
      bystander.kill('SIGKILL');
      child.kill('SIGKILL');
    }
  });

  async function startParent(ending?: 'throw') {
    const args = [join(fixtures, 'parent.ts'), dataDir, ...(ending === undefined ? [] : [ending])];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await Promise.race([once(parent.stdout.setEncoding('utf8'), 'data'), once(parent.stdout, 'end')]);
    const childPid = Number(line);
    expect(childPid).toBeGreaterThan(1);
    return { parent, childPid };
  }
});

describe('a data directory', () => {
  test('belongs to one stack at a time', () => {
    const release = lockDataDir(dataDir);
    expect(() => lockDataDir(dataDir)).toThrow(DataDirInUseError);
    expect(() => lockDataDir(dataDir)).toThrow(`pid ${process.pid}`);
    release();
    lockDataDir(dataDir)();
  });

  test('of a stack that died is taken over', () => {
    writeFileSync(join(dataDir, 'stack.lock'), JSON.stringify({ pid: process.pid, identity: `${process.pid} 1` }));
    lockDataDir(dataDir)();
    expect(existsSync(join(dataDir, 'stack.lock'))).toBe(false);
  });
});

describe('a port', () => {
  test('that is free is taken silently; one in use is named with its holder, and another taken', async () => {
    const lines: string[] = [];
    const preferred = await freePort();
    const wanted = { preferred, purpose: 'API', report: (line: string) => void lines.push(line) };
    expect(await takePort(wanted)).toBe(preferred);
    expect(lines).toEqual([]);

    const server = createServer().listen(preferred, '127.0.0.1');
    await once(server, 'listening');
    try {
      const other = await takePort(wanted);
      expect(other).not.toBe(preferred);
      expect(lines).toEqual([expect.stringContaining(`port ${preferred} (API) is in use by`)]);
      if (process.platform === 'linux') expect(lines[0]).toContain(`(pid ${process.pid}), taking ${other}`);
    } finally {
      server.close();
    }
  });
});

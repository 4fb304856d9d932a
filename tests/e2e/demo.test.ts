import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { eventually } from './world.ts';

const dataDir = temporaryDataDir();
/** The ports that a stack prefers. One of them is taken here; it does not matter which, if somebody else has some of them. */
const PREFERRED_PORTS = [8_080, 8_233, 8_025, 1_025, 7_233, 15_432];
let occupier: Server;
let occupied: number;

beforeAll(async () => {
  for (const port of PREFERRED_PORTS) {
    const server = await listenOn(port);
    if (!server) continue;
    [occupier, occupied] = [server, port];
    return;
  }
  throw new Error('somebody else has every port that a stack prefers');
});
afterAll(() => {
  occupier.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function startDemo(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const entry = fileURLToPath(new URL('../../dev/demo.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, '--data', dataDir, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return { child, output: () => text, ended: once(child, 'close').then(([code]) => code as number | null) };
}

/** Processes whose command line names the data directory, or that one of its pid files names. */
function leftBehind(): string[] {
  const pids = new Set(readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)));
  const named = [...pids].filter((pid) => Number(pid) !== process.pid && commandOf(pid).includes(dataDir)).map(commandOf);
  const recorded = readdirSync(join(dataDir, 'run')).filter((file) =>
    pids.has(String((JSON.parse(readFileSync(join(dataDir, 'run', file), 'utf8')) as { pid: number }).pid)),
  );
  return [...named, ...recorded];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test.each(['first', 'second'])('the demonstration ends by itself with the money in the account: %s run on one data directory', async () => {
  const demo = startDemo('--once');
  expect(await demo.ended, demo.output()).toBe(0);
  const lines = demo.output().trimEnd().split('\n');
  const summary = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  // 31 000 and 15 000 of classes 甲 and 乙, less 900 deductible, at 82 %: 24 682.00 + 12 300.00; class 丙 is not paid.
  expect(summary).toMatchObject({
    state: 'PAID',
    stages: ['SUBMITTED', 'BUREAU_REVIEW', 'APPROVED', 'PAYMENT', 'MONEY_ARRIVED'].map((stage) => ({ stage, at: expect.any(String) })),
    payments: [{ reference: expect.any(String), amount: '36982.00', status: 'SUCCEEDED' }],
    events: expect.any(Number),
    seconds: expect.any(Number),
  });
  expect(Object.keys(summary)).toEqual(['claim', 'state', 'stages', 'payments', 'events', 'seconds']);
  // before submitting: 10 % of class 乙 are 1 500.00; 31 000 + 13 500 − 900 = 43 600.00, × 82 % = 35 752.00
  expect(demo.output()).toContain('50 000.00 = 35 752.00 医保统筹报销 + 900.00 起付线 + 7 848.00 按比例自付 + 1 500.00 乙类先行自付 + 4 000.00 目录外自费');
  expect(demo.output()).toContain('4 000.00 = 4 000.00 not in the catalogue');
  // the simulated bureau asks nothing beforehand of class 乙: 1 500 × 82 % = 1 230.00 more
  expect(demo.output()).toContain('estimated 35752.00, decided 36982.00: difference 1230.00');
  expect(demo.output()).toMatch(/缺 · missing: 处方或门诊病历 · Prescription or outpatient record\n[^]*补齐后 · once it is there: .+ 医保局审核中/);
  expect(demo.output()).toMatch(
    new RegExp(`票据相同 · The same invoice .+: ${String(summary['claim'])}, SJZ-RD\\n[^]*重复报销 · Denied: This was claimed before`),
  );
  expect(demo.output()).toMatch(new RegExp(`port ${occupied} \\(.+\\) is in use by .+, taking \\d+`));
  expect(leftBehind()).toEqual([]);
});

test('Ctrl-C in the middle of it stops everything that was started', async () => {
  const demo = startDemo();
  await eventually('the claim on its way', async () => /whose turn/.test(demo.output()));
  expect(leftBehind()).not.toEqual([]);
  demo.child.kill('SIGINT');
  expect(await demo.ended, demo.output()).toBe(0);
  expect(demo.output()).toContain('stopping everything that was started');
  expect(leftBehind()).toEqual([]);
});

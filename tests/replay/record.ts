import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HISTORIES } from './histories.ts';

/** Records the histories of all paths anew: `npm run histories:record`. After an incompatible change on purpose, never to silence the gate. */
rmSync(HISTORIES, { recursive: true, force: true });
const vitest = fileURLToPath(new URL('./vitest.mjs', import.meta.resolve('vitest/package.json')));
const { status } = spawnSync(process.execPath, [vitest, 'run', 'tests/workflows'], { stdio: 'inherit', env: { ...process.env, RECORD_HISTORIES: '1' } });
process.exitCode = status ?? 1;

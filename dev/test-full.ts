import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `npm run test:full`: the pages of the console in all combinations of width, scheme and language, where `npm test` has every pair. */
const vitest = fileURLToPath(import.meta.resolve('vitest/vitest.mjs'));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'console', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, TEST_FULL: '1' },
});
process.exit(status ?? 1);

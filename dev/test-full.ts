import { startVitest } from 'vitest/node';

/** `npm run test:full`: the pages of the console in all combinations of width, scheme and language, where `npm test` has every pair. Arguments name files. */
process.env['TEST_FULL'] = '1';
const vitest = await startVitest('test', process.argv.slice(2), { run: true, project: ['console'] });
await vitest.close();

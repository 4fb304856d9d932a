import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bundleWorkflows } from '#activities/claim-workers.ts';

/** `npm run bundle -- FILE`: the workflow code as one file, for WORKFLOW_BUNDLE. Made once per release, so that no worker spends its start on it. */
const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: npm run bundle -- FILE');
  process.exit(1);
}
const { code } = await bundleWorkflows();
mkdirSync(dirname(resolve(file)), { recursive: true });
writeFileSync(file, code);
console.log(`wrote ${file}`);

import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createApiClient } from './client.ts';
import { findDamage } from './fuzz/invariants.ts';
import { fuzz, installSchemathesis } from './fuzz/schemathesis.ts';
import { makeWorld } from './fuzz/world.ts';
import { bootstrap } from './seed.ts';
import { temporaryDataDir } from './stack/data-dir.ts';
import { freePort } from './stack/ports.ts';
import { BRISK_WORLD, startProduct } from './stack/product.ts';
import { startInfrastructure } from './stack/stack.ts';

/**
 * `npm run fuzz`: Schemathesis over the whole API of a stack of its own, with a worker, bureaus and a bank behind it. Fails where an answer is a 5xx,
 * is not as /openapi.json says, or takes what it should refuse, and where the database or the logs show afterwards that something was left half done.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '20261118' },
    seconds: { type: 'string', default: '75' },
    examples: { type: 'string', default: '15' },
    /** leaves the data directory with all logs */
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const dataDir = temporaryDataDir();
const report = (line: string): void => console.log(`  · ${line}`);

const findings = await run().catch((error: unknown) => [`it could not be carried out: ${error instanceof Error ? error.message : String(error)}`]);
if (!values.keep) rmSync(dataDir, { recursive: true, force: true });
for (const finding of findings) console.error(`\n✗ ${finding}`);
console.log(findings.length === 0 ? `\nNothing found (seed ${seed}).` : `\n${findings.length} findings. Again: npm run fuzz -- --seed ${seed} --keep`);
process.exit(findings.length === 0 ? 0 : 1);

async function run(): Promise<string[]> {
  console.log(`Fuzzing the API, seed ${seed}, data in ${dataDir}`);
  const schemathesis = await installSchemathesis({ dataDir, report });
  const ports = { postgres: await freePort(), temporal: await freePort(), temporalUi: await freePort(), smtp: await freePort(), mail: await freePort() };
  const infrastructure = await startInfrastructure({ dataDir, inMemoryTemporal: true, ports, report, env: { ...process.env, TEMPORAL_ADDRESS: undefined } });
  try {
    const { databaseUrl, temporal, mail } = infrastructure;
    const token = await bootstrap({ databaseUrl, dataDir });
    const product = await startProduct({ dataDir, databaseUrl, temporal, smtpUrl: mail.smtpUrl, world: BRISK_WORLD, report });
    report('filling it with people and claims');
    const api = createApiClient({ url: product.apiUrl, token });
    const world = await makeWorld({ api, product, webhookUrl: `${mail.httpUrl}/webhooks` });
    report(`fuzzing for ${values.seconds} s`);
    const { code, output } = await fuzz({
      ...{ schemathesis, dataDir, apiUrl: product.apiUrl, token, world, seed },
      seconds: Number(values.seconds),
      examples: Number(values.examples),
    });
    console.log(code === 0 ? output.slice(output.lastIndexOf('=== SUMMARY')) : output);
    report('looking at what is left');
    const damage = await findDamage({ api, databaseUrl, dataDir, product });
    return [...(code === 0 ? [] : [code === 1 ? 'Schemathesis found the failures above' : `Schemathesis ended with ${code}`]), ...damage];
  } finally {
    await infrastructure.stop();
  }
}

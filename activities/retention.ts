import { parseArgs } from 'node:util';
import { ERASED, ERASURE_RULES } from '#domain/retention/periods.ts';
import { readWorkerConfig } from '#platform/config.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import { readGateways } from '#platform/gateways.ts';
import { chineseHolidays } from '#platform/holidays.ts';
import { openMasterKeys } from '#platform/master-keys.ts';
import { openDatabase } from '#prisma/database.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { retentionActivities, type Erased } from './retention/erase.ts';

/**
 * `npm run retention`: erases now what the nightly run would erase. Takes the worker's environment. With `-- --dry-run` it counts what is due and touches nothing.
 */
const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
try {
  const config = readWorkerConfig(process.env);
  const [bank] = (await readGateways(config.gatewaysFile)).banks;
  if (!bank) throw new Error('GATEWAYS_FILE declares no bank');
  const vault = { suite: config.fieldSuite, masterKeys: await openMasterKeys({ ...config, suite: config.fieldSuite }) };
  const database = openDatabase({ url: config.databaseUrl, poolSize: 2, vault, group: 'daozhang_worker' });
  try {
    const retention = retentionActivities({
      database,
      documents: fileDocumentStore(config.documentDir),
      clockwork: clockworkReader({ database, published: chineseHolidays(), bank }),
    });
    const at = new Date().toISOString();
    const erased = values['dry-run'] ? await retention.countAllDue({ at }) : await retention.eraseDue({ at });
    console.log(values['dry-run'] ? 'due, and left alone:' : 'erased:');
    for (const line of tableOf(erased)) console.log(line);
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(`Nothing more was erased: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function tableOf(erased: Erased): string[] {
  return ERASURE_RULES.map((rule) => `${rule.padEnd(22)}${String(erased[rule] ?? 0).padStart(8)}  ${ERASED[rule].en}`);
}

import { parseArgs } from 'node:util';
import { readWorkerConfig } from '#platform/config.ts';
import { makeMasterKeyFile, masterKeyFiles, openMasterKeys } from '#platform/master-keys.ts';
import { openDatabase } from '#prisma/database.ts';
import { countByMasterKey, rewrapInstallationKeys, rewrapPersonKeys } from '#prisma/queries/key-rotation.ts';

/**
 * `npm run keys:rotate [-- --new] [--batch N]`: wraps every data key under the current master key, while everything else runs. `--new` makes a new master key
 * first, where they are files. Takes the worker's environment. May be killed at any moment, and run again: what is done stays done. Exit code 0: nothing is
 * wrapped by an older key any more; 1: something is, or nobody knows.
 */
try {
  const { values } = parseArgs({ options: { new: { type: 'boolean', default: false }, batch: { type: 'string', default: '500' } } });
  const limit = Number(values.batch);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new Error('--batch must be a whole number above zero');
  const config = readWorkerConfig(process.env);
  const inFiles = config.masterKey === undefined;
  if (values.new && !inFiles) throw new Error('--new is for files: the master keys come from the environment here (docs/operations.md)');
  const masterKeys = await openMasterKeys({ ...config, suite: config.fieldSuite });
  if (values.new) console.log(`made ${(await makeMasterKeyFile(config.keysDir)).path}`);
  const database = openDatabase({ url: config.databaseUrl, poolSize: 2, group: 'daozhang_worker' });
  try {
    await rewrapInstallationKeys({ database, masterKeys });
    let people = await rewrapPersonKeys({ database, masterKeys, limit });
    let total = people.rewrapped;
    while (people.last) {
      console.log(`rewrapped ${total} keys of people`);
      people = await rewrapPersonKeys({ database, masterKeys, limit }, people.last);
      total += people.rewrapped;
    }
    const current = await masterKeys.currentId();
    const counts = await countByMasterKey(database);
    const files = inFiles ? await masterKeyFiles(config.keysDir) : new Map<string, string>();
    for (const id of new Set([current, ...files.keys(), ...counts.keys()])) {
      const keys = counts.get(id) ?? 0;
      console.log(
        `master key ${id}${files.has(id) ? ` (${files.get(id)})` : ''} wraps ${keys} keys${verdict({ isCurrent: id === current, isHere: !inFiles || files.has(id), keys })}`,
      );
    }
    process.exitCode = [...counts.keys()].every((id) => id === current) ? 0 : 1;
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(`Keys could not be rotated: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function verdict({ isCurrent, isHere, keys }: { isCurrent: boolean; isHere: boolean; keys: number }): string {
  if (isCurrent) return ': the current one';
  if (keys === 0) return ': nothing any more, it may be removed';
  return isHere ? ': keep it, and run this again' : ': NOT HERE, bring it back';
}

import { createHash, type KeyObject } from 'node:crypto';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataKey, type DataKey, type Suite } from './crypto/data-key.ts';
import { seal, unseal } from './crypto/envelope.ts';
import { UnknownMasterKey, type MasterKeys } from './crypto/master-keys.ts';
import { loadKeyFile } from './keys.ts';

type MasterKey = { id: string; key: DataKey };

/** Where the master keys are: in the environment if it names one, else in `keysDir`. `suite`: what data keys are wrapped with. */
export async function openMasterKeys({
  keysDir,
  masterKey,
  suite,
}: {
  keysDir: string;
  masterKey: { current: KeyObject; others: readonly KeyObject[] } | undefined;
  suite: Suite;
}): Promise<MasterKeys> {
  return masterKey ? environmentMasterKeys({ ...masterKey, suite }) : fileMasterKeys({ dir: join(keysDir, 'master'), suite });
}

/** `others` open what they once wrapped, or what a process that is a step ahead wraps already. */
export function environmentMasterKeys({ current, others, suite }: { current: KeyObject; others: readonly KeyObject[]; suite: Suite }): MasterKeys {
  const newest = masterKeyOf(current);
  const known = new Map([newest, ...others.map(masterKeyOf)].map((one) => [one.id, one]));
  return masterKeys({ suite, current: async () => newest, find: async (id) => known.get(id) });
}

/**
 * Files `1.key`, `2.key` …, the highest number being the current one; the first is made if there is none. A key that another process made since is found when
 * it is needed, so that a rotation restarts nobody.
 */
export async function fileMasterKeys({ dir, suite }: { dir: string; suite: Suite }): Promise<MasterKeys> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  if ((await numbersIn(dir)).length === 0) await loadKeyFile(keyPath(dir, 1));

  const read = new Map<number, MasterKey>();
  const load = async (number: number): Promise<MasterKey> => {
    const known = read.get(number) ?? masterKeyOf(await loadKeyFile(keyPath(dir, number), { make: false }));
    read.set(number, known);
    return known;
  };
  const current = async (): Promise<MasterKey> => load(Math.max(...(await numbersIn(dir))));
  const find = async (id: string): Promise<MasterKey | undefined> => {
    const known = [...read.values()].find((one) => one.id === id);
    return known ?? (await Promise.all((await numbersIn(dir)).map(load))).find((one) => one.id === id);
  };
  await current();
  return masterKeys({ suite, current, find });
}

/** Makes the next file, which is the current one from then on. Returns the key's id and its file. */
export async function makeMasterKeyFile(keysDir: string): Promise<{ id: string; path: string }> {
  const dir = join(keysDir, 'master');
  const path = keyPath(dir, Math.max(0, ...(await numbersIn(dir))) + 1);
  return { id: masterKeyOf(await loadKeyFile(path)).id, path };
}

/** Where the file of each master key lies: an operator removes files, not ids. */
export async function masterKeyFiles(keysDir: string): Promise<Map<string, string>> {
  const dir = join(keysDir, 'master');
  const paths = (await numbersIn(dir)).map((number) => keyPath(dir, number));
  return new Map(await Promise.all(paths.map(async (path) => [masterKeyOf(await loadKeyFile(path, { make: false })).id, path] as const)));
}

function masterKeys({ suite, current, find }: { suite: Suite; current(): Promise<MasterKey>; find(id: string): Promise<MasterKey | undefined> }): MasterKeys {
  return {
    async currentId() {
      return (await current()).id;
    },
    async wrap(dataKey, aad) {
      const { id, key } = await current();
      return { masterKeyId: id, wrapped: seal({ key, suite, aad }, dataKey) };
    },
    async unwrap({ masterKeyId, wrapped }, aad) {
      const master = await find(masterKeyId);
      if (!master) throw new UnknownMasterKey(masterKeyId);
      return unseal({ key: master.key, aad }, wrapped);
    },
  };
}

/** The id says which key it is, not where it lies: a file under a wrong name, or of another installation, is noticed, and a key may move to the environment. */
function masterKeyOf(key: KeyObject): MasterKey {
  const material = key.export();
  const id = createHash('sha256').update('daozhang master key id').update(material).digest('hex').slice(0, 16);
  return { id, key: openDataKey(material) };
}

const keyPath = (dir: string, number: number): string => join(dir, `${number}.key`);

async function numbersIn(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  return names.flatMap((name) => /^([1-9]\d{0,8})\.key$/.exec(name)?.[1] ?? []).map(Number);
}

import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { additionalData } from '#platform/crypto/additional-data.ts';
import { SUITES } from '#platform/crypto/data-key.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { UnknownMasterKey } from '#platform/crypto/master-keys.ts';
import { environmentMasterKeys, fileMasterKeys, makeMasterKeyFile, masterKeyFiles } from '#platform/master-keys.ts';

const suite = 'aes-256-gcm';
const aad = additionalData('person_key', 'li', 'medical');
const dataKey = randomBytes(32);
const secret = () => createSecretKey(randomBytes(32));
let root: string;
let dirs = 0;
const keysDir = () => join(root, String((dirs += 1)));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'daozhang-master-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.each(SUITES)('wraps and unwraps in %s, for the one place only', async (suite) => {
  const keys = environmentMasterKeys({ current: secret(), others: [], suite });
  const wrapped = await keys.wrap(dataKey, aad);
  expect(await keys.unwrap(wrapped, aad)).toEqual(dataKey);
  await expect(keys.unwrap(wrapped, additionalData('person_key', 'wang', 'medical'))).rejects.toThrow(SealBroken);
  await expect(keys.unwrap(wrapped, additionalData('person_key', 'li', 'accounting'))).rejects.toThrow(SealBroken);
});

test('files: one key is made at the first start, by however many processes, for the owner alone', async () => {
  const dir = join(keysDir(), 'master');
  const ten = await Promise.all(Array.from({ length: 10 }, () => fileMasterKeys({ dir, suite })));
  expect(await readdir(dir)).toEqual(['1.key']);
  expect((await stat(join(dir, '1.key'))).mode & 0o777).toBe(0o600);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  const wrapped = await ten[0]?.wrap(dataKey, aad);
  if (!wrapped) throw new Error('nothing was wrapped');
  for (const keys of ten) expect(await keys.unwrap(wrapped, aad)).toEqual(dataKey);
});

test('files: a key that another process made is used from then on, without a restart, and the older one still opens', async () => {
  const own = keysDir();
  const keys = await fileMasterKeys({ dir: join(own, 'master'), suite });
  const before = await keys.wrap(dataKey, aad);
  const { id, path } = await makeMasterKeyFile(own);
  expect(path).toBe(join(own, 'master', '2.key'));
  expect(await keys.currentId()).toBe(id);
  const after = await keys.wrap(dataKey, aad);
  expect([after.masterKeyId, before.masterKeyId === id]).toEqual([id, false]);
  const other = await fileMasterKeys({ dir: join(own, 'master'), suite });
  for (const wrapped of [before, after]) expect(await other.unwrap(wrapped, aad)).toEqual(dataKey);
  expect([...(await masterKeyFiles(own)).keys()].toSorted()).toEqual([before.masterKeyId, id].toSorted());
});

test('files: the tenth key is newer than the ninth', async () => {
  const own = keysDir();
  const keys = await fileMasterKeys({ dir: join(own, 'master'), suite });
  let newest = '';
  for (let n = 2; n <= 10; n += 1) newest = (await makeMasterKeyFile(own)).id;
  expect(await keys.currentId()).toBe(newest);
});

test('files: what is no key is not made anew', async () => {
  const own = keysDir();
  await fileMasterKeys({ dir: join(own, 'master'), suite });
  await writeFile(join(own, 'master', '1.key'), 'not a key\n');
  await expect(fileMasterKeys({ dir: join(own, 'master'), suite })).rejects.toThrow('is not a key of 32 bytes');
});

test('a key that is not here is named, and not mistaken for a broken seal', async () => {
  const wrapped = await environmentMasterKeys({ current: secret(), others: [], suite }).wrap(dataKey, aad);
  const stranger = environmentMasterKeys({ current: secret(), others: [], suite });
  await expect(stranger.unwrap(wrapped, aad)).rejects.toThrow(UnknownMasterKey);
  await expect(stranger.unwrap(wrapped, aad)).rejects.toThrow(wrapped.masterKeyId);
});

test('environment: the others open what they wrapped, and a key keeps its id when it moves there from a file', async () => {
  const [old, current] = [secret(), secret()];
  const wrapped = await environmentMasterKeys({ current: old, others: [], suite }).wrap(dataKey, aad);
  const keys = environmentMasterKeys({ current, others: [old], suite });
  expect(await keys.unwrap(wrapped, aad)).toEqual(dataKey);
  expect((await keys.wrap(dataKey, aad)).masterKeyId).toBe(await environmentMasterKeys({ current, others: [], suite }).currentId());

  const dir = join(keysDir(), 'master');
  const files = await fileMasterKeys({ dir, suite });
  await rm(join(dir, '1.key'));
  await writeFile(join(dir, '1.key'), `${Buffer.from(current.export()).toString('base64')}\n`);
  expect(await (await fileMasterKeys({ dir, suite })).currentId()).toBe(await keys.currentId());
  expect(await files.currentId()).not.toBe(await keys.currentId());
});

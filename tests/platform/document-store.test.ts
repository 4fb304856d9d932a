import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileDocumentStore } from '#platform/document-store.ts';
import { keyedHash, loadKeys } from '#platform/keys.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daozhang-store-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const keyFor = (content: Buffer): string => `${randomUUID()}/${createHash('sha256').update(content).digest('hex')}`;

test('gives back what was put, and nothing for what was not', async () => {
  const store = fileDocumentStore(join(dir, 'a'));
  const content = Buffer.from('发票');
  const key = keyFor(content);
  expect([await store.get(key), await store.stat(key)]).toEqual([undefined, undefined]);
  await store.put(key, content);
  expect((await store.get(key))?.equals(content)).toBe(true);
  expect(await store.stat(key)).toEqual({ sizeBytes: 6 });
  await store.remove(key);
  await store.remove(key);
  expect([await store.get(key), await store.stat(key)]).toEqual([undefined, undefined]);
});

test('many who put the same at once leave one whole file and no drafts', async () => {
  const store = fileDocumentStore(join(dir, 'b'));
  const content = Buffer.alloc(200_000, 7);
  const key = keyFor(content);
  await Promise.all(Array.from({ length: 20 }, () => store.put(key, content)));
  const files = (await readdir(join(dir, 'b'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files.map((file) => file.name)).toEqual([key.split('/')[1]]);
  expect((await store.get(key))?.equals(content)).toBe(true);
});

test('no key leads out of the directory', async () => {
  const store = fileDocumentStore(join(dir, 'c'));
  for (const key of ['../x', '/etc/passwd', `${randomUUID()}/../x`, randomUUID(), '', `${randomUUID()}/${'a'.repeat(63)}`]) {
    await expect(store.put(key, Buffer.from('x'))).rejects.toThrow(RangeError);
    await expect(store.stat(key)).rejects.toThrow(RangeError);
  }
});

test('keys are made once, for the owner alone, and are the same for all who start at once', async () => {
  const keysDir = join(dir, 'keys');
  const loaded = await Promise.all(Array.from({ length: 10 }, () => loadKeys(keysDir)));
  expect(new Set(loaded.map((keys) => keyedHash(keys.invoice, 'x'))).size).toBe(1);
  expect(keyedHash((await loadKeys(keysDir)).invoice, 'x')).toBe(keyedHash(loaded[0]?.invoice ?? never(), 'x'));
  const names = await readdir(keysDir);
  expect(names.toSorted()).toEqual(['document.key', 'invoice.key']);
  for (const name of names) expect((await stat(join(keysDir, name))).mode & 0o777).toBe(0o600);
  expect(keyedHash(loaded[0]?.invoice ?? never(), 'x')).not.toBe(keyedHash(loaded[0]?.document ?? never(), 'x'));
});

function never(): never {
  throw new Error('no keys');
}

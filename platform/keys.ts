import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Keys of this installation. Key objects, because no log can print them. Losing `invoice` makes old invoices unknown to the duplicate check. */
export type Keys = {
  /** under which invoices are hashed */
  invoice: KeyObject;
  /** under which documents are addressed */
  document: KeyObject;
};

const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/**
 * Reads the keys of `dir`, and makes those that are not there yet (0600, the directory 0700). Several processes may start at once: the first
 * file stands. Throws where a file is there and is no key: a key made anew would quietly forget everything hashed under the old one.
 */
export async function loadKeys(dir: string): Promise<Keys> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const [invoice, document] = await Promise.all([loadKeyFile(join(dir, 'invoice.key')), loadKeyFile(join(dir, 'document.key'))]);
  return { invoice, document };
}

/** HMAC-SHA-256, lower-case hex. */
export function keyedHash(key: KeyObject, content: string | Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('hex');
}

/** The key in this file, which is made (0600) where it is not there, unless `make: false`. Throws where the file is there and is no key. */
export async function loadKeyFile(path: string, { make = true }: { make?: boolean } = {}): Promise<KeyObject> {
  const text = (await readIfThere(path)) ?? (make ? await makeKeyFile(path) : '');
  const key = readKey(text);
  if (key === undefined) throw new Error(`${path} is not a key of ${KEY_BYTES} bytes in Base64`);
  return key;
}

/** 32 bytes in Base64; undefined for anything else. */
export function readKey(text: string): KeyObject | undefined {
  const key = Buffer.from(text.trim(), 'base64');
  return key.length === KEY_BYTES ? createSecretKey(key) : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Written whole and on disk before it has its name; `link` refuses where another process was first. */
async function makeKeyFile(path: string): Promise<string> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', OWNER_ONLY);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(path, 'utf8');
}

const isErrno = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadKeyFile } from './keys.ts';

/** What the installation signs with: the roots of its audit, and what it hands out for inspections. */
export type AuditKey = {
  /** the first 16 hex digits of the SHA-256 of the public key (SPKI) */
  keyId: string;
  /** PEM */
  publicKey: string;
  /** Ed25519 over the UTF-8 bytes */
  sign(statement: string): Buffer;
};

/** Signed text under the key that signed it; `statement` is the bytes that were signed. */
export type Signed = { statement: string; signature: string; keyId: string; publicKey: string };

// PKCS #8 of an Ed25519 key (RFC 8410) without its 32 bytes
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Reads `audit.key` of `dir`, and makes it where it is not there yet. Whoever has it can sign in the installation's name. */
export async function loadAuditKey(dir: string): Promise<AuditKey> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const seed = await loadKeyFile(join(dir, 'audit.key'));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed.export()]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    sign: (statement) => sign(null, Buffer.from(statement, 'utf8'), key),
  };
}

export function signed(key: AuditKey, statement: string): Signed {
  return { statement, signature: key.sign(statement).toString('base64'), keyId: key.keyId, publicKey: key.publicKey };
}

/** Whether the statement was signed by this very key, and the key is the one that it is called by. */
export function isSigned({ statement, signature, keyId, publicKey }: Signed): boolean {
  try {
    const key = createPublicKey(publicKey);
    return key.asymmetricKeyType === 'ed25519' && keyIdOf(key) === keyId && verify(null, Buffer.from(statement, 'utf8'), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

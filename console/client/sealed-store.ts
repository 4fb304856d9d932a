import { session } from './session.ts';

/*
 * What a page keeps on the device for who is signed in. A phone may be shared, and may be lost: it is sealed with a key that comes with the session of that person
 * alone, so that after the session nobody else can read it, and the person finds it again after signing in.
 */

const PREFIX = 'daozhang.kept.';
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;
const NONCE_BYTES = 12;

/** Undefined where nothing is kept, or it is somebody else's, or too old, or the browser forbids to keep anything. */
export async function readSealed<T>(name: string): Promise<T | undefined> {
  const owner = await ownerKey();
  try {
    forgetOld();
    const text = owner && localStorage.getItem(`${PREFIX}${name}.${owner.id}`);
    if (!owner || !text) return undefined;
    const bytes = bytesOf((JSON.parse(text) as { sealed: string }).sealed);
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes.slice(0, NONCE_BYTES) }, owner.key, bytes.slice(NONCE_BYTES));
    return JSON.parse(new TextDecoder().decode(opened)) as T;
  } catch {
    return undefined;
  }
}

/** Keeps it; a browser that keeps nothing loses it with the page. */
export async function writeSealed(name: string, value: unknown): Promise<void> {
  const owner = await ownerKey();
  if (!owner) return;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, owner.key, new TextEncoder().encode(JSON.stringify(value))));
  attempt(() => localStorage.setItem(`${PREFIX}${name}.${owner.id}`, JSON.stringify({ at: Date.now(), sealed: base64Of([...nonce, ...sealed]) })));
}

export async function removeSealed(name: string): Promise<void> {
  const owner = await ownerKey();
  if (owner) attempt(() => localStorage.removeItem(`${PREFIX}${name}.${owner.id}`));
}

/** Everything that anybody kept here: at sign-out. */
export function forgetSealed(): void {
  attempt(() => {
    for (const name of keptNames()) localStorage.removeItem(name);
  });
}

function forgetOld(): void {
  for (const name of keptNames()) {
    const { at = 0 } = JSON.parse(localStorage.getItem(name) ?? '{}') as { at?: number };
    if (Date.now() - at > KEPT_DAYS * DAY_MS) localStorage.removeItem(name);
  }
}

/** A browser may have no room, or forbid it: then nothing is kept, and nothing else fails for that. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // nothing is kept
  }
}

const keptNames = (): string[] => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));

/** The key of who is signed in, and a name for it that says nothing. Undefined where the page has no cryptography (plain http on another host). */
async function ownerKey(): Promise<{ id: string; key: CryptoKey } | undefined> {
  const secret = session.value?.deviceKey;
  if (secret === undefined || !globalThis.isSecureContext) return undefined;
  const bytes = bytesOf(secret);
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return { id: Array.from(hash.slice(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(''), key };
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const base64Of = (bytes: number[]): string => btoa(bytes.map((byte) => String.fromCharCode(byte)).join(''));

import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** `dzk_<id without dashes>_<32 random bytes, base64url>`. The id names the key in logs and actors; the secret is shown once and never stored. */
const TOKEN = /^dzk_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export function mintApiKey(): { id: string; token: string; hash: string } {
  const id = randomUUID();
  const token = `dzk_${id.replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: hashApiKey(token) };
}

/** SHA-256, lower-case hex, of the whole token: 256 random bits need no slow hash. */
export function hashApiKey(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The id inside a token; undefined where the text has not the form of one. */
export function apiKeyId(token: string): string | undefined {
  const match = TOKEN.exec(token);
  return match ? match.slice(1).join('-') : undefined;
}

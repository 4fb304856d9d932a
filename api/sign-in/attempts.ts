import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Proof } from './identity-provider.ts';

/** A sign-in that was begun: what the browser keeps, sealed, until it comes back. */
export type Attempt = {
  /** 32 random bytes, base64url; state, nonce and PKCE verifier are derived from it */
  secret: string;
  begunAt: number;
  /** an address of ours */
  returnTo: string;
  /** the class of authentication that was asked for */
  acr?: string | undefined;
  /** who has to come back: the person who was signed in and has to show a second factor */
  employeeId?: string | undefined;
};

/** How long somebody may take at the provider. */
export const ATTEMPT_SECONDS = 600;

const stored = z.strictObject({ secret: z.string(), begunAt: z.number(), returnTo: z.string(), acr: z.string().optional(), employeeId: z.uuid().optional() });

export const beginAttempt = (about: Omit<Attempt, 'secret' | 'begunAt'>, now: Date): Attempt => ({
  ...{ secret: randomBytes(32).toString('base64url'), begunAt: now.getTime() },
  ...about,
});

/** What the cookie of a sign-in holds; undefined where it was begun too long ago. */
export function readAttempt(text: string, now: Date): Attempt | undefined {
  const attempt = stored.parse(JSON.parse(text));
  const age = now.getTime() - attempt.begunAt;
  return age >= 0 && age < ATTEMPT_SECONDS * 1_000 ? attempt : undefined;
}

/** Nothing of it is stored here, and it cannot be made without the cookie. */
export function proofOf({ secret }: Attempt): Proof {
  const derive = (purpose: string): string => createHmac('sha256', Buffer.from(secret, 'base64url')).update(purpose).digest('base64url');
  return { state: derive('state'), nonce: derive('nonce'), verifier: derive('verifier') };
}

/** Names an attempt in the database, where it can start one session only. */
export const attemptHash = ({ secret }: Attempt): string => createHash('sha256').update(`attempt ${secret}`).digest('hex');

export function equals(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The address on `publicUrl` that a path names; undefined for whatever leads elsewhere (`//host`, `/\host`, `https:`, a tab in between). */
export function ownAddress(path: string, publicUrl: string): string | undefined {
  if (!path.startsWith('/') || !URL.canParse(path, publicUrl)) return undefined;
  const url = new URL(path, publicUrl);
  // whole, because the path alone may begin with two slashes once `/./` is taken out of it
  return url.origin === publicUrl ? url.href : undefined;
}

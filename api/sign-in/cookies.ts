import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SealBroken } from '#platform/crypto/envelope.ts';
import type { Vault } from '#prisma/vault.ts';

/** `session`: who is signed in. `sign-in`: what was begun and has to come back to the same browser. */
export type CookieName = 'session' | 'sign-in';

/** Cookies that nobody but us can make or read, each for its own name: sealed under a key of the installation, old generations included. */
export type Cookies = {
  /** undefined: there is none. `forged`: not of our making, or changed, or another cookie's. */
  read(request: FastifyRequest, name: CookieName): Promise<{ value: string } | 'forged' | undefined>;
  has(request: FastifyRequest, name: CookieName): boolean;
  write(reply: FastifyReply, name: CookieName, value: string, maxAgeSeconds: number): Promise<void>;
  clear(reply: FastifyReply, name: CookieName): void;
};

/** A nonce and a tag at the very least; no browser sends 4 kB. */
const SEALED = /^[A-Za-z0-9_-]{40,4000}$/;

/** `secure`: browsers reach us by https, and `__Host-` keeps other hosts of the same domain from setting the cookie. */
export function createCookies({ vault, secure }: { vault: Vault; secure: boolean }): Cookies {
  const fullName = (name: CookieName): string => `${secure ? '__Host-' : ''}daozhang-${name}`;
  const field = (name: CookieName) => ({ purpose: 'cookies', table: 'cookie', column: name, row: '' }) as const;
  const options: CookieSerializeOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure };

  return {
    has: (request, name) => request.cookies[fullName(name)] !== undefined,
    async read(request, name) {
      const sealed = request.cookies[fullName(name)];
      if (sealed === undefined) return undefined;
      if (!SEALED.test(sealed)) return 'forged';
      const bytes = Buffer.from(sealed, 'base64url');
      // the generation comes from outside, and may be one that never was
      if (!(await vault.installationKey('cookies', bytes.readUInt16BE()))) return 'forged';
      try {
        return { value: (await vault.openInstallation(field(name), bytes)).toString('utf8') };
      } catch (error) {
        if (error instanceof SealBroken) return 'forged';
        throw error;
      }
    },
    async write(reply, name, value, maxAgeSeconds) {
      const sealed = await vault.sealInstallation(field(name), value);
      reply.setCookie(fullName(name), sealed.toString('base64url'), { ...options, maxAge: maxAgeSeconds });
    },
    clear: (reply, name) => void reply.clearCookie(fullName(name), options),
  };
}

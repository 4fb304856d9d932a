import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import { findPerson, type PersonRow } from '#prisma/queries/api-keys.ts';
import type { Vault } from '#prisma/vault.ts';
import type { Authenticator } from '../plugins/auth.ts';

/** The command line cannot sign in by itself: for so long it may borrow the sign-in of who started it. */
const TOKEN_MINUTES = 15;
const TOKEN = /^Bearer dzc_([A-Za-z0-9_-]{40,1000})$/i;
const FIELD = { purpose: 'cookies', table: 'codec_token', column: 'token', row: '' } as const;
const content = z.strictObject({ employeeNo: z.string(), unitId: z.uuid(), expiresAt: z.number() });

declare module 'fastify' {
  interface FastifyContextConfig {
    /** tokens of `issueCodecToken` open this route, and no other */
    codecToken?: true;
  }
}

/** A token for the codec routes alone. Only for who has shown a second factor: it stands for that as well. */
export async function issueCodecToken(vault: Vault, { employeeNo, unitId }: PersonRow, now: Date): Promise<{ token: string; expiresAt: Date }> {
  const expiresAt = new Date(now.getTime() + TOKEN_MINUTES * 60_000);
  const sealed = await vault.sealInstallation(FIELD, JSON.stringify({ employeeNo, unitId, expiresAt: expiresAt.getTime() }));
  return { token: `dzc_${sealed.toString('base64url')}`, expiresAt };
}

/** `Authorization: Bearer dzc_…`. The person's roles are those of now, and who has left is nobody. */
export function codecTokens(app: FastifyInstance): Authenticator {
  const { database, clock } = app.deps;

  return async (request: FastifyRequest) => {
    const token = request.routeOptions.config.codecToken ? TOKEN.exec(request.headers.authorization ?? '')?.[1] : undefined;
    if (token === undefined) return undefined;
    const read = await open(Buffer.from(token, 'base64url'));
    if (!read || read.expiresAt <= clock().getTime()) return refuse('UNAUTHENTICATED');
    const person = await findPerson(database, { employeeNo: read.employeeNo, within: read.unitId, at: clock() });
    return person ? { ok: true, caller: { id: person.employeeId, machine: null, person, secondFactor: true } } : refuse('UNAUTHENTICATED');
  };

  async function open(sealed: Buffer): Promise<z.output<typeof content> | undefined> {
    // the generation comes from outside, and may be one that never was
    if (!(await database.vault.installationKey('cookies', sealed.readUInt16BE()))) return undefined;
    try {
      return content.parse(JSON.parse((await database.vault.openInstallation(FIELD, sealed)).toString('utf8')));
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }
}

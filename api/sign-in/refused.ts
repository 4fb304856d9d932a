import type { FastifyRequest } from 'fastify';
import type { Actor } from '#domain/claim/actor.ts';
import { SYSTEM } from '#domain/claim/actor.ts';
import { ERRORS, refuse, type Refusal } from '#domain/errors.ts';
import type { Database } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';

/** What was refused: the code that is answered, the reason that is recorded (a word of ours, never from outside), and whom it concerns where that is known. */
export type Refused = Pick<Refusal, 'code' | 'params'> & { reason: string; person?: { employeeId: string; unitId: string } };
export type RecordRefused = (request: FastifyRequest, refused: Refused) => Promise<Refusal>;

const EVERY_MS = 60_000;
const REMEMBERED = 10_000;

/**
 * Records a credential that was refused, and gives the refusal to answer with. The entry has no token, no cookie and nothing personal: the request's id leads to
 * its line in the log. What has one reason and comes from one address is recorded once a minute, so that a stranger cannot fill the audit.
 */
export function createRecorder({ database, clock }: { database: Database; clock: () => Date }): RecordRefused {
  const recorded = new Map<string, number>();

  return async (request, { code, params, reason, person }) => {
    const refusal = refuse(code, params && { params });
    const at = clock();
    const kind = `${code} ${reason} ${request.ip} ${person?.employeeId ?? ''}`;
    if (at.getTime() - (recorded.get(kind) ?? -Infinity) < EVERY_MS) return refusal;
    if (recorded.size >= REMEMBERED) recorded.clear();
    recorded.set(kind, at.getTime());
    request.log.warn({ code, reason, status: ERRORS[code].status }, 'a credential was refused');
    const actor: Actor = person ? { type: 'person', id: person.employeeId } : SYSTEM;
    const detail = { code, reason, route: request.routeOptions.url ?? '', request: request.id };
    await database.write((tx) => audit(tx, { unitId: person?.unitId ?? null, at, actor, action: 'credential-refused', detail }));
    return refusal;
  };
}

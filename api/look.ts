import type { FastifyRequest } from 'fastify';
import type { Tx } from '#prisma/database.ts';
import { recordLooks } from '#prisma/queries/audit.ts';

const recorded = new WeakSet<FastifyRequest>();

/**
 * Records that the caller is about to see something of these people: before it is read, so that no answer leaves without its entry. What somebody sees of
 * herself is no look. `tx`: the transaction that changes what is shown.
 */
export async function recordLookAt(
  request: FastifyRequest,
  what: string,
  people: readonly { employeeId: string; unitId: string | undefined; claimNumber?: string }[],
  tx: Pick<Tx, 'query'> = request.db,
): Promise<void> {
  const seen = people.flatMap(({ unitId, ...one }) => (unitId === undefined ? [] : [{ ...one, unitId }]));
  if (seen.length === 0) return;
  await recordLooks(tx, { people: seen, actor: request.actor, what });
  recorded.add(request);
}

/** Whether this request has left an entry already. */
export const isLookRecorded = (request: FastifyRequest): boolean => recorded.has(request);

import type { FastifyRequest } from 'fastify';
import type { Subject } from '#domain/org/can.ts';
import { findParticipation } from '#prisma/queries/approval-reading.ts';

/** A claim as `can()` asks for it, with those in whose persons it was put before the caller: whoever is asked, or gets a copy, reads the claim from wherever. */
export async function claimSubject(
  request: FastifyRequest,
  { number, employeeId, ...unit }: { number: string; employeeId: string } & ({ unitAncestors: readonly string[] } | { ancestorIds: readonly string[] }),
): Promise<Subject> {
  const unitAncestors = 'unitAncestors' in unit ? unit.unitAncestors : unit.ancestorIds;
  const participants = request.person ? await findParticipation(request.db, number) : [];
  return { unitAncestors, employeeId, participants };
}

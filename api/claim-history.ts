import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { signersOf } from '#domain/claim/actor.ts';
import { actorLabel } from '#domain/claim/progress.ts';
import { listEvents } from '#prisma/queries/claim-reading.ts';
import { employeeNumbers } from '#prisma/queries/substitutions.ts';
import { actorToJson, remarkToJson, rfc3339, type GatewayNames } from './claim-json.ts';
import type { history } from './contract/claims.ts';

/** Every transition of a claim, oldest first. Who stood in for whom is said by number, to others than the claimant. */
export async function historyOf(
  request: FastifyRequest,
  { number, employeeId, nameOf }: { number: string; employeeId: string; nameOf: GatewayNames },
): Promise<z.output<typeof history>['items']> {
  const events = await listEvents(request.db, { number });
  const stoodIn = events.flatMap(({ actor }) => (actor.type === 'person' && actor.onBehalfOf !== undefined ? signersOf(actor) : []));
  const numbers = request.person?.employeeId === employeeId ? new Map<string, string>() : await employeeNumbers(request.db, [...new Set(stoodIn)]);
  const names = { claimantId: employeeId, nameOf, numberOf: (id: string) => numbers.get(id) };
  return events.map((event) => ({
    ...{ seq: event.seq, type: event.type, fromState: event.fromState, toState: event.toState, at: event.at.toISOString() },
    ...{ actor: actorToJson(event.actor), actorLabel: actorLabel(event.actor, names) },
    ...{ remark: remarkToJson(event), turn: event.turn, dueAt: rfc3339(event.dueAt) },
  }));
}

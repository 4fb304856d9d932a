import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { reach, type Action } from '#domain/org/can.ts';
import type { Database } from '#prisma/database.ts';
import { findUnit } from '#prisma/queries/units.ts';

/**
 * The units under which a list is asked for: the named one, on which the caller needs the right, else all on which it is held. `db`: the transaction that the
 * caller is in, which must not wait for a second connection.
 */
export async function listedUnit(
  request: FastifyRequest,
  action: Action,
  { code, db = request.db }: { code?: string | undefined; db?: Pick<Database, 'query'> } = {},
): Promise<{ ok: true; within: readonly string[] } | Refusal> {
  if (code === undefined) {
    const within = reach(request.asker, action);
    return within.length > 0 ? { ok: true, within } : refuse('FORBIDDEN');
  }
  const unit = await findUnit(db, { code });
  if (!unit) return refuse('UNIT_UNKNOWN');
  const allowed = request.may(action, { unitAncestors: unit.ancestorIds });
  return allowed.ok ? { ok: true, within: [unit.id] } : allowed;
}

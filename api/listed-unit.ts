import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can, type Action } from '#domain/org/can.ts';
import type { Database } from '#prisma/database.ts';
import { findUnit, type UnitRow } from '#prisma/queries/units.ts';

/**
 * The unit whose subtree a list is asked for: the named one, else the key's own. A person needs the right on that unit, so whoever looks after
 * a branch asks for the branch. `db`: the transaction that the caller is in, which must not wait for a second connection.
 */
export async function listedUnit(
  request: FastifyRequest,
  action: Action,
  { code, db = request.server.deps.database }: { code?: string | undefined; db?: Pick<Database, 'query'> } = {},
): Promise<{ ok: true; unit: UnitRow } | Refusal> {
  const { unitId, unitCode } = request.caller;
  const unit = await findUnit(db, { code: code ?? unitCode, within: unitId });
  if (!unit) return refuse('UNIT_UNKNOWN');
  const allowed = can(request.asker, action, { unitAncestors: unit.ancestorIds });
  return allowed.ok ? { ok: true, unit } : allowed;
}

import type { FastifyRequest } from 'fastify';
import { refuse, type Refusal } from '#domain/errors.ts';
import { can, type Action } from '#domain/org/can.ts';
import { findUnit, type UnitRow } from '#prisma/queries/units.ts';

/**
 * The unit whose subtree a list is asked for: the named one, else the key's own. A person needs the right on that unit, so whoever looks after
 * a branch asks for the branch.
 */
export async function listedUnit(request: FastifyRequest, action: Action, code?: string): Promise<{ ok: true; unit: UnitRow } | Refusal> {
  const { unitId, unitCode } = request.caller;
  const unit = await findUnit(request.server.deps.database, { code: code ?? unitCode, within: unitId });
  if (!unit) return refuse('UNIT_UNKNOWN');
  const allowed = can(request.asker, action, { unitAncestors: unit.ancestorIds });
  return allowed.ok ? { ok: true, unit } : allowed;
}

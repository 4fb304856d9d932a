import type { Role } from '../claim/actor.ts';
import type { ApprovalStep, Approvers } from './flow.ts';

/** Who is there to be asked about a claim, as read at one moment. */
export type Directory = {
  claimantId: string;
  /** the claim's unit first, the root last */
  unitIds: readonly string[];
  /** roles held now on one of these units by people who are still there; in the order in which they got them */
  holders: readonly { employeeId: string; unitId: string; role: Role }[];
  /** of those whom the flow names, the ones who are still there */
  present: readonly string[];
};

/**
 * How the people of a step came to be asked. `flow`: as the flow says. `next-level`: the only one it says is the claimant, so it went one level up.
 * `admin`: nobody was found, so it went to the admin of the nearest unit.
 */
export type Found = 'flow' | 'next-level' | 'admin';

/** Who is asked in a step, never the claimant and nobody twice. `employeeIds` is empty where there is not even an admin. */
export function findApprovers(step: Pick<ApprovalStep, 'approvers' | 'mode'>, directory: Directory): { employeeIds: string[]; found: Found } {
  const first = levelsOf(step.approvers, directory)[0] ?? [];
  const others = first.filter((id) => id !== directory.claimantId);
  if (others.length > 0) return { employeeIds: inMode(step, others), found: 'flow' };
  const next = first.length > 0 ? nextLevel(step.approvers, directory) : [];
  if (next.length > 0) return { employeeIds: inMode(step, next), found: 'next-level' };
  return { employeeIds: inMode({ mode: 'one' }, nearest('admin', directory)), found: 'admin' };
}

/** Who gets a copy. Nobody in particular has to, so that nobody stands in for whom is not found. */
export function findReaders(copies: readonly Approvers[], directory: Directory): string[] {
  return [...new Set(copies.flatMap((one) => levelsOf(one, directory)[0] ?? []))].filter((id) => id !== directory.claimantId);
}

/** The people meant, level by level from the lowest where there is anybody upwards; people by name have one level. */
function levelsOf(approvers: Approvers, directory: Directory): string[][] {
  const { unitIds, present } = directory;
  if (approvers.kind === 'people') return [[...new Set(approvers.employeeIds)].filter((id) => present.includes(id))];
  const units = approvers.place === 'head-office' ? unitIds.slice(-1) : unitIds;
  return units.map((unitId) => holdersOn(unitId, approvers.role, directory)).filter((holders) => holders.length > 0);
}

/** The claimant cannot be asked: the same role higher up; above a person by name stands whoever manages the unit, above head office nobody. */
function nextLevel(approvers: Approvers, directory: Directory): string[] {
  if (approvers.kind === 'people') return nearest('approver', directory);
  return approvers.place === 'head-office' ? [] : nearest(approvers.role, directory);
}

/** The holders of a role on the nearest unit where anybody but the claimant holds it. */
function nearest(role: Role, directory: Directory): string[] {
  const levels = directory.unitIds.map((unitId) => holdersOn(unitId, role, directory).filter((id) => id !== directory.claimantId));
  return levels.find((holders) => holders.length > 0) ?? [];
}

function holdersOn(unitId: string, role: Role, { holders }: Directory): string[] {
  return [...new Set(holders.filter((held) => held.unitId === unitId && held.role === role).map(({ employeeId }) => employeeId))];
}

const inMode = ({ mode }: Pick<ApprovalStep, 'mode'>, people: string[]): string[] => (mode === 'one' ? people.slice(0, 1) : people);

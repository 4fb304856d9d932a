import { signersOf, type Actor } from '../claim/actor.ts';

/** Long enough for a message about it to be read; the words of IDENTITY_CHANGED say it as well. */
export const IDENTITY_SETTLES_MS = 7 * 24 * 3_600_000;

/**
 * Whether an account is to be changed by somebody else. After a change of the name that the holder is compared with, or of the address that is told,
 * it takes a person who is neither the employee nor made such a change, and stands in for nobody who is or did. `changedBy`: who made one within `IDENTITY_SETTLES_MS`.
 */
export function needsSecondPerson({ actor, employeeId, changedBy }: { actor: Actor; employeeId: string; changedBy: readonly Actor[] }): boolean {
  if (changedBy.length === 0) return false;
  const involved = [employeeId, ...changedBy.flatMap(signersOf)];
  return actor.type !== 'person' || signersOf(actor).some((id) => involved.includes(id));
}

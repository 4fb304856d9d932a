/**
 * Who did something. `id` is an employee's id, an API key's id, or a bureau's or bank's code: never personal data. `via`: the key that acted for the
 * person; `onBehalfOf`: the absent employee for whom the person stood in.
 */
export type Actor =
  | { type: 'system'; id: 'daozhang' }
  | { type: 'machine'; id: string }
  | { type: 'person'; id: string; onBehalfOf?: string; via?: string }
  | { type: 'bureau'; id: string }
  | { type: 'bank'; id: string };

export const SYSTEM: Actor = { type: 'system', id: 'daozhang' };

/** The same person, standing in for an absent one where `can()` allowed it only so. */
export function inNameOf(actor: Actor, { onBehalfOf }: { onBehalfOf?: string }): Actor {
  return actor.type === 'person' && onBehalfOf !== undefined ? { ...actor, onBehalfOf } : actor;
}

/** Everybody whose signature it is: the person, and the absent one in whose name it was given. Empty where no person acted. */
export function signersOf(actor: Actor): string[] {
  if (actor.type !== 'person') return [];
  return actor.onBehalfOf === undefined ? [actor.id] : [actor.id, actor.onBehalfOf];
}

/** Who has to do something next, and whose clock runs. */
export const PARTIES = ['employee', 'hr', 'manager', 'finance', 'bureau', 'bank', 'system'] as const;
export type Party = (typeof PARTIES)[number];

export const ROLES = ['employee', 'approver', 'hr', 'finance', 'auditor', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

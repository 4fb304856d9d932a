import type { Role } from '../claim/actor.ts';
import { refuse, type Refusal } from '../errors.ts';

/** What a machine's key may be given. `act-for`: to act for a named person, who then needs the right as well. */
export const SCOPES = [
  'claims:read',
  'claims:write',
  'tasks:read',
  'tasks:decide',
  'documents:read',
  'documents:write',
  'directory:read',
  'directory:write',
  'webhooks:manage',
  'payout:control',
  'metrics:read',
  'act-for',
] as const;
export type Scope = (typeof SCOPES)[number];

type Rule = {
  /** what the key needs, whoever it acts for */
  scope: Scope;
  /** whether the person whom the subject belongs to may do it: by right, not even with a role, or like anybody (absent) */
  own?: 'allowed' | 'forbidden';
  /** holders of one of these on the subject's unit or above may do it */
  roles: readonly Role[];
  /** a machine may do it in its own name */
  machine: boolean;
};

const STAFF: readonly Role[] = ['approver', 'hr', 'finance', 'auditor', 'operator', 'admin'];

const RULES = {
  'claim.read': { scope: 'claims:read', own: 'allowed', roles: STAFF, machine: true },
  'claim.submit': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.confirm': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.complete': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.withdraw': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.appeal': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'document.read': { scope: 'documents:read', own: 'allowed', roles: STAFF, machine: true },
  'document.upload': { scope: 'documents:write', own: 'allowed', roles: STAFF, machine: true },
  'claim.hold': { scope: 'tasks:decide', own: 'forbidden', roles: ['hr', 'finance', 'operator'], machine: false },
  'claim.release': { scope: 'tasks:decide', own: 'forbidden', roles: ['hr', 'finance', 'operator'], machine: false },
  'claim.reverse': { scope: 'tasks:decide', own: 'forbidden', roles: ['finance'], machine: false },
  'task.read': { scope: 'tasks:read', roles: STAFF, machine: true },
  /** the role is the task's */
  'task.decide': { scope: 'tasks:decide', own: 'forbidden', roles: [], machine: false },
  'unit.read': { scope: 'directory:read', roles: STAFF, machine: true },
  'unit.write': { scope: 'directory:write', roles: ['admin'], machine: true },
  'employee.read': { scope: 'directory:read', own: 'allowed', roles: ['hr', 'finance', 'auditor', 'admin'], machine: true },
  'employee.write': { scope: 'directory:write', roles: ['hr', 'admin'], machine: true },
  /** one's own account too: a payment that failed is mended by whom it is for */
  'account.write': { scope: 'directory:write', own: 'allowed', roles: ['hr', 'admin'], machine: true },
  'webhook.read': { scope: 'webhooks:manage', roles: ['operator', 'admin'], machine: true },
  'webhook.write': { scope: 'webhooks:manage', roles: ['operator', 'admin'], machine: true },
  'payout.stop': { scope: 'payout:control', roles: ['finance', 'operator', 'admin'], machine: true },
} as const satisfies Record<string, Rule>;
export type Action = keyof typeof RULES;
export const ACTIONS = Object.keys(RULES) as Action[];

/** Holders of these roles on a unit may do `action` there and below: what a list is filtered by. */
export function rolesFor(action: Action): readonly Role[] {
  return RULES[action].roles;
}

/** Who asks: a person, a machine, or a machine that acts for a person. */
export type Caller = {
  employeeId: string | null;
  roles: readonly { role: Role; unitId: string }[];
  machine: { unitId: string; scopes: readonly string[] } | null;
};

/** What it is about. */
export type Subject = {
  /** from the root to the unit that the subject belongs to, itself included; for a task the unit that decides it */
  unitAncestors: readonly string[];
  /** whom it belongs to: the claimant, the employee */
  employeeId?: string;
  task?: { role: Role; excluded: readonly string[] };
};

/** Whether `caller` may do `action`; if not, the refusal to answer with. */
export function can(caller: Caller, action: Action, subject: Subject): { ok: true } | Refusal {
  const rule: Rule = RULES[action];
  const { machine, employeeId } = caller;
  if (machine) {
    if (!machine.scopes.includes(rule.scope)) return refuse('SCOPE_MISSING', { params: { scope: rule.scope } });
    if (!subject.unitAncestors.includes(machine.unitId)) return refuse('FORBIDDEN');
    if (employeeId === null) return rule.machine ? { ok: true } : refuse('ACTOR_REQUIRED');
    if (!machine.scopes.includes('act-for')) return refuse('SCOPE_MISSING', { params: { scope: 'act-for' } });
  }
  if (employeeId === null) return refuse('UNAUTHENTICATED');
  const holds = (roles: readonly Role[]): boolean => caller.roles.some(({ role, unitId }) => roles.includes(role) && subject.unitAncestors.includes(unitId));
  const own = subject.employeeId === employeeId;
  if (own && rule.own === 'allowed') return { ok: true };
  const deciders = action === 'task.decide' ? (subject.task ? [subject.task.role] : []) : rule.roles;
  if (!holds(deciders)) return refuse('FORBIDDEN');
  if (own && rule.own === 'forbidden') return refuse('OWN_CLAIM');
  return subject.task?.excluded.includes(employeeId) ? refuse('SECOND_PERSON_REQUIRED') : { ok: true };
}

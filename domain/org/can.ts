import { refuseSigners } from '../claim/signers.ts';
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
  'operations:manage',
  'metrics:read',
  'act-for',
] as const;
export type Scope = (typeof SCOPES)[number];

type Rule = {
  /** what the key needs, whoever it acts for */
  scope: Scope;
  /** whether the person whom the subject belongs to may do it: by right, not even with a role (a claim; whatever else takes another person), or like anybody (absent) */
  own?: 'allowed' | 'never-claim' | 'by-another';
  /** whoever was asked about it personally, or got a copy, may do it as well */
  shared?: true;
  /** holders of one of these on the subject's unit or above may do it */
  roles: readonly Role[];
  /** a machine may do it in its own name */
  machine: boolean;
  /** a substitute may not: who stands in for somebody passes nothing of it on */
  personal?: true;
};

const STAFF: readonly Role[] = ['approver', 'hr', 'finance', 'auditor', 'operator', 'admin'];
/** Who may be asked to decide. Auditors write nothing; operators and admins keep the works going and have no say in a claim. */
export const DECIDERS: readonly Role[] = ['approver', 'hr', 'finance'];
/** In which role somebody may be asked by name: an admin is where an approval flow finds nobody else, and decides nothing without being asked. */
export const ASKED_BY_NAME: readonly Role[] = [...DECIDERS, 'admin'];
/** Roles that count only where the person has shown a second factor. */
export const SECOND_FACTOR_ROLES: readonly Role[] = ['finance', 'operator', 'admin'];

const RULES = {
  /** number, state, amounts, history: without what says of what somebody is ill */
  'claim.read': { scope: 'claims:read', own: 'allowed', shared: true, roles: STAFF, machine: true },
  /** lines, diagnoses, hospital, documents */
  'claim.read-medical': { scope: 'claims:read', own: 'allowed', shared: true, roles: [...DECIDERS, 'auditor'], machine: true },
  'claim.submit': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  /** what somebody would be paid: it tells what the year has used up, and so takes the scope for reading */
  'claim.estimate': { scope: 'claims:read', own: 'allowed', roles: ['hr'], machine: true },
  'claim.confirm': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.complete': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  /** filing a paper with a claim, without a word on whether it is complete: what an approver records of a bureau's letter needs the letter */
  'claim.add-document': { scope: 'claims:write', own: 'allowed', roles: ['approver', 'hr'], machine: true },
  'claim.withdraw': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'claim.appeal': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  /** having a person look at what a review found */
  'claim.ask-person': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: true },
  'document.read': { scope: 'documents:read', own: 'allowed', shared: true, roles: [...DECIDERS, 'auditor'], machine: true },
  /** the file itself, and not what it looks like; a machine has its own alone (api/document-access.ts) */
  'document.original': { scope: 'documents:read', own: 'allowed', roles: ['hr', 'auditor'], machine: false },
  'document.upload': { scope: 'documents:write', own: 'allowed', roles: DECIDERS, machine: true },
  /** reminding approvers */
  'claim.urge': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: false },
  'claim.hold': { scope: 'tasks:decide', own: 'never-claim', roles: ['hr', 'finance', 'operator'], machine: false },
  'claim.release': { scope: 'tasks:decide', own: 'never-claim', roles: ['hr', 'finance', 'operator'], machine: false },
  'claim.reverse': { scope: 'tasks:decide', own: 'never-claim', roles: ['finance'], machine: false },
  'task.read': { scope: 'tasks:read', shared: true, roles: STAFF, machine: true },
  /** what it is about, and what was written: it may say something medical */
  'task.read-medical': { scope: 'tasks:read', shared: true, roles: [...DECIDERS, 'auditor'], machine: true },
  /** of these roles it is the task's own */
  'task.decide': { scope: 'tasks:decide', own: 'never-claim', roles: DECIDERS, machine: false },
  'unit.read': { scope: 'directory:read', roles: STAFF, machine: true },
  'unit.write': { scope: 'directory:write', roles: ['admin'], machine: true },
  'approval-flow.read': { scope: 'directory:read', roles: STAFF, machine: true },
  'approval-flow.write': { scope: 'directory:write', roles: ['admin'], machine: true },
  /** name, number and unit of who is there: whom something may be passed on to, and nothing else of them */
  'colleague.read': { scope: 'directory:read', roles: ASKED_BY_NAME, machine: true },
  'employee.read': { scope: 'directory:read', own: 'allowed', roles: ['hr', 'finance', 'auditor', 'admin'], machine: true },
  'employee.write': { scope: 'directory:write', roles: ['hr', 'admin'], machine: true },
  /** signing somebody out everywhere */
  'session.end': { scope: 'directory:write', own: 'allowed', roles: ['admin'], machine: true },
  /** one's own account too: a payment that failed is mended by whom it is for */
  'account.write': { scope: 'directory:write', own: 'allowed', roles: ['hr', 'admin'], machine: true },
  'role.read': { scope: 'directory:read', own: 'allowed', roles: ['hr', 'auditor', 'admin'], machine: true },
  'role.write': { scope: 'directory:write', own: 'by-another', roles: ['admin'], machine: true, personal: true },
  /** the role that gives roles comes from a person who holds it */
  'role.write-admin': { scope: 'directory:write', own: 'by-another', roles: ['admin'], machine: false, personal: true },
  'substitution.read': { scope: 'directory:read', own: 'allowed', roles: ['hr', 'auditor', 'admin'], machine: true },
  /** whose powers are passed on is whom it belongs to */
  'substitution.write': { scope: 'directory:write', own: 'allowed', roles: ['hr', 'admin'], machine: false, personal: true },
  /** what one has consented to is one's own to say; HR records what was signed on paper */
  'consent.read': { scope: 'claims:read', own: 'allowed', roles: ['hr', 'auditor'], machine: true },
  'consent.write': { scope: 'claims:write', own: 'allowed', roles: ['hr'], machine: false },
  'erasure.read': { scope: 'directory:read', own: 'allowed', roles: ['hr', 'auditor', 'admin'], machine: false },
  'erasure.request': { scope: 'directory:write', own: 'allowed', roles: ['hr'], machine: false },
  'erasure.decide': { scope: 'directory:write', own: 'by-another', roles: ['admin'], machine: false },
  'legal-hold.read': { scope: 'directory:read', roles: ['hr', 'auditor', 'admin'], machine: false },
  'legal-hold.write': { scope: 'directory:write', own: 'by-another', roles: ['hr', 'admin'], machine: false },
  /** what Temporal stores of a claim, without what people wrote (api/codec/operator-view.ts) */
  'payloads.decode': { scope: 'claims:read', roles: ['operator'], machine: false },
  /** who looked at somebody */
  'look.read': { scope: 'directory:read', own: 'allowed', roles: ['auditor'], machine: false },
  /** what is handed out for a bureau's inspection */
  'inspection.make': { scope: 'claims:read', roles: ['hr', 'auditor'], machine: false },
  /** totals of claims under other rules; who may see what is medical of the claims themselves, because rules can be made that ask for one illness */
  'simulation.read': { scope: 'claims:read', roles: ['hr', 'finance', 'auditor'], machine: true },
  'simulation.run': { scope: 'claims:read', roles: ['hr', 'finance'], machine: false },
  'webhook.read': { scope: 'webhooks:manage', roles: ['auditor', 'operator', 'admin'], machine: true },
  'webhook.write': { scope: 'webhooks:manage', roles: ['operator', 'admin'], machine: true },
  'payout-stop.read': { scope: 'payout:control', roles: ['finance', 'auditor', 'operator', 'admin'], machine: true },
  'payout.stop': { scope: 'payout:control', roles: ['finance', 'operator', 'admin'], machine: true },
  /** what stands still and why, what was sent and what became of it, how bureaus, bank and queues are */
  'operation.read': { scope: 'operations:manage', roles: ['auditor', 'operator', 'admin'], machine: true },
  /** what Temporal knows of a claim: as with its payloads, for operators in person (api/codec/operator-view.ts) */
  'workflow.read': { scope: 'operations:manage', roles: ['operator'], machine: false },
  /** what is done to a claim's workflow; it decides nothing, and nobody does it to the own claim all the same */
  'claim.operate': { scope: 'operations:manage', own: 'never-claim', roles: ['operator'], machine: false },
  'notice.resend': { scope: 'operations:manage', roles: ['operator', 'admin'], machine: false },
  /** what everybody below the unit reads on every page */
  'announcement.write': { scope: 'operations:manage', roles: ['operator', 'admin'], machine: false },
} as const satisfies Record<string, Rule>;
export type Action = keyof typeof RULES;
export const ACTIONS = Object.keys(RULES) as Action[];

/** The row of the table for an action: what docs/permissions.md is written from. */
export function ruleOf(action: Action): Readonly<Rule> {
  return RULES[action];
}

export type HeldRole = {
  role: Role;
  unitId: string;
  /** from the root to `unitId`, itself included */
  unitAncestors: readonly string[];
  /** the absent person whose role it is; absent where it is the caller's own */
  onBehalfOf?: string;
};

/** Who asks: a person, a machine, or a machine that acts for a person. `roles`: those in force now, the ones of absent people whom the person stands in for included. */
export type Caller = {
  employeeId: string | null;
  roles: readonly HeldRole[];
  /** the absent people whom the person stands in for now, whether they hold a role or not */
  standsInFor: readonly string[];
  /** roles of absent people that are not passed on: who had them represented might not give them */
  withheld?: readonly HeldRole[];
  /** whether the person has shown a second factor; a machine vouches for whom it acts for */
  secondFactor: boolean;
  machine: { unitId: string; /** from the root to `unitId`, itself included */ unitAncestors: readonly string[]; scopes: readonly string[] } | null;
};

/** What it is about. */
export type Subject = {
  /** from the root to the unit that the subject belongs to, itself included; for a task the unit that decides it */
  unitAncestors: readonly string[];
  /** whom it belongs to: the claimant, the employee */
  employeeId?: string;
  /** who was asked about it personally, or got a copy, from whatever unit */
  participants?: readonly string[];
  /** `assignees`: these people alone decide, whatever their roles; whoever holds the role where there are none */
  task?: { role: Role; excluded: readonly string[]; assignees?: readonly string[] };
};

/** `onBehalfOf`: allowed only because the caller stands in for this absent person, who is to be recorded as well. */
export type Allowed = { ok: true; onBehalfOf?: string };

/** Whether `caller` may do `action`; if not, the refusal to answer with. What the own roles allow is never done in somebody's name. */
export function can(caller: Caller, action: Action, subject: Subject): Allowed | Refusal {
  const rule: Rule = RULES[action];
  const { machine, employeeId } = caller;
  if (machine) {
    if (!machine.scopes.includes(rule.scope)) return refuse('SCOPE_MISSING', { params: { scope: rule.scope } });
    if (!subject.unitAncestors.includes(machine.unitId)) return refuse('FORBIDDEN');
    if (employeeId === null) return rule.machine ? { ok: true } : refuse('ACTOR_REQUIRED');
    if (!machine.scopes.includes('act-for')) return refuse('SCOPE_MISSING', { params: { scope: 'act-for' } });
  }
  if (employeeId === null) return refuse('UNAUTHENTICATED');
  if (subject.employeeId === employeeId && rule.own === 'allowed') return { ok: true };
  const participants = rule.shared ? (subject.participants ?? []) : [];
  if (participants.includes(employeeId)) return { ok: true };
  const answers = groundsFor(caller, action, subject).map((ground) => answerFor(caller, rule, subject, ground));
  const allowed = answers.find(({ ok }) => ok);
  if (allowed) return allowed;
  const onBehalfOf = caller.standsInFor.find((id) => participants.includes(id));
  if (onBehalfOf !== undefined) return { ok: true, onBehalfOf };
  return answers.find(isMendable) ?? answers[0] ?? refuse('FORBIDDEN');
}

/** The person can do something about it: sign in again. */
const isMendable = (answer: Allowed | Refusal): boolean => !answer.ok && answer.code === 'SECOND_FACTOR_REQUIRED';

/** What speaks for it: a held role, or that the person is asked by name, or stands in for somebody who is. */
type Ground = { role: Role; onBehalfOf?: string };

/** Own grounds come first. */
function groundsFor(caller: Caller, action: Action, { unitAncestors, task }: Subject): Ground[] {
  const held = rolesThatCount(caller, action).filter(({ unitId }) => unitAncestors.includes(unitId));
  if (action !== 'task.decide') return held;
  if (!task || !ASKED_BY_NAME.includes(task.role)) return [];
  const { role, assignees = [] } = task;
  if (assignees.length === 0) return held.filter((one) => one.role === role);
  const absent = caller.standsInFor.filter((id) => assignees.includes(id) && !isWithheld(caller, { role, onBehalfOf: id }, unitAncestors));
  const represented = absent.map((onBehalfOf) => ({ role, onBehalfOf }));
  return caller.employeeId !== null && assignees.includes(caller.employeeId) ? [{ role }, ...represented] : represented;
}

/** Whether an absent person is asked as the holder of a role that is not passed on. */
function isWithheld({ roles, withheld = [] }: Caller, { role, onBehalfOf }: Ground, unitAncestors: readonly string[]): boolean {
  const holds = (held: HeldRole): boolean => held.role === role && held.onBehalfOf === onBehalfOf && unitAncestors.includes(held.unitId);
  return withheld.some(holds) && !roles.some(holds);
}

/** What one ground is good for. */
function answerFor(caller: Caller, rule: Rule, { employeeId, task }: Subject, { role, onBehalfOf }: Ground): Allowed | Refusal {
  const people = [caller.employeeId, onBehalfOf].filter((id) => typeof id === 'string');
  const excluded = [...(task?.excluded ?? []), ...(rule.own === 'by-another' && employeeId !== undefined ? [employeeId] : [])];
  const fault = refuseSigners(people, { claimantId: rule.own === 'never-claim' ? employeeId : undefined, excluded });
  if (fault) return refuse(fault);
  if (!caller.secondFactor && SECOND_FACTOR_ROLES.includes(role)) return refuse('SECOND_FACTOR_REQUIRED');
  return onBehalfOf === undefined ? { ok: true } : { ok: true, onBehalfOf };
}

/** The roles that the rule asks for, the person's own first. */
function rolesThatCount({ roles }: Caller, action: Action): HeldRole[] {
  const rule: Rule = RULES[action];
  const counting = roles.filter(({ role, onBehalfOf }) => rule.roles.includes(role) && !(rule.personal && onBehalfOf !== undefined));
  return counting.toSorted((a, b) => Number(a.onBehalfOf !== undefined) - Number(b.onBehalfOf !== undefined));
}

/**
 * The units under which `caller` may do `action` by role (what belongs to the caller in person comes on top of it): what lists are filtered by.
 * No unit of the answer lies under another one.
 */
export function reach(caller: Caller, action: Action): readonly string[] {
  const rule: Rule = RULES[action];
  const { machine, employeeId } = caller;
  if (machine && !machine.scopes.includes(rule.scope)) return [];
  if (employeeId === null) return machine && rule.machine ? [machine.unitId] : [];
  if (machine && !machine.scopes.includes('act-for')) return [];
  const units = rolesThatCount(caller, action)
    .filter(({ role }) => caller.secondFactor || !SECOND_FACTOR_ROLES.includes(role))
    .flatMap((held) => (machine ? deeperOf(held, machine) : [held]));
  return [...new Set(units.filter((unit) => !units.some((above) => liesBelow(unit, above))).map(({ unitId }) => unitId))];
}

type Place = { unitId: string; unitAncestors: readonly string[] };

/** Where both hold: the lower of two units if it lies under the other one, else nowhere. */
function deeperOf(a: Place, b: Place): Place[] {
  if (a.unitAncestors.includes(b.unitId)) return [a];
  return b.unitAncestors.includes(a.unitId) ? [b] : [];
}

function liesBelow(unit: Place, above: Place): boolean {
  return unit.unitId !== above.unitId && unit.unitAncestors.includes(above.unitId);
}

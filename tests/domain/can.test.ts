import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROLES, type Role } from '#domain/claim/actor.ts';
import { ACTIONS, can, reach, SCOPES, type Action, type Caller, type HeldRole, type Subject } from '#domain/org/can.ts';

/** group → north → branch → team; group → south. The whole table is in permissions.test.ts; here is what no table shows. */
const PATHS: Record<Unit, readonly string[]> = {
  group: ['group'],
  north: ['group', 'north'],
  branch: ['group', 'north', 'branch'],
  team: ['group', 'north', 'branch', 'team'],
  south: ['group', 'south'],
};
const UNITS = ['group', 'north', 'branch', 'team', 'south'] as const;
type Unit = (typeof UNITS)[number];
const CLAIM: Subject = { unitAncestors: PATHS.branch, employeeId: 'claimant' };

const hold = (role: Role, unitId: Unit = 'branch', onBehalfOf?: string): HeldRole => ({
  ...{ role, unitId, unitAncestors: PATHS[unitId] },
  ...(onBehalfOf !== undefined && { onBehalfOf }),
});
const person = (employeeId: string | null, ...roles: HeldRole[]): Caller => ({
  ...{ employeeId, roles, secondFactor: true, machine: null },
  standsInFor: [...new Set(roles.flatMap(({ onBehalfOf }) => onBehalfOf ?? []))],
});
const machine = (unitId: Unit, scopes: readonly string[] = SCOPES, acts: Caller = person(null)): Caller => ({
  ...acts,
  machine: { unitId, unitAncestors: PATHS[unitId], scopes },
});
const answer = (caller: Caller, action: Action, subject = CLAIM): string => {
  const result = can(caller, action, subject);
  if (!result.ok) return result.code;
  return result.onBehalfOf === undefined ? 'yes' : `for ${result.onBehalfOf}`;
};

describe('where a role holds', () => {
  test.each<[string, Caller, Action, string]>([
    ['on its unit', person('hr', hold('hr')), 'claim.read', 'yes'],
    ['below it: head office sees subsidiaries', person('hr', hold('hr', 'group')), 'claim.read', 'yes'],
    ['not above it', person('hr', hold('hr', 'team')), 'claim.read', 'FORBIDDEN'],
    ['not beside it', person('hr', hold('hr', 'south')), 'claim.read', 'FORBIDDEN'],
    ['an auditor changes nothing', person('a', hold('auditor', 'group')), 'claim.withdraw', 'FORBIDDEN'],
    ['a colleague sees nothing', person('colleague'), 'claim.read', 'FORBIDDEN'],
    ['nobody is nobody', person(null, hold('admin', 'group')), 'claim.read', 'UNAUTHENTICATED'],
  ])('%s', (_, caller, action, expected) => expect(answer(caller, action)).toBe(expected));

  test('an admin of a company makes no admin of the root, nor of another company', () => {
    const admin = person('x', hold('admin', 'north'));
    const of = (unit: Unit): Subject => ({ unitAncestors: PATHS[unit], employeeId: 'y' });
    expect(UNITS.map((unit) => [unit, answer(admin, 'role.write-admin', of(unit))])).toEqual([
      ['group', 'FORBIDDEN'],
      ['north', 'yes'],
      ['branch', 'yes'],
      ['team', 'yes'],
      ['south', 'FORBIDDEN'],
    ]);
  });
});

describe('tasks', () => {
  const task = (change: Partial<Subject> = {}, about: Partial<NonNullable<Subject['task']>> = {}): Subject => ({
    ...CLAIM,
    task: { role: 'approver', excluded: ['first'], ...about },
    ...change,
  });

  test.each<[string, Caller, Subject, string]>([
    ['the branch manager decides', person('m', hold('approver')), task(), 'yes'],
    ['a manager above decides', person('m', hold('approver', 'group')), task(), 'yes'],
    ['a manager elsewhere does not', person('m', hold('approver', 'south')), task(), 'FORBIDDEN'],
    ['another role does not', person('hr', hold('hr')), task(), 'FORBIDDEN'],
    ['not even an administrator', person('x', hold('admin', 'group')), task(), 'FORBIDDEN'],
    ['nor an auditor, of whatever the task says', person('x', hold('auditor')), task({}, { role: 'auditor' }), 'FORBIDDEN'],
    ['never the own claim', person('claimant', hold('approver', 'group')), task(), 'OWN_CLAIM'],
    ['never twice', person('first', hold('approver')), task(), 'SECOND_PERSON_REQUIRED'],
    ['a branch manager does not decide for head office', person('m', hold('approver')), task({ unitAncestors: ['group'] }), 'FORBIDDEN'],
    ['what is no task cannot be decided', person('m', hold('approver')), CLAIM, 'FORBIDDEN'],
    ['whoever is asked by name decides without the role', person('m'), task({}, { assignees: ['m'] }), 'yes'],
    ['and nobody else, whatever the role', person('x', hold('approver', 'group')), task({}, { assignees: ['m'] }), 'FORBIDDEN'],
    ['not the own claim, not even by name', person('claimant'), task({}, { assignees: ['claimant'] }), 'OWN_CLAIM'],
    ['not twice, not even by name', person('first'), task({}, { assignees: ['first'] }), 'SECOND_PERSON_REQUIRED'],
    ['an empty list names nobody', person('m', hold('approver')), task({}, { assignees: [] }), 'yes'],
    [
      'finance by name shows a second factor',
      { ...person('f'), secondFactor: false },
      task({}, { role: 'finance', assignees: ['f'] }),
      'SECOND_FACTOR_REQUIRED',
    ],
    ['an admin who is asked by name decides', person('x', hold('admin', 'group')), task({}, { role: 'admin', assignees: ['x'] }), 'yes'],
    [
      'and shows a second factor, as an admin does everywhere',
      { ...person('x', hold('admin', 'group')), secondFactor: false },
      task({}, { role: 'admin', assignees: ['x'] }),
      'SECOND_FACTOR_REQUIRED',
    ],
    ['no admin is asked but by name', person('x', hold('admin', 'group')), task({}, { role: 'admin' }), 'FORBIDDEN'],
  ])('%s', (_, caller, subject, expected) => expect(answer(caller, 'task.decide', subject)).toBe(expected));

  test.each<[string, Caller, Subject, string]>([
    ['B decides for A', person('B', hold('approver', 'branch', 'A')), task(), 'for A'],
    ['in the own name where the own role suffices', person('B', hold('approver', 'branch', 'A'), hold('approver')), task(), 'yes'],
    ['not the claim of A', person('B', hold('approver', 'branch', 'claimant')), task(), 'OWN_CLAIM'],
    ['not the claim of B', person('claimant', hold('approver', 'branch', 'A')), task(), 'OWN_CLAIM'],
    ['not where A signed first', person('B', hold('approver', 'branch', 'A')), task({}, { excluded: ['A'] }), 'SECOND_PERSON_REQUIRED'],
    ['not where B signed first', person('B', hold('approver', 'branch', 'A')), task({}, { excluded: ['B'] }), 'SECOND_PERSON_REQUIRED'],
    ['B in person where A signed first', person('B', hold('approver'), hold('approver', 'branch', 'A')), task({}, { excluded: ['A'] }), 'yes'],
    ['for A where C may not be stood in for', person('B', hold('approver', 'branch', 'claimant'), hold('approver', 'branch', 'A')), task(), 'for A'],
    ['only where A could', person('B', hold('approver', 'south', 'A')), task(), 'FORBIDDEN'],
    ['for A who is asked by name', { ...person('B'), standsInFor: ['A'] }, task({}, { assignees: ['A'] }), 'for A'],
    [
      'not for A as the holder of a role that is not passed on',
      { ...person('B'), standsInFor: ['A'], withheld: [hold('finance', 'group', 'A')] },
      task({}, { role: 'finance', assignees: ['A'] }),
      'FORBIDDEN',
    ],
    [
      'but as the holder of one that is',
      { ...person('B', hold('finance', 'branch', 'A')), withheld: [hold('finance', 'group', 'A')] },
      task({}, { role: 'finance', assignees: ['A'] }),
      'for A',
    ],
    [
      'and for A in person, whatever else A holds',
      { ...person('B'), standsInFor: ['A', 'C'], withheld: [hold('finance', 'group', 'A'), hold('approver', 'south', 'A'), hold('approver', 'group', 'C')] },
      task({}, { assignees: ['A'] }),
      'for A',
    ],
    ['in person where both are', { ...person('B'), standsInFor: ['A'] }, task({}, { assignees: ['A', 'B'] }), 'yes'],
    ['the own role is nothing where A is asked by name', person('B', hold('approver')), task({}, { assignees: ['A'] }), 'FORBIDDEN'],
    [
      'with a second factor of B',
      { ...person('B', hold('finance', 'branch', 'A')), secondFactor: false },
      task({}, { role: 'finance' }),
      'SECOND_FACTOR_REQUIRED',
    ],
  ])('standing in: %s', (_, caller, subject, expected) => expect(answer(caller, 'task.decide', subject)).toBe(expected));
});

describe('who takes part in an approval, from whatever unit', () => {
  const shared: Subject = { ...CLAIM, participants: ['me'] };
  test.each<[string, Caller, Action, Subject, string]>([
    ['reads the claim', person('me'), 'claim.read', shared, 'yes'],
    ['with what is medical', person('me'), 'claim.read-medical', shared, 'yes'],
    ['but does nothing with it', person('me'), 'claim.withdraw', shared, 'FORBIDDEN'],
    ['and reads nothing else of the claimant', person('me'), 'employee.read', shared, 'FORBIDDEN'],
    ['through a substitute', { ...person('B'), standsInFor: ['me'] }, 'claim.read', shared, 'for me'],
    ['who reads it in the own name where the own role suffices', { ...person('B', hold('hr')), standsInFor: ['me'] }, 'claim.read', shared, 'yes'],
    ['nobody else', person('x'), 'claim.read', shared, 'FORBIDDEN'],
  ])('%s', (_, caller, action, subject, expected) => expect(answer(caller, action, subject)).toBe(expected));
});

describe('second factor', () => {
  const weak = (...roles: HeldRole[]): Caller => ({ ...person('me', ...roles), secondFactor: false });
  test('a role that needs none suffices', () => expect(answer(weak(hold('operator'), hold('hr')), 'claim.hold')).toBe('yes'));
  test('it does not open what the role does not', () => expect(answer(weak(hold('operator')), 'claim.submit')).toBe('FORBIDDEN'));
  test('nor the own claim', () => expect(answer({ ...weak(hold('finance')), employeeId: 'claimant' }, 'claim.reverse')).toBe('OWN_CLAIM'));
  test('what is said is what can be mended', () =>
    expect(answer(weak(hold('hr', 'branch', 'claimant'), hold('operator')), 'claim.hold')).toBe('SECOND_FACTOR_REQUIRED'));
});

describe('machines', () => {
  const manager = person('m', hold('approver'));
  test.each<[string, Caller, Action, string]>([
    ['in its unit', machine('north'), 'claim.submit', 'yes'],
    ['outside its unit', machine('south'), 'claim.submit', 'FORBIDDEN'],
    ['without the scope', machine('north', ['claims:read']), 'claim.submit', 'SCOPE_MISSING'],
    ['never decides by itself', machine('group'), 'task.decide', 'ACTOR_REQUIRED'],
    ['never releases by itself', machine('group'), 'claim.release', 'ACTOR_REQUIRED'],
    ['for a person', machine('group', SCOPES, person('claimant')), 'claim.appeal', 'yes'],
    ['for a person who may not', machine('group', SCOPES, manager), 'claim.appeal', 'FORBIDDEN'],
    ['for a person without act-for', machine('group', ['claims:write'], person('claimant')), 'claim.appeal', 'SCOPE_MISSING'],
    ['for a person, outside its own unit', machine('south', SCOPES, person('claimant')), 'claim.appeal', 'FORBIDDEN'],
    ['for a person who stands in', machine('group', SCOPES, person('B', hold('hr', 'branch', 'A'))), 'claim.appeal', 'for A'],
  ])('%s', (_, caller, action, expected) => expect(answer(caller, action)).toBe(expected));
});

describe('reach', () => {
  test.each<[string, Caller, Action, string[]]>([
    ['units of the roles that count', person('x', hold('hr', 'north'), hold('auditor', 'south'), hold('employee', 'group')), 'claim.read', ['north', 'south']],
    ['the highest alone', person('x', hold('hr', 'team'), hold('approver', 'north'), hold('hr', 'north')), 'claim.read', ['north']],
    ['not of roles that do not', person('x', hold('auditor', 'group'), hold('hr', 'south')), 'claim.submit', ['south']],
    ['not without the second factor', { ...person('x', hold('finance', 'group'), hold('hr', 'south')), secondFactor: false }, 'claim.read', ['south']],
    ['of the absent person too', person('x', hold('hr', 'south', 'A')), 'claim.read', ['south']],
    ['but not what is personal', person('x', hold('admin', 'south', 'A')), 'role.write', []],
    ['nobody: nothing', person('x'), 'claim.read', []],
    ['a machine: its unit', machine('north'), 'claim.read', ['north']],
    ['a machine without the scope', machine('north', ['act-for']), 'claim.read', []],
    ['a machine that may not by itself', machine('north'), 'claim.hold', []],
    ['a machine for a person: the person is lower', machine('north', SCOPES, person('x', hold('hr', 'team'))), 'claim.read', ['team']],
    ['the machine is lower', machine('branch', SCOPES, person('x', hold('hr', 'group'))), 'claim.read', ['branch']],
    ['beside each other', machine('south', SCOPES, person('x', hold('hr', 'north'))), 'claim.read', []],
    ['without act-for', machine('north', ['claims:read'], person('x', hold('hr', 'north'))), 'claim.read', []],
  ])('%s', (_, caller, action, expected) => expect(reach(caller, action)).toEqual(expected));
});

const roles = fc.array(
  fc
    .record({ role: fc.constantFrom(...ROLES), unit: fc.constantFrom(...UNITS), onBehalfOf: fc.constantFrom(undefined, 'A', 'C') })
    .map((one) => hold(one.role, one.unit, one.onBehalfOf)),
  { maxLength: 5 },
);
const callers = fc
  .record({ roles, secondFactor: fc.boolean(), machine: fc.constantFrom(undefined, ...UNITS), scopes: fc.subarray([...SCOPES]), nobody: fc.boolean() })
  .map(({ roles: held, secondFactor, machine: unit, scopes, nobody }): Caller => {
    const acts = { ...person(nobody ? null : 'me', ...held), secondFactor };
    return unit === undefined ? acts : machine(unit, scopes, acts);
  });

test('what a list reaches is what may be done one by one', () => {
  fc.assert(
    fc.property(callers, fc.constantFrom(...ACTIONS.filter((action) => action !== 'task.decide')), fc.constantFrom(...UNITS), (caller, action, unit) => {
      const listed = reach(caller, action).some((root) => PATHS[unit].includes(root));
      expect(can(caller, action, { unitAncestors: PATHS[unit] }).ok).toBe(listed);
    }),
    { numRuns: 2_000 },
  );
});

test('a role on a unit says nothing of other subtrees; nobody ever decides the own claim, nor that of whom she stands in for', () => {
  fc.assert(
    fc.property(roles, fc.constantFrom(...ACTIONS), fc.constantFrom(...ROLES), fc.constantFrom('me', 'A', 'C'), (held, action, role, owner) => {
      const outside = held.filter(({ unitId }) => unitId === 'south');
      const subject: Subject = { ...CLAIM, task: { role, excluded: [] } };
      expect(answer(person('x', ...outside), action, subject)).toBe('FORBIDDEN');
      const decided = can(person('me', ...held), 'task.decide', { ...subject, employeeId: owner });
      expect(decided.ok && (owner === 'me' || decided.onBehalfOf === owner)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test('no two signatures are of one person, nor of one absent person, in whatever order they are given', () => {
  fc.assert(
    fc.property(roles, roles, fc.constantFrom('me', 'A', 'other'), (first, second, who) => {
      const asked = (excluded: readonly string[]): Subject => ({ ...CLAIM, task: { role: 'approver', excluded } });
      const one = can(person('me', ...first), 'task.decide', asked([]));
      if (!one.ok) return;
      const signers = ['me', ...(one.onBehalfOf === undefined ? [] : [one.onBehalfOf])];
      const two = can(person(who, ...second.filter(({ onBehalfOf }) => onBehalfOf !== who)), 'task.decide', asked(signers));
      if (!two.ok) return;
      expect(signers).not.toContain(who);
      expect(signers).not.toContain(two.onBehalfOf);
    }),
    { numRuns: 2_000 },
  );
});

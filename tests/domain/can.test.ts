import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROLES, type Role } from '#domain/claim/actor.ts';
import { ACTIONS, can, SCOPES, type Action, type Caller, type Subject } from '#domain/org/can.ts';

/** group → north → branch; group → south */
const CLAIM: Subject = { unitAncestors: ['group', 'north', 'branch'], employeeId: 'claimant' };
const person = (employeeId: string, role?: Role, unitId = 'branch'): Caller => ({ employeeId, roles: role ? [{ role, unitId }] : [], machine: null });
const machine = (unitId: string, scopes: readonly string[] = SCOPES, acts: Caller = { employeeId: null, roles: [], machine: null }): Caller => ({
  ...acts,
  machine: { unitId, scopes },
});
const answer = (caller: Caller, action: Action, subject = CLAIM) => {
  const result = can(caller, action, subject);
  return result.ok ? 'yes' : result.code;
};

describe('people', () => {
  test.each<[string, Caller, Action, string]>([
    ['the claimant reads', person('claimant'), 'claim.read', 'yes'],
    ['a colleague does not', person('colleague'), 'claim.read', 'FORBIDDEN'],
    ['HR of the branch reads', person('hr', 'hr'), 'claim.read', 'yes'],
    ['HR of the group reads', person('hr', 'hr', 'group'), 'claim.read', 'yes'],
    ['HR of another company does not', person('hr', 'hr', 'south'), 'claim.read', 'FORBIDDEN'],
    ['an auditor reads', person('a', 'auditor', 'group'), 'claim.read', 'yes'],
    ['an auditor changes nothing', person('a', 'auditor', 'group'), 'claim.withdraw', 'FORBIDDEN'],
    ['HR submits for somebody', person('hr', 'hr'), 'claim.submit', 'yes'],
    ['the claimant appeals', person('claimant'), 'claim.appeal', 'yes'],
    ['the manager does not appeal', person('m', 'approver'), 'claim.appeal', 'FORBIDDEN'],
    ['HR holds', person('hr', 'hr'), 'claim.hold', 'yes'],
    ['nobody releases the own claim', person('claimant', 'hr'), 'claim.release', 'OWN_CLAIM'],
    ['the claimant without a role has no say in it', person('claimant'), 'claim.release', 'FORBIDDEN'],
    ['finance reverses', person('f', 'finance', 'north'), 'claim.reverse', 'yes'],
    ['but not the own claim', person('claimant', 'finance'), 'claim.reverse', 'OWN_CLAIM'],
    ['finance stops payouts', person('f', 'finance'), 'payout.stop', 'yes'],
    ['HR does not', person('hr', 'hr'), 'payout.stop', 'FORBIDDEN'],
    ['an approver keeps no units', person('m', 'approver'), 'unit.write', 'FORBIDDEN'],
    ['nobody is nobody', { employeeId: null, roles: [{ role: 'admin', unitId: 'group' }], machine: null }, 'claim.read', 'UNAUTHENTICATED'],
  ])('%s', (_, caller, action, expected) => expect(answer(caller, action)).toBe(expected));
});

describe('tasks', () => {
  const task = (change: Partial<Subject> = {}): Subject => ({ ...CLAIM, task: { role: 'approver', excluded: ['first'] }, ...change });

  test.each<[string, Caller, Subject, string]>([
    ['the branch manager decides', person('m', 'approver'), task(), 'yes'],
    ['a manager above decides', person('m', 'approver', 'group'), task(), 'yes'],
    ['a manager elsewhere does not', person('m', 'approver', 'south'), task(), 'FORBIDDEN'],
    ['another role does not', person('hr', 'hr'), task(), 'FORBIDDEN'],
    ['not even an administrator', person('x', 'admin', 'group'), task(), 'FORBIDDEN'],
    ['never the own claim', person('claimant', 'approver', 'group'), task(), 'OWN_CLAIM'],
    ['never twice', person('first', 'approver'), task(), 'SECOND_PERSON_REQUIRED'],
    ['a branch manager does not decide for head office', person('m', 'approver'), task({ unitAncestors: ['group'] }), 'FORBIDDEN'],
    ['what is no task cannot be decided', person('m', 'approver'), CLAIM, 'FORBIDDEN'],
  ])('%s', (_, caller, subject, expected) => expect(answer(caller, 'task.decide', subject)).toBe(expected));
});

describe('machines', () => {
  const manager = person('m', 'approver');
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
  ])('%s', (_, caller, action, expected) => expect(answer(caller, action)).toBe(expected));
});

test('a role on a unit says nothing of other subtrees, and nobody ever decides the own claim', () => {
  const units = fc.constantFrom('group', 'north', 'south', 'branch');
  const held = fc.array(fc.record({ role: fc.constantFrom(...ROLES), unitId: units }), { maxLength: 5 });
  fc.assert(
    fc.property(held, fc.constantFrom(...ACTIONS), fc.constantFrom(...ROLES), (roles, action, role) => {
      const subject: Subject = { ...CLAIM, task: { role, excluded: [] } };
      const outside = roles.filter(({ unitId }) => unitId === 'south');
      expect(answer({ employeeId: 'x', roles: outside, machine: null }, action, subject)).toBe('FORBIDDEN');
      expect(answer({ employeeId: 'claimant', roles, machine: null }, 'task.decide', subject)).not.toBe('yes');
    }),
  );
});

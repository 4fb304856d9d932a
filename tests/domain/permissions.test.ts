import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { PERMISSIONS_FILE, withTable } from '#dev/permissions.ts';
import { ROLES, type Role } from '#domain/claim/actor.ts';
import { ACTIONS, can, SCOPES, type Action, type Caller, type HeldRole, type Subject } from '#domain/org/can.ts';

/**
 * What everybody may do, written by hand and not from the rules. The columns of a cell are none, approver, hr, finance, auditor, operator, admin:
 * y yes · - FORBIDDEN · O OWN_CLAIM · S SECOND_PERSON_REQUIRED · F SECOND_FACTOR_REQUIRED.
 * `other`: somebody else's, having shown a second factor. `weak`: the same without one. `own`: what belongs to the person. `standIn`: other's, in an absent
 * person's role. `machine`: in its own name; A is ACTOR_REQUIRED. A task is one for the role that is asked.
 */
const EXPECTED: Record<Action, readonly [other: string, weak: string, own: string, standIn: string, machine: string]> = {
  //                     other      weak       own        standIn    machine
  'claim.read': /*     */ ['-yyyyyy', '-yyFyFF', 'yyyyyyy', '-yyyyyy', 'y'],
  'claim.read-medical': ['-yyyy--', '-yyFy--', 'yyyyyyy', '-yyyy--', 'y'],
  'claim.submit': /*   */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.estimate': /* */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.confirm': /*  */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.complete': /* */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.add-document': ['-yy----', '-yy----', 'yyyyyyy', '-yy----', 'y'],
  'claim.withdraw': /* */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.ask-person': ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.appeal': /*   */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'y'],
  'claim.urge': /*     */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'A'],
  'claim.hold': /*     */ ['--yy-y-', '--yF-F-', '--OO-O-', '--yy-y-', 'A'],
  'claim.release': /*  */ ['--yy-y-', '--yF-F-', '--OO-O-', '--yy-y-', 'A'],
  'claim.reverse': /*  */ ['---y---', '---F---', '---O---', '---y---', 'A'],
  'document.read': /*  */ ['-yyyy--', '-yyFy--', 'yyyyyyy', '-yyyy--', 'y'],
  'document.original': ['--y-y--', '--y-y--', 'yyyyyyy', '--y-y--', 'A'],
  'document.upload': /**/ ['-yyy---', '-yyF---', 'yyyyyyy', '-yyy---', 'y'],
  'task.read': /*      */ ['-yyyyyy', '-yyFyFF', '-yyyyyy', '-yyyyyy', 'y'],
  'task.read-medical': ['-yyyy--', '-yyFy--', '-yyyy--', '-yyyy--', 'y'],
  'task.decide': /*    */ ['-yyy---', '-yyF---', '-OOO---', '-yyy---', 'A'],
  'unit.read': /*      */ ['-yyyyyy', '-yyFyFF', '-yyyyyy', '-yyyyyy', 'y'],
  'unit.write': /*     */ ['------y', '------F', '------y', '------y', 'y'],
  'approval-flow.read': ['-yyyyyy', '-yyFyFF', '-yyyyyy', '-yyyyyy', 'y'],
  'approval-flow.write': ['------y', '------F', '------y', '------y', 'y'],
  'colleague.read': /* */ ['-yyy--y', '-yyF--F', '-yyy--y', '-yyy--y', 'y'],
  'employee.read': /*  */ ['--yyy-y', '--yFy-F', 'yyyyyyy', '--yyy-y', 'y'],
  'employee.write': /* */ ['--y---y', '--y---F', '--y---y', '--y---y', 'y'],
  'session.end': /*    */ ['------y', '------F', 'yyyyyyy', '------y', 'y'],
  'account.write': /*  */ ['--y---y', '--y---F', 'yyyyyyy', '--y---y', 'y'],
  'role.read': /*      */ ['--y-y-y', '--y-y-F', 'yyyyyyy', '--y-y-y', 'y'],
  'role.write': /*     */ ['------y', '------F', '------S', '-------', 'y'],
  'role.write-admin': /**/ ['------y', '------F', '------S', '-------', 'A'],
  'substitution.read': ['--y-y-y', '--y-y-F', 'yyyyyyy', '--y-y-y', 'y'],
  'substitution.write': ['--y---y', '--y---F', 'yyyyyyy', '-------', 'A'],
  'consent.read': /*   */ ['--y-y--', '--y-y--', 'yyyyyyy', '--y-y--', 'y'],
  'consent.write': /*  */ ['--y----', '--y----', 'yyyyyyy', '--y----', 'A'],
  'erasure.read': /*   */ ['--y-y-y', '--y-y-F', 'yyyyyyy', '--y-y-y', 'A'],
  'erasure.request': /**/ ['--y----', '--y----', 'yyyyyyy', '--y----', 'A'],
  'erasure.decide': /* */ ['------y', '------F', '------S', '------y', 'A'],
  'legal-hold.read': /**/ ['--y-y-y', '--y-y-F', '--y-y-y', '--y-y-y', 'A'],
  'legal-hold.write': ['--y---y', '--y---F', '--S---S', '--y---y', 'A'],
  'payloads.decode': /**/ ['-----y-', '-----F-', '-----y-', '-----y-', 'A'],
  'look.read': /*      */ ['----y--', '----y--', 'yyyyyyy', '----y--', 'A'],
  'inspection.make': /**/ ['--y-y--', '--y-y--', '--y-y--', '--y-y--', 'A'],
  'simulation.read': /**/ ['--yyy--', '--yFy--', '--yyy--', '--yyy--', 'y'],
  'simulation.run': /* */ ['--yy---', '--yF---', '--yy---', '--yy---', 'A'],
  'webhook.read': /*   */ ['----yyy', '----yFF', '----yyy', '----yyy', 'y'],
  'webhook.write': /*  */ ['-----yy', '-----FF', '-----yy', '-----yy', 'y'],
  'payout-stop.read': ['---yyyy', '---FyFF', '---yyyy', '---yyyy', 'y'],
  'payout.stop': /*    */ ['---y-yy', '---F-FF', '---y-yy', '---y-yy', 'y'],
  'operation.read': /* */ ['----yyy', '----yFF', '----yyy', '----yyy', 'y'],
  'workflow.read': /*  */ ['-----y-', '-----F-', '-----y-', '-----y-', 'A'],
  'claim.operate': /*  */ ['-----y-', '-----F-', '-----O-', '-----y-', 'A'],
  'notice.resend': /*  */ ['-----yy', '-----FF', '-----yy', '-----yy', 'A'],
  'announcement.write': ['-----yy', '-----FF', '-----yy', '-----yy', 'A'],
};

const COLUMNS: readonly (Role | null)[] = [null, 'approver', 'hr', 'finance', 'auditor', 'operator', 'admin'];
const SIGNS: Readonly<Record<string, string>> = {
  ...{ FORBIDDEN: '-', OWN_CLAIM: 'O', SECOND_PERSON_REQUIRED: 'S', SECOND_FACTOR_REQUIRED: 'F', ACTOR_REQUIRED: 'A' },
};
const ANCESTORS = ['group', 'north', 'branch'];

function sign(caller: Caller, action: Action, subject: Subject): string {
  const answer = can(caller, action, subject);
  return answer.ok ? 'y' : (SIGNS[answer.code] ?? answer.code);
}

type Case = { secondFactor?: boolean; owner?: string; onBehalfOf?: string; unitId?: string };

function row(action: Action, { secondFactor = true, owner = 'claimant', onBehalfOf, unitId = 'north' }: Case): string {
  return COLUMNS.map((role) => {
    const held: HeldRole[] = role ? [{ role, unitId, unitAncestors: ['group', unitId], ...(onBehalfOf !== undefined && { onBehalfOf }) }] : [];
    const caller: Caller = { employeeId: 'me', roles: held, standsInFor: onBehalfOf === undefined ? [] : [onBehalfOf], secondFactor, machine: null };
    return sign(caller, action, { unitAncestors: ANCESTORS, employeeId: owner, task: { role: role ?? 'approver', excluded: [] } });
  }).join('');
}

describe.each(ACTIONS)('%s', (action) => {
  const [other, weak, own, standIn, machine] = EXPECTED[action];
  const alone: Caller = {
    ...{ employeeId: null, roles: [], standsInFor: [], secondFactor: false },
    machine: { unitId: 'north', unitAncestors: ['group', 'north'], scopes: SCOPES },
  };

  test('by role', () => {
    expect({ other: row(action, {}), weak: row(action, { secondFactor: false }) }).toEqual({ other, weak });
  });

  test('what belongs to the person', () => {
    expect(row(action, { owner: 'me' })).toBe(own);
  });

  test('standing in', () => {
    expect(row(action, { onBehalfOf: 'absent' })).toBe(standIn);
    // what is the absent person's own is no more open to the substitute than the substitute's own would be by role
    const ofTheAbsent = row(action, { onBehalfOf: 'absent', owner: 'absent' });
    expect(ofTheAbsent).toBe(standIn.replaceAll('y', own.includes('O') ? 'O' : own.includes('S') ? 'S' : 'y'));
  });

  test('in another company nobody', () => {
    expect(row(action, { unitId: 'south' })).toBe('-------');
  });

  test('a machine', () => {
    const about: Subject = { unitAncestors: ANCESTORS, employeeId: 'claimant', task: { role: 'approver', excluded: [] } };
    expect(sign(alone, action, about)).toBe(machine);
    expect(sign(alone, action, { ...about, unitAncestors: ['group', 'south'] })).toBe('-');
    expect(sign({ ...alone, machine: null }, action, about)).toBe('UNAUTHENTICATED');
    for (const scopes of [[], SCOPES.filter((scope) => scope === 'act-for')]) {
      expect(sign({ ...alone, machine: { unitId: 'north', unitAncestors: ['group', 'north'], scopes } }, action, about)).toBe('SCOPE_MISSING');
    }
  });
});

test('the role employee gives nothing: everybody has what is their own without it', () => {
  expect(ROLES.filter((role) => !COLUMNS.includes(role))).toEqual(['employee']);
  for (const action of ACTIONS) {
    const caller: Caller = {
      ...{ employeeId: 'me', standsInFor: [], secondFactor: true, machine: null },
      roles: [{ role: 'employee', unitId: 'group', unitAncestors: ['group'] }],
    };
    expect(sign(caller, action, { unitAncestors: ANCESTORS, employeeId: 'claimant', task: { role: 'employee', excluded: [] } })).toBe('-');
  }
});

test('docs/permissions.md shows the rules as they are: npm run permissions', async () => {
  const text = await readFile(PERMISSIONS_FILE, 'utf8');
  expect(text).toBe(withTable(text));
});

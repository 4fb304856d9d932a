import { expect, test } from 'vitest';
import type { Actor } from '#domain/claim/actor.ts';
import { needsSecondPerson } from '#domain/payout/second-person.ts';

const machine: Actor = { type: 'machine', id: 'key' };
const person = (id: string): Actor => ({ type: 'person', id, via: 'key' });

test.each<[string, Actor, Actor[], boolean]>([
  ['nothing was changed', machine, [], false],
  ['one’s own account alone', person('e1'), [], false],
  ['a machine', machine, [machine], true],
  ['the same person', person('a'), [person('a')], true],
  ['the same person, another having come between', person('a'), [person('a'), person('b')], true],
  ['the employee', person('e1'), [person('a')], true],
  ['somebody else', person('b'), [person('a')], false],
  ['somebody, after a machine', person('b'), [machine], false],
])('%s', (_, actor, changedBy, needed) => {
  expect(needsSecondPerson({ actor, employeeId: 'e1', changedBy })).toBe(needed);
});

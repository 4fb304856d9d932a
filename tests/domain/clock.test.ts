import { expect, test } from 'vitest';
import { timeByParty, turnOf } from '#domain/claim/clock.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 18, hour));
const HOUR = 3_600_000;

test('the clock is split by whose turn it was', () => {
  const changes = [
    { at: at(0), turn: 'system' as const },
    { at: at(1), turn: 'employee' as const },
    { at: at(4), turn: 'bureau' as const },
    { at: at(9), turn: 'employee' as const },
    { at: at(10), turn: null },
  ];
  expect(timeByParty(changes, at(20))).toEqual({ system: HOUR, employee: 4 * HOUR, bureau: 5 * HOUR });
  expect(timeByParty(changes.slice(0, 3), at(6))).toEqual({ system: HOUR, employee: 3 * HOUR, bureau: 2 * HOUR });
  expect(timeByParty([], at(6))).toEqual({});
});

test('clocks that ran backwards count as nothing', () => {
  expect(
    timeByParty(
      [
        { at: at(5), turn: 'hr' },
        { at: at(4), turn: 'bank' },
      ],
      at(4),
    ),
  ).toEqual({ hr: 0, bank: 0 });
});

test('a task makes it its decider’s turn, but an escalation leaves the bureau’s clock running', () => {
  expect(turnOf({ state: 'APPROVED', openTaskRole: null })).toBe('system');
  expect(turnOf({ state: 'APPROVED', openTaskRole: 'finance' })).toBe('finance');
  expect(turnOf({ state: 'SUBMITTED', openTaskRole: 'approver' })).toBe('manager');
  expect(turnOf({ state: 'APPEAL_REVIEW', openTaskRole: 'hr' })).toBe('hr');
  expect(turnOf({ state: 'IN_REVIEW', openTaskRole: 'approver' })).toBe('bureau');
  expect(turnOf({ state: 'PENDED_INFO', openTaskRole: null })).toBe('employee');
});

import { describe, expect, test } from 'vitest';
import { choicesOf, needsComment, refuseDecision, roleOf, TASK_KINDS, type OpenTask } from '#domain/claim/tasks.ts';

const task: OpenTask = {
  id: 't1',
  kind: 'ESCALATION',
  role: 'approver',
  level: 1,
  version: 1,
  choices: choicesOf('ESCALATION'),
  excluded: ['claimant', 'first'],
};
const refusal = (change: Partial<Parameters<typeof refuseDecision>[0]['decision']>) =>
  refuseDecision({ tasks: [task], claimantId: 'claimant', decision: { taskId: 't1', choice: 'WAIT', comment: null, employeeId: 'manager', ...change } });

describe('a decision', () => {
  test('may be taken', () => expect(refusal({})).toBeNull());

  test.each<[Parameters<typeof refusal>[0], string]>([
    [{ taskId: 'gone' }, 'TASK_ALREADY_DECIDED'],
    [{ employeeId: 'claimant' }, 'OWN_CLAIM'],
    [{ employeeId: 'first' }, 'SECOND_PERSON_REQUIRED'],
    [{ choice: 'APPROVE' }, 'CHOICE_NOT_OFFERED'],
    [{ choice: 'REFUSE' }, 'COMMENT_REQUIRED'],
    [{ choice: 'RECORD_DECISION' }, 'VALIDATION_FAILED'],
    [{ choice: 'REFUSE', comment: ' \n ' }, 'COMMENT_REQUIRED'],
  ])('%j is refused: %s', (change, code) => expect(refusal(change)).toBe(code));

  const inNameOf = (onBehalfOf: string) => ({ actor: { type: 'person', id: 'manager', onBehalfOf } as const });
  test.each<[Parameters<typeof refusal>[0], string | null]>([
    [inNameOf('absent'), null],
    [inNameOf('claimant'), 'OWN_CLAIM'],
    [inNameOf('first'), 'SECOND_PERSON_REQUIRED'],
  ])('standing in, %j: %s', (change, code) => expect(refusal(change)).toBe(code));

  test('to refuse, with a word why, may be taken', () => expect(refusal({ choice: 'REFUSE', comment: '票据不符' })).toBeNull());
});

test('every kind of task can be decided by somebody, in more than one way, without a word in at least one', () => {
  for (const kind of TASK_KINDS) {
    expect(roleOf(kind)).not.toBe('employee');
    expect(new Set(choicesOf(kind)).size).toBe(choicesOf(kind).length);
    expect(choicesOf(kind).length).toBeGreaterThan(1);
    // HR says why it overrules a machine, sends a claim back or refuses it
    if (kind !== 'DUPLICATE_REVIEW' && kind !== 'PRE_REVIEW' && kind !== 'CONFIRM_PAYOUT')
      expect([kind, choicesOf(kind).some((choice) => !needsComment(choice))]).toEqual([kind, true]);
  }
});

import { describe, expect, test } from 'vitest';
import type { ApprovalAct } from '#domain/approval/act.ts';
import { urge } from '#domain/approval/act.ts';
import { lift, resume } from '#domain/approval/instance.ts';
import { attempt, names, people, play, step, takeBack, turn, type Played } from './world.ts';

const NEXT = step('one', people('x'));
const ABC = people('a', 'b', 'c');

/** status and step, whose turn it is, who is newly asked, who no longer */
const after = (played: Played | ReturnType<typeof attempt>) => {
  const outcome = 'last' in played ? played.last : played;
  if (!outcome.ok) return outcome.code;
  return [outcome.instance.status, outcome.instance.step + 1, turn(outcome), names(outcome.asked), names(outcome.released)];
};

describe('what follows in each mode', () => {
  const cases: [string, Parameters<typeof step>[0], ApprovalAct, unknown][] = [
    ['approve', 'one', { action: 'APPROVE' }, ['OPEN', 2, ['x'], ['x'], []]],
    ['approve', 'any', { action: 'APPROVE' }, ['OPEN', 2, ['x'], ['x'], ['b', 'c']]],
    ['approve', 'all', { action: 'APPROVE' }, ['OPEN', 1, ['b', 'c'], [], []]],
    ['approve', 'in-order', { action: 'APPROVE' }, ['OPEN', 1, ['b'], ['b'], []]],
    ['refuse', 'one', { action: 'REFUSE' }, ['REFUSED', 1, [], [], []]],
    ['refuse', 'any', { action: 'REFUSE' }, ['REFUSED', 1, [], [], ['b', 'c']]],
    ['refuse', 'all', { action: 'REFUSE' }, ['REFUSED', 1, [], [], ['b', 'c']]],
    ['refuse', 'in-order', { action: 'REFUSE' }, ['REFUSED', 1, [], [], []]],
    ['transfer', 'one', { action: 'TRANSFER', to: 'y' }, ['OPEN', 1, ['y'], ['y'], []]],
    ['transfer', 'any', { action: 'TRANSFER', to: 'y' }, ['OPEN', 1, ['b', 'c', 'y'], ['y'], []]],
    ['transfer', 'all', { action: 'TRANSFER', to: 'y' }, ['OPEN', 1, ['b', 'c', 'y'], ['y'], []]],
    ['transfer', 'in-order', { action: 'TRANSFER', to: 'y' }, ['OPEN', 1, ['y'], ['y'], []]],
    ['return to the submitter', 'one', { action: 'RETURN', toStep: 0 }, ['RETURNED', 1, [], [], []]],
    ['return to the submitter', 'any', { action: 'RETURN', toStep: 0 }, ['RETURNED', 1, [], [], ['b', 'c']]],
    ['return to the submitter', 'all', { action: 'RETURN', toStep: 0 }, ['RETURNED', 1, [], [], ['b', 'c']]],
    ['return to the submitter', 'in-order', { action: 'RETURN', toStep: 0 }, ['RETURNED', 1, [], [], []]],
    ['add before', 'one', { action: 'ADD_BEFORE', people: ['y', 'z'] }, ['OPEN', 1, ['y', 'z'], ['y', 'z'], []]],
    ['add before', 'any', { action: 'ADD_BEFORE', people: ['y'] }, ['OPEN', 1, ['b', 'c', 'y'], ['y'], []]],
    ['add before', 'all', { action: 'ADD_BEFORE', people: ['y'] }, ['OPEN', 1, ['b', 'c', 'y'], ['y'], []]],
    ['add before', 'in-order', { action: 'ADD_BEFORE', people: ['y'] }, ['OPEN', 1, ['y'], ['y'], []]],
    ['add after', 'one', { action: 'ADD_AFTER', people: ['y'] }, ['OPEN', 1, ['y'], ['y'], []]],
    ['add after', 'any', { action: 'ADD_AFTER', people: ['y'] }, ['OPEN', 1, ['y'], ['y'], ['b', 'c']]],
    ['add after', 'all', { action: 'ADD_AFTER', people: ['y'] }, ['OPEN', 1, ['b', 'c', 'y'], ['y'], []]],
    ['add after', 'in-order', { action: 'ADD_AFTER', people: ['y', 'z'], mode: 'in-order' }, ['OPEN', 1, ['y'], ['y'], []]],
    ['add beside', 'one', { action: 'ADD_PARALLEL', people: ['y'] }, ['OPEN', 1, ['a', 'y'], ['y'], []]],
    ['add beside', 'any', { action: 'ADD_PARALLEL', people: ['y'] }, ['OPEN', 1, ['a', 'b', 'c', 'y'], ['y'], []]],
    ['add beside', 'all', { action: 'ADD_PARALLEL', people: ['y'] }, ['OPEN', 1, ['a', 'b', 'c', 'y'], ['y'], []]],
    ['add beside', 'in-order', { action: 'ADD_PARALLEL', people: ['y'] }, ['OPEN', 1, ['a', 'y'], ['y'], []]],
  ];
  test.each(cases)('%s, %s', (_what, mode, what, expected) => {
    expect(after(attempt(play([step(mode, ABC), NEXT]), { by: 'a', ...what }))).toEqual(expected);
  });

  test.each(['one', 'any', 'all', 'in-order'] as const)('a copy decides nothing, %s', (mode) => {
    const before = play([step(mode, ABC), NEXT]);
    const told = attempt(before, { by: 'a', action: 'CC', people: ['y'] });
    expect(told).toMatchObject({ ok: true, copied: ['y'], instance: before.instance, asked: [], released: [] });
  });
});

describe('a step', () => {
  test('of one asks the first alone; any asks all at once; in order one after the other', () => {
    expect(turn(play([step('one', ABC)]))).toEqual(['a']);
    expect(turn(play([step('any', ABC)]))).toEqual(['a', 'b', 'c']);
    expect(turn(play([step('in-order', ABC)]))).toEqual(['a']);
  });

  test('of all is passed when the last has approved, in whatever order', () => {
    const moves = ['c', 'a', 'b'].map((by) => ({ by, action: 'APPROVE' as const }));
    expect(after(play([step('all', ABC), NEXT], moves))).toEqual(['OPEN', 2, ['x'], ['x'], []]);
    expect(play([step('all', ABC), NEXT], moves.slice(0, 2)).last.passed).toBe(false);
  });

  test('that is the last ends it, and whoever is to have a copy gets one, of the step and of the end, the claimant none', () => {
    const { last } = play([step('one', people('a'), [people('y', 'claimant')])], [{ by: 'a', action: 'APPROVE' }], { copies: [people('z')] });
    expect(last).toMatchObject({ passed: true, instance: { status: 'APPROVED' }, copied: ['y', 'z'], asked: [] });
  });

  test('refused, tells those who get a copy of the end, not those of the step', () => {
    const refused = attempt(play([step('one', people('a'), [people('y')])], [], { copies: [people('z')] }), { by: 'a', action: 'REFUSE' });
    expect(refused).toMatchObject({ copied: ['z'] });
  });
});

describe('added people', () => {
  test('before: the person is asked again when they have all approved, and the others were asked all along', () => {
    const added = play(
      [step('all', people('a', 'b')), NEXT],
      [
        { by: 'a', action: 'ADD_BEFORE', people: ['y', 'z'] },
        { by: 'y', action: 'APPROVE' },
      ],
    );
    expect(turn(added)).toEqual(['b', 'z']);
    expect(after(attempt(added, { by: 'z', action: 'APPROVE' }))).toEqual(['OPEN', 1, ['a', 'b'], ['a'], []]);
  });

  test('any of them is enough where whoever added them said so', () => {
    const added = play([step('one', people('a')), NEXT], [{ by: 'a', action: 'ADD_BEFORE', people: ['y', 'z'], mode: 'any' }]);
    expect(after(attempt(added, { by: 'z', action: 'APPROVE' }))).toEqual(['OPEN', 1, ['a'], ['a'], ['y']]);
  });

  test('after: the step is passed when they have approved as well', () => {
    const added = play([step('one', people('a')), NEXT], [{ by: 'a', action: 'ADD_AFTER', people: ['y', 'z'], mode: 'in-order' }]);
    expect(turn(added)).toEqual(['y']);
    const second = attempt(added, { by: 'y', action: 'APPROVE' });
    expect(after(second)).toEqual(['OPEN', 1, ['z'], ['z'], []]);
    expect(
      after(
        play(
          [step('one', people('a')), NEXT],
          [
            { by: 'a', action: 'ADD_AFTER', people: ['y'] },
            { by: 'y', action: 'APPROVE' },
          ],
        ),
      ),
    ).toEqual(['OPEN', 2, ['x'], ['x'], []]);
  });

  test('beside: both have to approve, in whatever order, also where one of several would do', () => {
    const added = play([step('any', people('a', 'b')), NEXT], [{ by: 'a', action: 'ADD_PARALLEL', people: ['y'] }]);
    expect(after(attempt(added, { by: 'a', action: 'APPROVE' }))).toEqual(['OPEN', 1, ['y'], [], ['b']]);
    expect(after(attempt(added, { by: 'b', action: 'APPROVE' }))).toEqual(['OPEN', 2, ['x'], ['x'], ['a', 'y']]);
  });

  test('may add in their turn, pass on, and refuse', () => {
    const chain = play(
      [step('one', people('a')), NEXT],
      [
        { by: 'a', action: 'ADD_BEFORE', people: ['y'] },
        { by: 'y', action: 'ADD_BEFORE', people: ['z'] },
        { by: 'z', action: 'TRANSFER', to: 'k' },
      ],
    );
    expect(turn(chain)).toEqual(['k']);
    expect(
      turn(
        play(
          [step('one', people('a')), NEXT],
          [
            { by: 'a', action: 'ADD_BEFORE', people: ['y'] },
            { by: 'y', action: 'APPROVE' },
            { by: 'a', action: 'APPROVE' },
          ],
        ),
      ),
    ).toEqual(['x']);
    expect(after(attempt(chain, { by: 'k', action: 'REFUSE' }))).toEqual(['REFUSED', 1, [], [], []]);
  });
});

describe('a return', () => {
  const steps = [step('one', people('a')), step('all', people('b', 'c')), NEXT];
  const third = () =>
    play(
      steps,
      (['a', 'b', 'c'] as const).map((by) => ({ by, action: 'APPROVE' as const })),
    );

  test('to an earlier step asks it anew, and all after it', () => {
    const back = attempt(third(), { by: 'x', action: 'RETURN', toStep: 1 });
    expect(after(back)).toEqual(['OPEN', 1, ['a'], ['a'], []]);
    if (!back.ok) throw new Error(back.code);
    const again = attempt({ ...third(), instance: back.instance }, { by: 'a', action: 'APPROVE' });
    expect(after(again)).toEqual(['OPEN', 2, ['b', 'c'], ['b', 'c'], []]);
  });

  test('to the submitter goes on with the step that returned it', () => {
    const back = attempt(third(), { by: 'x', action: 'RETURN', toStep: 0 });
    if (!back.ok) throw new Error(back.code);
    expect(after(resume(back.instance, third().setting))).toEqual(['OPEN', 3, ['x'], ['x'], []]);
  });

  test.each([[3], [4], [-1], [0.5], [Number.NaN]])('to step %d there is none', (toStep) => {
    expect(after(attempt(third(), { by: 'x', action: 'RETURN', toStep }))).toBe('APPROVAL_STEP_UNKNOWN');
  });
});

describe('a refusal lifted on appeal', () => {
  test('stands for the step: the next one is asked; of the last step nobody', () => {
    const refused = attempt(play([step('all', people('a', 'b')), NEXT]), { by: 'a', action: 'REFUSE' });
    if (!refused.ok) throw new Error(refused.code);
    const { setting } = play([step('all', people('a', 'b')), NEXT]);
    const lifted = lift(refused.instance, setting);
    expect(after(lifted)).toEqual(['OPEN', 2, ['x'], ['x'], []]);
    const last = attempt({ setting, instance: lifted.instance, last: lifted }, { by: 'x', action: 'REFUSE' });
    if (!last.ok) throw new Error(last.code);
    expect(lift(last.instance, setting).instance.status).toBe('APPROVED');
  });
});

describe('taking back', () => {
  test.each(['one', 'any', 'all', 'in-order'] as const)('the approval that led to the next step, %s', (mode) => {
    const passed = play(
      [step(mode, mode === 'one' ? people('a') : people('b', 'a')), NEXT],
      mode === 'one' || mode === 'any'
        ? [{ by: 'a', action: 'APPROVE' }]
        : [
            { by: 'b', action: 'APPROVE' },
            { by: 'a', action: 'APPROVE' },
          ],
    );
    expect(turn(passed)).toEqual(['x']);
    const own = mode === 'any' ? ['a', 'b'] : ['a'];
    expect(after(takeBack(passed, 'a'))).toEqual(['OPEN', 1, own, own, ['x']]);
  });

  test('is too late once the next has done anything: approved, passed on, added', () => {
    const steps = [step('one', people('a')), step('all', people('x', 'y')), step('one', people('z'))];
    for (const did of [{ action: 'APPROVE' }, { action: 'TRANSFER', to: 'k' }, { action: 'ADD_PARALLEL', people: ['k'] }] as const) {
      expect(
        after(
          takeBack(
            play(steps, [
              { by: 'a', action: 'APPROVE' },
              { by: 'x', ...did },
            ]),
            'a',
          ),
        ),
      ).toBe('RECALL_TOO_LATE');
    }
  });

  test('is too late at the end, after a refusal, and where nothing was approved; and is nobody else’s', () => {
    expect(after(takeBack(play([step('one', people('a'))], [{ by: 'a', action: 'APPROVE' }]), 'a'))).toBe('RECALL_TOO_LATE');
    expect(
      after(
        takeBack(
          play(
            [step('all', people('a', 'b'))],
            [
              { by: 'a', action: 'APPROVE' },
              { by: 'b', action: 'REFUSE' },
            ],
          ),
          'a',
        ),
      ),
    ).toBe('RECALL_TOO_LATE');
    expect(after(takeBack(play([step('one', people('a'))]), 'a'))).toBe('RECALL_TOO_LATE');
  });

  test('of one of several leaves the others’ approvals; in order not over the next who has decided', () => {
    const two = play(
      [step('all', people('a', 'b', 'c')), NEXT],
      [
        { by: 'a', action: 'APPROVE' },
        { by: 'b', action: 'APPROVE' },
      ],
    );
    expect(after(takeBack(two, 'a'))).toEqual(['OPEN', 1, ['a', 'c'], ['a'], []]);
    const order = play(
      [step('in-order', people('a', 'b', 'c')), NEXT],
      [
        { by: 'a', action: 'APPROVE' },
        { by: 'b', action: 'APPROVE' },
      ],
    );
    expect(after(takeBack(order, 'a'))).toBe('RECALL_TOO_LATE');
    expect(after(takeBack(order, 'b'))).toEqual(['OPEN', 1, ['b'], ['b'], ['c']]);
  });

  test('takes the people added with it back too, unless they have decided', () => {
    const added = play([step('one', people('a')), NEXT], [{ by: 'a', action: 'ADD_AFTER', people: ['y', 'z'] }]);
    expect(after(takeBack(added, 'a'))).toEqual(['OPEN', 1, ['a'], ['a'], ['y', 'z']]);
    const decided = play(
      [step('one', people('a')), NEXT],
      [
        { by: 'a', action: 'ADD_AFTER', people: ['y', 'z'] },
        { by: 'y', action: 'APPROVE' },
      ],
    );
    expect(after(takeBack(decided, 'a'))).toBe('RECALL_TOO_LATE');
  });

  test('of who was added before is too late once the person has decided', () => {
    const back = play(
      [step('all', people('a', 'b')), NEXT],
      [
        { by: 'a', action: 'ADD_BEFORE', people: ['y'] },
        { by: 'y', action: 'APPROVE' },
      ],
    );
    expect(after(takeBack(back, 'y'))).toEqual(['OPEN', 1, ['b', 'y'], ['y'], ['a']]);
    const decided = play(
      [step('all', people('a', 'b')), NEXT],
      [
        { by: 'a', action: 'ADD_BEFORE', people: ['y'] },
        { by: 'y', action: 'APPROVE' },
        { by: 'a', action: 'APPROVE' },
      ],
    );
    expect(after(takeBack(decided, 'y'))).toBe('RECALL_TOO_LATE');
  });

  test('is not held up by an alternative that was never needed', () => {
    const steps = [step('any', people('a', 'b')), NEXT];
    const played = play(steps, [
      { by: 'b', action: 'ADD_BEFORE', people: ['y'] },
      { by: 'a', action: 'ADD_AFTER', people: ['z', 'k'] },
      { by: 'z', action: 'APPROVE' },
    ]);
    expect(after(takeBack(played, 'z'))).toEqual(['OPEN', 1, ['k', 'z'], ['z'], []]);
  });
});

describe('who may not', () => {
  const open = () => play([step('all', people('a', 'b')), NEXT]);
  test.each<[string, Parameters<typeof attempt>[1], string]>([
    ['whoever is not asked', { by: 'x', action: 'APPROVE' }, 'TASK_ALREADY_DECIDED'],
    ['the claimant, who stands in for somebody', { by: 'claimant', as: 'a', action: 'APPROVE' }, 'OWN_CLAIM'],
    ['refuse without a word', { by: 'a', action: 'REFUSE', comment: ' ' }, 'COMMENT_REQUIRED'],
    ['pass on without a word', { by: 'a', action: 'TRANSFER', to: 'y', comment: null }, 'COMMENT_REQUIRED'],
    ['return without a word', { by: 'a', action: 'RETURN', toStep: 0, comment: null }, 'COMMENT_REQUIRED'],
    ['pass on to the claimant', { by: 'a', action: 'TRANSFER', to: 'claimant' }, 'OWN_CLAIM'],
    ['pass on to whom the step asks', { by: 'a', action: 'TRANSFER', to: 'b' }, 'ALREADY_ASKED'],
    ['pass on to oneself', { by: 'a', action: 'TRANSFER', to: 'a' }, 'ALREADY_ASKED'],
    ['add the claimant', { by: 'a', action: 'ADD_PARALLEL', people: ['y', 'claimant'] }, 'OWN_CLAIM'],
    ['send the claimant a copy', { by: 'a', action: 'CC', people: ['claimant'] }, 'OWN_CLAIM'],
    ['add nobody', { by: 'a', action: 'ADD_BEFORE', people: [] }, 'VALIDATION_FAILED'],
    ['add whom the step asks', { by: 'a', action: 'ADD_AFTER', people: ['b'] }, 'ALREADY_ASKED'],
    ['bring oneself in beside whom one stands in for', { by: 'y', as: 'a', action: 'ADD_PARALLEL', people: ['y'] }, 'ALREADY_ASKED'],
    ['sign for a colleague and be asked oneself', { by: 'b', as: 'a', action: 'APPROVE' }, 'SECOND_PERSON_REQUIRED'],
  ])('%s', (_what, move, code) => expect(after(attempt(open(), move))).toBe(code));

  test('sign for two', () => {
    const first = play([step('all', people('a', 'b')), NEXT], [{ by: 'y', as: 'a', action: 'APPROVE' }]);
    expect(after(attempt(first, { by: 'y', as: 'b', action: 'APPROVE' }))).toBe('SECOND_PERSON_REQUIRED');
    expect(after(attempt(first, { by: 'y', as: 'b', action: 'REFUSE' }))).toEqual(['REFUSED', 1, [], [], []]);
  });

  test('come back after having passed it on', () => {
    const passed = play([step('one', people('a')), NEXT], [{ by: 'a', action: 'TRANSFER', to: 'y' }]);
    expect(after(attempt(passed, { by: 'y', action: 'TRANSFER', to: 'a' }))).toBe('ALREADY_ASKED');
  });
});

describe('urging', () => {
  const at = (minutes: number) => new Date(Date.UTC(2026, 10, 18, 2, minutes));
  const open = play([step('all', people('a', 'b')), NEXT]);
  const by = (who: string, minutes: number, instance = open.instance) => urge(instance, { by: who, at: at(minutes), comment: null });

  test('reminds those whose turn it is, once an hour for each who urges and each who is urged', () => {
    const first = by('claimant', 0);
    if (!first.ok) throw new Error(first.code);
    expect(first.reminded).toEqual(['a', 'b']);
    expect(after(by('claimant', 59, first.instance))).toBe('URGED_RECENTLY');
    expect(after(by('hr', 59, first.instance))).toBe('URGED_RECENTLY');
    expect(by('claimant', 60, first.instance)).toMatchObject({ ok: true, reminded: ['a', 'b'] });
  });

  test('reminds whoever came in since, and never whoever urges', () => {
    const first = by('claimant', 0);
    if (!first.ok) throw new Error(first.code);
    const moved = attempt({ ...open, instance: first.instance }, { by: 'a', action: 'TRANSFER', to: 'y' });
    if (!moved.ok) throw new Error(moved.code);
    expect(by('hr', 10, moved.instance)).toMatchObject({ reminded: ['y'] });
    expect(after(by('claimant', 10, moved.instance))).toBe('URGED_RECENTLY');
    expect(by('a', 0)).toMatchObject({ reminded: ['b'] });
  });

  test('is for nothing where nobody is asked', () => {
    const refused = attempt(open, { by: 'a', action: 'REFUSE' });
    expect(refused.ok && after(by('claimant', 0, refused.instance))).toBe('CLAIM_STATE_CONFLICT');
  });
});

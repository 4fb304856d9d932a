import { describe, expect, test } from 'vitest';
import { responsibleBureau } from '#domain/bureau/region.ts';
import { actorLabel, claimantActions, stagesOf } from '#domain/claim/progress.ts';
import { CLAIM_STATES, type ClaimState } from '#domain/claim/states.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 18, 1, minute));
const history = (...states: ClaimState[]) => states.map((toState, index) => ({ at: at(index), toState }));
const statuses = (state: ClaimState, ...states: ClaimState[]) =>
  stagesOf({ state, submissionVersion: states.includes('SENT_TO_BUREAU') ? 1 : 0, onHold: false }, history(...states)).map((stage) => stage.status);

describe('stages', () => {
  test('of every state are five, done before current before upcoming', () => {
    const order = ['done', 'current', 'ended', 'upcoming', 'not-reached'];
    for (const state of CLAIM_STATES) {
      const ranks = statuses(state, 'SUBMITTED', state).map((status) => order.indexOf(status));
      expect([state, ranks]).toEqual([state, ranks.toSorted((a, b) => a - b)]);
      expect(ranks).toHaveLength(5);
      expect([state, ranks.filter((rank) => rank === 1 || rank === 2).length]).toEqual([state, state === 'PAID' || state === 'DRAFT' ? 0 : 1]);
    }
  });

  test('a draft has reached none', () => {
    expect(statuses('DRAFT', 'DRAFT')).toEqual(['upcoming', 'upcoming', 'upcoming', 'upcoming', 'upcoming']);
  });

  test('a claim that was with the bureau keeps the second stage while something is mended', () => {
    expect(statuses('PENDED_INFO', 'SUBMITTED', 'SENT_TO_BUREAU', 'IN_REVIEW', 'PENDED_INFO')).toEqual(['done', 'current', 'upcoming', 'upcoming', 'upcoming']);
    expect(statuses('PENDED_INFO', 'SUBMITTED', 'PENDED_INFO')).toEqual(['current', 'upcoming', 'upcoming', 'upcoming', 'upcoming']);
  });

  test('a stage that was leapt over came with the one after it', () => {
    const stages = stagesOf({ state: 'PAID', submissionVersion: 1, onHold: false }, history('SUBMITTED', 'SENT_TO_BUREAU', 'APPROVED', 'PAID'));
    expect(stages.map((stage) => stage.entered?.at)).toEqual([at(0), at(1), at(2), at(3), at(3)]);
  });

  test('money that came back: the payment is under way again, since it came back', () => {
    const stages = stagesOf(
      { state: 'PAYMENT_FAILED', submissionVersion: 1, onHold: false },
      history('SUBMITTED', 'SENT_TO_BUREAU', 'APPROVED', 'PAYMENT_IN_PROCESS', 'PAID', 'PAYMENT_FAILED'),
    );
    expect(stages.map((stage) => stage.status)).toEqual(['done', 'done', 'done', 'current', 'upcoming']);
    expect([stages[3]?.entered?.at, stages[3]?.latest?.at, stages[4]?.entered]).toEqual([at(3), at(5), null]);
  });
});

test('colleagues are shown by what they are, bureaus by name', () => {
  const about = { claimantId: 'e1', nameOf: (code: string) => (code === '130100' ? { zh: '石家庄', en: 'Shijiazhuang' } : undefined) };
  expect(actorLabel({ type: 'person', id: 'e1', via: 'k' }, about).zh).toBe('本人');
  expect(actorLabel({ type: 'person', id: 'e2' }, about).zh).toBe('单位经办人');
  const standingIn = { type: 'person', id: 'e2', onBehalfOf: 'e3' } as const;
  expect(actorLabel(standingIn, about)).toEqual({ zh: '单位经办人（代同事）', en: 'A colleague in charge for a colleague who is away' });
  const numberOf = (id: string) => `N-${id}`;
  expect(actorLabel(standingIn, { ...about, numberOf })).toEqual({ zh: 'N-e2（代N-e3）', en: 'N-e2 for N-e3' });
  expect(actorLabel({ type: 'bureau', id: '130100' }, about).en).toBe('Shijiazhuang');
  expect(actorLabel({ type: 'bank', id: 'ICBC' }, about).en).toBe('The bank');
});

test('what may be done: an appeal only in time, a resubmission only if nobody made it', () => {
  const may = (state: ClaimState, appealable: boolean, resubmittable: boolean) => claimantActions({ state, onHold: false, appealable, resubmittable });
  expect(may('DENIED', true, true)).toEqual(['appeal', 'resubmit']);
  expect(may('DENIED', false, false)).toEqual([]);
  expect(may('PAID', false, true)).toEqual([]);
  expect(may('PENDED_INFO', true, true)).toEqual(['add-documents', 'materials-complete', 'withdraw']);
  expect(may('PAYMENT_IN_PROCESS', true, true)).toEqual([]);
});

test.each([
  ['130100', '130100'],
  ['130102', '130100'],
  ['110105', '110000'],
  ['130200', undefined],
  ['650100', undefined],
])('the bureau for %s is %s', (region, code) => {
  expect(responsibleBureau([{ code: '130100' }, { code: '110000' }], region)?.code).toBe(code);
});

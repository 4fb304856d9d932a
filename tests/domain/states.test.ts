import { describe, expect, test } from 'vitest';
import { mayMove, MOVE_TYPES } from '#domain/claim/moves.ts';
import { CLAIM_STATES, STAGE_LABELS, STAGES, stageOf, type ClaimState, type Stage } from '#domain/claim/states.ts';

describe('the five stages', () => {
  test('are named as employees know them', () => {
    expect(STAGES.map((stage) => STAGE_LABELS[stage].zh)).toEqual(['申请提交成功', '医保局审核中', '审核通过', '资金发放中', '已到账']);
  });

  test.each<[ClaimState, Stage | null, string | null, boolean]>([
    ['DRAFT', null, 'DRAFT', false],
    ['SUBMITTED', 'SUBMITTED', null, false],
    ['PENDED_INFO', 'SUBMITTED', 'MATERIALS_MISSING', false],
    ['PENDED_DUPLICATE', 'SUBMITTED', 'CHECKING', false],
    ['SENT_TO_BUREAU', 'BUREAU_REVIEW', null, false],
    ['IN_REVIEW', 'BUREAU_REVIEW', null, false],
    ['APPROVED', 'APPROVED', null, false],
    ['PARTIALLY_APPROVED', 'APPROVED', null, false],
    ['PAYMENT_IN_PROCESS', 'PAYMENT', null, false],
    ['PAYMENT_FAILED', 'PAYMENT', 'CHECK_ACCOUNT', false],
    ['PAID', 'MONEY_ARRIVED', null, false],
    ['DENIED', 'BUREAU_REVIEW', 'DENIED', true],
    ['APPEAL_REVIEW', 'BUREAU_REVIEW', 'APPEAL', false],
    ['WITHDRAWN', 'SUBMITTED', 'WITHDRAWN', true],
    ['REVERSED', 'MONEY_ARRIVED', 'REVERSED', true],
  ])('%s shows %s %s', (state, stage, note, ended) => {
    expect(stageOf({ state, submissionVersion: 0, onHold: false })).toEqual({ stage, note, ended });
  });

  test('a claim that was with the bureau never falls back to the first', () => {
    for (const state of CLAIM_STATES) expect(stageOf({ state, submissionVersion: 1, onHold: false }).stage).not.toBe('SUBMITTED');
  });

  test('a hold hides no other note', () => {
    expect(stageOf({ state: 'IN_REVIEW', submissionVersion: 1, onHold: true }).note).toBe('ON_HOLD');
    expect(stageOf({ state: 'PENDED_INFO', submissionVersion: 1, onHold: true }).note).toBe('MATERIALS_MISSING');
  });
});

describe('the moves', () => {
  const everyPair = [null, ...CLAIM_STATES].flatMap((from) => CLAIM_STATES.map((to) => [from, to] as const));
  const leadsTo = (from: ClaimState | null, to: ClaimState) => MOVE_TYPES.filter((type) => mayMove(type, from, to));

  test('the money path, step by step', () => {
    expect(mayMove('CREATED', null, 'SUBMITTED')).toBe(true);
    expect(mayMove('INTAKE_PASSED', 'SUBMITTED', 'SENT_TO_BUREAU')).toBe(true);
    expect(mayMove('BUREAU_ACCEPTED', 'SENT_TO_BUREAU', 'IN_REVIEW')).toBe(true);
    expect(mayMove('DECIDED', 'IN_REVIEW', 'APPROVED')).toBe(true);
    expect(mayMove('PAYOUT_ORDERED', 'APPROVED', 'PAYMENT_IN_PROCESS')).toBe(true);
    expect(mayMove('PAID', 'PAYMENT_IN_PROCESS', 'PAID')).toBe(true);
    expect(mayMove('CLEARED', 'PAID', 'PAID')).toBe(true);
  });

  test('nothing leads out of the two ends, and only creation into being', () => {
    for (const [from, to] of everyPair) {
      if ((from === 'WITHDRAWN' || from === 'REVERSED') && to !== from) expect(leadsTo(from, to)).toEqual([]);
      if (from === null) expect(leadsTo(from, to)).toEqual(to === 'DRAFT' || to === 'SUBMITTED' ? ['CREATED'] : []);
    }
    expect(mayMove('CREATED', 'DRAFT', 'SUBMITTED')).toBe(false);
  });

  test('money is ordered from a decision or after a failure, and from nowhere else', () => {
    const sources = everyPair.filter(([from, to]) => to === 'PAYMENT_IN_PROCESS' && from !== to && leadsTo(from, to).length > 0).map(([from]) => from);
    expect(sources).toEqual(['APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_FAILED']);
  });

  test('withdrawal is over once an instruction may exist', () => {
    for (const state of ['APPROVED', 'PARTIALLY_APPROVED', 'PAYMENT_IN_PROCESS', 'PAYMENT_FAILED', 'PAID'] as const) {
      expect(mayMove('WITHDRAWN', state, 'WITHDRAWN')).toBe(false);
    }
  });

  test('from every state but the ends some move leads on, and every state can be reached', () => {
    const reached = new Set<ClaimState>();
    const queue: (ClaimState | null)[] = [null];
    for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
      const next = CLAIM_STATES.filter((to) => to !== from && !reached.has(to) && leadsTo(from, to).length > 0);
      for (const to of next) reached.add(to);
      queue.push(...next);
    }
    expect([...reached].sort()).toEqual([...CLAIM_STATES].sort());
    for (const from of CLAIM_STATES) {
      const stuck = CLAIM_STATES.every((to) => to === from || leadsTo(from, to).length === 0);
      expect([from, stuck]).toEqual([from, from === 'WITHDRAWN' || from === 'REVERSED']);
    }
  });
});

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { bureauDecision } from '#workflows/claim.messages.ts';
import { away, BUREAU, inTurn } from './script.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();
const inReview = async (lines?: number[]) => {
  const claim = await world.submit({ ...(lines && { lines }) });
  await claim.reaches('IN_REVIEW');
  return claim;
};

describe('what the bureau decides', () => {
  test('approves in part: every line to the fen, and the employee hears what was cut', async () => {
    const claim = await inReview([100_001, 20_000, 333]);
    await claim.answered({
      benefits: [81_999, 0, 333],
      funding: [
        { source: 'bureau_fund', amountFen: fen(70_000) },
        { source: 'employer_plan', amountFen: fen(12_332) },
      ],
    });
    // 819.99 + 0.00 + 3.33 = 823.32
    expect(await claim.reaches('PAID')).toMatchObject({ approvedFen: 82_332, payableFen: 82_332, paidFen: 82_332 });
    const { rows } = await world.database.query<{ params: object; lines: object }>(
      `SELECT n.params, d.lines FROM notice n JOIN decision d USING (claim_number) WHERE n.claim_number = $1 AND n.template = 'PARTIALLY_APPROVED'`,
      [claim.number],
    );
    expect(rows[0]?.params).toMatchObject({
      ...{ submitted: '1203.34', benefit: '823.32', amount: '823.32' },
      cuts: [
        { lineNo: 1, amount: '180.02', reason: 'COINSURANCE' },
        { lineNo: 2, amount: '200.00', reason: 'COINSURANCE' },
      ],
    });
    expect(rows[0]?.lines).toMatchObject([
      { lineNo: 1, benefitFen: 81_999 },
      { lineNo: 2, benefitFen: 0 },
      { lineNo: 3, benefitFen: 333, adjustments: [] },
    ]);
    expect((await claim.events()).find(({ type }) => type === 'DECIDED')?.params).toMatchObject({ submitted: '1203.34', benefit: '823.32' });
  });

  test('what is not ours to pay is only tracked', async () => {
    await world.settings({ paysFundingSources: ['employer_plan'] });
    const claim = await inReview([100_000]);
    await claim.answered({ benefits: [60_000] });
    expect(await claim.reaches('PAID')).toMatchObject({ approvedFen: 60_000, payableFen: 0, paidFen: 0 });
    expect(await claim.payments()).toEqual([]);
    await world.sleep(2 * 86_400);
    await expect(claim.result()).resolves.toMatchObject({ state: 'PAID' });
    expect((await claim.trail()).slice(-3)).toEqual(['DECIDED(DECIDED_PARTIALLY) PARTIALLY_APPROVED', 'PAID(PAID_DIRECTLY) PAID', 'CLEARED PAID']);
    expect((await claim.notices()).slice(-2)).toEqual(['PARTIALLY_APPROVED claimant', 'PAID_DIRECTLY claimant']);
    expect(world.script.transfers).toEqual([]);
  });

  test.each([
    ['lines that do not add up', { benefits: [50_000, 0], line: { benefitFen: fen(60_000) } }, 'LINES_DO_NOT_ADD_UP'],
    ['funding that does not add up', { funding: [{ source: 'bureau_fund' as const, amountFen: fen(119_999) }] }, 'FUNDING_DOES_NOT_ADD_UP'],
    ['a negative adjustment', { line: { adjustments: [{ code: 'X', amountFen: fen(-1) }] } }, 'NEGATIVE_AMOUNT'],
    ['another claim’s line', { line: { lineNo: 7 } }, 'LINES_DIFFER_FROM_CLAIM'],
    ['an approval of nothing', { benefits: [0, 0], outcome: 'APPROVED' as const }, 'OUTCOME_CONTRADICTS_AMOUNTS'],
  ])('%s goes to a person and is never paid', async (_, told, fault) => {
    const claim = await inReview();
    const answer = await claim.answered(told);
    expect(await claim.openTask('BUREAU_ANSWER_CHECK')).toMatchObject({ role: 'hr', detail: { fault } });
    // the poll brings what the callback has brought: nobody is asked twice
    await claim.answered(answer);
    await claim.until('ignored the same answer', async () => (await claim.audits()).length > 0);
    expect(await claim.audits()).toEqual(['bureau-answer-ignored: repeated']);
    expect((await claim.tasks()).filter(({ kind }) => kind === 'BUREAU_ANSWER_CHECK')).toHaveLength(1);
    expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW' });
    expect([await claim.decisions(), await claim.payments(), world.script.transfers]).toEqual([[], [], []]);
    expect(await claim.decide('RESUBMIT', world.people.hr)).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 2);
    await claim.answered({});
    expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
  });
});

describe('answers that come twice, late, out of order or for somebody else', () => {
  test('the first decision counts; everything after it leaves an audit row and nothing else', async () => {
    const claim = await inReview();
    const stranger = await inReview();
    await claim.answered({ ...(await claim.answerOf({ decisionNo: 'OLD' })), answersMessageId: 'a version that never was' });
    await claim.answered(await stranger.answerOf({}));
    await claim.handle.signal(bureauDecision, { source: BUREAU, messageId: 'never stored' });
    const approval = await claim.answered({ decisionNo: 'D-1', benefits: [100_000, 0] });
    await claim.answered(approval);
    await claim.answered({ decisionNo: 'D-2', benefits: [0, 0] });
    await claim.answered({ missing: ['OTHER'] });
    await claim.reaches('PAID');
    await claim.until('audited six answers', async () => (await claim.audits()).length === 6);
    expect(await claim.audits()).toEqual([
      ...['bureau-answer-ignored: other-version', 'bureau-answer-ignored: other-version', 'bureau-answer-ignored: not-in-inbox'],
      ...['bureau-answer-ignored: not-waiting', 'bureau-answer-ignored: not-waiting', 'bureau-answer-ignored: not-waiting'],
    ]);
    expect(await claim.decisions()).toMatchObject([{ source: 'BUREAU', sourceNo: 'D-1', outcome: 'PARTIALLY_APPROVED', benefitFen: 100_000 }]);
    expect(world.script.transfers).toHaveLength(1);
    expect(await stranger.row()).toMatchObject({ state: 'IN_REVIEW' });
  });

  test('one message signalled twice is heard once', async () => {
    const claim = await inReview();
    const messageId = randomUUID();
    await claim.answered({}, messageId);
    await claim.handle.signal(bureauDecision, { source: BUREAU, messageId });
    await claim.reaches('PAID');
    expect(await claim.audits()).toEqual([]);
  });

  test('a decision before the acknowledgement is taken', async () => {
    let accept: () => void = () => undefined;
    const accepted = new Promise<void>((resolve) => (accept = resolve));
    world.script.onSubmit = async () => {
      await accepted;
      return { kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' };
    };
    const claim = await world.submit();
    await claim.until('was sent', async () => world.script.submissions.length === 1);
    await claim.answered({});
    await claim.reaches('PAID');
    accept();
    expect(await claim.trail()).not.toContain('BUREAU_ACCEPTED IN_REVIEW');
  });

  test('the poll finds what callbacks lost, once', async () => {
    const claim = await inReview();
    const answer = await claim.answerOf({ decisionNo: 'D-9' });
    world.script.answers = [{ answer, raw: { dcsn_no: 'D-9' } }];
    const poll = () =>
      world.env.client.workflow.execute('pollBureau', { workflowId: randomUUID(), taskQueue: world.taskQueue, args: [{ bureauCode: BUREAU }] });
    expect(await poll()).toMatchObject({ found: 1 });
    expect(await poll()).toMatchObject({ found: 0 });
    const { rows } = await world.database.query<{ payload: { source: string; messageId: string } }>(
      "SELECT payload FROM workflow_command WHERE claim_number = $1 AND kind = 'SIGNAL'",
      [claim.number],
    );
    expect(rows).toHaveLength(1);
    if (rows[0]) await claim.handle.signal(bureauDecision, rows[0].payload);
    await claim.reaches('PAID');
  });
});

describe('the submission', () => {
  test('the bureau asks for material: a new version with a new message id, and late answers to the old one change nothing', async () => {
    const claim = await inReview();
    const late = await claim.answerOf({ benefits: [0, 0] });
    await claim.answered({ missing: ['DIAGNOSIS_CERTIFICATE'] });
    await claim.reaches('PENDED_INFO');
    expect((await claim.events()).at(-1)).toMatchObject({ remark: 'INFO_REQUESTED_BY_BUREAU', params: { documents: 'DIAGNOSIS_CERTIFICATE' } });
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 2);
    expect(world.script.submissions.map(({ version, appealsDecisionNo }) => [version, appealsDecisionNo])).toEqual([
      [1, null],
      [2, null],
    ]);
    expect(new Set(world.script.submissions.map(({ messageId }) => messageId)).size).toBe(2);
    await claim.answered(late);
    await claim.answered({});
    await claim.reaches('PAID');
    expect(await claim.audits()).toEqual(['bureau-answer-ignored: other-version']);
    expect((await claim.notices()).slice(2, 4)).toEqual(['MATERIALS_MISSING claimant', 'SENT_TO_BUREAU claimant']);
  });

  test('refused by the bureau, it waits for HR, who sends a new version; it is shown as no outage', async () => {
    const monday = await world.untilMonday();
    world.script.onSubmit = inTurn({ kind: 'refused', code: 'DZ-PERSON', text: 'unknown person' }, { kind: 'accepted', acceptanceNo: 'SL', acceptedAt: '' });
    const claim = await world.submit();
    expect(await claim.openTask('BUREAU_ANSWER_CHECK')).toMatchObject({ role: 'hr', detail: { code: 'DZ-PERSON' } });
    await world.sleepUntil(afterDays(monday, 3));
    expect(await claim.row()).toMatchObject({ state: 'SENT_TO_BUREAU', bureauOutage: false });
    expect(world.script.submissions).toHaveLength(1);
    expect(await claim.decide('RESUBMIT', world.people.hr)).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(await claim.trail()).toEqual([
      ...[
        'CREATED SUBMITTED',
        'INTAKE_PASSED SENT_TO_BUREAU',
        'ANSWER_DOUBTED SENT_TO_BUREAU',
        'RESUBMITTED_TO_BUREAU SENT_TO_BUREAU',
        'BUREAU_ACCEPTED IN_REVIEW',
      ],
    ]);
  });

  test('the bureau is away: shown, escalated, still tried, and goes on by itself', async () => {
    // in hours instead of days: it is tried every five minutes
    await world.settings({
      serviceLevels: { bureauAcknowledgement: { outageAfter: { seconds: 3_600 } }, bureauReview: { escalateAfter: { seconds: 7_200 } } },
    });
    const accept = world.script.onSubmit;
    world.script.onSubmit = away;
    const claim = await world.submit();
    await world.sleep(3_700);
    expect(await claim.reaches((row) => row.bureauOutage)).toMatchObject({ state: 'SENT_TO_BUREAU' });
    await world.sleep(3_600);
    await claim.openTask('ESCALATION');
    const before = world.script.submissions.length;
    await world.sleep(900);
    expect(world.script.submissions.length).toBeGreaterThan(before);
    world.script.onSubmit = accept;
    await world.sleep(900);
    expect(await claim.reaches('IN_REVIEW')).toMatchObject({ bureauOutage: false, escalationLevel: 0 });
    expect(new Set(world.script.submissions.map(({ messageId }) => messageId)).size).toBe(1);
    expect((await claim.trail()).slice(2)).toEqual(['BUREAU_OUTAGE SENT_TO_BUREAU', 'ESCALATED SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW']);
    expect((await claim.notices()).slice(2)).toEqual(['ESCALATED approver@SJZ']);
  });

  test('the bureau had decided the old version when the new one came: its decision is taken, also where it came first', async () => {
    const claim = await inReview();
    await claim.answered({ benefits: [0, 0], line: { benefitFen: fen(-1) }, decisionNo: 'nonsense' });
    const old = await claim.answerOf({ decisionNo: 'D-1', version: 1 });
    world.script.onSubmit = away;
    expect(await claim.decide('RESUBMIT', world.people.hr)).toEqual({ ok: true });
    await claim.answered(old);
    await claim.until('audited the answer', async () => (await claim.audits()).length === 1);
    world.script.onSubmit = async () => ({ kind: 'refused', code: 'DZ-DECIDED', text: 'decided' });
    await world.sleep(3_600);
    await claim.reaches('PAID');
    expect(await claim.decisions()).toMatchObject([{ sourceNo: 'D-1', benefitFen: 120_000 }]);
  });
});

describe('the decision and the deadline in one moment', () => {
  // Without a cache no task waits for a worker that is gone.
  beforeAll(() => world.restartWorkers({ maxCachedWorkflows: 0 }));

  test.each([['the answer first'], ['the deadline first']])('%s: decided, and nobody is troubled', async (order) => {
    const monday = await world.untilMonday();
    const claim = await inReview();
    const deadline = afterDays(monday, 28).getTime();
    await world.sleepUntil(new Date(deadline - 1_000));
    await claim.has('REMINDED');
    await world.stopWorkers();
    // A message that waits for a worker holds the clock to its usual speed.
    if (order === 'the answer first') await claim.answered({});
    await world.sleepUntil(new Date(deadline + 500));
    if (order === 'the deadline first') await claim.answered({});
    await world.startWorkers({ maxCachedWorkflows: 0 });
    await claim.reaches('PAID');
    expect(await claim.trail()).not.toContain('ESCALATED IN_REVIEW');
    expect(await claim.tasks()).toEqual([]);
  });

  test('escalated first: the decision closes the task', async () => {
    const monday = await world.untilMonday();
    const claim = await inReview();
    await world.sleepUntil(afterDays(monday, 28));
    const { id } = await claim.openTask('ESCALATION');
    await claim.answered({});
    await claim.reaches('PAID');
    expect(await claim.tasks()).toMatchObject([{ id, status: 'CANCELLED' }]);
    expect(await claim.decide('REFUSE', world.people.approver, { taskId: id })).toEqual({ ok: false, code: 'TASK_ALREADY_DECIDED' });
  });

  test('documents on the last day: brought and overdue in one moment are brought', async () => {
    const monday = await world.untilMonday();
    const claim = await inReview();
    await claim.answered({ missing: ['OTHER'] });
    await claim.reaches('PENDED_INFO');
    const deadline = afterDays(monday, 21).getTime();
    await world.sleepUntil(new Date(deadline - 1_000));
    await claim.has('REMINDED');
    await world.stopWorkers();
    await world.sleepUntil(new Date(deadline + 500));
    const completed = claim.complete();
    await world.startWorkers({ maxCachedWorkflows: 0 });
    expect(await completed).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 2);
    expect(await claim.trail()).not.toContain('DECIDED(DECIDED_DENIED) DENIED');
  });
});

import { expect, test } from 'vitest';
import type { WrittenDecision } from '#domain/claim/requests.ts';
import { insertDocument } from './seed.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();
const DAY = 86_400;

/** In review since a Monday, and escalated to the branch manager four weeks later. */
const escalated = async () => {
  const monday = await world.untilMonday();
  const claim = await world.submit({ lines: [100_000, 20_000] });
  await claim.reaches('IN_REVIEW');
  await world.sleepUntil(afterDays(monday, 28));
  await claim.openTask('ESCALATION');
  return { claim, monday };
};
const letter = async (lines: WrittenDecision['lines'], outcome: WrittenDecision['outcome'] = 'PARTIALLY_APPROVED'): Promise<WrittenDecision> => ({
  ...{ documentId: await insertDocument(world.database, { unitId: world.unitIds.branch }), decisionNo: 'LETTER-7', outcome, lines, remark: 'by post' },
});

test('the silent bureau: HR is asked to follow up, then the branch manager, then head office; then nobody is left', async () => {
  const monday = await world.untilMonday();
  const claim = await world.submit();
  expect(await claim.reaches('IN_REVIEW')).toMatchObject({ turn: 'bureau', dueAt: afterDays(monday, 28) });
  await world.sleepUntil(afterDays(monday, 21));
  await claim.has('REMINDED');
  await world.sleepUntil(afterDays(monday, 28));
  expect(await claim.openTask()).toMatchObject({ kind: 'ESCALATION', level: 1, role: 'approver', unitId: world.unitIds.branch });
  expect(await claim.row()).toMatchObject({ escalationLevel: 1, turn: 'bureau', dueAt: afterDays(monday, 35) });
  await world.sleepUntil(afterDays(monday, 35));
  await claim.reaches((row) => row.escalationLevel === 2);
  expect(await claim.tasks()).toMatchObject([
    { level: 1, status: 'CANCELLED' },
    { level: 2, status: 'OPEN', unitId: world.unitIds.head },
  ]);
  expect(await claim.row()).toMatchObject({ dueAt: null });
  await world.sleep(100 * DAY);
  expect((await claim.trail()).slice(3)).toEqual(['REMINDED(REMINDED_BUREAU) IN_REVIEW', 'ESCALATED IN_REVIEW', 'ESCALATED(ESCALATED_HEAD_OFFICE) IN_REVIEW']);
  expect((await claim.notices()).slice(2)).toEqual(['BUREAU_SLOW hr@SJZ', 'ESCALATED approver@SJZ', 'ESCALATED approver@HQ']);
  expect(await claim.handle.query('claimStatus')).toMatchObject({
    state: 'IN_REVIEW',
    escalationLevel: 2,
    until: null,
    waitingFor: expect.stringContaining('task ESCALATION level 2 is open for approver'),
  });
});

test('a task that nobody takes: its people are reminded, then the branch manager is told, then head office, and it can still be decided', async () => {
  const monday = await world.untilMonday();
  world.script.onCertificate = async () => ({ known: true, reversed: true, claimed: 'no' });
  const claim = await world.submit();
  await claim.openTask('PRE_REVIEW');
  // 3, 5 and 8 working days: Thursday, the next Monday, the next Thursday
  expect(await claim.row()).toMatchObject({ state: 'SUBMITTED', turn: 'hr', dueAt: afterDays(monday, 7) });
  await world.sleepUntil(afterDays(monday, 3));
  await claim.has('REMINDED');
  await world.sleepUntil(afterDays(monday, 7));
  await claim.reaches((row) => row.escalationLevel === 1);
  expect(await claim.row()).toMatchObject({ turn: 'hr', dueAt: afterDays(monday, 10) });
  await world.sleepUntil(afterDays(monday, 10));
  await claim.reaches((row) => row.escalationLevel === 2);
  await world.sleep(100 * DAY);
  expect((await claim.trail()).slice(1)).toEqual([
    ...['PRE_REVIEW_REQUESTED SUBMITTED', 'REMINDED(REMINDED_TASK) SUBMITTED', 'ESCALATED SUBMITTED', 'ESCALATED(ESCALATED_HEAD_OFFICE) SUBMITTED'],
  ]);
  expect((await claim.notices()).slice(1)).toEqual([
    ...['TASK_WAITING hr@SJZ', 'TASK_OVERDUE hr@SJZ', 'TASK_ESCALATED approver@SJZ', 'TASK_ESCALATED approver@HQ'],
  ]);
  expect(await claim.decide('OVERRULE', world.people.hr)).toEqual({ ok: true });
  await claim.reaches((row) => row.state === 'IN_REVIEW' && row.escalationLevel === 0);
});

test('of an approval who is asked in person is reminded, and each step has its whole time', async () => {
  await world.approvalFlow({ steps: [{ who: ['approver'] }, { mode: 'any', who: ['hr', 'finance'] }] });
  const monday = await world.untilMonday();
  const claim = await world.submit({ lines: [99_999] });
  await claim.openTask('APPROVAL');
  await world.sleepUntil(afterDays(monday, 3));
  await claim.has('REMINDED');
  expect(await claim.approves('approver', 'APPROVE')).toEqual({ ok: true });
  // decided on Thursday: 3 and 5 working days on are the next Tuesday and Thursday
  expect(await claim.row()).toMatchObject({ escalationLevel: 0, dueAt: afterDays(monday, 10) });
  await world.sleepUntil(afterDays(monday, 8));
  await claim.until('was reminded twice', async () => (await claim.trail()).filter((move) => move.startsWith('REMINDED')).length === 2);
  expect((await claim.notices()).filter((line) => line.startsWith('TASK_'))).toEqual(['TASK_OVERDUE approver', 'TASK_OVERDUE hr', 'TASK_OVERDUE finance']);
});

test('WAIT gives the bureau its whole time again', async () => {
  const { claim, monday } = await escalated();
  expect(await claim.decide('WAIT', world.people.approver, { comment: null })).toEqual({ ok: true });
  // decided on the Monday four weeks later
  expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW', escalationLevel: 0, dueAt: afterDays(monday, 28 + 28) });
  await world.sleepUntil(afterDays(monday, 28 + 21));
  await claim.until('was reminded twice', async () => (await claim.trail()).filter((move) => move.startsWith('REMINDED')).length === 2);
  await claim.answered({});
  await claim.reaches('PAID');
});

test('RESUBMIT: a new version with a new message id; the answer to the old one is ignored', async () => {
  const { claim } = await escalated();
  const late = await claim.answerOf({ benefits: [0, 0] });
  expect(await claim.decide('RESUBMIT', world.people.approver)).toEqual({ ok: true });
  await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 2 && row.escalationLevel === 0);
  await claim.answered(late);
  await claim.until('ignored it', async () => (await claim.audits()).length === 1);
  expect(await claim.row()).toMatchObject({ state: 'IN_REVIEW' });
  await claim.answered({});
  expect(await claim.reaches('PAID')).toMatchObject({ paidFen: 120_000 });
  expect(await claim.submissionId(1)).not.toBe(await claim.submissionId(2));
});

test('RECORD_DECISION needs its content and a second person, who may reject it; then it decides like the bureau', async () => {
  const { claim } = await escalated();
  const { approver, approver2 } = world.people;
  const written = await letter([
    { lineNo: 1, benefitFen: 70_001, reasonCode: 'COINSURANCE' },
    { lineNo: 2, benefitFen: 0, reasonCode: 'NOT_IN_CATALOGUE' },
  ]);
  expect(await claim.decide('RECORD_DECISION', approver)).toEqual({ ok: false, code: 'VALIDATION_FAILED' });
  const tooMuch = {
    ...written,
    lines: [
      { lineNo: 1, benefitFen: 100_001, reasonCode: null },
      { lineNo: 2, benefitFen: 0, reasonCode: null },
    ],
  };
  expect(await claim.decide('RECORD_DECISION', approver, { written: tooMuch })).toEqual({ ok: false, code: 'VALIDATION_FAILED' });
  expect(await claim.decide('RECORD_DECISION', approver, { written })).toEqual({ ok: true });
  expect((await claim.openTask('CONFIRM_DECISION')).excluded).toEqual([world.people.claimant, approver]);
  expect(await claim.decide('CONFIRM', approver, { kind: 'CONFIRM_DECISION' })).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
  expect(await claim.decide('REJECT', approver2)).toEqual({ ok: true });
  expect(await claim.openTask('ESCALATION')).toMatchObject({ level: 1, unitId: world.unitIds.branch });
  expect(await claim.decide('RECORD_DECISION', approver2, { written })).toEqual({ ok: true });
  expect(await claim.decisions()).toEqual([]);
  expect(await claim.decide('CONFIRM', approver, { kind: 'CONFIRM_DECISION' })).toEqual({ ok: true });
  expect(await claim.reaches('PAID')).toMatchObject({ approvedFen: 70_001, paidFen: 70_001 });
  expect(await claim.decisions()).toMatchObject([{ source: 'WRITTEN', sourceNo: 'LETTER-7', outcome: 'PARTIALLY_APPROVED' }]);
  // 100 000 − 70 001 = 29 999
  const { rows } = await world.database.query<{ lines: object }>('SELECT lines FROM decision WHERE claim_number = $1', [claim.number]);
  expect(rows[0]?.lines).toMatchObject([
    { lineNo: 1, benefitFen: 70_001, adjustments: [{ code: 'COINSURANCE', amountFen: 29_999 }] },
    { lineNo: 2, benefitFen: 0, adjustments: [{ code: 'NOT_IN_CATALOGUE', amountFen: 20_000 }] },
  ]);
  // the bureau's own message about the same comes too late
  await claim.answered({ benefits: [100_000, 20_000] });
  await claim.until('ignored it', async () => (await claim.audits()).length === 1);
  expect(world.script.transfers).toHaveLength(1);
});

test('what head office rejects goes back to head office', async () => {
  const { claim, monday } = await escalated();
  await world.sleepUntil(afterDays(monday, 35));
  await claim.reaches((row) => row.escalationLevel === 2);
  const written = await letter(
    [
      { lineNo: 1, benefitFen: 100_000, reasonCode: null },
      { lineNo: 2, benefitFen: 20_000, reasonCode: null },
    ],
    'APPROVED',
  );
  expect(await claim.decide('RECORD_DECISION', world.people.approver, { written })).toEqual({ ok: true });
  expect(await claim.decide('REJECT', world.people.approver2, { kind: 'CONFIRM_DECISION' })).toEqual({ ok: true });
  expect(await claim.openTask('ESCALATION')).toMatchObject({ level: 2, unitId: world.unitIds.head });
});

test('RETURN asks the employee; REFUSE denies, with an appeal to HR by another person', async () => {
  const { claim } = await escalated();
  expect(await claim.decide('RETURN', world.people.approver, { comment: '' })).toEqual({ ok: false, code: 'COMMENT_REQUIRED' });
  expect(await claim.decide('RETURN', world.people.approver)).toEqual({ ok: true });
  await claim.reaches('PENDED_INFO');
  expect(await claim.complete()).toEqual({ ok: true });
  await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 2);
  await world.sleep(30 * DAY);
  expect(await claim.decide('REFUSE', world.people.hr, { kind: 'ESCALATION' })).toEqual({ ok: true });
  await claim.reaches('DENIED');
  expect(await claim.appeal()).toEqual({ ok: true });
  const before = world.script.submissions.length;
  // the employer's own hearing is on no bureau's clock: its people are reminded, and their managers told
  await world.sleep(60 * DAY);
  expect(await claim.row()).toMatchObject({ state: 'APPEAL_REVIEW', escalationLevel: 2, turn: 'hr' });
  expect((await claim.notices()).slice(-3)).toEqual(['TASK_OVERDUE hr@SJZ', 'TASK_ESCALATED approver@SJZ', 'TASK_ESCALATED approver@HQ']);
  expect(await claim.openTask()).toMatchObject({ kind: 'APPEAL_REVIEW' });
  expect(world.script.submissions).toHaveLength(before);
  expect(await claim.decide('GRANT', world.people.hr)).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
  expect(await claim.decide('GRANT', world.people.hr2)).toEqual({ ok: true });
  await claim.reaches((row) => row.state === 'IN_REVIEW' && row.submissionVersion === 3);
  expect(world.script.submissions.at(-1)).toMatchObject({ version: 3, appealsDecisionNo: null });
});

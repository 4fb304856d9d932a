import { describe, expect, test } from 'vitest';
import type { Claim } from './claim.ts';
import { useWorld } from './support.ts';

const world = useWorld();

/** Open approval tasks by the name of whom they ask, with their step. */
async function asked(claim: Claim): Promise<string[]> {
  const names = new Map(Object.entries(world.people).map(([name, id]) => [id, name]));
  const open = (await claim.tasks()).filter(({ status, kind }) => status === 'OPEN' && kind === 'APPROVAL');
  return open.map(({ assignees, level }) => `${assignees.map((id) => names.get(id) ?? id).join()} ${level}`);
}
const trailOf = async (claim: Claim): Promise<string[]> => {
  const rows = await claim.select<{ action: string; step: number; by: string | null; people: string[]; found: string | null }>(
    `SELECT action, step, b.employee_no AS by, found, ARRAY(SELECT p.employee_no FROM unnest(people) WITH ORDINALITY AS named (id, no) JOIN employee p USING (id) ORDER BY no) AS people
     FROM approval_entry LEFT JOIN employee b ON b.id = by WHERE claim_number = $1 ORDER BY no`,
  );
  return rows.map(({ action, step, by, people, found }) =>
    [by, action, step, ...people, ...(found && found !== 'flow' ? [`(${found})`] : [])].filter((word) => word !== null).join(' '),
  );
};
const statusOf = async (claim: Claim): Promise<string | undefined> =>
  (await claim.select<{ status: string }>('SELECT status FROM approval WHERE claim_number = $1'))[0]?.status;
const SMALL = { lines: [99_999] };

test('two steps, one of any and one of all: who is asked, told, and asked no more, and never “approved” before the last', async () => {
  await world.approvalFlow({
    steps: [
      { mode: 'any', who: ['approver', 'approver2'] },
      { mode: 'all', who: ['hr', 'finance'], copies: ['hr2'] },
    ],
  });
  const claim = await world.submit(SMALL);
  await claim.openTask('APPROVAL');
  expect(await claim.row()).toMatchObject({ state: 'SUBMITTED', turn: 'manager' });
  expect(await asked(claim)).toEqual(['approver 1', 'approver2 1']);
  expect(await claim.decide('APPROVE', world.people.claimant)).toEqual({ ok: false, code: 'OWN_CLAIM' });
  expect(await claim.decide('APPROVE', world.people.hr2)).toEqual({ ok: false, code: 'FORBIDDEN' });
  expect(await claim.approves('approver2', 'CONFIRM')).toEqual({ ok: false, code: 'CHOICE_NOT_OFFERED' });
  expect(await claim.approves('approver2', 'APPROVE')).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['hr 2', 'finance 2']);
  expect(await claim.approves('hr', 'APPROVE')).toEqual({ ok: true });
  expect(await claim.row()).toMatchObject({ state: 'SUBMITTED' });
  expect(await claim.approves('finance', 'APPROVE')).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');

  expect(await claim.trail()).toEqual([
    ...['CREATED SUBMITTED', 'APPROVAL_REQUESTED SUBMITTED', 'APPROVAL_STEP_DECIDED SUBMITTED', 'APPROVAL_STEP_DECIDED(APPROVAL_GIVEN) SUBMITTED'],
    ...['APPROVAL_STEP_DECIDED SUBMITTED', 'INTAKE_PASSED SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW'],
  ]);
  expect(await claim.notices()).toEqual([
    ...['CLAIM_SUBMITTED claimant', 'APPROVAL_REQUESTED approver', 'APPROVAL_REQUESTED approver2'],
    ...['APPROVAL_PROGRESS claimant', 'APPROVAL_REQUESTED hr', 'APPROVAL_REQUESTED finance', 'APPROVAL_NOT_NEEDED approver'],
    ...['APPROVAL_PROGRESS claimant', 'APPROVAL_COPIED hr2', 'SENT_TO_BUREAU claimant'],
  ]);
  expect((await claim.tasks()).map(({ status, choice }) => choice ?? status)).toEqual(['CANCELLED', 'APPROVE', 'APPROVE', 'APPROVE']);
  expect(await trailOf(claim)).toEqual([
    ...['ASK 1 approver', 'ASK 1 approver2', 'approver2 APPROVE 1', 'ASK 2 hr', 'ASK 2 finance', 'hr APPROVE 2', 'finance APPROVE 2', 'COPY 2 hr2'],
  ]);
  const participants = await claim.select<{ no: string }>(
    'SELECT employee_no AS no FROM claim_participant p JOIN employee e ON e.id = p.employee_id WHERE claim_number = $1 ORDER BY 1',
  );
  expect(participants.map(({ no }) => no)).toEqual(['approver', 'approver2', 'finance', 'hr', 'hr2']);
});

test('a refusal of one of all ends it, and is told to those who had agreed; lifted on appeal, the next step is asked', async () => {
  await world.approvalFlow({ steps: [{ mode: 'all', who: ['approver', 'finance', 'approver2'] }, { who: ['hr2'] }] });
  const claim = await world.submit(SMALL);
  expect(await claim.approves('approver', 'APPROVE')).toEqual({ ok: true });
  expect(await claim.approves('finance', 'REFUSE', { comment: '  ' })).toEqual({ ok: false, code: 'COMMENT_REQUIRED' });
  expect(await claim.approves('finance', 'REFUSE')).toEqual({ ok: true });
  await claim.reaches('DENIED');
  expect(await asked(claim)).toEqual([]);
  expect((await claim.notices()).slice(-3)).toEqual(['DENIED claimant', 'APPROVAL_NOT_NEEDED approver2', 'APPROVAL_REFUSED approver']);
  expect(await statusOf(claim)).toBe('REFUSED');
  expect(await claim.decisions()).toMatchObject([{ source: 'EMPLOYER', outcome: 'DENIED' }]);
  expect(await claim.appeal()).toEqual({ ok: true });
  expect(await claim.decide('GRANT', world.people.hr)).toEqual({ ok: true });
  expect(await claim.approves('hr2', 'APPROVE')).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect((await trailOf(claim)).slice(4)).toEqual(['finance REFUSE 1', 'LIFT 1', 'ASK 2 hr2', 'hr2 APPROVE 2']);
});

test('a refusal of the only step lifted on appeal is not asked again', async () => {
  await world.approvalFlow({ steps: [{ who: ['finance'] }] });
  const claim = await world.submit(SMALL);
  expect(await claim.approves('finance', 'REFUSE')).toEqual({ ok: true });
  await claim.reaches('DENIED');
  await claim.appeal();
  expect(await claim.decide('GRANT', world.people.hr)).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect(await statusOf(claim)).toBe('APPROVED');
});

test('returned to the submitter, and on from there; returned to an earlier step, and through the rest again', async () => {
  await world.approvalFlow({ steps: [{ who: ['approver'] }, { who: ['finance'] }] });
  const claim = await world.submit(SMALL);
  await claim.approves('approver', 'APPROVE');
  expect(await claim.approves('finance', 'RETURN', { step: 2 })).toEqual({ ok: false, code: 'APPROVAL_STEP_UNKNOWN' });
  expect(await claim.approves('finance', 'RETURN', { step: 0 })).toEqual({ ok: true });
  expect(await claim.reaches('PENDED_INFO')).toMatchObject({ turn: 'employee' });
  expect((await claim.notices()).at(-1)).toBe('APPROVAL_RETURNED claimant');
  expect(await statusOf(claim)).toBe('RETURNED');
  expect(await claim.complete()).toEqual({ ok: true });
  expect(await claim.approves('finance', 'RETURN', { step: 1 })).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['approver 1']);
  expect(await claim.approves('approver', 'APPROVE')).toEqual({ ok: true });
  expect(await claim.approves('finance', 'APPROVE')).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect(await claim.trail()).toEqual([
    ...['CREATED SUBMITTED', 'APPROVAL_REQUESTED SUBMITTED', 'APPROVAL_STEP_DECIDED SUBMITTED', 'INFO_REQUESTED(INFO_REQUESTED_BY_REVIEWER) PENDED_INFO'],
    ...['MATERIALS_COMPLETED SUBMITTED', 'APPROVAL_REQUESTED SUBMITTED', 'APPROVAL_CHANGED(APPROVAL_RETURNED) SUBMITTED'],
    ...['APPROVAL_STEP_DECIDED SUBMITTED', 'APPROVAL_STEP_DECIDED SUBMITTED', 'INTAKE_PASSED SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW'],
  ]);
});

test('passed on: the other person takes the place, and only that person', async () => {
  await world.approvalFlow({ steps: [{ mode: 'all', who: ['approver', 'finance'] }] });
  const claim = await world.submit(SMALL);
  expect(await claim.approves('approver', 'TRANSFER', { to: world.people.claimant })).toEqual({ ok: false, code: 'OWN_CLAIM' });
  expect(await claim.approves('approver', 'TRANSFER', { to: world.people.finance })).toEqual({ ok: false, code: 'ALREADY_ASKED' });
  expect(await claim.approves('approver', 'TRANSFER', { to: '00000000-0000-4000-8000-000000000000' })).toEqual({ ok: false, code: 'EMPLOYEE_UNKNOWN' });
  expect(await claim.approves('approver', 'TRANSFER')).toEqual({ ok: false, code: 'VALIDATION_FAILED' });
  const { id: was } = await claim.openTask('APPROVAL');
  expect(await claim.approves('approver', 'TRANSFER', { to: world.people.hr })).toEqual({ ok: true });
  expect(await claim.decide('APPROVE', world.people.approver, { taskId: was })).toEqual({ ok: false, code: 'TASK_ALREADY_DECIDED' });
  expect(await asked(claim)).toEqual(['finance 1', 'hr 1']);
  await claim.approves('finance', 'APPROVE');
  await claim.approves('hr', 'APPROVE');
  await claim.reaches('IN_REVIEW');
  expect((await claim.trail())[2]).toBe('APPROVAL_CHANGED(APPROVAL_TRANSFERRED) SUBMITTED');
});

test('added before, beside and after; told by a copy, which decides nothing', async () => {
  await world.approvalFlow({ steps: [{ who: ['approver'] }] });
  const claim = await world.submit(SMALL);
  const { hr, hr2, finance, approver2 } = world.people;
  expect(await claim.approves('approver', 'CC', { people: [hr2] })).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['approver 1']);
  expect(await claim.decide('APPROVE', hr2)).toEqual({ ok: false, code: 'FORBIDDEN' });
  expect(await claim.approves('approver', 'ADD_BEFORE', { people: [hr, hr2], mode: 'any' })).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['hr 1', 'hr2 1']);
  expect(await claim.approves('hr', 'APPROVE')).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['approver 1']);
  expect(await claim.approves('approver', 'ADD_PARALLEL', { people: [finance] })).toEqual({ ok: true });
  expect((await asked(claim)).toSorted()).toEqual(['approver 1', 'finance 1']);
  expect(await claim.approves('approver', 'ADD_AFTER', { people: [approver2] })).toEqual({ ok: true });
  expect((await asked(claim)).toSorted()).toEqual(['approver2 1', 'finance 1']);
  expect(await claim.approves('approver2', 'APPROVE')).toEqual({ ok: true });
  expect(await claim.row()).toMatchObject({ state: 'SUBMITTED' });
  expect(await claim.approves('finance', 'APPROVE')).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect(await trailOf(claim)).toEqual([
    ...['ASK 1 approver', 'approver CC 1 hr2', 'approver ADD_BEFORE 1 hr hr2', 'ASK 1 hr (added)', 'ASK 1 hr2 (added)', 'hr APPROVE 1', 'ASK 1 approver'],
    ...[
      'approver ADD_PARALLEL 1 finance',
      'ASK 1 finance (added)',
      'approver ADD_AFTER 1 approver2',
      'ASK 1 approver2 (added)',
      'approver2 APPROVE 1',
      'finance APPROVE 1',
    ],
  ]);
});

test('taken back before the next has acted, and not after; urged once an hour; a hold blocks all of it', async () => {
  await world.approvalFlow({ steps: [{ who: ['approver'] }, { mode: 'all', who: ['finance', 'hr'] }] });
  const claim = await world.submit(SMALL);
  await claim.approves('approver', 'APPROVE');
  expect(await claim.hold()).toEqual({ ok: true });
  expect(await claim.takesBack('approver')).toEqual({ ok: false, code: 'CLAIM_ON_HOLD' });
  expect(await claim.urges(world.people.claimant)).toEqual({ ok: false, code: 'CLAIM_ON_HOLD' });
  expect(await claim.approves('finance', 'TRANSFER', { to: world.people.hr2 })).toEqual({ ok: false, code: 'CLAIM_ON_HOLD' });
  expect(await claim.release()).toEqual({ ok: true });
  expect(await claim.takesBack('approver')).toEqual({ ok: true });
  expect(await asked(claim)).toEqual(['approver 1']);
  expect((await claim.notices()).slice(-3)).toEqual(['APPROVAL_REQUESTED approver', 'APPROVAL_NOT_NEEDED finance', 'APPROVAL_NOT_NEEDED hr']);
  expect(await claim.takesBack('approver')).toEqual({ ok: false, code: 'RECALL_TOO_LATE' });

  expect(await claim.urges(world.people.claimant)).toEqual({ ok: true });
  expect((await claim.notices()).at(-1)).toBe('APPROVAL_URGED approver');
  expect(await claim.urges(world.people.claimant)).toEqual({ ok: false, code: 'URGED_RECENTLY' });
  await world.sleep(3_600);
  expect(await claim.urges(world.people.claimant)).toEqual({ ok: true });
  await claim.approves('approver', 'APPROVE');
  await claim.approves('hr', 'APPROVE');
  expect(await claim.takesBack('approver')).toEqual({ ok: false, code: 'RECALL_TOO_LATE' });
  await claim.approves('finance', 'APPROVE');
  await claim.reaches('IN_REVIEW');
  expect(await claim.takesBack('finance')).toEqual({ ok: false, code: 'RECALL_TOO_LATE' });
  expect(await claim.urges(world.people.claimant)).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
});

test('a substitute decides in the place of whom is absent, is recorded so, and signs for nobody else in the step', async () => {
  await world.approvalFlow({ steps: [{ mode: 'all', who: ['approver', 'finance'] }] });
  const claim = await world.submit(SMALL);
  const { approver, finance, hr2, claimant } = world.people;
  const standIn = (employeeId: string, onBehalfOf: string) => ({ actor: { type: 'person', id: employeeId, onBehalfOf } as const, employeeId });
  expect(await claim.approves('approver', 'APPROVE', standIn(claimant, approver))).toEqual({ ok: false, code: 'OWN_CLAIM' });
  expect(await claim.approves('approver', 'APPROVE', standIn(finance, approver))).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
  expect(await claim.approves('approver', 'APPROVE', standIn(hr2, approver))).toEqual({ ok: true });
  expect(await claim.approves('finance', 'APPROVE', standIn(hr2, finance))).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
  expect(await claim.approves('finance', 'REFUSE', standIn(hr2, finance))).toEqual({ ok: true });
  await claim.reaches('DENIED');
  const signed = await claim.select<{ action: string; by: string; for: string }>(
    'SELECT action, by, on_behalf_of AS for FROM approval_entry WHERE claim_number = $1 AND by IS NOT NULL ORDER BY no',
  );
  expect(signed).toEqual([
    { action: 'APPROVE', by: hr2, for: approver },
    { action: 'REFUSE', by: hr2, for: finance },
  ]);
});

test('withdrawn while people are asked: they are told so, and the approval is over', async () => {
  await world.approvalFlow({ steps: [{ mode: 'any', who: ['approver', 'hr'] }] });
  const claim = await world.submit(SMALL);
  await claim.openTask('APPROVAL');
  expect(await claim.withdraw()).toEqual({ ok: true });
  await claim.reaches('WITHDRAWN');
  expect(await statusOf(claim)).toBe('WITHDRAWN');
  expect((await claim.notices()).slice(-3)).toEqual(['WITHDRAWN claimant', 'APPROVAL_NOT_NEEDED approver', 'APPROVAL_NOT_NEEDED hr']);
});

describe('a flow', () => {
  test('changed under way reaches no claim that began before; the next one takes the new version', async () => {
    await world.approvalFlow({ steps: [{ who: ['approver'] }, { who: ['hr'] }] });
    const old = await world.submit(SMALL);
    await old.openTask('APPROVAL');
    await world.sleep(60);
    await world.approvalFlow({ steps: [{ who: ['finance'] }] });
    expect(await old.approves('approver', 'APPROVE')).toEqual({ ok: true });
    expect(await asked(old)).toEqual(['hr 2']);
    const fresh = await world.submit(SMALL);
    await fresh.openTask('APPROVAL');
    expect(await asked(fresh)).toEqual(['finance 1']);
    expect(await old.approves('hr', 'APPROVE')).toEqual({ ok: true });
    await old.reaches('IN_REVIEW');
    const versions = await Promise.all(
      [old, fresh].map((one) => one.select<{ version: number }>('SELECT flow_version AS version FROM approval WHERE claim_number = $1')),
    );
    expect(versions.flat()).toEqual([{ version: 1 }, { version: 2 }]);
  });

  test('changed after the submission and before anybody was asked: the one at the submission counts', async () => {
    await world.approvalFlow({ steps: [{ who: ['approver'] }] });
    const claim = await world.submit({ ...SMALL, documents: ['INVOICE'] });
    await claim.reaches('PENDED_INFO');
    await world.sleep(60);
    await world.approvalFlow({ steps: [{ who: ['finance'] }] });
    await claim.bring('FEE_LIST', 'PRESCRIPTION_OR_RECORD');
    await claim.complete();
    await claim.openTask('APPROVAL');
    expect(await asked(claim)).toEqual(['approver 1']);
  });

  test('of head office counts below it, unless the branch has its own for such a claim; none: nobody is asked', async () => {
    await world.approvalFlow({ unitId: world.unitIds.head, steps: [{ who: ['hr'] }] });
    await world.approvalFlow({ minFen: 100_000, steps: [{ who: ['finance'] }] });
    const [small, large] = [await world.submit(SMALL), await world.submit({ lines: [100_000] })];
    await Promise.all([small.openTask('APPROVAL'), large.openTask('APPROVAL')]);
    expect([await asked(small), await asked(large)]).toEqual([['hr 1'], ['finance 1']]);
    await world.approvalFlow({ unitId: world.unitIds.head, steps: [] });
    await (await world.submit(SMALL)).reaches('IN_REVIEW');
  });

  test('by role asks the nearest holder, the next level where it is the claimant, the admin where there is nobody, and says so', async () => {
    const give = (who: string, unitId: string, role: string) =>
      world.database.query(`INSERT INTO role_assignment (employee_id, unit_id, role, valid_from) VALUES ($1, $2, $3, 'epoch')`, [who, unitId, role]);
    const { claimant, approver2, hr2 } = world.people;
    await give(claimant, world.unitIds.branch, 'approver');
    await give(approver2, world.unitIds.head, 'approver');
    await give(hr2, world.unitIds.head, 'admin');
    await world.approvalFlow({ steps: [{ role: 'approver' }, { role: 'finance' }] });
    const claim = await world.submit(SMALL);
    expect(await claim.openTask('APPROVAL')).toMatchObject({ role: 'approver' });
    expect(await claim.approves('approver2', 'APPROVE')).toEqual({ ok: true });
    expect(await claim.openTask('APPROVAL')).toMatchObject({ role: 'admin' });
    expect(await claim.approves('hr2', 'APPROVE')).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(await trailOf(claim)).toEqual(['ASK 1 approver2 (next-level)', 'approver2 APPROVE 1', 'ASK 2 hr2 (admin)', 'hr2 APPROVE 2']);
  });

  test('that finds nobody, not even an admin, waits for whoever comes to hold the role of the step', async () => {
    await world.approvalFlow({ steps: [{ role: 'finance' }] });
    const claim = await world.submit(SMALL);
    expect(await claim.openTask('APPROVAL')).toMatchObject({ assignees: [], role: 'finance' });
    expect((await claim.notices()).at(-1)).toBe('TASK_WAITING finance@SJZ');
    expect(await claim.decide('APPROVE', world.people.claimant)).toEqual({ ok: false, code: 'OWN_CLAIM' });
    expect(await claim.decide('APPROVE', world.people.finance)).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
  });

  test('asks for what the role of the step asks for, whoever decides in it: finance shows a second factor one level up, passed on and added', async () => {
    const give = (who: string, unitId: string) =>
      world.database.query(`INSERT INTO role_assignment (employee_id, unit_id, role, valid_from) VALUES ($1, $2, 'finance', 'epoch')`, [who, unitId]);
    await give(world.people.claimant, world.unitIds.branch);
    await give(world.people.approver2, world.unitIds.head);
    await world.approvalFlow({ steps: [{ role: 'finance' }, { who: ['approver'] }] });
    const claim = await world.submit(SMALL);
    await claim.openTask('APPROVAL');
    const roles = async () => (await claim.tasks()).filter(({ status }) => status === 'OPEN').map(({ role }) => role);
    expect([await asked(claim), await roles()]).toEqual([['approver2 1'], ['finance']]);
    expect(await claim.approves('approver2', 'TRANSFER', { to: world.people.hr })).toEqual({ ok: true });
    expect([await asked(claim), await roles()]).toEqual([['hr 1'], ['finance']]);
    expect(await claim.approves('hr', 'ADD_AFTER', { people: [world.people.hr2] })).toEqual({ ok: true });
    expect([await asked(claim), await roles()]).toEqual([['hr2 1'], ['finance']]);
    expect(await claim.approves('hr2', 'APPROVE')).toEqual({ ok: true });
    expect([await asked(claim), await roles()]).toEqual([['approver 2'], ['approver']]);
  });

  test('whose people have left is an admin’s to pass on, who shows a second factor for it', async () => {
    const { approver, hr, hr2 } = world.people;
    await world.database.query(`INSERT INTO role_assignment (employee_id, unit_id, role, valid_from) VALUES ($1, $2, 'admin', 'epoch')`, [
      hr2,
      world.unitIds.head,
    ]);
    await world.approvalFlow({ steps: [{ who: [world.people.claimant] }, { role: 'hr' }] });
    const claim = await world.submit(SMALL);
    expect(await claim.openTask('APPROVAL')).toMatchObject({ assignees: [hr2], role: 'admin' });
    expect(await claim.approves('hr2', 'TRANSFER', { to: approver })).toEqual({ ok: true });
    expect(await claim.openTask('APPROVAL')).toMatchObject({ assignees: [approver], role: 'approver' });
    expect(await claim.approves('approver', 'APPROVE')).toEqual({ ok: true });
    expect(await claim.openTask('APPROVAL')).toMatchObject({ assignees: [hr2], role: 'admin' });
    expect(await claim.approves('hr2', 'TRANSFER', { to: hr })).toEqual({ ok: true });
    expect(await claim.openTask('APPROVAL')).toMatchObject({ assignees: [hr], role: 'hr' });
  });
});

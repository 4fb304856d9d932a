import { expect, test } from 'vitest';
import { fen } from '#domain/money.ts';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();

test('a claim goes from submission to money in the account, and is cleared', async () => {
  const claim = await world.submit({ lines: [100_000, 20_000] });
  await claim.reaches('IN_REVIEW');
  await claim.answered({});
  expect(await claim.reaches('PAID')).toMatchObject({ approvedFen: 120_000, payableFen: 120_000, paidFen: 120_000, closed: false });
  expect(world.script.transfers).toMatchObject([{ reference: `${claim.number}-1-1`, amountFen: 120_000 }]);
  expect(world.script.submissions).toMatchObject([
    { claimNumber: claim.number, version: 1, totalFen: 120_000, appealsDecisionNo: null, messageId: await claim.submissionId(1) },
  ]);
  await claim.booked({ kind: 'DEBIT' });
  await expect(claim.result()).resolves.toMatchObject({ state: 'PAID', seq: 7 });
  expect(await claim.row()).toMatchObject({ closed: true, cleared: true, turn: null });
  expect(await claim.trail()).toEqual([
    'CREATED SUBMITTED',
    'INTAKE_PASSED SENT_TO_BUREAU',
    'BUREAU_ACCEPTED IN_REVIEW',
    'DECIDED(DECIDED_APPROVED) APPROVED',
    'PAYOUT_ORDERED PAYMENT_IN_PROCESS',
    'PAID PAID',
    'CLEARED PAID',
  ]);
  expect(await claim.notices()).toEqual([
    'CLAIM_SUBMITTED claimant',
    'SENT_TO_BUREAU claimant',
    'APPROVED claimant',
    'PAYMENT_ORDERED claimant',
    'PAID claimant',
  ]);
  expect(await claim.payments()).toEqual([
    { reference: `${claim.number}-1-1`, amountFen: 120_000, status: 'SUCCEEDED', accountNo: '6228480000000001234', matched: true },
  ]);
  expect(await claim.invoiceHolders()).toEqual([claim.number]);
  expect(await claim.audits()).toEqual([]);
});

test('missing documents are asked for, reminded of, brought, and the claim goes on', async () => {
  const monday = await world.untilMonday();
  const claim = await world.submit({ documents: ['INVOICE'] });
  // 15 working days from Monday end on the Monday three weeks later
  expect(await claim.reaches('PENDED_INFO')).toMatchObject({ turn: 'employee', dueAt: afterDays(monday, 21) });
  expect((await claim.events()).at(-1)).toMatchObject({
    params: { documents: 'FEE_LIST,PRESCRIPTION_OR_RECORD', until: afterDays(monday, 21).toISOString() },
    actor: { type: 'system' },
  });
  await world.sleepUntil(afterDays(monday, 7));
  await claim.has('REMINDED');
  expect((await claim.events()).at(-1)?.at.getTime()).toBeCloseTo(afterDays(monday, 7).getTime(), -5);

  await claim.bring('FEE_LIST');
  expect(await claim.complete()).toEqual({ ok: true });
  await claim.reaches((row) => row.state === 'PENDED_INFO' && row.seq === 5);
  await claim.bring('PRESCRIPTION_OR_RECORD');
  expect(await claim.complete()).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect(await claim.complete()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  expect(await claim.trail()).toEqual([
    'CREATED SUBMITTED',
    'INFO_REQUESTED PENDED_INFO',
    'REMINDED(REMINDED_EMPLOYEE) PENDED_INFO',
    'MATERIALS_COMPLETED SUBMITTED',
    'INFO_REQUESTED PENDED_INFO',
    'MATERIALS_COMPLETED SUBMITTED',
    'INTAKE_PASSED SENT_TO_BUREAU',
    'BUREAU_ACCEPTED IN_REVIEW',
  ]);
  expect(await claim.notices()).toEqual([
    ...['CLAIM_SUBMITTED claimant', 'MATERIALS_MISSING claimant', 'MATERIALS_REMINDER claimant', 'MATERIALS_MISSING claimant', 'SENT_TO_BUREAU claimant'],
  ]);
});

test('what is not supplied by the deadline is denied; HR lifts the denial on appeal and intake runs again', async () => {
  const monday = await world.untilMonday();
  await world.quota({ limitFen: 1_000_000 });
  const claim = await world.submit({ documents: ['INVOICE', 'FEE_LIST'] });
  await claim.reaches('PENDED_INFO');
  await world.sleepUntil(afterDays(monday, 21));
  // 45 working days from that Monday are nine weeks
  expect(await claim.reaches('DENIED')).toMatchObject({ approvedFen: 0, closed: false, dueAt: afterDays(monday, 21 + 63) });
  expect(await claim.decisions()).toMatchObject([{ no: 1, source: 'EMPLOYER', outcome: 'DENIED', benefitFen: 0, payableFen: 0 }]);
  expect((await claim.events()).at(-1)?.params).toMatchObject({ reasons: 'INFO_NOT_SUPPLIED' });
  expect(await claim.quota()).toMatchObject({ reservedFen: 0, usedFen: 0 });

  expect(await claim.appeal()).toEqual({ ok: true });
  expect(await claim.row()).toMatchObject({ state: 'APPEAL_REVIEW', turn: 'hr', dueAt: afterDays(monday, 28) });
  expect(await claim.quota()).toMatchObject({ held: '120000 RESERVED', reservedFen: 120_000 });
  expect(await claim.openTask()).toMatchObject({ kind: 'APPEAL_REVIEW', role: 'hr', unitId: world.unitIds.branch });
  await claim.bring('PRESCRIPTION_OR_RECORD');
  expect(await claim.decide('GRANT', world.people.hr)).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
  expect((await claim.trail()).slice(2)).toEqual([
    ...['REMINDED(REMINDED_EMPLOYEE) PENDED_INFO', 'DECIDED(DECIDED_DENIED) DENIED', 'APPEALED APPEAL_REVIEW', 'APPEAL_GRANTED SUBMITTED'],
    ...['INTAKE_PASSED SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW'],
  ]);
  expect(await claim.notices()).toEqual([
    ...['CLAIM_SUBMITTED claimant', 'MATERIALS_MISSING claimant', 'MATERIALS_REMINDER claimant', 'DENIED claimant', 'APPEAL_RECEIVED claimant'],
    ...['TASK_WAITING hr@SJZ', 'DENIAL_LIFTED claimant', 'SENT_TO_BUREAU claimant'],
  ]);
});

test('a second claim for one invoice is shown to HR, who clears it', async () => {
  const first = await world.submit({ invoiceNo: 'A-1' });
  await first.reaches('IN_REVIEW');
  const second = await world.submit({ invoiceNo: 'A-1' });
  expect(await second.reaches('PENDED_DUPLICATE')).toMatchObject({ turn: 'hr' });
  expect(await second.openTask('DUPLICATE_REVIEW')).toMatchObject({ role: 'hr', detail: { matches: [{ kind: 'SAME_INVOICE', grade: 'BLOCK' }] } });
  expect(await second.matches()).toContain(`SAME_INVOICE BLOCK ${first.number}`);
  expect(await second.decide('NOT_DUPLICATE', world.people.hr, { comment: ' ' })).toEqual({ ok: false, code: 'COMMENT_REQUIRED' });
  expect(await second.decide('NOT_DUPLICATE', world.people.hr)).toEqual({ ok: true });
  await second.reaches('IN_REVIEW');
  expect(await second.invoiceHolders()).toEqual([first.number]);
});

test('a second claim for one invoice is refused by HR; the appeal is heard by another person and upheld; then it is over', async () => {
  const monday = await world.untilMonday();
  const first = await world.submit({ invoiceNo: 'A-2' });
  await first.reaches('IN_REVIEW');
  const second = await world.submit({ invoiceNo: 'A-2' });
  await second.reaches('PENDED_DUPLICATE');
  expect(await second.decide('DUPLICATE', world.people.hr)).toEqual({ ok: true });
  await second.reaches('DENIED');
  expect(await second.decisions()).toMatchObject([{ source: 'EMPLOYER', outcome: 'DENIED' }]);

  expect(await second.appeal()).toEqual({ ok: true });
  expect((await second.openTask('APPEAL_REVIEW')).excluded).toEqual([world.people.claimant, world.people.hr]);
  expect(await second.decide('GRANT', world.people.hr)).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
  expect(await second.decide('UPHOLD', world.people.hr2)).toEqual({ ok: true });
  await second.reaches('DENIED');
  expect(await second.appeal()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
  await world.sleepUntil(afterDays(monday, 63));
  await expect(second.result()).resolves.toMatchObject({ state: 'DENIED' });
  expect((await second.trail()).slice(1)).toEqual([
    ...['DUPLICATE_SUSPECTED PENDED_DUPLICATE', 'DECIDED(DECIDED_DENIED) DENIED', 'APPEALED APPEAL_REVIEW', 'APPEAL_UPHELD DENIED', 'DENIAL_FINAL DENIED'],
  ]);
  expect(await second.row()).toMatchObject({ closed: true, cleared: false });
  expect(await first.invoiceHolders()).toEqual([first.number]);
});

test('of two claims that race for one invoice exactly one is shown to HR', async () => {
  const claims = await Promise.all([world.submit({ invoiceNo: 'A-3' }), world.submit({ invoiceNo: 'A-3' })]);
  const [one, other] = claims;
  await Promise.all(claims.map((claim) => claim.reaches(({ state }) => state === 'IN_REVIEW' || state === 'PENDED_DUPLICATE')));
  const states = await Promise.all(claims.map(async (claim) => (await claim.row()).state));
  expect(states.toSorted()).toEqual(['IN_REVIEW', 'PENDED_DUPLICATE']);
  const holder = states[0] === 'IN_REVIEW' ? one : other;
  expect(await one?.invoiceHolders()).toEqual([holder?.number]);
});

test('the invoice of a claim that ended unpaid may be claimed again', async () => {
  const first = await world.submit({ invoiceNo: 'A-4' });
  await first.reaches('IN_REVIEW');
  expect(await first.withdraw()).toEqual({ ok: true });
  await first.reaches('WITHDRAWN');
  const second = await world.submit({ invoiceNo: 'A-4' });
  await second.reaches('IN_REVIEW');
  expect(await second.invoiceHolders()).toEqual([second.number]);
});

test('what the quota leaves is reserved at intake, cut at the decision, used when paid, and released when the claim ends unpaid', async () => {
  await world.settings({ paysFundingSources: ['employer_plan'] });
  await world.quota({ limitFen: 150_000 });
  const first = await world.submit({ lines: [100_000] });
  await first.reaches('IN_REVIEW');
  expect(await first.quota()).toEqual({ held: '100000 RESERVED', reservedFen: 100_000, usedFen: 0 });
  const second = await world.submit({ lines: [80_000] });
  await second.reaches('IN_REVIEW');
  expect(await second.quota()).toEqual({ held: '50000 RESERVED', reservedFen: 150_000, usedFen: 0 });
  const third = await world.submit({ lines: [10_000] });
  await third.reaches('DENIED');
  expect((await third.events()).at(-1)?.params).toMatchObject({ reasons: 'QUOTA_USED' });

  // the plan would add 80 000, of which the quota leaves 50 000
  await second.answered({ benefits: [80_000], funding: [{ source: 'employer_plan', amountFen: fen(80_000) }] });
  expect(await second.reaches('PAID')).toMatchObject({ approvedFen: 80_000, payableFen: 50_000, paidFen: 50_000 });
  expect(await second.quota()).toEqual({ held: '50000 USED', reservedFen: 100_000, usedFen: 50_000 });
  await first.answered({ benefits: [0] });
  await first.reaches('DENIED');
  expect(await first.quota()).toEqual({ held: '0 RELEASED', reservedFen: 0, usedFen: 50_000 });
});

import { describe, expect, test } from 'vitest';
import { away, inTurn } from './script.ts';
import { agreeing, readingOf } from './reader.ts';
import { useWorld } from './support.ts';

const world = useWorld();
const blocking = (findings: string[]): string[] => findings.filter((line) => line.includes(' blocking '));

describe('what the bureau knows of an invoice', () => {
  test('reversed: HR is asked, and nobody of the own claim; overruled with a reason, it goes on and the finding does not come back', async () => {
    world.script.onCertificate = async () => ({ known: true, reversed: true, claimed: 'no' });
    const claim = await world.submit({ employeeId: world.people.hr2 });
    expect(await claim.openTask('PRE_REVIEW')).toMatchObject({
      role: 'hr',
      detail: { review: 1, findings: [{ code: 'INVOICE_REVERSED', about: 'REVERSED', lineNo: null, document: null }] },
    });
    expect(await claim.row()).toMatchObject({ state: 'SUBMITTED', turn: 'hr' });
    expect(await claim.findings()).toContain('INVOICE_REVERSED REVERSED blocking hr');
    expect(world.script.submissions).toEqual([]);
    expect(await claim.decide('OVERRULE', world.people.hr2)).toEqual({ ok: false, code: 'OWN_CLAIM' });
    expect(await claim.decide('OVERRULE', world.people.hr, { comment: ' ' })).toEqual({ ok: false, code: 'COMMENT_REQUIRED' });
    expect(await claim.decide('OVERRULE', world.people.hr, { comment: 'replaced by its issuer' })).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    // asked for again, found again, and known to be settled
    expect(world.script.certificates).toHaveLength(2);
    expect(await claim.findings()).toContain('INVOICE_REVERSED REVERSED blocking hr overruled: replaced by its issuer');
    expect(await claim.trail()).toEqual([
      ...['CREATED SUBMITTED', 'PRE_REVIEW_REQUESTED SUBMITTED', 'PRE_REVIEW_DECIDED SUBMITTED'],
      ...['INTAKE_PASSED SENT_TO_BUREAU', 'BUREAU_ACCEPTED IN_REVIEW'],
    ]);
    expect(await claim.notices()).toEqual(['CLAIM_SUBMITTED claimant', 'TASK_WAITING hr@SJZ', 'SENT_TO_BUREAU claimant']);
  });

  test('another answer than the one that was overruled is another finding', async () => {
    world.script.onCertificate = inTurn(
      { known: true, reversed: false, claimed: 'in-progress' } as const,
      { known: true, reversed: false, claimed: 'yes' } as const,
    );
    const claim = await world.submit();
    await claim.openTask('PRE_REVIEW');
    expect(await claim.decide('OVERRULE', world.people.hr)).toEqual({ ok: true });
    await claim.until(
      'was asked about again',
      async () => (await claim.tasks()).filter(({ status }) => status === 'OPEN').length === 1 && (await claim.tasks()).length === 2,
    );
    expect(await claim.findings()).toContain('INVOICE_CLAIMED CLAIMED blocking hr');
    expect(world.script.submissions).toEqual([]);
  });

  test('unknown to it: refused by HR, appealed against before another person, who grants it: the refusal does not come back', async () => {
    world.script.onCertificate = async () => ({ known: false });
    const claim = await world.submit();
    await claim.openTask('PRE_REVIEW');
    expect(await claim.decide('REFUSE', world.people.hr)).toEqual({ ok: true });
    expect(await claim.reaches('DENIED')).toMatchObject({ approvedFen: 0 });
    expect((await claim.events()).at(-1)?.params).toMatchObject({ reasons: 'INVOICE_FALSE' });
    expect(await claim.appeal()).toEqual({ ok: true });
    expect(await claim.decide('GRANT', world.people.hr)).toEqual({ ok: false, code: 'SECOND_PERSON_REQUIRED' });
    expect(await claim.decide('GRANT', world.people.hr2)).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(await claim.findings()).toContain('INVOICE_FALSE UNKNOWN_TO_BUREAU blocking hr overruled: because');
  });

  test('away: the claim waits two minutes for it, goes on with a note, and is asked for no more', async () => {
    world.script.onCertificate = away;
    const claim = await world.submit();
    await world.sleepThrough(180);
    await claim.reaches('IN_REVIEW');
    expect(world.script.certificates.length).toBeGreaterThan(2);
    expect(await claim.findings()).toContain('NOT_VERIFIED BUREAU_SILENT nobody');
    expect(world.script.submissions).toHaveLength(1);
  });

  test('away when what was good is a day old: the claim goes on, and says so', async () => {
    const claim = await world.submit({ documents: ['INVOICE'] });
    await claim.reaches('PENDED_INFO');
    await world.sleep(25 * 3_600);
    world.script.onCertificate = away;
    await claim.bring('FEE_LIST', 'PRESCRIPTION_OR_RECORD');
    expect(await claim.complete()).toEqual({ ok: true });
    await world.sleepThrough(180);
    await claim.reaches('IN_REVIEW');
    expect(await claim.findings()).toEqual(['NOT_VERIFIED BUREAU_SILENT nobody']);
  });

  test('good: asked once, believed for a day, and never asked of what lies with the bureau itself', async () => {
    const claim = await world.submit({ documents: ['INVOICE'] });
    await claim.reaches('PENDED_INFO');
    await claim.bring('FEE_LIST', 'PRESCRIPTION_OR_RECORD');
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(world.script.certificates).toEqual([expect.objectContaining({ type: '1', code: '13010126', checkCode: '1a2b3c' })]);
    // the bureau calls the invoice one that is being claimed, by this very claim
    world.script.onCertificate = async () => ({ known: true, reversed: false, claimed: 'in-progress' });
    await claim.answered({ missing: ['BANK_CARD'] });
    await claim.reaches('PENDED_INFO');
    // what was good is not believed any longer
    await world.sleep(2 * 86_400);
    await claim.bring('BANK_CARD');
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'IN_REVIEW');
    expect(world.script.certificates).toHaveLength(1);
    expect(await claim.findings()).toEqual([]);
  });

  test('a withdrawal does not wait for it', async () => {
    world.script.onCertificate = away;
    const claim = await world.submit();
    await claim.until('was asked about twice', async () => world.script.certificates.length > 1);
    expect(await claim.withdraw()).toEqual({ ok: true });
    await claim.reaches('WITHDRAWN');
    expect((await claim.trail()).at(-1)).toBe('WITHDRAWN WITHDRAWN');
  });
});

describe('what the file of an invoice says', () => {
  test('another payer: the employee replaces the file, and the claim goes on', async () => {
    world.script.onRead = async (number) => readingOf({ ...(await agreeing(world.database, number)), payer: '李四' });
    const claim = await world.submit();
    await claim.reaches('PENDED_INFO');
    expect((await claim.events()).at(-1)?.params).toMatchObject({ documents: '', reasons: 'DOC_WRONG' });
    expect(await claim.findings()).toEqual(['DOC_WRONG PAYER blocking employee']);
    // the same file again is no other file
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'PENDED_INFO' && row.seq === 4);
    world.script.onRead = null;
    await claim.replace('INVOICE');
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(await claim.findings()).toEqual([]);
    expect(
      world.script.submissions
        .at(-1)
        ?.documents.map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['FEE_LIST', 'INVOICE', 'PRESCRIPTION_OR_RECORD']);
  });

  test('letters that were guessed stop nobody: the employee is asked to look', async () => {
    world.script.onRead = async (number) => readingOf({ ...(await agreeing(world.database, number)), payer: '李四', amount: '1.00' }, 'ocr');
    const claim = await world.submit();
    await claim.reaches('IN_REVIEW');
    expect(await claim.findings()).toEqual(['DATA_ERROR AMOUNT employee', 'DOC_WRONG PAYER employee']);
  });

  test('a reader that is away is waited for ten minutes, and then it is said that nothing was compared', async () => {
    world.script.onRead = async () => {
      throw new Error('the reader was killed');
    };
    const claim = await world.submit();
    await world.sleepThrough(660);
    await claim.reaches('IN_REVIEW');
    expect(await claim.findings()).toEqual(['NOT_VERIFIED UNREAD nobody']);
  });

  test('a reader that did not come is given one minute when the claim comes back, and ten for a file that is new', async () => {
    world.script.onRead = async () => {
      throw new Error('the reader was killed');
    };
    const claim = await world.submit({ documents: ['INVOICE', 'FEE_LIST'] });
    await world.sleepThrough(660);
    await claim.reaches('PENDED_INFO');
    const waits = () => claim.activityTimeouts('readClaimInvoices');
    expect(await waits()).toEqual([600]);
    expect(await claim.complete()).toEqual({ ok: true });
    await world.sleepThrough(120);
    await claim.reaches((row) => row.state === 'PENDED_INFO' && row.seq === 4);
    await claim.replace('INVOICE');
    await claim.bring('PRESCRIPTION_OR_RECORD');
    expect(await claim.complete()).toEqual({ ok: true });
    await world.sleepThrough(660);
    await claim.reaches('IN_REVIEW');
    expect(await waits()).toEqual([600, 60, 600]);
  });
});

test('what no rulebook covers goes to a person with that reason, and to the bureau on the word of that person alone', async () => {
  const claim = await world.submit({ more: { insuredRegion: '440300', treatedRegion: '440300' } });
  expect((await claim.openTask('PRE_REVIEW')).detail).toMatchObject({ findings: [{ code: 'NO_RULE', about: 'NO_RULEBOOK' }] });
  expect((await claim.events()).at(-1)?.params).toMatchObject({ reasons: 'NO_RULE' });
  expect(await claim.decide('OVERRULE', world.people.hr)).toEqual({ ok: true });
  await claim.reaches('IN_REVIEW');
});

describe('one claim over two years', () => {
  const overNewYear = async () => {
    const year = (await world.now()).getUTCFullYear();
    return { start: `${year - 1}-12-30`, end: `${year}-01-02` };
  };

  test('goes back to the employee, who withdraws it and submits each year anew: that is looked at as well, and goes on', async () => {
    const { start, end } = await overNewYear();
    const claim = await world.submit({ more: { visit: { no: null, start, end } } });
    await claim.reaches('PENDED_INFO');
    expect((await claim.events()).at(-1)).toMatchObject({ remark: 'INFO_TO_MEND', params: { documents: '', reasons: 'SPANS_YEARS' } });
    expect(await claim.notices()).toContain('MATERIALS_MISSING claimant');
    expect(await claim.withdraw()).toEqual({ ok: true });
    await claim.reaches('WITHDRAWN');
    const again = await world.submit({ more: { visit: { no: null, start: end, end }, prior: { number: claim.number, resubmissionNo: 1 } } });
    await again.reaches('IN_REVIEW');
    expect(blocking(await again.findings())).toEqual([]);
  });

  test('the employee may have a person look at it instead: sent back by that person it is mended, overruled it goes on', async () => {
    const { start, end } = await overNewYear();
    const claim = await world.submit({ documents: ['INVOICE', 'FEE_LIST'], more: { visit: { no: null, start, end } } });
    await claim.reaches('PENDED_INFO');
    expect((await claim.events()).at(-1)?.params).toMatchObject({ documents: 'PRESCRIPTION_OR_RECORD', reasons: 'SPANS_YEARS' });
    expect(await claim.asksForPerson('settled in one by the hospital')).toEqual({ ok: true });
    const task = await claim.openTask('PRE_REVIEW');
    expect(task.detail).toMatchObject({
      reason: 'settled in one by the hospital',
      findings: [
        { code: 'DOC_REQUIRED', document: 'PRESCRIPTION_OR_RECORD' },
        { code: 'SPANS_YEARS', document: null },
      ],
    });
    expect(await claim.row()).toMatchObject({ state: 'SUBMITTED', turn: 'hr' });
    expect(await claim.asksForPerson()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    expect(await claim.decide('RETURN', world.people.hr)).toEqual({ ok: true });
    await claim.reaches('PENDED_INFO');
    expect((await claim.events()).at(-1)).toMatchObject({
      remark: 'INFO_REQUESTED_BY_REVIEWER',
      params: { documents: 'PRESCRIPTION_OR_RECORD', reasons: 'SPANS_YEARS' },
    });
    // a person has looked
    expect(await claim.asksForPerson()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
    await claim.bring('PRESCRIPTION_OR_RECORD');
    expect(await claim.complete()).toEqual({ ok: true });
    await claim.reaches((row) => row.state === 'PENDED_INFO' && row.seq === 6);
    expect((await claim.events()).at(-1)?.params).toMatchObject({ documents: '', reasons: 'SPANS_YEARS' });
    expect(await claim.asksForPerson()).toEqual({ ok: true });
    await claim.openTask('PRE_REVIEW');
    expect(await claim.decide('OVERRULE', world.people.hr)).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(blocking(await claim.findings())).toEqual(['SPANS_YEARS blocking employee overruled: because']);
  });
});

test('what a bureau or a person asked for is not ours to have looked at', async () => {
  const claim = await world.submit({ lines: [50_000] });
  await claim.reaches('IN_REVIEW');
  await claim.answered({ missing: ['FEE_LIST'] });
  await claim.reaches('PENDED_INFO');
  expect(await claim.asksForPerson()).toEqual({ ok: false, code: 'CLAIM_STATE_CONFLICT' });
});

test('a denial that a machine made alone can be appealed against before a person', async () => {
  await world.settings({ paysFundingSources: ['employer_plan'] });
  await world.quota({ limitFen: 0 });
  const claim = await world.submit({ lines: [10_000] });
  await claim.reaches('DENIED');
  expect((await claim.events()).at(-1)).toMatchObject({ params: { reasons: 'QUOTA_USED' }, actor: { type: 'system' } });
  expect(await claim.appeal()).toEqual({ ok: true });
  expect(await claim.openTask('APPEAL_REVIEW')).toMatchObject({ role: 'hr' });
});

import { describe, expect, test } from 'vitest';
import { afterDays, useWorld } from './support.ts';

const world = useWorld();

describe('an invoice that two claims have', () => {
  test('passes to the one that went on beside the holder when the holder ends unpaid', async () => {
    const first = await world.submit({ invoiceNo: 'H-1' });
    await first.reaches('IN_REVIEW');
    const second = await world.submit({ invoiceNo: 'H-1' });
    expect(await second.reaches('PENDED_DUPLICATE')).toMatchObject({ escalationLevel: 0, dueAt: expect.any(Date) });
    expect(await second.decide('NOT_DUPLICATE', world.people.hr)).toEqual({ ok: true });
    await second.reaches('IN_REVIEW');
    expect(await first.invoiceHolders()).toEqual([first.number]);
    await first.withdraw();
    await first.reaches('WITHDRAWN');
    expect(await second.invoiceHolders()).toEqual([second.number]);
    // so a third is still found out
    const third = await world.submit({ invoiceNo: 'H-1' });
    await third.reaches('PENDED_DUPLICATE');
    expect(await third.invoiceHolders()).toEqual([second.number]);
    expect(await third.matches()).toContain(`SAME_INVOICE BLOCK ${second.number}`);
  });

  test('is free where the other one has ended as well', async () => {
    const first = await world.submit({ invoiceNo: 'H-2' });
    await first.reaches('IN_REVIEW');
    const second = await world.submit({ invoiceNo: 'H-2' });
    await second.decide('NOT_DUPLICATE', world.people.hr, { kind: 'DUPLICATE_REVIEW' });
    await second.reaches('IN_REVIEW');
    await second.withdraw();
    await second.reaches('WITHDRAWN');
    expect(await first.invoiceHolders()).toEqual([first.number]);
    await first.withdraw();
    await first.reaches('WITHDRAWN');
    expect(await first.invoiceHolders()).toEqual([]);
  });
});

describe('an appeal that HR grants', () => {
  test('against a denial as a duplicate says that it is none: intake does not ask again', async () => {
    const first = await world.submit({ invoiceNo: 'G-1' });
    await first.reaches('IN_REVIEW');
    const second = await world.submit({ invoiceNo: 'G-1' });
    await second.decide('DUPLICATE', world.people.hr, { kind: 'DUPLICATE_REVIEW' });
    await second.reaches('DENIED');
    expect(await second.appeal()).toEqual({ ok: true });
    expect(await second.decide('GRANT', world.people.hr2)).toEqual({ ok: true });
    await second.reaches('IN_REVIEW');
    expect(await first.invoiceHolders()).toEqual([first.number]);
  });

  test('against another denial says nothing of duplicates: who holds the invoice meanwhile is shown to HR', async () => {
    const monday = await world.untilMonday();
    const late = await world.submit({ invoiceNo: 'G-2', documents: ['INVOICE', 'FEE_LIST'] });
    await late.reaches('PENDED_INFO');
    await world.sleepUntil(afterDays(monday, 21));
    await late.reaches('DENIED');
    expect(await late.appeal()).toEqual({ ok: true });
    await late.bring('PRESCRIPTION_OR_RECORD');
    const other = await world.submit({ invoiceNo: 'G-3' });
    await other.reaches('IN_REVIEW');
    await world.database.query('UPDATE invoice_hold SET claim_number = $2 WHERE claim_number = $1', [late.number, other.number]);
    expect(await late.decide('GRANT', world.people.hr)).toEqual({ ok: true });
    await late.reaches('PENDED_DUPLICATE');
    expect(await late.openTask()).toMatchObject({ kind: 'DUPLICATE_REVIEW', role: 'hr' });
    expect(await late.matches()).toContain(`SAME_INVOICE BLOCK ${other.number}`);
  });
});

describe('a claim that looks like another one', () => {
  test('of the same person, over about the same amount: it is noted, and the claim goes on', async () => {
    const first = await world.submit({ lines: [70_000, 30_000] });
    await first.reaches('IN_REVIEW');
    // 1 000.00 and 1 009.99 differ by less than one in a hundred
    const second = await world.submit({ lines: [70_000, 30_999] });
    await second.reaches('IN_REVIEW');
    expect(await second.matches()).toContain(`NEAR_SAME NOTE ${first.number}`);
    expect((await second.trail()).some((line) => line.startsWith('DUPLICATE_SUSPECTED'))).toBe(false);
    expect((await first.matches()).filter((line) => line.includes(second.number))).toEqual([]);
  });

  test("with another person's picture: HR says that it is none, and is not asked again", async () => {
    const other = await world.submit({ employeeId: world.people.approver, pictureHashes: ['00ff00ff12345678'] });
    await other.reaches('IN_REVIEW');
    // three of 64 bits differ
    const claim = await world.submit({ employeeId: world.people.approver2, pictureHashes: ['00ff00ff1234567f'] });
    await claim.reaches('PENDED_DUPLICATE');
    expect(await claim.openTask('DUPLICATE_REVIEW')).toMatchObject({ role: 'hr', detail: { matches: [{ kind: 'SAME_PICTURE', grade: 'HOLD' }] } });
    expect(await claim.decide('NOT_DUPLICATE', world.people.hr, { comment: '两人各自的票据' })).toEqual({ ok: true });
    await claim.reaches('IN_REVIEW');
    expect(await claim.matches()).toEqual([`SAME_PICTURE HOLD ${other.number} cleared: 两人各自的票据`]);

    // through intake once more, as after an appeal; and so the other one
    await world.stopWorkers();
    for (const again of [claim, other]) {
      await world.database.query("UPDATE claim SET state = 'SUBMITTED' WHERE number = $1", [again.number]);
      const { seq } = await again.row();
      const { view } = await world.activities.runIntake({ claimNumber: again.number, seq, at: (await world.now()).toISOString() });
      expect(view.state).toBe('SENT_TO_BUREAU');
    }
    await world.startWorkers();
    expect(await other.matches()).toEqual([]);
  });
});

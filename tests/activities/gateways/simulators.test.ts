import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findDecisionFault } from '#domain/bureau/decision.ts';
import type { BureauSubmission } from '#domain/bureau/gateway.ts';
import { fen } from '#domain/money.ts';
import type { TransferOrder } from '#domain/payout/gateway.ts';
import { bureauMessageId } from '#domain/claim/number.ts';
import { shanghaiTime } from '#platform/gateway-fields.ts';
import { BUREAU, startWorld, type World } from './simulated-world.ts';

/** The adapters against the simulators as they run in the demo: separate processes, real signatures, both directions. */
const PATIENCE = { timeout: 20_000, interval: 50 };

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await world.bureauControl('DELETE', '/faults');
  await world.bankControl('DELETE', '/faults');
  world.refusedCallbacks.length = 0;
});
afterAll(() => world.stop());

let sequence = 0;
function submissionOf(claimNumber: string, version = 1): BureauSubmission {
  sequence += 1;
  return {
    messageId: bureauMessageId({ institution: 'DZ1301000001', at: new Date(), sequence }),
    claimNumber,
    version,
    appealsDecisionNo: null,
    diagnoses: [{ code: 'J18.900', name: '肺炎' }],
    person: { personNo: '13010000000001', name: '张三', identityNo: '13010219900101123X', personType: '11', insuranceType: '310' },
    insuredRegion: '130102',
    treatedRegion: '110105',
    medicalType: '11',
    hospital: { code: 'H11010500001', name: '北京朝阳医院' },
    visitStart: '2026-11-16',
    visitEnd: '2026-11-17',
    totalFen: fen(52_600),
    lines: [
      { lineNo: 1, itemCode: 'XA01', itemName: '阿司匹林', itemClass: '01', quantity: '2', unitPriceFen: fen(25_000), amountFen: fen(50_000) },
      { lineNo: 2, itemCode: 'XA02', itemName: '营养品', itemClass: '03', quantity: '1', unitPriceFen: fen(2_600), amountFen: fen(2_600) },
    ],
    invoices: [
      { type: '3', code: '', number: `2611200000000000${sequence.toString().padStart(4, '0')}`, checkCode: '', amountFen: fen(52_600), issuedOn: '2026-11-17' },
    ],
    documents: [{ kind: 'INVOICE', fileName: '发票.pdf', sm3: 'a'.repeat(64), sizeBytes: 1_234 }],
  };
}

describe('the bureau', () => {
  test('submit, hear the decision by callback, find the same by query, too late to withdraw', async () => {
    const submission = submissionOf('YB20261118-00000001');
    const accepted = await world.bureau.submit(submission);
    expect(accepted).toMatchObject({ kind: 'accepted', acceptanceNo: expect.stringContaining('130100A') });
    expect(await world.bureau.submit(submission), 'the same message id again').toEqual(accepted);

    const message = await vi.waitUntil(() => world.fromBureau.find((one) => one.claimNumber === submission.claimNumber), PATIENCE);
    if (message.kind !== 'decision' || message.answer.kind !== 'decision') throw new Error('not a decision');
    // 500.00 × 80 % = 400.00; class 丙 26.00 is not paid.
    expect(message.answer).toMatchObject({
      answersMessageId: submission.messageId,
      outcome: 'PARTIALLY_APPROVED',
      lines: [
        { lineNo: 1, submittedFen: 50_000, benefitFen: 40_000 },
        { lineNo: 2, submittedFen: 2_600, benefitFen: 0 },
      ],
      funding: [{ source: 'bureau_fund', amountFen: 40_000 }],
    });
    expect(findDecisionFault(message.answer, submission.lines)).toBeNull();
    const polled = await world.bureau.query({ claimNumbers: ['YB20261118-99999999', submission.claimNumber] });
    expect(polled.map(({ answer }) => answer)).toEqual([message.answer]);
    expect(polled[0]?.raw).toEqual(message.raw);
    expect(await world.bureau.withdraw({ claimNumber: submission.claimNumber })).toBe('already-decided');
    expect(world.refusedCallbacks).toEqual([]);
  });

  test('the state of a bill, through every switch', async () => {
    const bill = { type: '1', code: '13010126', number: '0000005501', checkCode: '' };
    const set = (more: object) => {
      const named = { elecSetlCertType: '1', elecSetlCertCode: bill.code, elecSetlCertNo: bill.number, elecSetlCertChkcode: '' };
      return world.bureauControl('PUT', `/bureaus/${BUREAU}/certificates`, { ...named, ...more });
    };
    expect(await world.bureau.invoiceState(bill)).toEqual({ known: true, reversed: false, claimed: 'no' });
    await set({ rhredFlag: '1', reimFlag: '2' });
    expect(await world.bureau.invoiceState(bill)).toEqual({ known: true, reversed: true, claimed: 'in-progress' });
    await set({ known: false });
    expect(await world.bureau.invoiceState(bill)).toEqual({ known: false });
    await world.bureauControl('POST', '/faults', { mode: 'garbage', on: '5501', count: 1 });
    await expect(world.bureau.invoiceState(bill)).rejects.toThrow('130100');
    await set({});
    expect(await world.bureau.invoiceState(bill)).toEqual({ known: true, reversed: false, claimed: 'no' });
  });

  test('withdraw what is not decided, and what is unknown', async () => {
    await world.bureauControl('PUT', `/bureaus/${BUREAU}/claims/YB20261118-00000002`, { rulings: [] });
    await world.bureau.submit(submissionOf('YB20261118-00000002'));
    expect(await world.bureau.query({ claimNumbers: ['YB20261118-00000002'] })).toEqual([]);
    expect(await world.bureau.withdraw({ claimNumber: 'YB20261118-00000002' })).toBe('withdrawn');
    expect(await world.bureau.withdraw({ claimNumber: 'YB20261118-00000002' }), 'repeated').toBe('withdrawn');
    expect(await world.bureau.withdraw({ claimNumber: 'YB20261118-00000404' })).toBe('unknown');
  });

  test('material missing, then the next version', async () => {
    const claimNumber = 'YB20261118-00000003';
    await world.bureauControl('PUT', `/bureaus/${BUREAU}/claims/${claimNumber}`, {
      rulings: [{ outcome: 'missing', missing: [{ file_type: 'FEE_LIST', remark: '请补费用清单' }] }],
    });
    await world.bureau.submit(submissionOf(claimNumber));
    const [first] = await vi.waitUntil(async () => {
      const answers = await world.bureau.query({ claimNumbers: [claimNumber] });
      return answers.length > 0 && answers;
    }, PATIENCE);
    expect(first?.answer).toMatchObject({ kind: 'information-needed', missing: [{ documentKind: 'FEE_LIST', remark: '请补费用清单' }] });
    expect(await world.bureau.submit(submissionOf(claimNumber, 2))).toMatchObject({ kind: 'accepted' });
  });

  test('an invoice that was reimbursed is refused', async () => {
    const submission = submissionOf('YB20261118-00000004');
    const [invoice] = submission.invoices;
    await world.bureauControl('PUT', `/bureaus/${BUREAU}/certificates`, {
      elecSetlCertType: '3',
      elecSetlCertCode: '',
      elecSetlCertNo: invoice?.number,
      elecSetlCertChkcode: '',
      reimFlag: '1',
    });
    expect(await world.bureau.submit(submission)).toMatchObject({ kind: 'refused', code: 'DZ-INVOICE' });
  });

  test.each(['garbage', 'wrong-signature', '429', '5xx'])('%s on submission: an outage, and the same message id heals it', async (mode) => {
    const submission = submissionOf(`YB20261118-${mode}`);
    await world.bureauControl('POST', '/faults', { mode, on: 'DZ01', key: submission.claimNumber, count: 1 });
    await expect(world.bureau.submit(submission)).rejects.toThrow('130100: DZ01');
    expect(await world.bureau.submit(submission)).toMatchObject({ kind: 'accepted' });
  });

  test('callbacks with a wrong signature or of garbage are refused until the real one comes', async () => {
    const claimNumber = 'YB20261118-00000005';
    await world.bureauControl('POST', '/faults', { mode: 'wrong-signature', on: 'DZ11', key: claimNumber, count: 1 });
    await world.bureauControl('POST', '/faults', { mode: 'garbage', on: 'DZ11', key: claimNumber, count: 2 });
    await world.bureau.submit(submissionOf(claimNumber));
    await vi.waitUntil(() => world.fromBureau.some((one) => one.claimNumber === claimNumber), PATIENCE);
    expect(world.refusedCallbacks).toEqual(['SIGNATURE_DIFFERS', 'not JSON in UTF-8']);
  });
});

describe('the bank', () => {
  const orderOf = (reference: string, more: Partial<TransferOrder['payee']> = {}): TransferOrder => ({
    reference,
    amountFen: fen(40_000),
    payee: { holderName: '张三', accountNo: '6222020200001234', bankName: '中国工商银行', bankCode: '102121000015', ...more },
    purpose: '医疗费用报销',
  });
  const untilFinal = (reference: string, payee: Partial<TransferOrder['payee']> = {}) =>
    vi.waitUntil(async () => {
      const status = await world.bank.inquire(orderOf(reference, payee));
      return status.kind === 'in-flight' ? undefined : status;
    }, PATIENCE);
  const today = () => shanghaiTime(new Date()).slice(0, 10);
  const firstDay = today();
  const statement = () => world.bank.statement({ from: firstDay, to: today() });

  test('transfer, inquire, notice, statement, return', async () => {
    expect(await world.bank.inquire(orderOf('P1'))).toEqual({ kind: 'not-found' });
    expect(await world.bank.transfer(orderOf('P1'))).toMatchObject({ kind: 'in-flight' });
    expect(await untilFinal('P1')).toMatchObject({ kind: 'succeeded', amountFen: 40_000 });
    expect(await world.bank.transfer(orderOf('P1')), 'the same order again').toMatchObject({ kind: 'succeeded', amountFen: 40_000 });
    const notice = await vi.waitUntil(() => world.fromBank.find(({ reference }) => reference === 'P1'), PATIENCE);
    expect(notice.status).toMatchObject({ kind: 'succeeded', amountFen: 40_000 });
    expect((await statement()).filter(({ reference }) => reference === 'P1')).toMatchObject([{ kind: 'DEBIT', amountFen: 40_000 }]);

    await world.bankControl('POST', '/instructions/P1/return', { reason: '44' });
    expect((await statement()).filter(({ reference }) => reference === 'P1')).toMatchObject([
      { kind: 'DEBIT', amountFen: 40_000 },
      { kind: 'RETURN', amountFen: 40_000, remark: '44 汇出退回:账号已销户' },
    ]);
    expect(await world.bank.inquire(orderOf('P1')), 'a return changes no instruction').toMatchObject({ kind: 'succeeded' });
  });

  test('commit, then silence: unknown, and the inquiry finds it paid once', async () => {
    await world.bankControl('POST', '/faults', { mode: 'commit-then-timeout', on: 'XFERTRNRQ', key: 'P2', count: 1 });
    expect(await world.bank.transfer(orderOf('P2'))).toEqual({ kind: 'unknown', cause: 'TIMEOUT' });
    expect(await untilFinal('P2')).toMatchObject({ kind: 'succeeded', amountFen: 40_000 });
    await world.bank.transfer(orderOf('P2'));
    expect((await statement()).filter(({ reference }) => reference === 'P2')).toHaveLength(1);
  });

  test.each([
    ['cut after the commit', { mode: 'commit-then-timeout', cut: true }, 'CONNECTION', 'succeeded'],
    ['garbage after the commit', { mode: 'garbage' }, 'UNREADABLE', 'succeeded'],
    ['503 after the commit', { mode: '5xx', commit: true }, 'HTTP_503', 'succeeded'],
    ['503 before it', { mode: '5xx' }, 'HTTP_503', 'not-found'],
    ['429', { mode: '429' }, 'HTTP_429', 'not-found'],
    ['401', { mode: 'wrong-signature' }, 'HTTP_401', 'not-found'],
  ])('%s', async (name, fault, cause, truth) => {
    const reference = `P-${name.replaceAll(' ', '-')}`;
    await world.bankControl('POST', '/faults', { ...fault, on: 'XFERTRNRQ', key: reference, count: 1 });
    expect(await world.bank.transfer(orderOf(reference))).toEqual({ kind: 'unknown', cause });
    expect(await untilFinal(reference)).toMatchObject({ kind: truth });
  });

  test('a wrong amount is never success', async () => {
    await world.bankControl('POST', '/faults', { mode: 'wrong-amount', key: 'P3', amount: '399.99', count: 1 });
    expect(await world.bank.transfer(orderOf('P3'))).toEqual({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    expect(await untilFinal('P3')).toEqual({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    expect(await world.bank.transfer(orderOf('P3')), 'sent again').toEqual({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
  });

  test('a closed account fails for good; a malformed one is refused and was never there', async () => {
    await world.bankControl('PUT', '/payees', { account: '6222020200009999', state: 'closed' });
    await world.bank.transfer(orderOf('P4', { accountNo: '6222020200009999' }));
    expect(await untilFinal('P4', { accountNo: '6222020200009999' })).toEqual({ kind: 'failed', bankStatus: 'FAIL', code: '44', text: '账号已销户' });
    expect(await world.bank.transfer(orderOf('P5', { accountNo: '6222*' }))).toMatchObject({ kind: 'failed', bankStatus: 'REFUSED', code: '1001' });
  });

  test('the same reference with another content: the first one counts', async () => {
    await world.bank.transfer(orderOf('P6'));
    await untilFinal('P6');
    expect(await world.bank.transfer({ ...orderOf('P6'), amountFen: fen(1) })).toEqual({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    expect(await world.bank.transfer({ ...orderOf('P6'), purpose: '报销' })).toMatchObject({ kind: 'succeeded', amountFen: 40_000 });
  });

  test('a bank account held "in flight" stays so until released', async () => {
    await world.bankControl('POST', '/faults', { mode: 'processing', key: 'P7', code: 'WAIT_FOR_AUDIT', count: 1 });
    expect(await world.bank.transfer(orderOf('P7'))).toEqual({ kind: 'in-flight', bankStatus: 'WAIT_FOR_AUDIT' });
    expect(await world.bank.inquire(orderOf('P7'))).toEqual({ kind: 'in-flight', bankStatus: 'WAIT_FOR_AUDIT' });
    await world.bankControl('POST', '/instructions/P7/release', { code: 'CANCEL' });
    expect(await world.bank.inquire(orderOf('P7'))).toMatchObject({ kind: 'failed', bankStatus: 'CANCEL', code: 'CANCEL' });
  });
});

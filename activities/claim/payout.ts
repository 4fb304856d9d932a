import { ApplicationFailure } from '@temporalio/common';
import { SYSTEM, type Actor } from '#domain/claim/actor.ts';
import type { Written } from '#domain/claim/view.ts';
import { asksOutcome } from '#domain/claim/tasks.ts';
import { neededFor } from '#domain/consent/purposes.ts';
import { formatYuan } from '#domain/money.ts';
import type { BankGateway, TransferStatus } from '#domain/payout/gateway.ts';
import { differenceFrom } from '#domain/payout/order-check.ts';
import type { Database } from '#prisma/database.ts';
import type { ClaimContext, PaymentRow } from '#prisma/queries/claim-context.ts';
import { asksAbout, countChoices } from '#prisma/queries/claim-tasks.ts';
import { markSent, orderPayment, readLastResult, readOrder, readPayoutBlock, setMatched, setPaymentStatus } from '#prisma/queries/payments.ts';
import { mayPay } from './consent.ts';
import { payoutTask, recordFailed, recordPaid, returnPayment } from './payment-outcome.ts';
import { raiseDoubts } from './payout-doubts.ts';
import type { ClaimStep, Transition, transitions } from './transition.ts';

type Dependencies = { database: Database; transition: ReturnType<typeof transitions>; banks: ReadonlyMap<string, BankGateway> };

/** What finance has to look at; everything else that blocks a payout ends by itself, is asked about already, or is the employee's to mend. */
const FOR_FINANCE: ReadonlySet<string> = new Set(['ABOVE_LIMIT', 'ABOVE_DAILY_LIMIT']);
/** Answers of the bank that do not fit the order: the money may be anywhere. */
const DIFFERS: ReadonlySet<string> = new Set(['AMOUNT_DIFFERS', 'PAYEE_DIFFERS', 'REFERENCE_DIFFERS', 'DEBITED']);
/** Said of an instruction that was never sent, because a stop forbids it: it is tried again with the next inquiry. */
const STOPPED = 'STOPPED';

/** From the decision to the money in the account. The two that speak to the bank run on the bank's task queue. */
export function payoutActivities({ database, transition, banks }: Dependencies) {
  const gateway = (code: string): BankGateway => {
    const found = banks.get(code);
    if (!found) throw ApplicationFailure.retryable(`no bank ${code} is declared`, 'BankUndeclared');
    return found;
  };

  /**
   * Makes the instruction for what is owed, or says why it may not be made yet. Nothing to pay: the claim is paid by others, and done. After a failure
   * it is not made before something has changed that gives it a chance.
   */
  async function orderPayout(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { decision, owed } = claim;
      const { state } = claim.head;
      if (!decision || (state !== 'APPROVED' && state !== 'PARTIALLY_APPROVED' && state !== 'PAYMENT_FAILED')) return claim;
      if (!owed && state !== 'PAYMENT_FAILED') {
        return t.move(claim, { type: 'PAID', to: 'PAID', actor: SYSTEM, remark: 'PAID_DIRECTLY', detail: { decisionId: decision.id } });
      }
      if (!owed || (state === 'PAYMENT_FAILED' && !owed.ready)) return claim;
      const doubted = await raiseDoubts(claim, t);
      // As long as nobody knows what became of the money, no other instruction is made.
      if (doubted.tasks.some(asksOutcome)) return blockPayout(doubted, t, 'DOUBTED');
      if (!(await mayPay(claim, t))) return blockPayout(claim, t, 'CONSENT_MISSING');
      const { block, accountId } = await readPayoutBlock(t.tx, {
        ...{ unitAncestorIds: claim.ancestorIds, employeeId: claim.employeeId, amountFen: owed.payableFen, at: t.at },
        ...claim.settings.payoutLimits,
        limitReleased:
          (await countChoices(t.tx, { claimNumber: claim.number, kind: 'PAYOUT_ATTENTION', choice: 'RELEASE_LIMIT', since: decision.recordedAt })) > 0,
      });
      if (block || !accountId) return blockPayout(claim, t, block ?? 'NO_ACCOUNT');
      const reference = await orderPayment(t.tx, {
        ...{
          claimNumber: claim.number,
          decisionId: owed.decisionId,
          decisionNo: owed.no,
          attempt: owed.attempts + 1,
          amountFen: owed.payableFen,
          accountId,
          at: t.at,
        },
        bankCode: t.clockwork.bank.code,
      });
      const amount = formatYuan(owed.payableFen);
      return t.move(claim, {
        ...{ type: 'PAYOUT_ORDERED', to: 'PAYMENT_IN_PROCESS', actor: SYSTEM, remarkParams: { amount }, detail: { reference, decisionId: owed.decisionId } },
        notice: { amount },
      });
    });
  }

  /**
   * Gives the instruction to the bank. One that was sent before is asked for first, and is sent again under the same reference only where the
   * bank does not know it.
   */
  async function transfer(input: { bankCode: string; reference: string }): Promise<TransferStatus> {
    const bank = gateway(input.bankCode);
    const { order, sentBefore, stopped } = await markSent(database, input.reference);
    if (!sentBefore && stopped) return { kind: 'unknown', cause: STOPPED };
    if (sentBefore) {
      const known = await bank.inquire(order);
      if (known.kind !== 'not-found') return known;
    }
    return bank.transfer(order);
  }

  /** Asks the bank what became of an instruction; of one that was never sent it cannot know. */
  async function inquire(input: { bankCode: string; reference: string }): Promise<TransferStatus> {
    const bank = gateway(input.bankCode);
    const { order, sent } = await readOrder(database, input.reference);
    return sent ? bank.inquire(order) : { kind: 'not-found' };
  }

  async function recordTransfer(step: ClaimStep & { reference: string; status: TransferStatus }): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { payment } = claim;
      if (!payment || payment.reference !== step.reference) return claim;
      return raiseDoubts(await applyStatus(claim, t, payment, step.status), t);
    });
  }

  /**
   * Something of the claim's instructions has come by callback or statement: applies what Postgres holds of them. A return that comes while an
   * appeal is heard waits until the claim is PAID again.
   */
  async function recordPaymentNews(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      const debited = await setMatched(t.tx, { claimNumber: claim.number, at: t.at });
      const { returned } = claim;
      const payment = claim.payment && { ...claim.payment, matchedAt: debited.includes(claim.payment.reference) ? t.at : claim.payment.matchedAt };
      if (returned && claim.head.state === 'PAID') return returnPayment(claim, t, returned, { actor: { type: 'bank', id: returned.bankCode } });
      const told = payment && (await readCallback(claim, t, payment.reference));
      return raiseDoubts(told ? await applyStatus(claim, t, payment, told) : claim, t);
    });
  }

  return { orderPayout, transfer, inquire, recordTransfer, recordPaymentNews };
}

/** What the bank has told by callback of an instruction, held against the order as an inquiry is. Of what was never sent the bank can say nothing. */
async function readCallback(claim: ClaimContext, t: Transition, reference: string): Promise<TransferStatus | undefined> {
  const told = await readLastResult(t.tx, { claimNumber: claim.number, reference });
  if (!told) return undefined;
  const { order, sent } = await readOrder(t.tx, reference);
  if (!sent) return undefined;
  const difference = differenceFrom(order, told.record);
  return difference ? { kind: 'unknown', cause: difference } : told.status;
}

async function blockPayout(claim: ClaimContext, t: Transition, block: string): Promise<ClaimContext> {
  if (claim.head.payoutBlocked === block) return claim;
  return t.move(claim, {
    ...{ type: 'PAYOUT_BLOCKED', actor: SYSTEM, remarkParams: { cause: block }, detail: { block }, patch: { payoutBlocked: block } },
    notice: { cause: block, ...(block === 'CONSENT_MISSING' && { consents: neededFor('PAY') }) },
    ...(FOR_FINANCE.has(block) && { opens: [payoutTask(claim, block)] }),
  });
}

/** What the bank says of a living instruction. Once it has succeeded only a return can change it, whatever comes late or out of order. */
async function applyStatus(claim: ClaimContext, t: Transition, payment: PaymentRow, told: TransferStatus): Promise<ClaimContext> {
  if (claim.head.state !== 'PAYMENT_IN_PROCESS' || payment.status === 'SUCCEEDED' || payment.status === 'FAILED' || payment.status === 'RETURNED') return claim;
  const actor: Actor = { type: 'bank', id: payment.bankCode };
  const { reference } = payment;
  const doubt = doubtOf(payment, told);
  const status: TransferStatus = doubt ? { kind: 'unknown', cause: doubt } : told;
  switch (status.kind) {
    case 'succeeded':
      return recordPaid(claim, t, payment, { actor, result: status.bankStatus });
    case 'failed':
      return recordFailed(claim, t, payment, { actor, code: status.code, bankStatus: status.bankStatus });
    case 'in-flight':
      await setPaymentStatus(t.tx, { reference, status: 'IN_FLIGHT', bankResult: status.bankStatus });
      return claim;
    case 'not-found':
      await setPaymentStatus(t.tx, { reference, status: 'CREATED', bankResult: 'not-found' });
      return claim;
    case 'unknown': {
      const { cause } = status;
      await setPaymentStatus(t.tx, { reference, status: 'UNKNOWN', bankResult: cause });
      const asks = DIFFERS.has(cause) && !(await asksAbout(t.tx, { claimNumber: claim.number, reference }));
      if (claim.head.payoutBlocked === cause && !asks) return claim;
      return t.move(claim, {
        ...{ type: cause === STOPPED ? 'PAYOUT_BLOCKED' : 'PAYMENT_UNCLEAR', actor: SYSTEM, remarkParams: { cause } },
        ...{ detail: { reference, cause }, patch: { payoutBlocked: cause } },
        ...(asks && { opens: [payoutTask(claim, cause, { reference })] }),
      });
    }
  }
}

/**
 * An answer that must neither count as paid nor lead to another instruction, nor to sending this one again: a person looks at it. What the statement shows as
 * debited can neither have failed nor be unknown to the bank.
 */
function doubtOf(payment: PaymentRow, told: TransferStatus): 'AMOUNT_DIFFERS' | 'DEBITED' | null {
  if (told.kind === 'succeeded' && told.amountFen !== payment.amountFen) return 'AMOUNT_DIFFERS';
  return (told.kind === 'failed' || told.kind === 'not-found') && payment.matchedAt ? 'DEBITED' : null;
}

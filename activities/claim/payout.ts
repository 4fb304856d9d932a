import { ApplicationFailure } from '@temporalio/common';
import { SYSTEM, type Actor } from '#domain/claim/actor.ts';
import type { Written } from '#domain/claim/view.ts';
import { fen, formatYuan, sum } from '#domain/money.ts';
import type { BankGateway, TransferStatus } from '#domain/payout/gateway.ts';
import type { Database } from '#prisma/database.ts';
import type { ClaimContext, PaymentRow } from '#prisma/queries/claim-context.ts';
import { countChoices } from '#prisma/queries/claim-tasks.ts';
import { markSent, orderPayment, readAccountTail, readLastResult, readPayoutBlock, setMatched, setPaymentStatus } from '#prisma/queries/payments.ts';
import { useQuota } from '#prisma/queries/quota.ts';
import type { ClaimStep, Transition, transitions } from './transition.ts';

type Dependencies = { database: Database; transition: ReturnType<typeof transitions>; banks: ReadonlyMap<string, BankGateway> };

/** What finance has to look at; everything else that blocks a payout ends by itself or is the employee's to mend. */
const FOR_FINANCE: ReadonlySet<string> = new Set(['ABOVE_LIMIT', 'ABOVE_DAILY_LIMIT', 'OWN_ACCOUNT_SHORT', 'AMOUNT_DIFFERS']);
/** The bank's words for "your own account does not cover it": finance's matter, not the employee's. */
const OWN_ACCOUNT_SHORT: ReadonlySet<string> = new Set(['OWN_ACCOUNT_SHORT', 'INSUFFICIENT_FUNDS', '46']);

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
      const { block, accountId } = await readPayoutBlock(t.tx, {
        ...{ unitAncestorIds: claim.ancestorIds, employeeId: claim.employeeId, amountFen: owed.payableFen, at: t.at },
        ...claim.settings.payoutLimits,
        limitReleased: (await countChoices(t.tx, { claimNumber: claim.number, kind: 'PAYOUT_ATTENTION', choice: 'RELEASE_LIMIT', since: decision.recordedAt })) > 0,
      });
      if (block || !accountId) return blockPayout(claim, t, block ?? 'NO_ACCOUNT');
      const reference = await orderPayment(t.tx, {
        ...{ claimNumber: claim.number, decisionId: owed.decisionId, decisionNo: owed.no, attempt: owed.attempts + 1, amountFen: owed.payableFen, accountId, at: t.at },
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
    const { order, sentBefore } = await markSent(database, input.reference);
    if (sentBefore) {
      const known = await bank.inquire({ reference: input.reference });
      if (known.kind !== 'not-found') return known;
    }
    return bank.transfer(order);
  }

  /** Asks the bank what became of an instruction. */
  async function inquire(input: { bankCode: string; reference: string }): Promise<TransferStatus> {
    return gateway(input.bankCode).inquire({ reference: input.reference });
  }

  async function recordTransfer(step: ClaimStep & { reference: string; status: TransferStatus }): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { payment } = claim;
      if (!payment || payment.reference !== step.reference) return claim;
      return applyStatus(claim, t, payment, step.status);
    });
  }

  /**
   * Something of the claim's instructions has come by callback or statement: applies what Postgres holds of them. A return that comes while an
   * appeal is heard waits until the claim is PAID again.
   */
  async function recordPaymentNews(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      await setMatched(t.tx, { claimNumber: claim.number, at: t.at });
      const { payment, returned } = claim;
      if (returned && claim.head.state === 'PAID') return returnPayment(claim, t, returned);
      const told = payment && (await readLastResult(t.tx, { claimNumber: claim.number, reference: payment.reference }));
      return told ? applyStatus(claim, t, payment, told as TransferStatus) : claim;
    });
  }

  return { orderPayout, transfer, inquire, recordTransfer, recordPaymentNews };
}

async function blockPayout(claim: ClaimContext, t: Transition, block: string): Promise<ClaimContext> {
  if (claim.head.payoutBlocked === block) return claim;
  return t.move(claim, {
    ...{ type: 'PAYOUT_BLOCKED', actor: SYSTEM, remarkParams: { cause: block }, detail: { block }, patch: { payoutBlocked: block } },
    notice: { cause: block },
    ...(FOR_FINANCE.has(block) && { opens: [{ kind: 'PAYOUT_ATTENTION' as const, role: 'finance' as const, unitId: claim.unitId, detail: { block } }] }),
  });
}

/** What the bank says of a living instruction. Once it has succeeded only a return can change it, whatever comes late or out of order. */
async function applyStatus(claim: ClaimContext, t: Transition, payment: PaymentRow, told: TransferStatus): Promise<ClaimContext> {
  if (claim.head.state !== 'PAYMENT_IN_PROCESS' || payment.status === 'SUCCEEDED' || payment.status === 'FAILED' || payment.status === 'RETURNED') return claim;
  const actor: Actor = { type: 'bank', id: payment.bankCode };
  const { reference } = payment;
  const status: TransferStatus = told.kind === 'succeeded' && told.amountFen !== payment.amountFen ? { kind: 'unknown', cause: 'AMOUNT_DIFFERS' } : told;
  switch (status.kind) {
    case 'succeeded': {
      await setPaymentStatus(t.tx, { reference, status: 'SUCCEEDED', bankResult: status.bankStatus, settledAt: t.at });
      await useQuota(t.tx, claim.number);
      const amount = formatYuan(payment.amountFen);
      const accountTail = await readAccountTail(t.tx, reference);
      return t.move(
        { ...claim, payment: { ...payment, status: 'SUCCEEDED', settledAt: t.at } },
        {
          ...{ type: 'PAID', to: 'PAID', actor, remarkParams: { amount, tail: accountTail }, detail: { reference } },
          ...{ patch: { paidFen: sum([claim.head.paidFen, payment.amountFen]) }, notice: { amount, accountTail } },
        },
      );
    }
    case 'failed': {
      await setPaymentStatus(t.tx, { reference, status: 'FAILED', bankResult: `${status.bankStatus} ${status.code}` });
      const ours = OWN_ACCOUNT_SHORT.has(status.code);
      return t.move(claim, {
        ...{ type: 'PAYMENT_FAILED', to: 'PAYMENT_FAILED', actor },
        ...{ remarkParams: { code: status.code }, detail: { reference, code: status.code, bankStatus: status.bankStatus } },
        ...(ours && { opens: [{ kind: 'PAYOUT_ATTENTION' as const, role: 'finance' as const, unitId: claim.unitId, detail: { block: 'OWN_ACCOUNT_SHORT' } }] }),
      });
    }
    case 'in-flight':
      await setPaymentStatus(t.tx, { reference, status: 'IN_FLIGHT', bankResult: status.bankStatus });
      return claim;
    case 'not-found':
      await setPaymentStatus(t.tx, { reference, status: 'CREATED', bankResult: 'not-found' });
      return claim;
    case 'unknown': {
      const shown = payment.status === 'UNKNOWN' && claim.head.payoutBlocked === status.cause;
      await setPaymentStatus(t.tx, { reference, status: 'UNKNOWN', bankResult: status.cause });
      if (shown) return claim;
      return t.move(claim, {
        ...{ type: 'PAYMENT_UNCLEAR', actor: SYSTEM, remarkParams: { cause: status.cause }, detail: { reference, cause: status.cause }, patch: { payoutBlocked: status.cause } },
        ...(status.cause === 'AMOUNT_DIFFERS' && {
          opens: [{ kind: 'PAYOUT_ATTENTION' as const, role: 'finance' as const, unitId: claim.unitId, detail: { block: status.cause, reference } }],
        }),
      });
    }
  }
}

/** The bank sent the money back after it had arrived: the payment is open again, also where the claim was cleared. */
async function returnPayment(claim: ClaimContext, t: Transition, payment: PaymentRow): Promise<ClaimContext> {
  await setPaymentStatus(t.tx, { reference: payment.reference, status: 'RETURNED', bankResult: 'RETURNED', returnedAt: t.at });
  const amount = formatYuan(payment.amountFen);
  return t.move(claim, {
    ...{ type: 'PAYMENT_RETURNED', to: 'PAYMENT_FAILED', actor: { type: 'bank', id: payment.bankCode }, remarkParams: { amount }, detail: { reference: payment.reference } },
    ...{ patch: { paidFen: fen(claim.head.paidFen - payment.amountFen), closedAt: null, clearedAt: null }, notice: { amount } },
  });
}

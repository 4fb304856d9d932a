import type { Actor } from '#domain/claim/actor.ts';
import { payoutChoices } from '#domain/claim/tasks.ts';
import { fen, formatYuan, sum } from '#domain/money.ts';
import type { ClaimContext, PaymentRow } from '#prisma/queries/claim-context.ts';
import type { TaskDraft } from '#prisma/queries/claim-moves.ts';
import { readAccountTail, setPaymentStatus } from '#prisma/queries/payments.ts';
import { holdQuota, useQuota } from '#prisma/queries/quota.ts';
import { quotaYear, type Transition } from './transition.ts';

/** The bank's words for "your own account does not cover it": finance's matter, not the employee's. */
const OWN_ACCOUNT_SHORT: ReadonlySet<string> = new Set(['OWN_ACCOUNT_SHORT', 'INSUFFICIENT_FUNDS', '46']);

/** A task for finance about a payout that `block` holds up; `detail.reference` where it is about one instruction. */
export function payoutTask(claim: ClaimContext, block: string, detail: { reference?: string } = {}): TaskDraft {
  return { kind: 'PAYOUT_ATTENTION', unitId: claim.unitId, choices: payoutChoices(block), detail: { block, ...detail } };
}

/** The money has arrived. */
export async function recordPaid(
  claim: ClaimContext,
  t: Transition,
  payment: PaymentRow,
  by: { actor: Actor; result: string; detail?: Record<string, unknown> },
): Promise<ClaimContext> {
  const { reference } = payment;
  await setPaymentStatus(t.tx, { reference, status: 'SUCCEEDED', bankResult: by.result, settledAt: t.at });
  await useQuota(t.tx, claim.number);
  const amount = formatYuan(payment.amountFen);
  const accountTail = await readAccountTail(t.tx, reference);
  return t.move(
    { ...claim, payment: { ...payment, status: 'SUCCEEDED', settledAt: t.at } },
    {
      ...{ type: 'PAID', to: 'PAID', actor: by.actor, remarkParams: { amount, tail: accountTail }, detail: { reference, ...by.detail } },
      ...{ patch: { paidFen: sum([claim.head.paidFen, payment.amountFen]) }, notice: { amount, accountTail } },
    },
  );
}

/** The money was not paid, for certain. */
export async function recordFailed(
  claim: ClaimContext,
  t: Transition,
  payment: PaymentRow,
  by: { actor: Actor; code: string; bankStatus: string; detail?: Record<string, unknown> },
): Promise<ClaimContext> {
  const { reference } = payment;
  const { code, bankStatus } = by;
  await setPaymentStatus(t.tx, { reference, status: 'FAILED', bankResult: `${bankStatus} ${code}` });
  return t.move(claim, {
    ...{ type: 'PAYMENT_FAILED', to: 'PAYMENT_FAILED', actor: by.actor },
    ...{ remarkParams: { code }, detail: { reference, code, bankStatus, ...by.detail } },
    // While finance's task is open nobody asks the employee to mend the account.
    ...(OWN_ACCOUNT_SHORT.has(code) && { patch: { payoutBlocked: 'OWN_ACCOUNT_SHORT' }, opens: [payoutTask(claim, 'OWN_ACCOUNT_SHORT')] }),
  });
}

/** The bank sent the money back after it had arrived: the payment is open again, also where the claim was cleared. */
export async function returnPayment(
  claim: ClaimContext,
  t: Transition,
  payment: PaymentRow,
  by: { actor: Actor; detail?: Record<string, unknown> },
): Promise<ClaimContext> {
  await setPaymentStatus(t.tx, { reference: payment.reference, status: 'RETURNED', bankResult: 'RETURNED', returnedAt: t.at });
  const amount = formatYuan(payment.amountFen);
  const detail = { reference: payment.reference, ...by.detail };
  const paidFen = fen(claim.head.paidFen - payment.amountFen);
  // Money that was asked back has come back by itself: it is not paid again.
  if (paidFen === 0 && claim.tasks.some(({ kind }) => kind === 'CLAWBACK')) {
    await holdQuota(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: fen(0) });
    return t.move(claim, { type: 'REVERSED', to: 'REVERSED', actor: by.actor, detail, cancels: ['CLAWBACK'], patch: { paidFen, closedAt: t.at } });
  }
  return t.move(claim, {
    ...{ type: 'PAYMENT_RETURNED', to: 'PAYMENT_FAILED', actor: by.actor, remarkParams: { amount }, detail },
    ...{ patch: { paidFen, closedAt: null, clearedAt: null }, notice: { amount } },
  });
}

import { signersOf } from '#domain/claim/actor.ts';
import type { TaskDecision } from '#domain/claim/requests.ts';
import { audit } from '#prisma/queries/audit.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { setMatched } from '#prisma/queries/payments.ts';
import { explainLines, listUnexplained, readDoubts, readPayment } from '#prisma/queries/statement.ts';
import { payoutTask, recordFailed, recordPaid, returnPayment } from './payment-outcome.ts';
import type { Transition } from './transition.ts';

/** What a task about one instruction says; `entryNos` are the statement's lines that both people have seen. */
type Question = { block: string; reference: string; entryNos?: readonly string[] };
export type Outcome = 'CONFIRM_PAID' | 'CONFIRM_FAILED';

/**
 * Asks finance, once for each instruction, what became of it where the bank's records do not fit together. A claim that was over is open again until
 * that is known.
 */
export async function raiseDoubts(claim: ClaimContext, t: Transition): Promise<ClaimContext> {
  let after = claim;
  for (const { reference, block } of await readDoubts(t.tx, claim.number)) {
    const payment = await readPayment(t.tx, reference);
    if (!payment) throw new Error(`no payment instruction ${reference}`);
    const actor = { type: 'bank', id: payment.bankCode } as const;
    if (block === 'LATE_SUCCESS') await audit(t.tx, { claimNumber: claim.number, at: t.at, actor, action: 'late-payment-result', detail: { reference } });
    after = await t.move(after, {
      ...{ type: 'PAYOUT_DOUBTED', actor, remarkParams: { cause: block }, detail: { reference, block }, patch: { closedAt: null, clearedAt: null } },
      opens: [payoutTask(after, block, { reference })],
    });
  }
  return after;
}

type Answer = { decision: TaskDecision; about: Record<string, unknown>; question: Record<string, unknown> };

/** One person says what became of an instruction: another has to say the same. */
export async function proposeOutcome(claim: ClaimContext, t: Transition, { decision, about, question }: Answer): Promise<ClaimContext> {
  const { block, reference } = question as Question;
  const choice = decision.choice as Outcome;
  return t.move(claim, {
    ...{ type: 'PAYOUT_DOUBT_DECIDED', actor: decision.actor, detail: { ...about, reference } },
    opens: [
      {
        ...{ kind: 'CONFIRM_PAYOUT', unitId: claim.unitId, choices: [choice, 'REJECT'], excluded: signersOf(decision.actor) },
        detail: { block, reference, proposed: choice, entryNos: await listUnexplained(t.tx, reference) },
      },
    ],
  });
}

/** The second person disagrees: the question is open again. */
export async function rejectOutcome(claim: ClaimContext, t: Transition, { decision, about, question }: Answer): Promise<ClaimContext> {
  const { block, reference } = question as Question;
  return t.move(claim, {
    type: 'PAYOUT_DOUBT_DECIDED',
    actor: decision.actor,
    detail: { ...about, reference },
    opens: [payoutTask(claim, block, { reference })],
  });
}

/**
 * Two people have said what became of an instruction: so it counts, and the lines that they saw are explained. Failed: another instruction may follow.
 * What is about an instruction that no longer decides the claim's state only explains.
 */
export async function confirmOutcome(claim: ClaimContext, t: Transition, { decision, about, question }: Answer): Promise<ClaimContext> {
  const { reference, entryNos = [] } = question as Question;
  const payment = await readPayment(t.tx, reference);
  if (!payment) throw new Error(`no payment instruction ${reference}`);
  await explainLines(t.tx, { reference, entryNos });
  await setMatched(t.tx, { claimNumber: claim.number, at: t.at });
  const { state } = claim.head;
  const { actor } = decision;
  const detail = { ...about, reference };
  const living = state === 'PAYMENT_IN_PROCESS' && claim.payment?.reference === reference;
  const failedLast = state === 'PAYMENT_FAILED' && payment.status === 'FAILED' && claim.owed?.decisionId === payment.decisionId;
  const settle = async (): Promise<ClaimContext> => {
    if (decision.choice === 'CONFIRM_PAID' && (living || failedLast)) return recordPaid(claim, t, payment, { actor, result: 'CONFIRMED_PAID', detail });
    if (decision.choice === 'CONFIRM_FAILED' && living) return recordFailed(claim, t, payment, { actor, code: '', bankStatus: 'CONFIRMED_FAILED', detail });
    if (decision.choice === 'CONFIRM_FAILED' && state === 'PAID' && payment.status === 'SUCCEEDED') return returnPayment(claim, t, payment, { actor, detail });
    const over = state === 'REVERSED' || state === 'WITHDRAWN' ? { closedAt: t.at } : {};
    return t.move(claim, { type: 'PAYOUT_DOUBT_DECIDED', actor, detail, patch: { ...over, payoutBlocked: null } });
  };
  return raiseDoubts(await settle(), t);
}

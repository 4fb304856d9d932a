import { SYSTEM, type Actor } from '#domain/claim/actor.ts';
import type { Written } from '#domain/claim/view.ts';
import { isWithdrawable } from '#domain/consent/effects.ts';
import type { ConsentPurpose } from '#domain/consent/purposes.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { findWithdrawal, readAwaitedConsents, readMissingConsents } from '#prisma/queries/consents.ts';
import { withdrawApproval } from './approval.ts';
import { releaseHoldings, type ClaimStep, type Transition, type transitions } from './transition.ts';

type Dependencies = { transition: ReturnType<typeof transitions> };

/** What a person's consent, or its withdrawal, means for the own claim. */
export function consentActivities({ transition }: Dependencies) {
  /**
   * The claimant has given or withdrawn a consent; which, Postgres says. What waited for it goes on; what was withdrawn is withdrawn from the bureau's
   * procedure as far as it still can be. A payment that waits for it is tried again by the workflow.
   */
  async function recordConsentChange(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      const missing = await missingFor(claim, t, 'SUBMIT');
      if (missing.length === 0) {
        const waited = claim.head.state === 'PENDED_INFO' && !claim.head.withdrawalRequested && (await readAwaitedConsents(t.tx, claim.number)).length > 0;
        return waited ? t.move(claim, { type: 'MATERIALS_COMPLETED', to: 'SUBMITTED', actor: SYSTEM, remark: 'CONSENT_GIVEN' }) : claim;
      }
      const withdrawal = await findWithdrawal(t.tx, { employeeId: claim.employeeId, purposes: missing });
      if (!withdrawal || claim.head.withdrawalRequested) return claim;
      return (await withdrawClaim(claim, t, withdrawal.actor)) ?? claim;
    });
  }

  return { recordConsentChange };
}

const missingFor = (claim: ClaimContext, t: Transition, step: 'SUBMIT' | 'PAY'): Promise<ConsentPurpose[]> =>
  readMissingConsents(t.tx, { employeeId: claim.employeeId, step, at: t.at });

/** Before the bureau has it a claim is withdrawn at once; afterwards the bureau has to agree; undefined: it is too late. */
export async function withdrawClaim(claim: ClaimContext, t: Transition, actor: Actor): Promise<ClaimContext | undefined> {
  const { state, submissionVersion } = claim.head;
  if (!isWithdrawable({ state, decided: claim.bureauDecisionNo !== null })) return undefined;
  if (submissionVersion > 0) return t.move(claim, { type: 'WITHDRAWAL_REQUESTED', actor, patch: { withdrawalRequested: true } });
  await releaseHoldings(claim, t);
  const tells = await withdrawApproval(claim, t);
  return t.move(claim, { type: 'WITHDRAWN', to: 'WITHDRAWN', actor, tells, patch: { closedAt: t.at } });
}

/** Puts the claim before its employee where the consent to hand it to the bureau is not there; undefined: it is. */
export async function awaitConsent(claim: ClaimContext, t: Transition): Promise<ClaimContext | undefined> {
  const consents = await missingFor(claim, t, 'SUBMIT');
  return consents.length === 0 ? undefined : pendForConsent(claim, t, consents);
}

export async function pendForConsent(claim: ClaimContext, t: Transition, consents: readonly ConsentPurpose[]): Promise<ClaimContext> {
  return t.move(claim, {
    ...{ type: 'INFO_REQUESTED', to: 'PENDED_INFO', actor: SYSTEM, remark: 'CONSENT_NEEDED', remarkParams: { consents: consents.join(',') } },
    ...{ detail: { missing: [], consents }, notice: { consents } },
  });
}

/** Whether the bank may be told whom to pay. */
export async function mayPay(claim: ClaimContext, t: Transition): Promise<boolean> {
  return (await missingFor(claim, t, 'PAY')).length === 0;
}

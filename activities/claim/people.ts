import { signersOf } from '#domain/claim/actor.ts';
import type { Requested, RequestedFor } from '#domain/claim/requests.ts';
import type { Written } from '#domain/claim/view.ts';
import { formatYuan } from '#domain/money.ts';
import { viewOf } from '#prisma/queries/claim-context.ts';
import { holdInvoices, isTakenUp } from '#prisma/queries/claim-intake.ts';
import { countChoices } from '#prisma/queries/claim-tasks.ts';
import { holdQuota } from '#prisma/queries/quota.ts';
import { readMissingConsents } from '#prisma/queries/consents.ts';
import { withdrawClaim } from './consent.ts';
import { sendToBureau } from './intake.ts';
import { quotaYear, type ClaimStep, type Refused, type transitions } from './transition.ts';

type Dependencies = { transition: ReturnType<typeof transitions>; institutionCode: string };

const CONFLICT: Refused = { refused: 'CLAIM_STATE_CONFLICT' };

/** What people ask of a claim, tasks apart. Each answers with a refusal where the claim's state does not allow it. */
export function peopleActivities({ transition, institutionCode }: Dependencies) {
  async function recordMaterialsComplete(step: ClaimStep & Requested): Promise<Written> {
    return transition(step, async (claim, t) =>
      claim.head.state === 'PENDED_INFO' && !claim.head.withdrawalRequested
        ? t.move(claim, { type: 'MATERIALS_COMPLETED', to: 'SUBMITTED', actor: step.actor })
        : CONFLICT,
    );
  }

  /** Before the bureau has it a claim is withdrawn at once; afterwards the bureau has to agree; with a decision it is too late. */
  async function recordWithdrawalRequest(step: ClaimStep & Requested): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.withdrawalRequested) return claim;
      return (await withdrawClaim(claim, t, step.actor)) ?? { refused: 'WITHDRAWAL_TOO_LATE' };
    });
  }

  /**
   * An appeal against the decision in force: the bureau hears those against its own, HR those against ours. It opens a closed claim again.
   * Refused as too late after the window, where HR has heard the same before, while money is being asked back, and where a newer claim has taken this one
   * up or holds its invoice: what was denied as a duplicate alone may be appealed against although another claim holds it.
   */
  async function recordAppeal(step: ClaimStep & RequestedFor): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { state } = claim.head;
      const { decision } = claim;
      const decided = state === 'DENIED' || (state === 'PAID' && decision?.outcome === 'PARTIALLY_APPROVED');
      if (!decision || !decided || claim.tasks.some(({ kind }) => kind === 'CLAWBACK')) return CONFLICT;
      const until = viewOf(claim, t.clockwork).appealableUntil;
      if (until === null || t.at > new Date(until)) return { refused: 'APPEAL_TOO_LATE' };
      const holders = state === 'DENIED' ? await holdInvoices(t.tx, claim.number) : [];
      const asDuplicate = decision.source === 'EMPLOYER' && decision.reasons.some(({ code }) => code === 'DUPLICATE');
      if ((holders.length > 0 && !asDuplicate) || (await isTakenUp(t.tx, claim.number))) return CONFLICT;
      if (state === 'DENIED') {
        await holdQuota(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: claim.submittedFen });
      }
      const byEmployer = decision.source === 'EMPLOYER';
      const heard = { claimNumber: claim.number, kind: 'APPEAL_REVIEW', choice: 'UPHOLD', since: decision.recordedAt } as const;
      if (byEmployer && (await countChoices(t.tx, heard)) > 0) return CONFLICT;
      const missing = await readMissingConsents(t.tx, { employeeId: claim.employeeId, step: 'SUBMIT', at: t.at });
      if (!byEmployer && missing.length > 0) return { refused: 'CONSENT_MISSING' };
      const appealed = await t.move(claim, {
        ...{ type: 'APPEALED', to: 'APPEAL_REVIEW', actor: step.actor, detail: { reason: step.reason }, patch: { closedAt: null, clearedAt: null } },
        ...(byEmployer && {
          opens: [
            {
              kind: 'APPEAL_REVIEW' as const,
              unitId: claim.unitId,
              excluded: signersOf(decision.decidedBy),
              detail: { reason: step.reason, asDuplicate },
            },
          ],
        }),
      });
      if (byEmployer) return appealed;
      return sendToBureau(appealed, t, { institutionCode, type: 'APPEAL_SENT', actor: step.actor });
    });
  }

  async function recordHold(step: ClaimStep & RequestedFor): Promise<Written> {
    return transition(step, async (claim, t) =>
      claim.head.onHold ? CONFLICT : t.move(claim, { type: 'HELD', actor: step.actor, patch: { onHold: true }, detail: { reason: step.reason } }),
    );
  }

  async function recordRelease(step: ClaimStep & Requested): Promise<Written> {
    return transition(step, async (claim, t) =>
      claim.head.onHold ? t.move(claim, { type: 'RELEASED', actor: step.actor, patch: { onHold: false } }) : CONFLICT,
    );
  }

  /** Finance asks for money back: a task until it has come, by transfer or by wage deduction as the unit has it. */
  async function recordReversalRequest(step: ClaimStep & RequestedFor): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.state !== 'PAID' || claim.head.paidFen === 0 || claim.tasks.some(({ kind }) => kind === 'CLAWBACK')) return CONFLICT;
      const detail = { reason: step.reason, amount: formatYuan(claim.head.paidFen), how: claim.settings.clawback };
      return t.move(claim, {
        ...{ type: 'REVERSAL_REQUESTED', actor: step.actor, remarkParams: { amount: detail.amount }, detail, patch: { closedAt: null, clearedAt: null } },
        opens: [{ kind: 'CLAWBACK', unitId: claim.unitId, detail }],
      });
    });
  }

  return { recordMaterialsComplete, recordWithdrawalRequest, recordAppeal, recordHold, recordRelease, recordReversalRequest };
}

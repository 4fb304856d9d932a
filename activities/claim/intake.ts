import { SYSTEM } from '#domain/claim/actor.ts';
import type { Written } from '#domain/claim/view.ts';
import { gradeMatches } from '#domain/claim/duplicates.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { holdInvoices } from '#prisma/queries/claim-intake.ts';
import { findDuplicates, listOpenMatches, markClaim, recordMatches } from '#prisma/queries/duplicates.ts';
import { insertSubmission } from '#prisma/queries/submissions.ts';
import { holdQuota } from '#prisma/queries/quota.ts';
import { askApprovers } from './approval.ts';
import { awaitConsent } from './consent.ts';
import type { entitlements } from './entitlement.ts';
import { askEmployee, askHr, reviewClaim, type ReviewDependencies } from './pre-review.ts';
import { denyByEmployer, quotaYear, type ClaimStep, type Transition, type transitions } from './transition.ts';

type Dependencies = ReviewDependencies & {
  transition: ReturnType<typeof transitions>;
  institutionCode: string;
  assessEntitlement: ReturnType<typeof entitlements>;
};

/** Before the bureau sees a claim: is it complete and right, is it new, is there quota, do the unit's own approvers agree. */
export function intakeActivities({ transition, institutionCode, assessEntitlement, ...reviewing }: Dependencies) {
  /** Takes a SUBMITTED claim as far as it can go without a person: the first thing that stands in its way decides where it waits. */
  async function runIntake(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.state !== 'SUBMITTED' || claim.tasks.length > 0) return claim;
      // what it is estimated to be paid is stored, and stands in no claim's way; that no rule says so does
      const assessed = await assessEntitlement(claim, t);
      const reviewed = await reviewClaim(claim, t, { ...reviewing, ...assessed });
      return (
        (await askEmployee(claim, t, reviewed)) ??
        (await duplicate(claim, t)) ??
        (await askHr(claim, t, reviewed)) ??
        (await quotaUsedUp(claim, t)) ??
        (await askApprovers(claim, t)) ??
        (await awaitConsent(claim, t)) ??
        pass(claim, t)
      );
    });
  }

  async function pass(claim: ClaimContext, t: Transition): Promise<ClaimContext> {
    return sendToBureau(claim, t, { institutionCode, type: 'INTAKE_PASSED', actor: SYSTEM });
  }

  return { runIntake };
}

/** Looks through the whole group. Which claim it looks like is in its matches: the task says no more than by what, because another branch may read it. */
async function duplicate(claim: ClaimContext, t: Transition): Promise<ClaimContext | null> {
  const holders = await holdInvoices(t.tx, claim.number);
  await markClaim(t.tx, claim.number);
  const matches = gradeMatches(await findDuplicates(t.tx, { claimNumber: claim.number, holders }));
  await recordMatches(t.tx, { claimNumber: claim.number, matches, at: t.at });
  const open = await listOpenMatches(t.tx, claim.number);
  if (open.length === 0) return null;
  return t.move(claim, {
    ...{ type: 'DUPLICATE_SUSPECTED', to: 'PENDED_DUPLICATE', actor: SYSTEM, detail: { matches: open } },
    opens: [{ kind: 'DUPLICATE_REVIEW', unitId: claim.unitId, detail: { matches: open } }],
  });
}

async function quotaUsedUp(claim: ClaimContext, t: Transition): Promise<ClaimContext | null> {
  // What the bureau has decided holds what it needs already.
  if (claim.bureauDecisionNo !== null) return null;
  const granted = await holdQuota(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: claim.submittedFen });
  // Only the plan's own part is limited: where a fund pays as well, the claim goes on and the decision says what the plan adds.
  if (granted === null || granted > 0 || claim.settings.paysFundingSources.some((source) => source !== 'employer_plan')) return null;
  return denyByEmployer(claim, t, { code: 'QUOTA_USED', comment: '', sourceNo: `intake-${claim.seq}`, actor: SYSTEM });
}

/** Makes the next version of the submission, with its message id, and hands the claim to the bureau's queue. Questions about the last version are over. */
export async function sendToBureau(
  claim: ClaimContext,
  t: Transition,
  input: { institutionCode: string; type: 'INTAKE_PASSED' | 'RESUBMITTED_TO_BUREAU' | 'APPEAL_SENT' } & Pick<
    Parameters<Transition['move']>[1],
    'actor' | 'detail'
  >,
): Promise<ClaimContext> {
  const version = claim.head.submissionVersion + 1;
  const messageId = await insertSubmission(t.tx, {
    ...{ claimNumber: claim.number, version, bureauCode: claim.bureauCode, at: t.at },
    ...{ institution: input.institutionCode, appealsDecisionNo: claim.bureauDecisionNo },
  });
  const to = claim.head.state === 'APPEAL_REVIEW' ? 'APPEAL_REVIEW' : 'SENT_TO_BUREAU';
  return t.move(claim, {
    ...{ type: input.type, to, actor: input.actor, remarkParams: { version }, restartsClock: true },
    patch: { submissionVersion: version },
    cancels: ['ESCALATION', 'BUREAU_ANSWER_CHECK', 'CONFIRM_DECISION'],
    detail: { messageId, version, ...input.detail },
  });
}

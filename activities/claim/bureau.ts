import { ApplicationFailure } from '@temporalio/common';
import { findDecisionFault, type BureauAnswer, type DecisionLine, type FundingLine, type Outcome } from '#domain/bureau/decision.ts';
import type { BureauGateway, SubmitResult, WithdrawResult } from '#domain/bureau/gateway.ts';
import { SYSTEM, type Actor } from '#domain/claim/actor.ts';
import { payableOf } from '#domain/claim/quota.ts';
import type { Written } from '#domain/claim/view.ts';
import { fen, formatYuan, sum } from '#domain/money.ts';
import type { Database } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { readMissingConsents, readMissingForSubmission } from '#prisma/queries/consents.ts';
import { cutsOf, insertDecision, readBestBenefit, readClaimLines, type NewDecision } from '#prisma/queries/decisions.ts';
import { readInboxBody, readUnheardAnswers, readUnusedDecision, type UnheardAnswer } from '#prisma/queries/inbox.ts';
import { holdQuota } from '#prisma/queries/quota.ts';
import { markAccepted, readSubmission } from '#prisma/queries/submissions.ts';
import { isAsked } from '#prisma/queries/tasks.ts';
import { pendForConsent } from './consent.ts';
import { quotaYear, releaseHoldings, uphold, type ClaimStep, type Transition, type transitions } from './transition.ts';

type Dependencies = { database: Database; transition: ReturnType<typeof transitions>; bureaus: ReadonlyMap<string, BureauGateway> };
/** In the place of a bureau's code, where we did not send what the claimant does not consent to. */
const CONSENT_MISSING = 'CONSENT_MISSING';

type Decided = Extract<BureauAnswer, { kind: 'decision' }>;

/** The way to the bureau and back. The two that speak to it run on the bureau's own task queue; the rest are writes. */
export function bureauActivities({ database, transition, bureaus }: Dependencies) {
  const gateway = (code: string): BureauGateway => {
    const found = bureaus.get(code);
    if (!found) throw ApplicationFailure.retryable(`no bureau ${code} is declared`, 'BureauUndeclared');
    return found;
  };

  /**
   * Sends one version of a submission. The same message id again is answered with the bureau's first answer. The claimant's consent is asked for at every
   * attempt: a bureau may be away for days, and a consent be withdrawn meanwhile.
   */
  async function submitToBureau(input: { bureauCode: string; messageId: string }): Promise<SubmitResult> {
    const missing = await readMissingForSubmission(database, { messageId: input.messageId, at: new Date() });
    if (missing.length > 0) return { kind: 'refused', code: CONSENT_MISSING, text: missing.join(',') };
    return gateway(input.bureauCode).submit(await readSubmission(database, input.messageId));
  }

  async function withdrawFromBureau(input: { bureauCode: string; claimNumber: string }): Promise<WithdrawResult> {
    const bureau = gateway(input.bureauCode);
    return bureau.capabilities.withdraw ? bureau.withdraw(input) : 'already-decided';
  }

  /** The bureau took the submission, or said what is wrong with it. */
  async function recordSubmission(step: ClaimStep & { messageId: string; result: SubmitResult }): Promise<Written> {
    const { messageId, result } = step;
    return transition(step, async (claim, t) => {
      const { state } = claim.head;
      const current = claim.submission?.messageId === messageId && claim.submission.acceptedAt === null;
      if (!current || (state !== 'SENT_TO_BUREAU' && state !== 'APPEAL_REVIEW')) return claim;
      const actor: Actor = { type: 'bureau', id: claim.bureauCode };
      // A decision there is already is on its way, by callback or poll: the claim only has to wait for it.
      const acceptanceNo = result.kind === 'accepted' ? result.acceptanceNo : result.code === 'DZ-DECIDED' ? '' : null;
      if (acceptanceNo === null && result.kind === 'refused') {
        // nothing was sent: the claim waits for the claimant, if the consent has not come meanwhile
        const missing = result.code === CONSENT_MISSING ? await readMissingConsents(t.tx, { employeeId: claim.employeeId, step: 'SUBMIT', at: t.at }) : null;
        if (missing) return missing.length === 0 ? claim : pendForConsent(claim, t, missing);
        return t.move(claim, {
          ...{ type: 'ANSWER_DOUBTED', actor, remarkParams: { code: result.code }, detail: { code: result.code } },
          opens: [{ kind: 'BUREAU_ANSWER_CHECK', unitId: claim.unitId, detail: { code: result.code } }],
        });
      }
      await markAccepted(t.tx, { messageId, acceptanceNo: acceptanceNo ?? '', at: t.at });
      const accepted =
        state === 'APPEAL_REVIEW' ? claim : await t.move(claim, { type: 'BUREAU_ACCEPTED', to: 'IN_REVIEW', actor, detail: { messageId, acceptanceNo } });
      // Where it came before the bureau said so, it was put aside as the answer to another version.
      const early = acceptanceNo === '' ? await readUnusedDecision(t.tx, claim.number) : undefined;
      return early ? ((await decide(accepted, t, early, actor)) ?? accepted) : accepted;
    });
  }

  /** An answer that lies in the inbox. What is late, repeated, or meant for another version changes nothing and leaves an audit row. */
  async function recordBureauAnswer(step: ClaimStep & { source: string; messageId: string }): Promise<Written> {
    return transition(step, async (claim, t) => {
      const told = (await readInboxBody<{ answer: BureauAnswer }>(t.tx, step))?.answer;
      const actor: Actor = { type: 'bureau', id: step.source };
      const ignore = async (why: string): Promise<ClaimContext> => {
        await audit(t.tx, {
          claimNumber: claim.number,
          seq: claim.seq,
          at: t.at,
          actor,
          action: 'bureau-answer-ignored',
          detail: { why, messageId: step.messageId },
        });
        return claim;
      };
      if (!told) return ignore('not-in-inbox');
      const { submission, head } = claim;
      const waiting = head.state === 'SENT_TO_BUREAU' || head.state === 'IN_REVIEW' || (head.state === 'APPEAL_REVIEW' && claim.bureauDecisionNo !== null);
      if (!waiting) return ignore('not-waiting');
      if (told.answersMessageId !== submission?.messageId && !submission?.decidedBefore) return ignore('other-version');
      if (told.kind === 'information-needed') {
        const missing = told.missing.map(({ documentKind }) => documentKind);
        return t.move(claim, {
          ...{ type: 'INFO_REQUESTED', to: 'PENDED_INFO', actor, remark: 'INFO_REQUESTED_BY_BUREAU', remarkParams: { documents: missing.join(',') } },
          ...{ detail: { missing, remark: told.remark }, notice: { documents: told.missing.map(({ documentKind }) => documentKind as 'OTHER') } },
        });
      }
      return (await decide(claim, t, told, actor)) ?? ignore('repeated');
    });
  }

  /** Answers that no workflow of the claim has acted on, because the one that had heard of them was lost. */
  async function listUnheardAnswers({ claimNumber }: { claimNumber: string }): Promise<UnheardAnswer[]> {
    return readUnheardAnswers(database, claimNumber);
  }

  /** While a claim is held an answer is shown to have come, and waits. */
  async function recordAnswerWhileHeld(step: ClaimStep & { source: string; messageId: string }): Promise<Written> {
    return transition(step, (claim, t) =>
      t.move(claim, { type: 'ANSWER_WHILE_HELD', actor: { type: 'bureau', id: step.source }, detail: { messageId: step.messageId } }),
    );
  }

  /** The bureau could not be reached for longer than the service level allows. */
  async function recordOutage(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.state !== 'SENT_TO_BUREAU' || claim.head.bureauOutage) return claim;
      return t.move(claim, { type: 'BUREAU_OUTAGE', actor: SYSTEM, patch: { bureauOutage: true } });
    });
  }

  async function recordWithdrawal(step: ClaimStep & { result: WithdrawResult }): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (!claim.head.withdrawalRequested) return claim;
      const actor: Actor = { type: 'bureau', id: claim.bureauCode };
      if (step.result === 'already-decided') return t.move(claim, { type: 'WITHDRAWAL_REFUSED', actor, patch: { withdrawalRequested: false } });
      await releaseHoldings(claim, t);
      return t.move(claim, { type: 'WITHDRAWN', to: 'WITHDRAWN', actor, patch: { closedAt: t.at } });
    });
  }

  return {
    submitToBureau,
    withdrawFromBureau,
    recordSubmission,
    recordBureauAnswer,
    listUnheardAnswers,
    recordAnswerWhileHeld,
    recordOutage,
    recordWithdrawal,
  };
}

/** Puts the bureau's decision in force, or shows it to a person where it does not add up. Undefined where that was done before. */
async function decide(claim: ClaimContext, t: Transition, told: Decided, actor: Actor): Promise<ClaimContext | undefined> {
  const fault = findDecisionFault(told, await readClaimLines(t.tx, claim.number));
  if (!fault) return applyDecision(claim, t, { ...decisionOf(told), source: 'BUREAU', sourceNo: told.decisionNo, decidedBy: actor });
  const detail = { fault, decisionNo: told.decisionNo };
  // a callback and a poll bring the same answer: one person is asked once
  if (await isAsked(t.tx, { claimNumber: claim.number, kind: 'BUREAU_ANSWER_CHECK', detail })) return undefined;
  return t.move(claim, {
    ...{ type: 'ANSWER_DOUBTED', actor, remarkParams: { fault }, detail },
    opens: [{ kind: 'BUREAU_ANSWER_CHECK', unitId: claim.unitId, detail }],
  });
}

const decisionOf = ({ outcome, reasons, remark, lines, funding, decidedAt }: Decided) => ({
  outcome,
  reasons,
  remark,
  lines,
  funding,
  decidedAt: new Date(decidedAt),
});

const DECIDED_REMARK = { APPROVED: 'DECIDED_APPROVED', PARTIALLY_APPROVED: 'DECIDED_PARTIALLY', DENIED: 'DECIDED_DENIED' } as const;

/**
 * Puts a decision in force: what of it is ours to pay, what the quota leaves of it, and where the claim goes. Undefined where the decision was
 * recorded before.
 */
export async function applyDecision(
  claim: ClaimContext,
  t: Transition,
  decision: Pick<NewDecision, 'source' | 'sourceNo' | 'decidedBy' | 'reasons' | 'remark' | 'decidedAt'> & {
    outcome: Outcome;
    lines: readonly DecisionLine[];
    funding: readonly FundingLine[];
  },
): Promise<ClaimContext | undefined> {
  const benefitFen = sum(decision.lines.map((line) => line.benefitFen));
  const appealed = claim.bureauDecisionNo !== null;
  const best = await readBestBenefit(t.tx, claim.number);
  const planFen = sum(decision.funding.filter(({ source }) => source === 'employer_plan').map(({ amountFen }) => amountFen));
  const upheld = appealed && benefitFen <= best;
  // An appeal never takes away what was granted before it.
  const reservedFen = upheld
    ? null
    : await holdQuota(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: planFen });
  const owed = payableOf({ funding: decision.funding, pays: claim.settings.paysFundingSources, reservedFen, alreadyPaidFen: claim.promisedFen });
  const payableFen = upheld ? fen(0) : owed.payableFen;
  const recorded = await insertDecision(t.tx, {
    ...decision,
    ...{ claimNumber: claim.number, submittedFen: claim.submittedFen, benefitFen, payableFen, recordedAt: t.at },
  });
  if (!recorded) return undefined;
  const detail = { decisionId: recorded.id, decisionNo: recorded.no, quotaCutFen: owed.cutFen };
  const actor: Actor = decision.decidedBy;
  if (upheld) return uphold(claim, t, { actor, detail });
  if (decision.outcome === 'DENIED') await releaseHoldings(claim, t);
  const cuts = cutsOf(decision.lines);
  return t.move(claim, {
    ...{ type: 'DECIDED', to: decision.outcome, actor, remark: DECIDED_REMARK[decision.outcome], detail, patch: { approvedFen: benefitFen, payableFen } },
    remarkParams: { submitted: formatYuan(claim.submittedFen), benefit: formatYuan(benefitFen), reasons: decision.reasons.map(({ code }) => code).join(',') },
    notice: {
      ...{ submitted: formatYuan(claim.submittedFen), benefit: formatYuan(benefitFen), amount: formatYuan(payableFen) },
      reasons: decision.reasons.map(({ code }) => code),
      cuts: cuts.map(({ lineNo, adjustment }) => ({ lineNo, amount: formatYuan(adjustment.amountFen), reason: adjustment.code })),
    },
  });
}

import { ApplicationFailure } from '@temporalio/common';
import type { Actor } from '#domain/claim/actor.ts';
import type { ReasonCode } from '#domain/claim/reasons.ts';
import type { Written } from '#domain/claim/view.ts';
import { fen } from '#domain/money.ts';
import type { NoticeDraft } from '#domain/notices/notice.ts';
import type { Database, Tx } from '#prisma/database.ts';
import { readClaimContext, viewOf, type ClaimContext, type Clockwork } from '#prisma/queries/claim-context.ts';
import { releaseInvoices } from '#prisma/queries/claim-intake.ts';
import { MoveForbidden, recordMove, wasWritten, type Move } from '#prisma/queries/claim-moves.ts';
import { insertDecision, readBestBenefit, readClaimLines } from '#prisma/queries/decisions.ts';
import { holdQuota } from '#prisma/queries/quota.ts';

/**
 * Names the transition that a workflow wants: the claim, how many transitions it has seen, and its own time (RFC 3339). `requestId` is the id of the
 * person's request, if it was one.
 */
export type ClaimStep = { claimNumber: string; seq: number; at: string; requestId?: string };

export type Refused = { refused: NonNullable<Written['refused']> };

/** One open transaction over one locked claim. `move` writes a transition and returns the claim as it then is. */
export type Transition = {
  tx: Tx;
  at: Date;
  clockwork: Clockwork;
  move(claim: ClaimContext, move: Omit<Move, 'at'>): Promise<ClaimContext>;
};

export type TransitionDependencies = { database: Database; clockwork: () => Promise<Clockwork> };

/**
 * Runs `work` on the claim, locked, in one transaction, and answers with the newest view. Where the claim has moved since the workflow looked, nothing
 * is done and the view says where it is: a repeated write, a reset workflow and a rebuilt one all find their place that way. `work` returns
 * the claim unchanged where there is nothing to do.
 */
export function transitions({ database, clockwork: readClockwork }: TransitionDependencies) {
  return async function transition(step: ClaimStep, work: (claim: ClaimContext, t: Transition) => Promise<ClaimContext | Refused>): Promise<Written> {
    const clockwork = await readClockwork();
    const { claimNumber, requestId } = step;
    const at = new Date(step.at);
    const written = (claim: ClaimContext, rest: Omit<Written, 'view'>): Written => ({ view: viewOf(claim, clockwork), ...rest });
    const read = async (tx: Pick<Tx, 'query'>, lock: boolean): Promise<ClaimContext> => {
      const claim = await readClaimContext(tx, claimNumber, { lock });
      if (!claim) throw ApplicationFailure.nonRetryable(`there is no claim ${claimNumber}`, 'ClaimNotFound');
      return claim;
    };
    try {
      return await database.write(async (tx) => {
        const claim = await read(tx, true);
        if (claim.seq !== step.seq) {
          const done = requestId !== undefined && (await wasWritten(tx, { claimNumber, seq: step.seq + 1, requestId }));
          return written(claim, { done, refused: null });
        }
        const move: Transition['move'] = (from, what) =>
          recordMove(tx, from, { ...what, at, ...(requestId !== undefined && { detail: { ...what.detail, requestId } }) }, clockwork);
        const after = await work(claim, { tx, at, clockwork, move });
        if ('refused' in after) throw new Unwritten(after);
        return written(await read(tx, false), { done: true, refused: null });
      });
    } catch (error) {
      // A bug fails the request that met it, and not the claim: what nobody asked for is tried again, where it shows.
      if (error instanceof MoveForbidden && requestId !== undefined) throw ApplicationFailure.nonRetryable(error.message, error.name);
      // What was refused on second thoughts has left nothing behind.
      if (!(error instanceof Unwritten)) throw error;
      return written(await read(database, false), { done: false, refused: error.refusal.refused });
    }
  };
}

class Unwritten extends Error {
  readonly refusal: Refused;
  constructor(refusal: Refused) {
    super(refusal.refused);
    this.refusal = refusal;
  }
}

/** The calendar year that a claim's quota is counted in: that of the treatment. */
export const quotaYear = (claim: ClaimContext): number => Number(claim.visitStart.slice(0, 4));

/** What a claim holds is free for others when it ends unpaid. */
export async function releaseHoldings(claim: ClaimContext, { tx }: Transition): Promise<void> {
  await releaseInvoices(tx, claim.number);
  await holdQuota(tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: fen(0) });
}

/** An appeal that changes nothing: what was granted stays and stays paid; a denial stands, and lets go of what the claim held. */
export async function uphold(
  claim: ClaimContext,
  t: Transition,
  { actor, detail, tells = [] }: Pick<Move, 'actor' | 'detail' | 'tells'>,
): Promise<ClaimContext> {
  const to = (await readBestBenefit(t.tx, claim.number)) > 0 ? 'PAID' : 'DENIED';
  if (to === 'DENIED') await releaseHoldings(claim, t);
  return t.move(claim, { type: 'APPEAL_UPHELD', to, actor, detail: detail ?? {}, notice: { reasons: ['APPEAL_UPHELD'] }, tells });
}

/**
 * The employer's own refusal of a whole claim: every line with its reason, to the fen. `sourceNo` makes it known again. What the bureau has decided
 * is not the employer's to take away: a refusal in the course of an appeal to the bureau ends the appeal.
 */
export async function denyByEmployer(
  claim: ClaimContext,
  t: Transition,
  denial: { code: ReasonCode; comment: string; sourceNo: string; actor: Actor; employeeId?: string; tells?: readonly NoticeDraft[] },
): Promise<ClaimContext> {
  const tells = denial.tells ?? [];
  if (claim.bureauDecisionNo !== null) return uphold(claim, t, { actor: denial.actor, detail: { code: denial.code, comment: denial.comment }, tells });
  const lines = await readClaimLines(t.tx, claim.number);
  const nothing = fen(0);
  const decision = await insertDecision(t.tx, {
    claimNumber: claim.number,
    source: 'EMPLOYER',
    sourceNo: denial.sourceNo,
    outcome: 'DENIED',
    reasons: [{ code: denial.code, text: denial.comment }],
    remark: denial.comment,
    lines: lines.map(({ lineNo, amountFen }) => ({
      ...{ lineNo, submittedFen: amountFen, eligibleFen: nothing, deductibleFen: nothing, benefitFen: nothing },
      adjustments: [{ code: denial.code, amountFen }],
    })),
    funding: [],
    submittedFen: claim.submittedFen,
    benefitFen: nothing,
    payableFen: nothing,
    decidedBy: { ...denial.actor, ...(denial.employeeId !== undefined && { employeeId: denial.employeeId }) },
    decidedAt: t.at,
    recordedAt: t.at,
  });
  if (!decision) throw new Error(`${claim.number}: denied before as ${denial.sourceNo}`);
  await releaseHoldings(claim, t);
  return t.move(claim, {
    type: 'DECIDED',
    to: 'DENIED',
    actor: denial.actor,
    remark: 'DECIDED_DENIED',
    remarkParams: { reasons: denial.code },
    patch: { approvedFen: nothing, payableFen: nothing },
    detail: { decisionId: decision.id, code: denial.code },
    notice: { reasons: [denial.code] },
    tells,
  });
}

import type { DecisionLine } from '#domain/bureau/decision.ts';
import { findWrittenFault } from '#domain/bureau/written-decision.ts';
import { signersOf } from '#domain/claim/actor.ts';
import type { TaskDecision, WrittenDecision } from '#domain/claim/requests.ts';
import { refuseDecision, type TaskChoice, type TaskKind } from '#domain/claim/tasks.ts';
import type { Written } from '#domain/claim/view.ts';
import { fen, subtract, sum } from '#domain/money.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { closeTask } from '#prisma/queries/claim-tasks.ts';
import { readMissingConsents } from '#prisma/queries/consents.ts';
import { readClaimLines } from '#prisma/queries/decisions.ts';
import { clearMatches } from '#prisma/queries/duplicates.ts';
import { holdQuota } from '#prisma/queries/quota.ts';
import { decideApproval } from './approval.ts';
import { applyDecision } from './bureau.ts';
import { sendToBureau } from './intake.ts';
import { decideReview, overruleRefused } from './pre-review.ts';
import { escalationTask } from './clock.ts';
import { confirmOutcome, proposeOutcome, rejectOutcome } from './payout-doubts.ts';
import { denyByEmployer, quotaYear, uphold, type ClaimStep, type Refused, type Transition, type transitions } from './transition.ts';

type Dependencies = { transition: ReturnType<typeof transitions>; institutionCode: string };
type Decided = { decision: TaskDecision; task: { kind: TaskKind; level: number; detail: Record<string, unknown> } };

/** What follows from a person's choice in a task. */
export function taskActivities({ transition, institutionCode }: Dependencies) {
  async function recordTaskDecision(step: ClaimStep & { decision: TaskDecision }): Promise<Written> {
    const { decision } = step;
    return transition(step, async (claim, t) => {
      // The workflow's validator has asked the same; a workflow that was reset may have asked an older view.
      if (claim.head.onHold) return { refused: 'CLAIM_ON_HOLD' };
      if (refuseDecision({ tasks: claim.tasks, claimantId: claim.employeeId, decision })) return { refused: 'TASK_ALREADY_DECIDED' };
      if (claim.tasks.some(({ id, kind }) => id === decision.taskId && kind === 'APPROVAL')) return decideApproval(claim, t, decision);
      const { taskId, choice, comment, actor, employeeId } = decision;
      const task = await closeTask(t.tx, { taskId, choice, comment, decidedBy: { ...actor, employeeId }, at: t.at });
      if (!task) return { refused: 'TASK_ALREADY_DECIDED' };
      const rest = { ...claim, tasks: claim.tasks.filter(({ id }) => id !== taskId) };
      return follow(rest, t, { decision, task });
    });
  }

  async function follow(claim: ClaimContext, t: Transition, { decision, task }: Decided): Promise<ClaimContext | Refused> {
    const { actor } = decision;
    const about = { taskId: decision.taskId, choice: decision.choice, comment: decision.comment };
    if (task.kind === 'PRE_REVIEW') return decideReview(claim, t, decision, task.detail);
    const choice = decision.choice as Exclude<TaskChoice, 'APPROVE' | 'OVERRULE' | 'TRANSFER' | 'ADD_BEFORE' | 'ADD_AFTER' | 'ADD_PARALLEL' | 'CC'>;
    switch (choice) {
      case 'NOT_DUPLICATE':
        await clearMatches(t.tx, { claimNumber: claim.number, by: actor, comment: decision.comment, at: t.at });
        return t.move(claim, { type: 'DUPLICATE_CLEARED', to: 'SUBMITTED', actor, detail: about });
      case 'DUPLICATE':
        return deny(claim, t, decision, 'DUPLICATE');
      case 'REFUSE':
        return deny(claim, t, decision, 'PLAN_EXCLUDES');
      case 'RETURN':
        return t.move(claim, {
          ...{ type: 'INFO_REQUESTED', to: 'PENDED_INFO', actor, remark: 'INFO_REQUESTED_BY_REVIEWER' },
          detail: { ...about, missing: [] },
        });
      case 'WAIT':
        // The bureau gets its whole time again.
        return t.move(claim, { type: 'ESCALATION_DECIDED', actor, remark: 'ESCALATION_WAIT', detail: about, restartsClock: true });
      case 'RESUBMIT':
        if ((await readMissingConsents(t.tx, { employeeId: claim.employeeId, step: 'SUBMIT', at: t.at })).length > 0) return { refused: 'CONSENT_MISSING' };
        return sendToBureau(claim, t, { institutionCode, type: 'RESUBMITTED_TO_BUREAU', actor, detail: about });
      case 'RECORD_DECISION':
        if (!decision.written || findWrittenFault(asAmounts(decision.written), await readClaimLines(t.tx, claim.number)))
          return { refused: 'VALIDATION_FAILED' };
        return t.move(claim, {
          ...{ type: 'ESCALATION_DECIDED', actor, detail: about },
          opens: [
            {
              ...{ kind: 'CONFIRM_DECISION', unitId: claim.unitId, level: task.level, excluded: signersOf(decision.actor) },
              detail: { written: decision.written, recordedIn: task.kind },
            },
          ],
        });
      case 'CONFIRM':
        return confirmWritten(claim, t, { decision, task });
      case 'REJECT': {
        if (task.kind === 'CONFIRM_PAYOUT') return rejectOutcome(claim, t, { decision, about, question: task.detail });
        const kind = task.detail['recordedIn'] === 'BUREAU_ANSWER_CHECK' ? 'BUREAU_ANSWER_CHECK' : 'ESCALATION';
        return t.move(claim, {
          ...{ type: 'ESCALATION_DECIDED', actor, detail: about },
          opens: [kind === 'ESCALATION' ? escalationTask(claim, task.level) : { kind, unitId: claim.unitId, level: task.level }],
        });
      }
      case 'UPHOLD':
        return uphold(claim, t, { actor, detail: about });
      case 'GRANT':
        if (task.detail['asDuplicate'] === true) await clearMatches(t.tx, { claimNumber: claim.number, by: actor, comment: decision.comment, at: t.at });
        await overruleRefused(claim, t, decision);
        return t.move(claim, { type: 'APPEAL_GRANTED', to: 'SUBMITTED', actor, detail: about });
      case 'RETRY':
      case 'RELEASE_LIMIT':
        return t.move(claim, { type: 'PAYOUT_UNBLOCKED', actor, detail: about, patch: { payoutBlocked: null } });
      case 'CONFIRM_PAID':
      case 'CONFIRM_FAILED': {
        const answer = { decision, about, question: task.detail };
        return task.kind === 'CONFIRM_PAYOUT' ? confirmOutcome(claim, t, answer) : proposeOutcome(claim, t, answer);
      }
      case 'RECOVERED':
        if (claim.head.state !== 'PAID') return { refused: 'CLAIM_STATE_CONFLICT' };
        await holdQuota(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId, year: quotaYear(claim), wantFen: fen(0) });
        return t.move(claim, { type: 'REVERSED', to: 'REVERSED', actor, detail: about, patch: { closedAt: t.at } });
      case 'CANCEL':
        if (claim.head.state !== 'PAID') return { refused: 'CLAIM_STATE_CONFLICT' };
        return t.move(claim, { type: 'REVERSAL_CANCELLED', actor, detail: about });
    }
  }

  return { recordTaskDecision };
}

async function deny(claim: ClaimContext, t: Transition, decision: TaskDecision, code: 'DUPLICATE' | 'PLAN_EXCLUDES'): Promise<ClaimContext> {
  const { taskId, actor, employeeId } = decision;
  return denyByEmployer(claim, t, { code, comment: decision.comment ?? '', sourceNo: taskId, actor, employeeId });
}

const asAmounts = ({ outcome, lines }: WrittenDecision) => ({
  outcome,
  lines: lines.map(({ lineNo, benefitFen }) => ({ lineNo, benefitFen: fen(benefitFen) })),
});

/** The second pair of eyes has seen the bureau's letter: it decides like the bureau itself. */
async function confirmWritten(claim: ClaimContext, t: Transition, { decision, task }: Decided): Promise<ClaimContext | Refused> {
  const written = task.detail['written'] as WrittenDecision;
  const claimLines = await readClaimLines(t.tx, claim.number);
  const lines = claimLines.map(({ lineNo, amountFen }): DecisionLine => {
    const told = written.lines.find((line) => line.lineNo === lineNo);
    const benefitFen = fen(told?.benefitFen ?? 0);
    const cutFen = subtract(amountFen, benefitFen);
    return {
      ...{ lineNo, submittedFen: amountFen, eligibleFen: benefitFen, deductibleFen: fen(0), benefitFen },
      adjustments: cutFen === 0 ? [] : [{ code: told?.reasonCode ?? 'COINSURANCE', amountFen: cutFen }],
    };
  });
  const after = await applyDecision(claim, t, {
    ...{ source: 'WRITTEN', sourceNo: written.decisionNo, outcome: written.outcome, lines, remark: written.remark, decidedAt: t.at },
    reasons: [...new Set(written.lines.flatMap(({ reasonCode }) => (reasonCode ? [reasonCode] : [])))].map((code) => ({ code, text: '' })),
    funding: [{ source: 'bureau_fund', amountFen: sum(lines.map((line) => line.benefitFen)) }],
    decidedBy: { ...decision.actor, employeeId: decision.employeeId },
  });
  return after ?? { refused: 'CLAIM_STATE_CONFLICT' };
}

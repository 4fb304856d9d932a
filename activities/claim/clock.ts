import { SYSTEM } from '#domain/claim/actor.ts';
import { tasksInTheWay, type TaskKind } from '#domain/claim/tasks.ts';
import type { Written } from '#domain/claim/view.ts';
import { overdueNotices } from '#domain/notices/notice.ts';
import { dueOf, type ClaimContext } from '#prisma/queries/claim-context.ts';
import type { Move, TaskDraft } from '#prisma/queries/claim-moves.ts';
import { readAsked } from '#prisma/queries/claim-intake.ts';
import { raiseDoubts } from './payout-doubts.ts';
import { denyByEmployer, type ClaimStep, type Refused, type Transition, type transitions } from './transition.ts';

type Dependencies = { transition: ReturnType<typeof transitions> };

/** What time does to a claim. */
export function clockActivities({ transition }: Dependencies) {
  async function loadClaim(step: { claimNumber: string }): Promise<Written> {
    // No claim has this many transitions, so nothing is done and the view is read.
    return transition({ claimNumber: step.claimNumber, seq: -1, at: new Date(0).toISOString() }, async (claim) => claim);
  }

  /** Reminds whoever holds the claim up. */
  async function remind(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { remindAt } = dueOf(claim, t.clockwork);
      if (!remindAt || remindAt > t.at) return claim;
      const waiting = tasksInTheWay(claim.tasks);
      if (waiting[0])
        return t.move(claim, {
          ...{ type: 'REMINDED', actor: SYSTEM, remark: 'REMINDED_TASK', patch: { remindedAt: t.at }, notice: { task: waiting[0].kind } },
          tells: overdueNotices(waiting, claim.unitId),
        });
      const { documents, reasons } = claim.head.state === 'PENDED_INFO' ? await readAsked(t.tx, claim.number) : { documents: [], reasons: [] };
      return t.move(claim, {
        ...{ type: 'REMINDED', actor: SYSTEM, remark: REMARK[claim.head.state] ?? 'REMINDED', patch: { remindedAt: t.at } },
        ...((documents.length > 0 || reasons.length > 0) && { notice: { documents, ...(reasons.length > 0 && { reasons }) } }),
      });
    });
  }

  /** The state's own time is up. The calendar may have been edited while the claim waited: what is not due after all stays. */
  async function expire(step: ClaimStep): Promise<Written> {
    return transition(step, async (claim, t) => {
      const { actAt } = dueOf(claim, t.clockwork);
      if (!actAt || actAt > t.at) return claim;
      const [waiting] = tasksInTheWay(claim.tasks);
      if (waiting) return escalateTask(claim, t, waiting.kind);
      switch (claim.head.state) {
        case 'PENDED_INFO':
          return denyByEmployer(claim, t, { code: 'INFO_NOT_SUPPLIED', comment: '', sourceNo: `deadline-${claim.seq}`, actor: SYSTEM });
        case 'SENT_TO_BUREAU':
        case 'IN_REVIEW':
        case 'APPEAL_REVIEW':
          return escalate(claim, t);
        case 'DENIED':
          return t.move(claim, { type: 'DENIAL_FINAL', actor: SYSTEM, patch: { closedAt: t.at } });
        case 'PAID':
          return clear(claim, t);
        default:
          return claim;
      }
    });
  }

  return { loadClaim, remind, expire };
}

const REMARK = {
  PENDED_INFO: 'REMINDED_EMPLOYEE',
  SENT_TO_BUREAU: 'REMINDED_BUREAU',
  IN_REVIEW: 'REMINDED_BUREAU',
  APPEAL_REVIEW: 'REMINDED_BUREAU',
  PAYMENT_FAILED: 'REMINDED_ACCOUNT',
} as const satisfies Record<string, string> as Partial<Record<ClaimContext['head']['state'], 'REMINDED_EMPLOYEE' | 'REMINDED_BUREAU' | 'REMINDED_ACCOUNT'>>;

/** Branch manager, then head office: the task moves up, it does not multiply. */
async function escalate(claim: ClaimContext, t: Transition): Promise<ClaimContext | Refused> {
  const level = claim.head.escalationLevel + 1;
  return t.move(claim, { ...escalatedTo(level), cancels: ['ESCALATION'], opens: [escalationTask(claim, level)] });
}

/** A task that nobody decides stays with those who may decide it: the branch manager is told, then head office, where the same roles hold it as well. */
async function escalateTask(claim: ClaimContext, t: Transition, task: TaskKind): Promise<ClaimContext | Refused> {
  const level = claim.head.escalationLevel + 1;
  const recipient = { kind: 'role', role: 'approver', unitId: unitOfLevel(claim, level) } as const;
  return t.move(claim, { ...escalatedTo(level), tells: [{ template: 'TASK_ESCALATED', params: { task, level }, recipient }] });
}

const escalatedTo = (level: number): Omit<Move, 'at'> => ({
  ...{ type: 'ESCALATED', actor: SYSTEM, remark: level === 1 ? 'ESCALATED' : 'ESCALATED_HEAD_OFFICE', remarkParams: { level } },
  ...{ patch: { escalationLevel: level }, notice: { level } },
});

export function escalationTask(claim: ClaimContext, level: number): TaskDraft {
  return { kind: 'ESCALATION', unitId: unitOfLevel(claim, level), level };
}

const unitOfLevel = (claim: ClaimContext, level: number): string => (level === 1 ? claim.unitId : claim.ancestorIds[0]) ?? claim.unitId;

/** The debit stands on the statement and the bank's time for a return is over; where nothing was ours to pay there is nothing to wait for. */
async function clear(claim: ClaimContext, t: Transition): Promise<ClaimContext> {
  const doubted = await raiseDoubts(claim, t);
  if (!doubted.matched || doubted.returned || doubted.tasks.length > 0) return doubted;
  return t.move(claim, { type: 'CLEARED', actor: SYSTEM, patch: { closedAt: t.at, clearedAt: t.at } });
}

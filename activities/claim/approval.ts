import { act, recall, urge, type ApprovalAct } from '#domain/approval/act.ts';
import { selectFlow, type Approvers } from '#domain/approval/flow.ts';
import {
  askAgain,
  askedNow,
  begin,
  lift,
  resume,
  withdraw,
  type ApprovalAction,
  type ApprovalInstance,
  type Outcome,
  type PinnedFlow,
  type Setting,
} from '#domain/approval/instance.ts';
import type { Seat } from '#domain/approval/seats.ts';
import { SYSTEM, type Actor, type Role } from '#domain/claim/actor.ts';
import type { ApprovalRecall, ApprovalUrge, TaskDecision } from '#domain/claim/requests.ts';
import type { Written } from '#domain/claim/view.ts';
import { approvalNotices, type ApprovalCause } from '#domain/notices/approval-notices.ts';
import type { NoticeDraft } from '#domain/notices/notice.ts';
import { addParticipants, areEmployed, readApproval, readDirectory, readFlows, saveApproval } from '#prisma/queries/approvals.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import type { Move, TaskDraft } from '#prisma/queries/claim-moves.ts';
import { closeTask, readTaskDetail, touchTask } from '#prisma/queries/claim-tasks.ts';
import { denyByEmployer, type ClaimStep, type Refused, type Transition, type transitions } from './transition.ts';

type Dependencies = { transition: ReturnType<typeof transitions> };
type Stored = { flow: PinnedFlow; instance: ApprovalInstance };
type Change = Stored & { outcome: Outcome; cause: ApprovalCause; actedBy: string | null };

const HELD: Refused = { refused: 'CLAIM_ON_HOLD' };

/** What people do in an approval without deciding a task of the own. */
export function approvalActivities({ transition }: Dependencies) {
  async function recordApprovalRecall(step: ClaimStep & ApprovalRecall): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.onHold) return HELD;
      const task = await readTaskDetail(t.tx, { claimNumber: claim.number, taskId: step.taskId });
      const stored = claim.head.state === 'SUBMITTED' && task?.kind === 'APPROVAL' ? await readApproval(t.tx, claim.number) : null;
      if (!stored) return { refused: 'RECALL_TOO_LATE' };
      const { actor, employeeId: by } = step;
      const outcome = recall(
        stored.instance,
        { seat: Number(task?.detail['seat']), by, onBehalfOf: standsInFor(actor) },
        await settingOf(claim, t, stored.flow),
      );
      if (!outcome.ok) return { refused: outcome.code };
      const detail = { taskId: step.taskId, choice: 'RECALL' };
      return change(claim, t, { ...stored, outcome, cause: 'RECALLED', actedBy: by }, { type: 'APPROVAL_CHANGED', actor, remark: 'APPROVAL_RECALLED', detail });
    });
  }

  async function recordApprovalUrge(step: ClaimStep & ApprovalUrge): Promise<Written> {
    return transition(step, async (claim, t) => {
      if (claim.head.onHold) return HELD;
      const stored = claim.head.state === 'SUBMITTED' ? await readApproval(t.tx, claim.number) : null;
      if (!stored) return { refused: 'CLAIM_STATE_CONFLICT' };
      const { actor, employeeId: by, comment } = step;
      const outcome = urge(stored.instance, { by, at: t.at, comment });
      if (!outcome.ok) return { refused: outcome.code };
      return change(claim, t, { ...stored, outcome, cause: 'OTHER', actedBy: by }, { type: 'APPROVAL_URGED', actor, detail: { comment } });
    });
  }

  return { recordApprovalRecall, recordApprovalUrge };
}

/** Puts a complete claim before the employer's own approvers; null where nobody of ours is to be asked (any more). */
export async function askApprovers(claim: ClaimContext, t: Transition): Promise<ClaimContext | null> {
  const stored = await readApproval(t.tx, claim.number);
  const flow = stored?.flow ?? (await pin(claim, t));
  if (!flow || stored?.instance.status === 'APPROVED') return null;
  const setting = await settingOf(claim, t, flow);
  const outcome = goOn(stored?.instance, setting);
  const cause = stored?.instance.status === 'RETURNED' ? 'RESUMED' : 'STARTED';
  const about = { flow, instance: stored?.instance ?? outcome.instance, outcome, cause, actedBy: null } as const;
  const params = { step: Math.min(outcome.instance.step + 1, flow.steps.length), steps: flow.steps.length };
  // a refusal of the last step that was lifted on appeal leaves nobody to be asked
  if (outcome.instance.status === 'APPROVED') {
    await keep(claim, t, about, claim.seq);
    return null;
  }
  return change(claim, t, about, { type: 'APPROVAL_REQUESTED', actor: SYSTEM, remarkParams: params, detail: { flow: flow.name, version: flow.version } });
}

function goOn(instance: ApprovalInstance | undefined, setting: Setting): Outcome {
  if (!instance) return begin(setting);
  if (instance.status === 'REFUSED') return lift(instance, setting);
  // what was taken out of an open approval by something else (a consent that is missing) comes back to the same people
  return instance.status === 'OPEN' ? askAgain(instance, setting) : resume(instance, setting);
}

/** The flow in force when the claim was submitted: kept with the claim, so that no later version reaches it. */
async function pin(claim: ClaimContext, t: Transition): Promise<PinnedFlow | null> {
  const at = claim.head.submittedAt ?? t.at;
  const versions = await readFlows(t.tx, { unitIds: claim.ancestorIds, at });
  const flow = selectFlow(versions, { ancestorIds: claim.ancestorIds, kind: claim.kind, submittedFen: claim.submittedFen, at });
  if (!flow) return null;
  const { id, unitId, name, version, steps, copies } = flow;
  return { id, unitId, name, version, steps, copies };
}

async function settingOf(claim: ClaimContext, t: Transition, flow: PinnedFlow): Promise<Setting> {
  return { flow, directory: await readDirectory(t.tx, { claim, flow, at: t.at }) };
}

/** What follows from a person's choice in an approval task. */
export async function decideApproval(claim: ClaimContext, t: Transition, decision: TaskDecision): Promise<ClaimContext | Refused> {
  const { taskId, comment, actor, employeeId: by } = decision;
  const choice = decision.choice as Exclude<ApprovalAction, 'RECALL' | 'URGE'>;
  const task = await readTaskDetail(t.tx, { claimNumber: claim.number, taskId });
  const stored = await readApproval(t.tx, claim.number);
  const what = actOf(choice, decision);
  if (!task || !stored) return { refused: 'TASK_ALREADY_DECIDED' };
  if (!what) return { refused: 'VALIDATION_FAILED' };
  const newcomers = 'people' in what ? what.people : 'to' in what ? [what.to] : [];
  if (!(await areEmployed(t.tx, newcomers))) return { refused: 'EMPLOYEE_UNKNOWN' };
  const seat = Number(task.detail['seat']);
  const outcome = act(stored.instance, { seat, by, onBehalfOf: standsInFor(actor), comment }, what, await settingOf(claim, t, stored.flow));
  if (!outcome.ok) return { refused: outcome.code };

  const assignee = claim.tasks.find(({ id }) => id === taskId)?.assignees?.[0] ?? null;
  const stays = askedNow(outcome.instance).some((one) => one.id === seat && one.employeeId === assignee);
  if (stays) await touchTask(t.tx, taskId);
  else if (!(await closeTask(t.tx, { taskId, choice, comment, decidedBy: { ...actor, employeeId: by }, at: t.at }))) return { refused: 'TASK_ALREADY_DECIDED' };
  const rest = stays ? claim : { ...claim, tasks: claim.tasks.filter(({ id }) => id !== taskId) };

  const about: Change = { ...stored, outcome, cause: CAUSES[choice], actedBy: assignee ?? by };
  const detail = { taskId, choice, comment };
  if (outcome.instance.status === 'REFUSED') {
    const denied = await denyByEmployer(rest, t, {
      ...{ code: 'PLAN_EXCLUDES', comment: comment ?? '', sourceNo: taskId, actor, employeeId: by, tells: tellsOf(about) },
    });
    return keep(denied, t, about);
  }
  return change(rest, t, about, { ...moveOf(choice, about, decision.step ?? 0), actor, detail });
}

const CAUSES: Record<Exclude<ApprovalAction, 'RECALL' | 'URGE'>, ApprovalCause> = {
  APPROVE: 'APPROVED',
  ADD_AFTER: 'APPROVED',
  REFUSE: 'REFUSED',
  TRANSFER: 'TRANSFERRED',
  RETURN: 'RETURNED',
  ADD_BEFORE: 'ADDED',
  ADD_PARALLEL: 'ADDED',
  CC: 'OTHER',
};

function actOf(action: ApprovalAct['action'], { to, people, step = 0, mode }: TaskDecision): ApprovalAct | null {
  switch (action) {
    case 'APPROVE':
    case 'REFUSE':
      return { action };
    case 'TRANSFER':
      return to === undefined ? null : { action, to };
    case 'RETURN':
      return { action, toStep: step };
    case 'ADD_BEFORE':
    case 'ADD_AFTER':
      return people ? { action, people, ...(mode && { mode }) } : null;
    case 'ADD_PARALLEL':
    case 'CC':
      return people ? { action, people } : null;
  }
}

function moveOf(
  choice: ApprovalAct['action'],
  { flow, instance, outcome }: Change,
  toStep: number,
): Pick<Move, 'type' | 'to' | 'remark' | 'remarkParams' | 'notice'> {
  const remarkParams = { step: instance.step + 1, steps: flow.steps.length };
  switch (choice) {
    case 'APPROVE':
    case 'ADD_AFTER':
      return { type: 'APPROVAL_STEP_DECIDED', remarkParams, ...(!outcome.passed && { remark: 'APPROVAL_GIVEN' }) };
    case 'TRANSFER':
      return { type: 'APPROVAL_CHANGED', remark: 'APPROVAL_TRANSFERRED' };
    case 'RETURN':
      if (toStep > 0) return { type: 'APPROVAL_CHANGED', remark: 'APPROVAL_RETURNED', remarkParams: { to: toStep } };
      return { type: 'INFO_REQUESTED', to: 'PENDED_INFO', remark: 'INFO_REQUESTED_BY_REVIEWER', notice: { cause: 'RETURNED' } };
    case 'CC':
      return { type: 'APPROVAL_CHANGED', remark: 'APPROVAL_COPIED' };
    default:
      return { type: 'APPROVAL_CHANGED', remark: 'APPROVAL_ADDED' };
  }
}

/** The submitter takes the claim back: nobody is asked any more. The messages that say so go with the transition that withdraws it. */
export async function withdrawApproval(claim: ClaimContext, t: Transition): Promise<NoticeDraft[]> {
  const stored = await readApproval(t.tx, claim.number);
  if (!stored || !['OPEN', 'RETURNED'].includes(stored.instance.status)) return [];
  const about: Change = { ...stored, outcome: withdraw(stored.instance), cause: 'OTHER', actedBy: null };
  await keep(claim, t, about, claim.seq + 1);
  return tellsOf(about);
}

/** Writes the transition with the tasks that it opens and cancels, and keeps where the approval is. */
async function change(claim: ClaimContext, t: Transition, about: Change, move: Omit<Move, 'at' | 'opens' | 'cancelsTasks' | 'tells'>): Promise<ClaimContext> {
  const { flow, instance, outcome } = about;
  const released = outcome.released.map(({ employeeId }) => employeeId);
  const cancelsTasks = claim.tasks.flatMap(({ id, kind, level, assignees = [] }) =>
    kind === 'APPROVAL' && level === instance.step + 1 && released.includes(assignees[0] ?? null) ? [id] : [],
  );
  const opens = outcome.asked.map((seat) => taskFor(seat, claim, { flow, step: outcome.instance.step }));
  const after = await t.move(claim, { ...move, opens, cancelsTasks, tells: tellsOf(about) });
  return keep(after, t, about);
}

async function keep(claim: ClaimContext, t: Transition, { flow, outcome }: Change, seq = claim.seq): Promise<ClaimContext> {
  const { instance, trail, asked, copied } = outcome;
  await saveApproval(t.tx, { claimNumber: claim.number, seq, at: t.at, flow, instance, trail });
  const employeeIds = [...asked.flatMap(({ employeeId }) => employeeId ?? []), ...copied];
  await addParticipants(t.tx, { claimNumber: claim.number, employeeIds, at: t.at });
  return claim;
}

const tellsOf = ({ flow, outcome, cause, actedBy }: Change): NoticeDraft[] => approvalNotices(outcome, { cause, actedBy, steps: flow.steps.length });

function taskFor({ id: seat, employeeId, found }: Seat, claim: ClaimContext, { flow, step }: { flow: PinnedFlow; step: number }): TaskDraft {
  const { name = '', approvers, mode = 'one' } = flow.steps[step] ?? {};
  return {
    ...{
      kind: 'APPROVAL',
      role: roleFor({ employeeId, found }, approvers),
      unitId: claim.unitId,
      level: step + 1,
      assignees: employeeId === null ? [] : [employeeId],
    },
    detail: { seat, step: step + 1, steps: flow.steps.length, name, mode, found },
  };
}

/**
 * In which role a seat is decided, and so whether a second factor is asked for: the step's, whoever came to sit there; an admin's where an admin stands in for
 * whom nobody found. Where there was not even an admin, whoever comes to hold the step's role decides.
 */
function roleFor({ employeeId, found }: Pick<Seat, 'employeeId' | 'found'>, approvers: Approvers | undefined): Role {
  if (found === 'admin' && employeeId !== null) return 'admin';
  return approvers?.kind === 'role' ? approvers.role : 'approver';
}

function standsInFor(actor: Actor): string | null {
  return actor.type === 'person' ? (actor.onBehalfOf ?? null) : null;
}

import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { findWrittenFault } from '#domain/bureau/written-decision.ts';
import { inNameOf } from '#domain/claim/actor.ts';
import type { TaskDecision, WrittenDecision } from '#domain/claim/requests.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { parseYuan, type Fen } from '#domain/money.ts';
import { refuseDecision } from '#domain/claim/tasks.ts';
import { can, type Allowed } from '#domain/org/can.ts';
import { findColleagues } from '#prisma/queries/approval-reading.ts';
import { readClaimLines } from '#prisma/queries/decisions.ts';
import { findTasks, hasDocument, type TaskRow } from '#prisma/queries/tasks.ts';
import { decideTask, type UpdateResult } from '#workflows/claim.messages.ts';
import { updateClaim } from './claim-update.ts';
import type { TaskDecisionJson, writtenDecision } from './contract/tasks.ts';

type Decided = Extract<UpdateResult, { ok: true }> & { claimNumber: string };

type Asked = Pick<TaskDecisionJson, 'choice' | 'comment'> & Partial<TaskDecisionJson> & { taskId: string; version: number };
type Checked = { ok: true; task: TaskRow; allowed: Allowed; written: WrittenDecision | undefined; approval: ApprovalAnswer };

/** What the API itself checks of a decision, before a workflow is asked. */
async function check(request: FastifyRequest, task: TaskRow | undefined, decision: Asked): Promise<Checked | Refusal> {
  if (!task || !request.person) return refuse('NOT_FOUND');
  const { unitAncestors, role, excluded, assignees, claim } = task;
  const allowed = can(request.asker, 'task.decide', { unitAncestors, employeeId: claim.employeeId, task: { role, excluded, assignees } });
  if (!allowed.ok) return allowed;
  if (task.status === 'OPEN' && task.version !== decision.version) return refuse('VERSION_MISMATCH');
  const written = await checkWritten(request, task, decision);
  if (!written.ok) return written;
  const approval = await checkApproval(request, task, decision);
  return approval.ok ? { ok: true, task, allowed, written: written.value, approval: approval.value } : approval;
}

/** What would become of each decision if it were taken now, in their order: the checks of `decide`, and those that the workflow makes, by the same rule. Nothing is done. */
export async function previewDecisions(
  request: FastifyRequest,
  decisions: readonly Asked[],
): Promise<({ ok: true; task: TaskRow; allowed: Allowed } | Refusal)[]> {
  const tasks = new Map((await findTasks(request.db, { ids: decisions.map(({ taskId }) => taskId) })).map((task) => [task.id, task]));
  return Promise.all(decisions.map((decision) => previewOf(request, tasks.get(decision.taskId), decision)));
}

async function previewOf(
  request: FastifyRequest,
  found: TaskRow | undefined,
  decision: Asked,
): Promise<{ ok: true; task: TaskRow; allowed: Allowed } | Refusal> {
  const checked = await check(request, found, decision);
  if (!checked.ok) return checked;
  const { task, allowed } = checked;
  if (task.status !== 'OPEN') return refuse('TASK_ALREADY_DECIDED');
  if (task.claim.onHold) return refuse('CLAIM_ON_HOLD');
  const { employeeId = '' } = request.person ?? {};
  const refused = refuseDecision({
    tasks: [task],
    claimantId: task.claim.employeeId,
    decision: { ...decision, employeeId, actor: inNameOf(request.actor, allowed) },
  });
  return refused === null ? { ok: true, task, allowed } : refuse(refused);
}

/**
 * Has the claim's workflow take one person's decision. A task that is no longer open is asked for all the same: the workflow knows whether this
 * very request decided it, and otherwise says that somebody else did.
 */
export async function decide(request: FastifyRequest, decision: Asked & { updateId: string }): Promise<Decided | Refusal> {
  const { taskId, choice, comment, updateId } = decision;
  const [found] = await findTasks(request.db, { ids: [taskId] });
  const checked = await check(request, found, decision);
  if (!checked.ok) return checked;
  const { task, allowed, written, approval } = checked;
  const { claim } = task;
  const argument = {
    taskId,
    choice,
    comment,
    actor: inNameOf(request.actor, allowed),
    employeeId: request.person?.employeeId ?? '',
    ...(written && { written }),
    ...approval,
  };
  const result = await updateClaim(request, { claim, update: decideTask, argument, updateId });
  if (!result.ok) return result.code === 'CLAIM_CLOSED' ? refuse('TASK_ALREADY_DECIDED') : result;
  return { ...result, claimNumber: claim.number };
}

/** What each choice of an approval comes with; nothing else does. People are named by their numbers, and must be there. */
const COMES_WITH: Readonly<Record<string, readonly (keyof ApprovalAnswer)[]>> = {
  TRANSFER: ['to'],
  RETURN: ['step'],
  ADD_BEFORE: ['people', 'mode'],
  ADD_AFTER: ['people', 'mode'],
  ADD_PARALLEL: ['people'],
  CC: ['people'],
};
type ApprovalAnswer = Pick<TaskDecision, 'to' | 'people' | 'step' | 'mode'>;

async function checkApproval(
  request: FastifyRequest,
  { kind }: TaskRow,
  { choice, to, people, step, mode }: Pick<TaskDecisionJson, 'choice'> & Partial<TaskDecisionJson>,
): Promise<{ ok: true; value: ApprovalAnswer } | Refusal> {
  const given = Object.entries({ to, people, step, mode }).flatMap(([name, value]) => (value === undefined ? [] : [name as keyof ApprovalAnswer]));
  const wanted = kind === 'APPROVAL' ? (COMES_WITH[choice] ?? []) : [];
  const missing = wanted.filter((name) => (name === 'to' || name === 'people') && !given.includes(name));
  const wrong = [...missing, ...given.filter((name) => !wanted.includes(name))];
  if (wrong.length > 0) return refuse('VALIDATION_FAILED', { detail: `${choice} does not fit ${wrong.join(', ')}` });
  const numbers = [...(to === undefined ? [] : [to]), ...(people ?? [])];
  const idOf = await findColleagues(request.db, numbers);
  const unknown = numbers.filter((no) => !idOf.has(no));
  if (unknown.length > 0) return refuse('EMPLOYEE_UNKNOWN', { params: { employeeNos: unknown } });
  const ids = (people ?? []).flatMap((no) => idOf.get(no) ?? []);
  const passedTo = to === undefined ? undefined : idOf.get(to);
  const value = { ...(passedTo !== undefined && { to: passedTo }), ...(people && { people: ids }), ...(step !== undefined && { step }), ...(mode && { mode }) };
  return { ok: true, value };
}

/** A bureau's written decision must fit the claim before two people put their names to it. */
async function checkWritten(
  request: FastifyRequest,
  { claimNumber }: TaskRow,
  { choice, written }: { choice: string; written?: z.output<typeof writtenDecision> | undefined },
): Promise<{ ok: true; value: WrittenDecision | undefined } | Refusal> {
  if ((choice === 'RECORD_DECISION') !== (written !== undefined)) {
    return refuse('VALIDATION_FAILED', { detail: 'RECORD_DECISION, and nothing else, comes with `written`' });
  }
  if (!written) return { ok: true, value: undefined };
  if (!(await hasDocument(request.db, { claimNumber, documentId: written.documentId }))) return refuse('DOCUMENT_UNKNOWN');
  const lines: { lineNo: number; benefitFen: Fen; reasonCode: string | null }[] = [];
  for (const { lineNo, benefit, reasonCode } of written.lines) {
    const benefitFen = parseYuan(benefit);
    if (benefitFen === undefined) return refuse('AMOUNT_INVALID', { params: { lineNo } });
    lines.push({ lineNo, benefitFen, reasonCode });
  }
  const fault = findWrittenFault({ outcome: written.outcome, lines }, await readClaimLines(request.db, claimNumber));
  return fault ? refuse('LINES_DO_NOT_ADD_UP', { params: fault }) : { ok: true, value: { ...written, lines } };
}

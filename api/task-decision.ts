import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { findWrittenFault } from '#domain/bureau/written-decision.ts';
import type { WrittenDecision } from '#domain/claim/requests.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { parseYuan, type Fen } from '#domain/money.ts';
import { can } from '#domain/org/can.ts';
import { readClaimLines } from '#prisma/queries/decisions.ts';
import { findTasks, hasDocument, type TaskRow } from '#prisma/queries/tasks.ts';
import { decideTask, type UpdateResult } from '#workflows/claim.messages.ts';
import { updateClaim } from './claim-update.ts';
import type { writtenDecision } from './contract/tasks.ts';

type Decided = Extract<UpdateResult, { ok: true }> & { claimNumber: string };

/**
 * Has the claim's workflow take one person's decision. A task that is no longer open is asked for all the same: the workflow knows whether this
 * very request decided it, and otherwise says that somebody else did.
 */
export async function decide(
  request: FastifyRequest,
  decision: {
    taskId: string;
    version: number;
    choice: string;
    comment: string | null;
    written?: z.output<typeof writtenDecision> | undefined;
    updateId: string;
  },
): Promise<Decided | Refusal> {
  const { taskId, version, choice, comment, updateId } = decision;
  const [task] = await findTasks(request.server.deps.database, { ids: [taskId], within: request.caller.unitId });
  if (!task || !request.person) return refuse('NOT_FOUND');
  const { unitAncestors, role, excluded, claim } = task;
  const allowed = can(request.asker, 'task.decide', { unitAncestors, employeeId: claim.employeeId, task: { role, excluded } });
  if (!allowed.ok) return allowed;
  if (task.status === 'OPEN' && task.version !== version) return refuse('VERSION_MISMATCH');
  const written = await checkWritten(request, task, decision);
  if (!written.ok) return written;
  const argument = { taskId, choice, comment, actor: request.actor, employeeId: request.person.employeeId, ...(written.value && { written: written.value }) };
  const result = await updateClaim(request, { claim, update: decideTask, argument, updateId });
  if (!result.ok) return result.code === 'CLAIM_CLOSED' ? refuse('TASK_ALREADY_DECIDED') : result;
  return { ...result, claimNumber: claim.number };
}

/** A bureau's written decision must fit the claim before two people put their names to it. */
async function checkWritten(
  request: FastifyRequest,
  { claimNumber }: TaskRow,
  { choice, written }: { choice: string; written?: z.output<typeof writtenDecision> | undefined },
): Promise<{ ok: true; value: WrittenDecision | undefined } | Refusal> {
  const { database } = request.server.deps;
  if ((choice === 'RECORD_DECISION') !== (written !== undefined)) {
    return refuse('VALIDATION_FAILED', { detail: 'RECORD_DECISION, and nothing else, comes with `written`' });
  }
  if (!written) return { ok: true, value: undefined };
  if (!(await hasDocument(database, { claimNumber, documentId: written.documentId }))) return refuse('DOCUMENT_UNKNOWN');
  const lines: { lineNo: number; benefitFen: Fen; reasonCode: string | null }[] = [];
  for (const { lineNo, benefit, reasonCode } of written.lines) {
    const benefitFen = parseYuan(benefit);
    if (benefitFen === undefined) return refuse('AMOUNT_INVALID', { params: { lineNo } });
    lines.push({ lineNo, benefitFen, reasonCode });
  }
  const fault = findWrittenFault({ outcome: written.outcome, lines }, await readClaimLines(database, claimNumber));
  return fault ? refuse('LINES_DO_NOT_ADD_UP', { params: fault }) : { ok: true, value: { ...written, lines } };
}

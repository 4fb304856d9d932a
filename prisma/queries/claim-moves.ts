import { randomUUID } from 'node:crypto';
import { deadlineAfter } from '#domain/calendar.ts';
import type { Actor, Role } from '#domain/claim/actor.ts';
import { turnOf } from '#domain/claim/clock.ts';
import type { ClaimHead } from '#domain/claim/head.ts';
import { mayMove, type MoveType } from '#domain/claim/moves.ts';
import type { RemarkCode, RemarkParams } from '#domain/claim/remarks.ts';
import { stageOf, type ClaimState } from '#domain/claim/states.ts';
import { choicesOf, roleOf, tasksInTheWay, type TaskChoice, type TaskKind } from '#domain/claim/tasks.ts';
import { noticesFor, type NoticeDraft, type NoticeParams } from '#domain/notices/notice.ts';
import type { Tx } from '../database.ts';
import { auditedMove } from './audit.ts';
import { dueOf, type ClaimContext, type Clockwork } from './claim-context.ts';
import { cancelTasks, insertTask, type NewTask } from './claim-tasks.ts';

/** One transition, ready to be written. */
export type Move = {
  type: MoveType;
  /** the present state where absent */
  to?: ClaimState;
  at: Date;
  actor: Actor;
  /** a code of domain/claim/remarks.ts where the move's own does not say enough */
  remark?: RemarkCode;
  remarkParams?: RemarkParams;
  patch?: Partial<Omit<ClaimHead, 'state' | 'turn'>>;
  detail?: Record<string, unknown>;
  /** what the messages of this transition may say */
  notice?: NoticeParams;
  /** tasks it opens */
  opens?: readonly TaskDraft[];
  /** open tasks of these kinds that it makes void although the state stays */
  cancels?: readonly TaskKind[];
  /** open tasks, by id, that it makes void although the state stays */
  cancelsTasks?: readonly string[];
  /** messages beside those that every transition of the type sends */
  tells?: readonly NoticeDraft[];
  /** begins the turn anew although the state stays; a task that the claim cannot go on without does so by itself */
  restartsClock?: boolean;
};

export type TaskDraft = {
  kind: TaskKind;
  /** where it is not the kind's own */
  role?: Role;
  unitId: string;
  /** where not all choices of its kind are open */
  choices?: readonly TaskChoice[];
  level?: number;
  /** employees who may not decide it, besides the claimant */
  excluded?: readonly string[];
  /** employees who alone decide it, whatever their roles */
  assignees?: readonly string[];
  detail?: Record<string, unknown>;
};

export const STAGE_CHANGED = 'claim.stage_changed';

const MOVE = `
  WITH moved AS (
    UPDATE claim SET seq = seq + 1, state = $3, workflow_id = $4, on_hold = $5, escalation_level = $6, reminded_at = $7, bureau_outage = $8,
      withdrawal_requested = $9, payout_blocked = $10, turn = $11, turn_since = $12, approved_fen = $13, payable_fen = $14, paid_fen = $15,
      submission_version = $16, submitted_at = $17, closed_at = $18, cleared_at = $19, due_at = $20, due_provisional = $21, updated_at = $22
    WHERE number = $1 AND seq = $2
    RETURNING number, seq, unit_id
  ), event AS (
    INSERT INTO claim_event (claim_number, seq, type, from_state, to_state, at, actor, remark, remark_params, turn, due_at, detail)
    SELECT number, seq, $23, $24, $3, $22, $25, $26, $27, $11, $20, $28 FROM moved
  ), audit AS (
    INSERT INTO audit_entry (claim_number, unit_id, seq, at, actor, action, detail)
    SELECT number, unit_id, seq, $22, $25, $23, ${auditedMove({ from: '$24::text', to: '$3::text', remark: '$26::text', params: '$27::jsonb', turn: '$11::text', due: '$20::timestamptz', about: '$28::jsonb' })} FROM moved
  ), notices AS (
    INSERT INTO notice (claim_number, seq, template, params, recipient)
    SELECT moved.number, moved.seq, n.template, n.params, n.recipient
    FROM moved, jsonb_to_recordset($29::jsonb) AS n (template text, params jsonb, recipient jsonb)
  ), deliveries AS (
    INSERT INTO webhook_delivery (endpoint_id, claim_number, seq, event, payload)
    SELECT subscriber, moved.number, moved.seq, '${STAGE_CHANGED}', $31::jsonb || jsonb_build_object('data', $32::jsonb || jsonb_build_object('seq', moved.seq))
    FROM moved, find_subscribers($30::uuid[], '${STAGE_CHANGED}') AS subscriber
    WHERE $32::jsonb IS NOT NULL
  )
  SELECT seq FROM moved`;

/**
 * Writes a transition: state, event, audit row, messages and webhook deliveries, in one statement of the caller's transaction, and the tasks that it
 * opens. Tasks of the state that is left are cancelled. The claim must have been read with its row locked. Returns the claim as it is now,
 * its list of tasks included. Throws where the table of moves forbids the transition, or where the claim moved since it was read: both are bugs, the
 * first because callers ask first, the second because of the lock.
 */
export async function recordMove(tx: Tx, claim: ClaimContext, move: Move, clockwork: Clockwork): Promise<ClaimContext> {
  const from = claim.head.state;
  const to = move.to ?? from;
  if (!mayMove(move.type, from, to)) throw new MoveForbidden(`${claim.number}: ${move.type} may not lead from ${from} to ${to}`);
  const opened = (move.opens ?? []).map((draft) => newTask(claim, draft));
  const kept = claim.tasks.filter(({ id, kind }) => (to === from || kind === 'CLAWBACK') && !move.cancels?.includes(kind) && !move.cancelsTasks?.includes(id));
  const tasks = [...kept, ...opened];
  const head = nextHead(claim.head, to, { ...move, restartsClock: move.restartsClock ?? tasksInTheWay(opened).length > 0 }, tasks[0]?.role ?? null);
  const { actAt, provisional } = dueOf({ ...claim, head, tasks }, clockwork);
  const until = actAt && { until: actAt.toISOString() };
  const notices = noticesFor(move.type, to, {
    unitId: claim.unitId,
    fromState: from,
    params: { ...(until && { ...until, provisional }), ...move.notice },
    tasks: opened,
  });
  const { rows } = await tx.query<{ seq: number }>(MOVE, [
    ...[claim.number, claim.seq, to, head.workflowId, head.onHold, head.escalationLevel, head.remindedAt, head.bureauOutage],
    ...[head.withdrawalRequested, head.payoutBlocked, head.turn, head.turnSince, head.approvedFen, head.payableFen, head.paidFen],
    ...[head.submissionVersion, head.submittedAt, head.closedAt, head.clearedAt, actAt, provisional, move.at],
    ...[
      move.type,
      from,
      JSON.stringify(move.actor),
      move.remark ?? move.type,
      JSON.stringify({ ...until, ...move.remarkParams }),
      JSON.stringify(move.detail ?? {}),
    ],
    ...[JSON.stringify([...notices, ...(move.tells ?? [])]), claim.ancestorIds, JSON.stringify({ type: STAGE_CHANGED, timestamp: move.at.toISOString() })],
    to === from ? null : JSON.stringify(webhookData(claim.number, head)),
  ]);
  const seq = rows[0]?.seq;
  if (seq === undefined) throw new Error(`${claim.number}: moved on from ${claim.seq} while it was locked`);
  if (kept.length < claim.tasks.length) await cancelTasks(tx, { claimNumber: claim.number, keep: kept, at: move.at });
  for (const [ordinal, task] of opened.entries())
    await insertTask(tx, { ...task, claimNumber: claim.number, openedSeq: seq, ordinal, dueAt: taskDue(claim, move.at, clockwork), at: move.at });
  return { ...claim, seq, head, tasks };
}

/** The flags of a turn end with it; a withdrawal stays asked for until it is answered, or a decision makes it too late. */
function nextHead(head: ClaimHead, to: ClaimState, move: Move, openTaskRole: Role | null): ClaimHead {
  const turn = move.patch?.closedAt ? null : turnOf({ state: to, openTaskRole });
  const changes = to !== head.state || move.restartsClock === true;
  const fresh = changes ? { turnSince: move.at, remindedAt: null, escalationLevel: 0, bureauOutage: false, payoutBlocked: null } : {};
  const decided = move.type === 'DECIDED' ? { withdrawalRequested: false } : {};
  return { ...head, ...fresh, ...decided, ...move.patch, turn, state: to };
}

function newTask(claim: ClaimContext, draft: TaskDraft): NewTask {
  return {
    ...draft,
    id: randomUUID(),
    role: draft.role ?? roleOf(draft.kind),
    level: draft.level ?? 0,
    version: 1,
    choices: draft.choices ?? choicesOf(draft.kind),
    excluded: [claim.employeeId, ...(draft.excluded ?? [])],
    assignees: draft.assignees ?? [],
    detail: draft.detail ?? {},
  };
}

function taskDue(claim: ClaimContext, at: Date, { holidays }: Clockwork): Date {
  return deadlineAfter(at, claim.settings.serviceLevels.taskDue.dueAfter, holidays).at;
}

/** A transition that the table of moves does not know: a bug of the caller. */
export class MoveForbidden extends Error {
  override readonly name = 'MoveForbidden';
}

/** What a subscriber hears: where the claim is, and nothing of whose or what. */
export function webhookData(claim: string, head: Pick<ClaimHead, 'state' | 'submissionVersion' | 'onHold'> & Partial<Pick<ClaimHead, 'payoutBlocked'>>) {
  const { stage, note } = stageOf(head);
  return { claim, state: head.state, stage, note };
}

/** Whether this transition was written for this request: a write that is repeated because its answer was lost finds itself so. */
export async function wasWritten(tx: Tx, { claimNumber, seq, requestId }: { claimNumber: string; seq: number; requestId: string }): Promise<boolean> {
  const { rowCount } = await tx.query(`SELECT 1 FROM claim_event WHERE claim_number = $1 AND seq = $2 AND detail ->> 'requestId' = $3`, [
    claimNumber,
    seq,
    requestId,
  ]);
  return rowCount === 1;
}

/** What an operator's request did before, if it came before: to what, and as which transition. */
export async function findOperation<Target>(
  db: Pick<Tx, 'query'>,
  { claimNumber, requestId }: { claimNumber: string; requestId: string },
): Promise<{ ok: true; seq: number; target: Target } | undefined> {
  const { rows } = await db.query<{ seq: number; target: Target }>(
    `SELECT seq, detail -> 'target' AS target FROM claim_event WHERE claim_number = $1 AND type = 'OPERATED' AND detail ->> 'requestId' = $2`,
    [claimNumber, requestId],
  );
  return rows[0] && { ok: true, ...rows[0] };
}

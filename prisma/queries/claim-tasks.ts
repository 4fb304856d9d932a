import type { Actor } from '#domain/claim/actor.ts';
import type { OpenTask, TaskKind } from '#domain/claim/tasks.ts';
import type { Tx } from '../database.ts';

/** The tasks of a claim as its transitions write them; lists and pages read them in tasks.ts. */
export type NewTask = OpenTask & { unitId: string; detail: Record<string, unknown>; assignees: readonly string[] };

/** `ordinal` tells apart the tasks of one kind and level that a transition opens at once. */
export async function insertTask(tx: Tx, task: NewTask & { claimNumber: string; openedSeq: number; ordinal: number; dueAt: Date; at: Date }): Promise<void> {
  await tx.query(
    `INSERT INTO task (id, claim_number, opened_seq, kind, level, unit_id, role, choices, excluded, detail, due_at, created_at, ordinal, assignees)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      ...[task.id, task.claimNumber, task.openedSeq, task.kind, task.level, task.unitId, task.role, task.choices, task.excluded],
      ...[JSON.stringify(task.detail), task.dueAt, task.at, task.ordinal, task.assignees],
    ],
  );
}

/** Cancels the open tasks of a claim but those of `keep`. */
export async function cancelTasks(tx: Tx, { claimNumber, keep, at }: { claimNumber: string; keep: readonly OpenTask[]; at: Date }): Promise<void> {
  await tx.query(
    `UPDATE task SET status = 'CANCELLED', version = version + 1, closed_at = $3 WHERE claim_number = $1 AND status = 'OPEN' AND NOT (id = ANY ($2::uuid[]))`,
    [claimNumber, keep.map(({ id }) => id), at],
  );
}

/** Marks an open task decided; the row it was, or undefined where somebody was faster. */
export async function closeTask(
  tx: Tx,
  decision: { taskId: string; choice: string; comment: string | null; decidedBy: Actor & { employeeId: string }; at: Date },
): Promise<{ kind: TaskKind; level: number; detail: Record<string, unknown> } | undefined> {
  const { rows } = await tx.query<{ kind: TaskKind; level: number; detail: Record<string, unknown> }>(
    `UPDATE task SET status = 'DECIDED', version = version + 1, choice = $2, comment = $3, decided_by = $4, closed_at = $5
     WHERE id = $1 AND status = 'OPEN' RETURNING kind, level, detail`,
    [decision.taskId, decision.choice, decision.comment, JSON.stringify(decision.decidedBy), decision.at],
  );
  return rows[0];
}

/** What a task of the claim is about, whether or not it is open still. */
export async function readTaskDetail(
  tx: Tx,
  { claimNumber, taskId }: { claimNumber: string; taskId: string },
): Promise<{ kind: TaskKind; detail: Record<string, unknown> } | undefined> {
  const { rows } = await tx.query<{ kind: TaskKind; detail: Record<string, unknown> }>('SELECT kind, detail FROM task WHERE id = $1 AND claim_number = $2', [
    taskId,
    claimNumber,
  ]);
  return rows[0];
}

/** Something was done in an open task that leaves it open: whoever has read it before has to read it again. */
export async function touchTask(tx: Tx, taskId: string): Promise<void> {
  await tx.query(`UPDATE task SET version = version + 1 WHERE id = $1 AND status = 'OPEN'`, [taskId]);
}

/** How often people chose `choice` in tasks of `kind`, optionally since a moment. */
export async function countChoices(
  tx: Tx,
  { claimNumber, kind, choice, since }: { claimNumber: string; kind: TaskKind; choice: string; since?: Date },
): Promise<number> {
  const { rows } = await tx.query<{ n: number }>(
    `SELECT count(*) AS n FROM task WHERE claim_number = $1 AND kind = $2 AND status = 'DECIDED' AND choice = $3 AND closed_at >= coalesce($4, '-infinity'::timestamptz)`,
    [claimNumber, kind, choice, since ?? null],
  );
  return rows[0]?.n ?? 0;
}

/** Whether finance is being asked about this instruction. */
export async function asksAbout(tx: Tx, { claimNumber, reference }: { claimNumber: string; reference: string }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `SELECT 1 FROM task WHERE claim_number = $1 AND status = 'OPEN' AND kind IN ('PAYOUT_ATTENTION', 'CONFIRM_PAYOUT') AND detail ->> 'reference' = $2`,
    [claimNumber, reference],
  );
  return (rowCount ?? 0) > 0;
}

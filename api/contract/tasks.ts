import { z } from 'zod';
import { ROLES } from '#domain/claim/actor.ts';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { TASK_KINDS } from '#domain/claim/tasks.ts';
import { actor, claimNumber, code, employeeNo, flag, line, note, pageQuery, time, unitCode, yuan } from './common.ts';

export const taskStatus = z.enum(['OPEN', 'DECIDED', 'CANCELLED']);
export const taskKind = z.enum(TASK_KINDS);

export const taskParams = z.strictObject({ id: z.uuid() });

export const taskQuery = z.strictObject({
  ...pageQuery,
  unitCode: unitCode.optional().meta({ description: 'The unit that decides, and everything below it' }),
  status: taskStatus.default('OPEN'),
  kind: taskKind.optional(),
  claimNumber: claimNumber.optional(),
  overdue: flag.optional().meta({ description: 'Only open tasks whose time is up' }),
  mine: flag.optional().meta({ description: 'Only tasks that the actor may decide' }),
  box: z.enum(['todo', 'done']).optional().meta({
    description:
      'In place of `status` and the other filters: 待办 what the actor may decide, the most urgent first; 已办 what the actor has decided, or somebody who stood in, the newest first',
  }),
});

export const boxCounts = z
  .strictObject({ todo: z.int(), overdue: z.int().meta({ description: 'Of those to do' }), done: z.int(), started: z.int(), copied: z.int() })
  .meta({ id: 'BoxCounts', description: '待办, 已办, 我发起的, 抄送我的; the last two are boxes of claims' });
export type BoxCountsJson = z.output<typeof boxCounts>;

export const task = z
  .strictObject({
    id: z.uuid(),
    claimNumber,
    kind: taskKind,
    level: z.int().meta({ description: 'Of an escalation: 1 branch manager, 2 head office. Of an approval: the step' }),
    unitCode,
    role: z.enum(ROLES).meta({ description: 'Whoever holds it on the unit or above decides' }),
    choices: z.array(z.string()),
    medical: z.enum(['shown', 'hidden']).meta({ description: 'Hidden from operators and admins: `detail` is empty, and there is no comment' }),
    detail: z.record(z.string(), z.unknown()),
    status: taskStatus,
    version: z.int(),
    dueAt: time.nullable(),
    overdue: z.boolean(),
    workingDaysLeft: z
      .int()
      .nullable()
      .meta({ description: 'Until the day on which it is due, by the working calendar: 0 on that day; null where it is overdue, or no longer open' }),
    createdAt: time,
    closedAt: time.nullable(),
    decision: z.strictObject({ choice: z.string(), comment: z.string().nullable(), by: actor }).nullable(),
    onBehalfOf: employeeNo
      .nullable()
      .meta({ description: 'The absent person for whom the actor would decide it; null where it is in the own name, or not at all' }),
    claim: z.strictObject({
      state: z.enum(CLAIM_STATES),
      onHold: z.boolean(),
      submitted: yuan,
      kind: z.enum(CLAIM_KIND_CODES),
      employeeNo,
      employeeName: z.string().nullable().meta({ description: 'For those who see what the task is about' }),
    }),
  })
  .meta({ id: 'Task' });
export type TaskJson = z.output<typeof task>;

const choice = z.string().regex(/^[A-Z_]{1,40}$/);
const comment = note(1_000).nullable().default(null);

/** For RECORD_DECISION: what the bureau's written decision says, line by line. */
export const writtenDecision = z
  .strictObject({
    documentId: z.uuid().meta({ description: "The decision's scan, filed with the claim" }),
    decisionNo: line(40),
    outcome: z.enum(['APPROVED', 'PARTIALLY_APPROVED', 'DENIED']),
    lines: z
      .array(z.strictObject({ lineNo: z.int().min(1), benefit: yuan, reasonCode: code(40).nullable().default(null) }))
      .min(1)
      .max(2_000),
    remark: note(1_000).default(''),
  })
  .meta({ id: 'WrittenDecision' });

export const taskDecision = z
  .strictObject({
    choice,
    comment,
    written: writtenDecision.optional(),
    to: employeeNo.optional().meta({ description: 'TRANSFER: who takes the place' }),
    people: z
      .array(employeeNo)
      .min(1)
      .max(20)
      .refine((people) => new Set(people).size === people.length, 'each person once')
      .meta({ uniqueItems: true, description: 'ADD_BEFORE, ADD_AFTER, ADD_PARALLEL, CC: who is added, or told' })
      .optional(),
    step: z.int().min(0).max(100).optional().meta({ description: 'RETURN in an approval: the earlier step it goes back to; 0, or absent, for the submitter' }),
    mode: z.enum(['any', 'all', 'in-order']).optional().meta({ description: 'ADD_BEFORE, ADD_AFTER: how the added people decide; all of them where absent' }),
  })
  .meta({ id: 'TaskDecision' });
export type TaskDecisionJson = z.output<typeof taskDecision>;

export const taskDecided = z
  .strictObject({ taskId: z.uuid(), claimNumber, state: z.enum(CLAIM_STATES), seq: z.int() })
  .meta({ id: 'TaskDecided', description: 'The claim after the decision' });

export const bulkDecisions = z
  .strictObject({
    items: z
      .array(z.strictObject({ taskId: z.uuid(), version: z.int().min(1), choice, comment }))
      .min(1)
      .max(100)
      .refine((items) => new Set(items.map(({ taskId }) => taskId)).size === items.length, 'a task may stand here once'),
  })
  .meta({ id: 'BulkDecisions' });

export const bulkResults = z
  .strictObject({
    results: z.array(
      z.discriminatedUnion('ok', [
        z.strictObject({ ok: z.literal(true), taskId: z.uuid(), claimNumber, state: z.enum(CLAIM_STATES), seq: z.int() }),
        z.strictObject({ ok: z.literal(false), taskId: z.uuid(), code: z.string(), title: z.string(), retryable: z.boolean() }),
      ]),
    ),
  })
  .meta({ id: 'BulkResults', description: 'In the order of the items. What is on hold is skipped with CLAIM_ON_HOLD' });

export const bulkPreview = z
  .strictObject({
    results: z.array(
      z.discriminatedUnion('ok', [
        z.strictObject({
          ok: z.literal(true),
          taskId: z.uuid(),
          claimNumber,
          onBehalfOf: employeeNo.nullable().meta({ description: 'The absent person for whom it would be decided' }),
        }),
        z.strictObject({ ok: z.literal(false), taskId: z.uuid(), code: z.string(), title: z.string() }),
      ]),
    ),
  })
  .meta({ id: 'BulkPreview', description: 'What would become of each item now. Somebody else may be faster' });
export type BulkPreviewJson = z.output<typeof bulkPreview>;
export type BulkResultsJson = z.output<typeof bulkResults>;

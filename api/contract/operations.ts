import { z } from 'zod';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { OPERATION_KINDS, type OperationKind } from '#domain/operations/operation.ts';
import { STUCK_REASONS } from '#domain/operations/stuck.ts';
import { history } from './claims.ts';
import { bilingual, claimNumber, note, pageQuery, time, unitCode } from './common.ts';

const state = z.enum(CLAIM_STATES);
const reasonWhy = note(500).min(1).meta({ description: 'Why: kept in the history’s detail and in the audit. Name no illness and no number of a person.' });

export const stuckQuery = z.strictObject({ unitCode: unitCode.optional() });
export const stuck = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        reason: z.enum(STUCK_REASONS),
        key: z.string().meta({ description: 'Bureau, bank, activity, cause, party or channel; empty where there is none' }),
        label: bilingual.nullable().meta({ description: 'The name of the bureau or bank' }),
        claims: z.int(),
        overdue: z.int().meta({ description: 'Of these, whose time is over' }),
        oldest: time,
      }),
    ),
  })
  .meta({ id: 'Stuck' });
export type Stuck = z.output<typeof stuck>;

export const stuckClaimsQuery = z.strictObject({
  ...pageQuery,
  reason: z.enum(STUCK_REASONS),
  key: z
    .string()
    .max(100)
    .regex(/^[\x20-\x7e]*$/)
    .optional(),
  unitCode: unitCode.optional(),
});
export const stuckClaim = z
  .strictObject({
    number: claimNumber,
    state,
    unitCode,
    bureauCode: z.string(),
    onHold: z.boolean(),
    key: z.string(),
    since: time,
    dueAt: time.nullable(),
    failure: z.string().nullable().meta({ description: 'Class and code of what failed, in our own words' }),
    attempt: z.int().nullable(),
  })
  .meta({ id: 'StuckClaim' });
export type StuckClaim = z.output<typeof stuckClaim>;

const failure = z.strictObject({ type: z.string().nullable(), message: z.string().nullable() }).meta({
  id: 'WorkflowFailure',
  description: 'What failed. What it quotes, and all that is not ASCII, is struck out',
});

export const claimWorkflow = z
  .strictObject({
    number: claimNumber,
    state,
    seq: z.int(),
    unitCode,
    bureauCode: z.string(),
    onHold: z.boolean(),
    closedAt: time.nullable(),
    transitions: history.shape.items,
    temporal: z.enum(['ANSWERED', 'NO_WORKFLOW', 'UNAVAILABLE']).meta({
      description: 'NO_WORKFLOW: Temporal has none of this id: never started, lost, or over for longer than it remembers',
    }),
    uiUrl: z.string().nullable().meta({ description: 'This run in the Temporal UI' }),
    workflow: z
      .strictObject({
        workflowId: z.string(),
        runId: z.string(),
        status: z.string(),
        taskQueue: z.string(),
        startedAt: time,
        closedAt: time.nullable(),
        historyLength: z.int(),
        taskAttempt: z.int().nullable().meta({ description: "Attempts at the workflow's own task under way: above 1 our code fails on this history" }),
        pendingActivities: z.array(
          z.strictObject({
            id: z.string(),
            type: z.string(),
            state: z.enum(['UNKNOWN', 'SCHEDULED', 'STARTED', 'CANCEL_REQUESTED', 'PAUSED', 'PAUSE_REQUESTED']),
            attempt: z.int(),
            scheduledAt: time.nullable(),
            lastStartedAt: time.nullable(),
            lastFailure: failure.nullable(),
            lastFailedAt: time.nullable(),
            nextAttemptAt: time.nullable(),
            givesUpAt: time.nullable(),
          }),
        ),
        timers: z.array(z.strictObject({ id: z.string(), startedAt: time.nullable(), dueAt: time.nullable() })),
        events: z.array(
          z.strictObject({
            id: z.int(),
            type: z.string(),
            at: time.nullable(),
            name: z.string().nullable().meta({ description: 'Of the activity, signal, update, timer' }),
            attempt: z.int().nullable(),
            failure: failure.nullable(),
          }),
        ),
        eventsOmitted: z.boolean().meta({ description: 'There are older events' }),
      })
      .nullable(),
  })
  .meta({ id: 'ClaimWorkflow', description: 'What Postgres has of a claim beside what Temporal has of it' });
export type ClaimWorkflow = z.output<typeof claimWorkflow>;

const simple = <Kind extends OperationKind>(operation: Kind) => z.strictObject({ operation: z.literal(operation), reason: reasonWhy });
export const operation = z
  .discriminatedUnion('operation', [
    simple('RETRY').extend({
      activityId: z
        .string()
        .max(100)
        .regex(/^[\x21-\x7e]+$/)
        .optional()
        .meta({ description: 'That call alone; all that wait where absent' }),
    }),
    simple('POLL_BUREAU'),
    simple('NUDGE'),
    simple('CANCEL'),
    simple('TERMINATE').extend({ confirm: z.string().max(40).meta({ description: 'The number of the claim, typed by whoever terminates' }) }),
    simple('RECOVER'),
  ])
  .meta({ id: 'NewOperation' });
export const operated = z
  .strictObject({
    number: claimNumber,
    state,
    seq: z.int(),
    operation: z.enum(OPERATION_KINDS),
    outcome: z.enum(['DONE', 'RUNNING_ALREADY']).meta({ description: 'RUNNING_ALREADY: there was nothing to recover' }),
    runId: z.string().nullable(),
    activities: z.array(z.string()).meta({ description: 'The calls that are tried again now' }),
  })
  .meta({ id: 'Operated' });
export type Operated = z.output<typeof operated>;

export const outgoingQuery = z.strictObject({
  ...pageQuery,
  kind: z.enum(['notice', 'webhook']).optional(),
  status: z.enum(['PENDING', 'SENT', 'FAILED', 'UNDELIVERABLE']).optional(),
  claimNumber: claimNumber.optional(),
});
export const outgoing = z
  .strictObject({
    kind: z.enum(['notice', 'webhook']),
    id: z.string(),
    channel: z.string(),
    claimNumber,
    what: z.string(),
    recipient: z
      .strictObject({ kind: z.string(), role: z.string().nullable(), address: z.string().nullable() })
      .meta({ description: 'The address with all but its first letter and its domain left out; of a webhook the host' }),
    status: z.enum(['PENDING', 'SENT', 'FAILED', 'UNDELIVERABLE']),
    attempts: z.int(),
    lastError: z.string().nullable(),
    createdAt: time,
    nextAttemptAt: time.nullable(),
    sentAt: time.nullable(),
  })
  .meta({ id: 'Outgoing', description: 'A message to a person, or an event to a system' });
export type Outgoing = z.output<typeof outgoing>;

export const noticeParams = z.strictObject({ id: z.string().regex(/^[1-9]\d{0,14}$/) });
export const withReasonWhy = z.strictObject({ reason: reasonWhy }).meta({ id: 'WithReasonWhy' });
export const resent = z.strictObject({ id: z.string(), claimNumber, status: z.literal('PENDING') }).meta({ id: 'Resent' });

const gatewayHealth = z.strictObject({
  code: z.string(),
  name: bilingual,
  outageSince: time.nullable(),
  lastSuccessAt: time.nullable(),
  lastFailureAt: time.nullable(),
  failures: z.int().meta({ description: 'In a row, since the last success' }),
  lastFailure: z.string().nullable(),
  ratePerSecond: z.number(),
});
const queueHealth = z.strictObject({
  name: z.string(),
  kind: z.enum(['workflow', 'activity']),
  pollers: z.int(),
  lastPolledAt: time.nullable(),
  backlog: z.int(),
  backlogAgeSeconds: z.number(),
});
const scheduleHealth = z.strictObject({
  kind: z.string().meta({ description: 'poll-bureau, reconcile, seal-audit, erase-due' }),
  code: z.string().nullable().meta({ description: 'Of the bureau or bank' }),
  paused: z.boolean(),
  lastAt: time.nullable(),
  nextAt: time.nullable(),
});
export const operationsHealth = z
  .strictObject({
    database: z.literal('up'),
    temporal: z.enum(['up', 'down']),
    bureaus: z.array(gatewayHealth),
    banks: z.array(gatewayHealth),
    relays: z.array(z.strictObject({ name: z.string(), pending: z.int(), oldest: time.nullable() })),
    schedules: z.array(scheduleHealth).meta({ description: 'What runs by the clock; empty while Temporal does not answer' }),
    sweep: z
      .strictObject({ endedAt: time, looked: z.int(), recovered: z.int(), failed: z.int() })
      .nullable()
      .meta({ description: 'The last search for open claims without a workflow, some ten minutes ago at most; null: there was none yet' }),
    queues: z.array(queueHealth).meta({ description: 'Empty while Temporal does not answer' }),
  })
  .meta({ id: 'OperationsHealth' });
export type OperationsHealth = z.output<typeof operationsHealth>;

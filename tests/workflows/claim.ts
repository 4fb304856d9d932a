import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { UpdateDefinition } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { BureauAnswer, DecisionLine, FundingLine } from '#domain/bureau/decision.ts';
import type { RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { TaskKind } from '#domain/claim/tasks.ts';
import type { ErrorCode } from '#domain/errors.ts';
import { fen } from '#domain/money.ts';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';
import * as messages from '#workflows/claim.messages.ts';
import { BANK, BUREAU } from './script.ts';
import { insertDocument } from './seed.ts';
import type { World } from './support.ts';

const { EventType } = temporal.api.enums.v1;
const TASK_EVENTS: ReadonlySet<number> = new Set([EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]);
const BOUND_MS = 15_000;

export type ClaimRow = {
  state: ClaimState;
  seq: number;
  closed: boolean;
  cleared: boolean;
  onHold: boolean;
  escalationLevel: number;
  bureauOutage: boolean;
  payoutBlocked: string | null;
  turn: string | null;
  approvedFen: number | null;
  payableFen: number | null;
  paidFen: number;
  submissionVersion: number;
  dueAt: Date | null;
};
export type TaskRow = { id: string; kind: TaskKind; level: number; role: string; unitId: string; status: string; choice: string | null; excluded: string[]; detail: Record<string, unknown> };
export type PaymentRow = { reference: string; amountFen: number; status: string; accountNo: string; matched: boolean };
export type Answered = { ok: true } | { ok: false; code: ErrorCode };

export type Told = {
  /** what each line gets, in fen */
  benefits?: number[];
  funding?: FundingLine[];
  outcome?: 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';
  decisionNo?: string;
  /** the version answered; the newest where absent */
  version?: number;
  /** the documents asked for, instead of a decision */
  missing?: string[];
  /** changes what the bureau says of a line */
  line?: Partial<DecisionLine>;
};

export type Booked = { kind: 'DEBIT' | 'RETURN'; reference?: string; amountFen?: number };

export type Claim = ReturnType<typeof followClaim>;

/** A claim as a test follows it: what Postgres says of it, and what people, bureau and bank do to it. */
export function followClaim(world: World, { number, workflowId }: { number: string; workflowId: string }) {
  const { database, env, people } = world;
  const handle = env.client.workflow.getHandle(workflowId);

  const select = async <Row extends Record<string, unknown>>(text: string): Promise<Row[]> => (await database.query<Row>(text, [number])).rows;

  const row = async (): Promise<ClaimRow> => {
    const [found] = await select<ClaimRow>(
      `SELECT state, seq, closed_at IS NOT NULL AS closed, cleared_at IS NOT NULL AS cleared, on_hold AS "onHold", escalation_level AS "escalationLevel",
         bureau_outage AS "bureauOutage", payout_blocked AS "payoutBlocked", turn, approved_fen AS "approvedFen", payable_fen AS "payableFen",
         paid_fen AS "paidFen", submission_version AS "submissionVersion", due_at AS "dueAt" FROM claim WHERE number = $1`,
    );
    if (!found) throw new Error(`no claim ${number}`);
    return found;
  };

  const tasks = () =>
    select<TaskRow>(
      `SELECT id, kind, level, role, unit_id AS "unitId", status, choice, excluded, detail FROM task WHERE claim_number = $1 ORDER BY created_at, opened_seq`,
    );

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const bound = Date.now() + BOUND_MS;
    while (!(await holds())) {
      if (Date.now() > bound) throw new Error(`${number} never ${what}; it is ${JSON.stringify(await row())} after ${(await trail()).join(', ')}`);
      await delay(20);
    }
  }

  const events = () =>
    select<{ seq: number; type: string; from: ClaimState | null; to: ClaimState; at: Date; remark: string; params: Record<string, unknown>; detail: Record<string, unknown>; actor: { type: string } }>(
      `SELECT seq, type, from_state AS "from", to_state AS "to", at, remark, remark_params AS params, detail, actor FROM claim_event WHERE claim_number = $1 ORDER BY seq`,
    );
  /** `MOVE STATE`, with the remark in brackets where it is another than the move's own */
  const trail = async (): Promise<string[]> => (await events()).map(({ type, to, remark }) => `${type}${remark === type ? '' : `(${remark})`} ${to}`);

  const openTask = async (kind?: TaskKind): Promise<TaskRow> => {
    let found: TaskRow | undefined;
    await until(`had an open task ${kind ?? ''}`, async () => {
      found = (await tasks()).find((task) => task.status === 'OPEN' && (kind === undefined || task.kind === kind));
      return found !== undefined;
    });
    return found as TaskRow;
  };

  const startOptions = async () => {
    const { state, escalationLevel } = await row();
    return {
      ...messages.claimStart({ claimNumber: number, workflowId, taskQueue: world.taskQueue, state, unitCode: 'SJZ', region: BUREAU, escalationLevel }),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    };
  };

  /** Asks the workflow, and waits for its answer as the API does. */
  async function ask<Argument>(update: UpdateDefinition<messages.UpdateResult, [Argument]>, argument: Argument, updateId: string = randomUUID()): Promise<Answered> {
    try {
      const answer = await handle.executeUpdate(update, { args: [argument], updateId });
      return answer.ok ? { ok: true } : answer;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) return { ok: false, code: error.cause.type as ErrorCode };
      throw error;
    }
  }
  const by = (employeeId: string) => ({ actor: { type: 'person', id: employeeId } as const, comment: null });

  const submissionId = async (version?: number): Promise<string> => {
    const rows = await select<{ messageId: string; version: number }>('SELECT message_id AS "messageId", version FROM bureau_submission WHERE claim_number = $1 ORDER BY version');
    return (version === undefined ? rows.at(-1) : rows.find((one) => one.version === version))?.messageId ?? 'none';
  };

  /** What the bureau would say; every line adds up unless `line` spoils it. */
  async function answerOf(told: Told): Promise<BureauAnswer> {
    const about = { decisionNo: told.decisionNo ?? `D-${randomUUID().slice(0, 8)}`, claimNumber: number, answersMessageId: await submissionId(told.version), decidedAt: (await world.now()).toISOString(), remark: '' };
    if (told.missing) return { kind: 'information-needed', ...about, missing: told.missing.map((documentKind) => ({ documentKind, remark: '' })) };
    const lines = await select<{ lineNo: number; amountFen: number }>('SELECT line_no AS "lineNo", amount_fen AS "amountFen" FROM claim_line WHERE claim_number = $1 ORDER BY line_no');
    const decided = lines.map(({ lineNo, amountFen }, index): DecisionLine => {
      const benefit = told.benefits?.[index] ?? (told.benefits ? 0 : amountFen);
      return {
        ...{ lineNo, submittedFen: fen(amountFen), eligibleFen: fen(benefit), deductibleFen: fen(0), benefitFen: fen(benefit) },
        adjustments: benefit === amountFen ? [] : [{ code: 'COINSURANCE', amountFen: fen(amountFen - benefit) }],
        ...(index === 0 && told.line),
      };
    });
    const total = decided.reduce((all, line) => all + line.benefitFen, 0);
    const submitted = lines.reduce((all, line) => all + line.amountFen, 0);
    return {
      kind: 'decision',
      ...about,
      outcome: told.outcome ?? (total === 0 ? 'DENIED' : total === submitted ? 'APPROVED' : 'PARTIALLY_APPROVED'),
      reasons: total === submitted ? [] : [{ code: 'COINSURANCE', text: '' }],
      lines: decided,
      funding: told.funding ?? (total === 0 ? [] : [{ source: 'bureau_fund', amountFen: fen(total) }]),
    };
  }

  async function store(answer: BureauAnswer, messageId: string = randomUUID()): Promise<void> {
    await database.write((tx) =>
      storeMessage(tx, { source: BUREAU, messageId, bodyDigest: messageId, type: 'decision', claimNumber: number, body: { answer, raw: {} }, acknowledgement: { mediaType: 'application/json', body: '{}' } }),
    );
  }

  async function record(line: Booked): Promise<string> {
    const rows = await select<{ reference: string; amountFen: number }>('SELECT reference, amount_fen AS "amountFen" FROM payment_instruction WHERE claim_number = $1 ORDER BY created_at, reference');
    const payment = line.reference === undefined ? rows.at(-1) : rows.find(({ reference }) => reference === line.reference);
    if (!payment) throw new Error('no payment');
    const at = (await world.now()).toISOString();
    world.script.statement.push({ entryNo: randomUUID(), kind: line.kind, reference: payment.reference, amountFen: fen(line.amountFen ?? payment.amountFen), bookedAt: at, remark: '' });
    await world.activities.reconcile({ bankCode: BANK, days: 30, at });
    return payment.reference;
  }

  return {
    ...{ number, handle, row, tasks, events, trail, openTask, until, submissionId, answerOf },
    async start(): Promise<void> {
      await env.client.workflow.start(messages.CLAIM_WORKFLOW, { ...(await startOptions()), workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL });
    },
    /** A signal to a claim that is closed starts its next workflow, as the relay does. */
    async startWithNews(): Promise<void> {
      await env.client.workflow.signalWithStart(messages.CLAIM_WORKFLOW, { ...(await startOptions()), signal: messages.paymentNews, signalArgs: [{ reference: '' }] });
    },
    /** An appeal against a claim that is closed starts its next workflow, as the API does. */
    async startWithAppeal(): Promise<Answered> {
      const startWorkflowOperation = new WithStartWorkflowOperation(messages.CLAIM_WORKFLOW, { ...(await startOptions()), workflowIdConflictPolicy: 'USE_EXISTING' });
      const args: [RequestedFor] = [{ ...by(people.claimant), reason: 'again' }];
      const answer = await env.client.workflow.executeUpdateWithStart(messages.appeal, { args, startWorkflowOperation });
      return answer.ok ? { ok: true } : answer;
    },
    /** Waits until nothing is under way: the claim waits for somebody, or for its next attempt, or is over. */
    settles: () =>
      until('waited', async () => {
        const { raw } = await handle.describe();
        return waits((await handle.fetchHistory()).events ?? []) && !(raw.pendingActivities ?? []).some(({ attempt }) => Number(attempt) <= 1);
      }),
    /** whether that activity was scheduled as an ordinary one */
    async hasScheduled(activity: string): Promise<boolean> {
      const { events: history } = await handle.fetchHistory();
      return (history ?? []).some(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === activity);
    },
    /** The claimant uploads documents. */
    async bring(...kinds: DocumentKind[]): Promise<void> {
      for (const kind of kinds) {
        const documentId = await insertDocument(database, { unitId: world.unitIds.branch });
        await database.query('INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, $3)', [number, documentId, kind]);
      }
    },
    async terminate(): Promise<void> {
      await handle.terminate('test').catch(() => undefined);
    },
    /** Waits, by asking Postgres, until the claim is in `state` or fulfils the condition. */
    async reaches(what: ClaimState | ((row: ClaimRow) => boolean)): Promise<ClaimRow> {
      let last = await row();
      await until(`reached ${typeof what === 'string' ? what : what.toString()}`, async () => {
        last = await row();
        return typeof what === 'string' ? last.state === what : what(last);
      });
      return last;
    },
    has: (move: string) => until(`had ${move}`, async () => (await trail()).some((line) => line.startsWith(`${move} `) || line.startsWith(`${move}(`))),

    decisions: () => select<{ no: number; source: string; sourceNo: string; outcome: string; benefitFen: number; payableFen: number }>(
      'SELECT no, source, source_no AS "sourceNo", outcome, benefit_fen AS "benefitFen", payable_fen AS "payableFen" FROM decision WHERE claim_number = $1 ORDER BY no',
    ),
    payments: () => select<PaymentRow>(
      `SELECT p.reference, p.amount_fen AS "amountFen", p.status, a.account_no AS "accountNo", p.matched_at IS NOT NULL AS matched
       FROM payment_instruction p JOIN bank_account a ON a.id = p.account_id WHERE p.claim_number = $1 ORDER BY p.created_at, p.reference`,
    ),
    async invoiceHolders(): Promise<string[]> {
      return (await select<{ holder: string }>('SELECT h.claim_number AS holder FROM invoice_hold h JOIN claim_invoice i USING (invoice_key) WHERE i.claim_number = $1')).map(({ holder }) => holder);
    },
    /** `amount STATUS` of what the claim holds, and the quota's own sums */
    async quota(): Promise<{ held: string; reservedFen: number; usedFen: number }> {
      const [held] = await select<{ text: string }>(`SELECT amount_fen || ' ' || status AS text FROM quota_reservation WHERE claim_number = $1`);
      const [quota] = await select<{ reservedFen: number; usedFen: number }>(
        'SELECT q.reserved_fen AS "reservedFen", q.used_fen AS "usedFen" FROM quota q JOIN claim c ON c.employee_id = q.employee_id WHERE c.number = $1',
      );
      return { held: held?.text ?? 'nothing', reservedFen: quota?.reservedFen ?? 0, usedFen: quota?.usedFen ?? 0 };
    },
    /** `TEMPLATE claimant`, or `TEMPLATE role@HQ` */
    async notices(): Promise<string[]> {
      const rows = await select<{ template: string; kind: string; role: string | null; unitId: string | null }>(
        `SELECT template, recipient ->> 'kind' AS kind, recipient ->> 'role' AS role, recipient ->> 'unitId' AS "unitId" FROM notice WHERE claim_number = $1 ORDER BY id`,
      );
      return rows.map(({ template, kind, role, unitId }) => `${template} ${kind === 'claimant' ? kind : `${role}@${unitId === world.unitIds.head ? 'HQ' : 'SJZ'}`}`);
    },
    /** what was audited besides the transitions */
    async audits(): Promise<string[]> {
      const rows = await select<{ action: string; why: string | null }>(
        `SELECT a.action, a.detail ->> 'why' AS why FROM audit_entry a WHERE a.claim_number = $1
         AND NOT EXISTS (SELECT FROM claim_event e WHERE e.claim_number = a.claim_number AND e.seq = a.seq AND e.type = a.action) ORDER BY a.id`,
      );
      return rows.map(({ action, why }) => (why === null ? action : `${action}: ${why}`));
    },

    ask,
    async decide(choice: string, who: string, more: Partial<TaskDecision> & { kind?: TaskKind; updateId?: string } = {}): Promise<Answered> {
      const { kind, updateId, ...rest } = more;
      const taskId = rest.taskId ?? (await openTask(kind)).id;
      return ask(messages.decideTask, { ...by(who), taskId, choice, comment: 'because', employeeId: who, ...rest }, updateId);
    },
    complete: (updateId?: string) => ask(messages.completeMaterials, by(people.claimant), updateId),
    withdraw: (updateId?: string) => ask(messages.withdraw, by(people.claimant), updateId),
    appeal: () => ask(messages.appeal, { ...by(people.claimant), reason: 'it was an emergency' }),
    hold: () => ask(messages.hold, { ...by(people.hr), reason: 'an anonymous letter' }),
    release: () => ask(messages.release, by(people.hr)),
    reverse: () => ask(messages.requestReversal, { ...by(people.finance), reason: 'paid by the insurer as well' }),

    store,
    /** The bureau's answer by callback: stored in the inbox, then signalled, as API and relay do. */
    async answered(told: Told | BureauAnswer, messageId: string = randomUUID()): Promise<BureauAnswer> {
      const answer = 'kind' in told ? told : await answerOf(told);
      await store(answer, messageId);
      await handle.signal(messages.bureauDecision, { source: BUREAU, messageId });
      return answer;
    },
    record,
    /** A line on the bank's statement, recorded and signalled as the reconciliation does. */
    async booked(line: Booked): Promise<void> {
      await handle.signal(messages.paymentNews, { reference: await record(line) });
    },
    /** The bank's own word on an instruction, by callback. */
    async bankSays(status: TransferStatus): Promise<void> {
      const rows = await select<{ reference: string; record: { amountFen: number; accountNo: string } }>(
        `SELECT p.reference, json_build_object('amountFen', p.amount_fen, 'accountNo', a.account_no) AS record
         FROM payment_instruction p JOIN bank_account a ON a.id = p.account_id WHERE p.claim_number = $1 ORDER BY p.created_at, p.reference`,
      );
      const { reference = '', record: ordered = null } = rows.at(-1) ?? {};
      const told = { ...ordered, ...(status.kind === 'succeeded' && { amountFen: status.amountFen }) };
      const messageId = randomUUID();
      await database.write((tx) =>
        storeMessage(tx, { source: BANK, messageId, bodyDigest: messageId, type: 'payment-result', claimNumber: number, body: { reference, status, record: told, raw: {} }, acknowledgement: { mediaType: 'application/xml', body: '' } }),
      );
      await handle.signal(messages.paymentNews, { reference });
    },
    accountChanged: () => handle.signal(messages.accountChanged),
    /**
     * How the workflow ends, once its last deadline has come. Not by the environment's own client: that lets the clock leap to whatever comes
     * next, if need be to the server's time-out of ten years.
     */
    async result(): Promise<messages.ClaimWorkflowResult> {
      const { dueAt, closed } = await row();
      if (!closed && dueAt) await world.sleepUntil(dueAt);
      await until('was closed', async () => (await row()).closed);
      const client = new Client({ connection: env.connection, namespace: env.namespace ?? 'default' });
      return client.workflow.getHandle(workflowId).result() as Promise<messages.ClaimWorkflowResult>;
    },
  };
}

/** Whether no workflow task is under way. */
function waits(events: readonly { eventType?: unknown }[]): boolean {
  const last = events.findLast(({ eventType }) => TASK_EVENTS.has(Number(eventType)));
  return last === undefined || Number(last.eventType) === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
}

import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recoverClaims } from '#activities/recovery/recover-claims.ts';
import type { BureauAnswer } from '#domain/bureau/decision.ts';
import { fen } from '#domain/money.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { testVault } from '../setup/vault.ts';
import { openScript } from '../workflows/script.ts';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { claimBody } from './support.ts';

/** What a bureau's machine might write into its failure, and what an operator must never read. */
const SAID = '诊断为急性阑尾炎的申请 "E10001 李晓梅" 130102199003070011 was not taken';
const READABLE = '■ ■ ■ was not taken';
const UI = 'https://temporal.example/ui/';

const { script, bureau, reset } = openScript(async () => Date.now());
let world: ClaimWorld;
let workerDatabase: Database;
let stopRelay: () => Promise<void>;

beforeAll(async () => {
  world = await startClaimWorld({ bureau, deps: { temporalUiUrl: UI } });
  world.time.now = new Date();
  workerDatabase = openDatabase({ url: world.workerUrl, vault: testVault() });
  await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'operator' });
  await world.work();
  stopRelay = world.relay();
});
afterAll(async () => {
  await workerDatabase?.close();
  await world?.close();
});
beforeEach(() => reset());

const operate = (number: string, body: Record<string, unknown>, { as = 'E4', key }: { as?: string; key?: string } = {}) =>
  world.call({ method: 'POST', url: `/v1/claims/${number}/operations`, body: { reason: '医保局已恢复', ...body }, as, ...(key !== undefined && { key }) });
const workflowOf = async (number: string) => (await world.call({ url: `/v1/claims/${number}/workflow`, as: 'E4' })).json();
const historyOf = async (number: string) => (await world.call({ url: `/v1/claims/${number}/history`, as: 'E4' })).json().items;
const runOf = (number: string) => world.temporal.workflow.getHandle(`claim/${number}`).describe();
const groups = async () => (await world.call({ url: '/v1/operations/stuck', as: 'E4' })).json().groups;
const recover = () => recoverClaims({ database: workerDatabase, client: world.temporal, taskQueue: world.taskQueue }, { quietMs: 0 });

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (const bound = Date.now() + 60_000; ; await delay(25)) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > bound) throw new Error('what was waited for did not happen');
  }
}

/** A claim whose submission fails and would be made again in an hour. */
async function stuckClaim(): Promise<string> {
  script.onSubmit = async () => {
    throw ApplicationFailure.create({ message: SAID, type: 'BureauAway', nextRetryDelay: '1 hour' });
  };
  const number = await world.submit();
  await until(async () => (await workflowOf(number)).workflow?.pendingActivities[0]?.nextAttemptAt);
  await until(async () => (await world.database.query('SELECT 1 FROM activity_retry WHERE claim_number = $1', [number])).rows[0]);
  return number;
}

function granted(claimNumber: string): BureauAnswer {
  const line = (lineNo: number, amountFen: number) => {
    const amount = fen(amountFen);
    return { lineNo, submittedFen: amount, eligibleFen: amount, deductibleFen: fen(0), benefitFen: amount, adjustments: [] };
  };
  return {
    ...{ kind: 'decision', decisionNo: `D-${claimNumber}`, claimNumber, answersMessageId: script.submissions.at(-1)?.messageId ?? '', outcome: 'APPROVED' },
    ...{ decidedAt: new Date().toISOString(), remark: '', reasons: [], lines: [line(1, 50_000), line(2, 2_600)] },
    funding: [{ source: 'bureau_fund', amountFen: fen(52_600) }],
  };
}

test('a call that fails is found, shown without what it says of anybody, and made again when the operator says so', async () => {
  const number = await stuckClaim();
  expect(await groups()).toContainEqual(expect.objectContaining({ reason: 'RETRYING', key: 'submitToBureau', claims: 1 }));
  const list = (await world.call({ url: '/v1/operations/stuck/claims?reason=RETRYING', as: 'E4' })).json();
  expect(list.items).toEqual([expect.objectContaining({ number, state: 'SENT_TO_BUREAU', unitCode: 'SJZ-01', failure: 'ApplicationFailure', attempt: 1 })]);

  const seen = await world.call({ url: `/v1/claims/${number}/workflow`, as: 'E4' });
  const { workflow, temporal, uiUrl, transitions } = seen.json();
  expect(temporal).toBe('ANSWERED');
  expect(workflow).toMatchObject({ workflowId: `claim/${number}`, status: 'RUNNING', taskQueue: world.taskQueue, eventsOmitted: false });
  expect(workflow.pendingActivities).toEqual([
    expect.objectContaining({ type: 'submitToBureau', state: 'SCHEDULED', attempt: 2, lastFailure: { type: 'BureauAway', message: READABLE } }),
  ]);
  for (const word of ['阑尾炎', '李晓梅', '130102199003070011', 'E10001']) expect([word, seen.body.includes(word)]).toEqual([word, false]);
  // the writes inside workflow tasks by their names, and the call by its own
  const names = workflow.events.map(({ name }: { name: string | null }) => name);
  expect(names).toEqual(expect.arrayContaining(['loadClaim', 'runIntake', 'submitToBureau']));
  expect(transitions.map(({ type }: { type: string }) => type)).toEqual(['CREATED', 'INTAKE_PASSED']);
  expect(uiUrl).toBe(`https://temporal.example/ui/namespaces/${world.temporal.options.namespace}/workflows/claim%2F${number}/${workflow.runId}/history`);

  script.onSubmit = async () => ({ kind: 'accepted', acceptanceNo: 'SL-1', acceptedAt: new Date().toISOString() });
  const key = 'retry-once';
  const [first, again] = [await operate(number, { operation: 'RETRY' }, { key }), await operate(number, { operation: 'RETRY' }, { key })];
  expect([first.statusCode, first.json()]).toEqual([
    200,
    { number, state: 'SENT_TO_BUREAU', seq: 3, operation: 'RETRY', outcome: 'DONE', runId: workflow.runId, activities: ['submitToBureau'] },
  ]);
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true']);
  await world.reached(number, 'IN_REVIEW');
  const history = await historyOf(number);
  expect(history.map(({ type }: { type: string }) => type)).toEqual(['CREATED', 'INTAKE_PASSED', 'OPERATED', 'BUREAU_ACCEPTED']);
  expect(history[2]).toMatchObject({ actor: { type: 'person', id: world.employeeIds.E4 }, remark: { zh: '运维人员要求立即重试未成功的调用' } });
  const { rows } = await world.database.query<{ about: unknown }>(
    `SELECT detail -> 'about' AS about FROM audit_entry WHERE claim_number = $1 AND action = 'OPERATED'`,
    [number],
  );
  expect(rows).toEqual([{ about: expect.objectContaining({ operation: 'RETRY', reason: '医保局已恢复' }) }]);
  expect((await operate(number, { operation: 'RETRY' })).json().code).toBe('NOTHING_TO_RETRY');
  await until(async () => (await groups()).every(({ reason }: { reason: string }) => reason !== 'RETRYING'));
});

test('each look at a workflow is recorded, and so is what was opened for it', async () => {
  const number = await stuckClaim();
  await world.database.query('DELETE FROM activity_retry');
  const { rows } = await world.database.query<{ action: string; detail: Record<string, unknown> }>(
    `SELECT DISTINCT action, detail FROM audit_entry
     WHERE (claim_number = $1 OR detail ->> 'claim' = $1) AND action IN ('looked', 'payloads-decoded') ORDER BY action`,
    [number],
  );
  expect(rows).toEqual([
    { action: 'looked', detail: { what: 'claim.workflow', claim: number } },
    // the message of the failure, sealed as everything that Temporal stores
    { action: 'payloads-decoded', detail: { workflow: `claim/${number}`, payloads: 1 } },
  ]);
});

describe('terminating', () => {
  test('takes the number of the claim, typed, and a reason; nothing else ends a workflow', async () => {
    const number = await world.submit();
    await world.reached(number, 'IN_REVIEW');
    const before = await world.countRows();
    const other = number.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
    for (const [body, code] of [
      [{ operation: 'TERMINATE' }, 'VALIDATION_FAILED'],
      [{ operation: 'TERMINATE', confirm: '' }, 'CONFIRMATION_DIFFERS'],
      [{ operation: 'TERMINATE', confirm: other }, 'CONFIRMATION_DIFFERS'],
      [{ operation: 'TERMINATE', confirm: number.toLowerCase() }, 'CONFIRMATION_DIFFERS'],
      [{ operation: 'TERMINATE', confirm: number, reason: '' }, 'VALIDATION_FAILED'],
      [{ operation: 'TERMINATE', confirm: number, reason: '  ' }, 'VALIDATION_FAILED'],
    ] as const)
      expect([body, (await operate(number, body)).json().code]).toEqual([body, code]);
    expect((await runOf(number)).status.name).toBe('RUNNING');
    expect(await world.countRows()).toEqual(before);
  });

  test('ends the workflow and not the claim, which goes on when it is recovered; the same request again does not end its successor', async () => {
    const number = await world.submit();
    await world.reached(number, 'IN_REVIEW');
    const { runId } = await runOf(number);
    const terminate = () => operate(number, { operation: 'TERMINATE', confirm: number }, { key: `end-${number}` });
    expect((await terminate()).json()).toMatchObject({ outcome: 'DONE', runId });
    expect((await runOf(number)).status.name).toBe('TERMINATED');
    expect(await groups()).toContainEqual(expect.objectContaining({ reason: 'NO_WORKFLOW', key: 'TERMINATED', claims: 1 }));
    expect(await workflowOf(number)).toMatchObject({ state: 'IN_REVIEW', temporal: 'ANSWERED', workflow: { status: 'TERMINATED', timers: [] } });
    expect((await operate(number, { operation: 'RETRY' })).json().code).toBe('WORKFLOW_NOT_RUNNING');

    const recovered = (await operate(number, { operation: 'RECOVER' })).json();
    expect(recovered.outcome).toBe('DONE');
    expect(recovered.runId).not.toBe(runId);
    // as where its answer was lost on the way
    await world.database.query(`DELETE FROM idempotency_key WHERE key = $1`, [`end-${number}`]);
    expect((await terminate()).json()).toMatchObject({ outcome: 'DONE', runId });
    expect(await runOf(number)).toMatchObject({ runId: recovered.runId, status: { name: 'RUNNING' } });
    expect((await operate(number, { operation: 'RECOVER' })).json()).toMatchObject({ outcome: 'RUNNING_ALREADY', runId: recovered.runId });

    script.answers = [{ answer: granted(number), raw: {} }];
    await operate(number, { operation: 'POLL_BUREAU' });
    await world.reached(number, 'APPROVED');
    expect(
      (await historyOf(number)).filter(({ type }: { type: string }) => type === 'OPERATED').map(({ remark }: { remark: { en: string } }) => remark.en),
    ).toEqual([
      'An operator ended the process; the claim goes on by itself',
      'An operator had the process started again',
      'An operator had the bureau asked for its answers',
    ]);
  });

  test('a workflow that was cancelled or terminated is found by the sweeper, and the claim is no longer among those without one', async () => {
    const [cancelled, ended] = [await world.submit(), await world.submit()];
    for (const number of [cancelled, ended]) await world.reached(number, 'IN_REVIEW');
    await operate(cancelled, { operation: 'CANCEL' });
    await operate(ended, { operation: 'TERMINATE', confirm: ended });
    await until(async () => (await runOf(cancelled)).status.name === 'CANCELLED');
    const lost = async () =>
      (await groups()).flatMap(({ reason, key, claims }: { reason: string; key: string; claims: number }) =>
        reason === 'NO_WORKFLOW' ? [`${key} ${claims}`] : [],
      );
    expect((await lost()).toSorted()).toEqual(['CANCELLED 1', 'TERMINATED 1']);
    expect(await recover()).toMatchObject({ recovered: 2, failed: 0 });
    expect(await lost()).toEqual([]);
    for (const number of [cancelled, ended]) expect((await runOf(number)).status.name).toBe('RUNNING');
  });
});

test('an answer that came and of which the workflow never heard is told again', async () => {
  const number = await world.submit();
  await world.reached(number, 'IN_REVIEW');
  script.answers = [{ answer: granted(number), raw: {} }];
  await stopRelay();
  try {
    await operate(number, { operation: 'POLL_BUREAU' });
    await until(async () => (await world.database.query('SELECT 1 FROM inbox_message WHERE claim_number = $1', [number])).rows[0]);
    await world.database.query('DELETE FROM workflow_command WHERE claim_number = $1', [number]);
    expect((await operate(number, { operation: 'NUDGE' })).json()).toMatchObject({ outcome: 'DONE', runId: null });
    await operate(number, { operation: 'NUDGE' });
    const { rows } = await world.database.query<{ signal: string }>('SELECT signal FROM workflow_command WHERE claim_number = $1 ORDER BY id', [number]);
    expect(rows.map(({ signal }) => signal)).toEqual(['bureauDecision', 'accountChanged', 'accountChanged']);
  } finally {
    stopRelay = world.relay();
  }
  await world.reached(number, 'APPROVED');
});

describe('who may', () => {
  let number: string;
  beforeAll(async () => {
    number = await world.submit();
    await world.reached(number, 'IN_REVIEW');
    await world.giveRole({ employee: 'E3', unit: 'SJZ', role: 'auditor' });
    await world.giveRole({ employee: 'E2', unit: 'BJ', role: 'operator' });
  });

  const codes = async (as: string | undefined, token?: string) => {
    const by = { ...(as !== undefined && { as }), ...(token !== undefined && { token }) };
    const answers = [
      await world.call({ url: '/v1/operations/stuck', ...by }),
      await world.call({ url: `/v1/claims/${number}/workflow`, ...by }),
      await world.call({ method: 'POST', url: `/v1/claims/${number}/operations`, body: { operation: 'NUDGE', reason: '试试' }, ...by }),
    ];
    return answers.map((answer) => answer.json().code ?? answer.statusCode);
  };

  test('an auditor sees what stands still, and nothing of a workflow; an employee nothing; an operator of another branch not even that there is a claim', async () => {
    expect(await codes('E3')).toEqual([200, 'FORBIDDEN', 'FORBIDDEN']);
    expect(await codes('E1')).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect(await codes('E2', world.tokens.BJ)).toEqual([200, 'NOT_FOUND', 'NOT_FOUND']);
    expect(await codes('E2')).toEqual([200, 'FORBIDDEN', 'FORBIDDEN']);
    expect((await world.call({ url: '/v1/operations/stuck', as: 'E2' })).json().groups).toEqual([]);
    expect(await codes(undefined)).toEqual([200, 'ACTOR_REQUIRED', 'ACTOR_REQUIRED']);
  });

  test('nobody operates the own claim, however it is called', async () => {
    await world.giveRole({ employee: 'E1', unit: 'SJZ', role: 'operator' });
    for (const body of [{ operation: 'NUDGE' }, { operation: 'TERMINATE', confirm: number }, { operation: 'RECOVER' }])
      expect((await operate(number, body, { as: 'E1' })).json().code).toBe('OWN_CLAIM');
    expect((await runOf(number)).status.name).toBe('RUNNING');
  });
});

test('what is no operation of ours is refused, and changes nothing', async () => {
  const number = await world.submit();
  await world.reached(number, 'IN_REVIEW');
  const before = await world.countRows();
  for (const body of [
    { operation: 'RESET' },
    { operation: 'retry' },
    { operation: ['RETRY'] },
    { operation: 'RETRY', activityId: 'x y' },
    { operation: 'RETRY', activityId: 'a'.repeat(101) },
    { operation: 'NUDGE', confirm: number },
    { operation: 'NUDGE', reason: '\u0000' },
    { operation: 'NUDGE', reason: '长'.repeat(501) },
    { operation: 'NUDGE', __proto__: null, constructor: 1 },
    {},
  ])
    expect([body, (await operate(number, body)).statusCode]).toEqual([body, 400]);
  expect((await operate(number, { operation: 'RETRY', activityId: '99' })).json().code).toBe('NOTHING_TO_RETRY');
  expect((await operate('YB20261118-99999999', { operation: 'NUDGE' })).json().code).toBe('NOT_FOUND');
  const draft = (await world.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true }) })).json().number;
  for (const operation of ['NUDGE', 'RECOVER', 'CANCEL']) expect((await operate(draft, { operation })).json().code).toBe('CLAIM_STATE_CONFLICT');
  expect((await world.countRows())['claim_event']).toBe((before['claim_event'] ?? 0) + 1);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TaskKind } from '#domain/claim/tasks.ts';
import { choicesOf, roleOf } from '#domain/claim/tasks.ts';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { claimBody, invoice, NOW, PDF, startTestApi, type TestApi } from './support.ts';

type Options = { as?: string; version?: number | null; key?: string; token?: string; choice?: string; comment?: string | null; written?: unknown };

const decideAt = (api: TestApi, taskId: string, { as = 'E4', version = 1, key, token, ...body }: Options) =>
  api.call({
    ...{ method: 'POST', url: `/v1/tasks/${taskId}/decision`, body, as, ...(token !== undefined && { token }), ...(key !== undefined && { key }) },
    ...(version !== null && { headers: { 'if-match': `"${version}"` } }),
  });

describe('decisions that the workflow takes', () => {
  let world: ClaimWorld;
  beforeAll(async () => {
    world = await startClaimWorld();
    world.relay();
    await world.work();
    await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
    await world.giveRole({ employee: 'E2', unit: 'SJZ', role: 'hr' });
    await world.giveRole({ employee: 'E1', unit: 'SJZ', role: 'hr' });
    await world.approvedBy('SJZ', ['E4', 'E3', 'E1']);
  });
  afterAll(() => world?.close());
  const decide = (taskId: string, options: Options) => decideAt(world, taskId, options);

  /** A claim that waits for the approval of E4, E3 or E1, whoever of them is not the claimant. */
  async function waiting(body: Record<string, unknown> = {}): Promise<{ number: string; taskId: string }> {
    const number = await world.submit({ invoices: [invoice()], ...body });
    return { number, taskId: (await world.openTask(number, 'APPROVAL', body['employeeNo'] === 'E4' ? 'E3' : 'E4')).id };
  }

  test('one decision, told again to whoever sends it again', async () => {
    const { number, taskId } = await waiting();
    const key = randomUUID();
    const first = await decide(taskId, { choice: 'APPROVE', comment: null, key });
    expect(first.statusCode).toBe(200);
    expect(first.json()).toMatchObject({ taskId, claimNumber: number });
    expect((await decide(taskId, { choice: 'APPROVE', comment: null, key })).body).toBe(first.body);
    expect((await decide(taskId, { choice: 'REFUSE', comment: 'x', key })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await decide(taskId, { choice: 'APPROVE', comment: null })).json().code).toBe('TASK_ALREADY_DECIDED');
    const read = (await world.call({ url: `/v1/tasks/${taskId}` })).json();
    expect(read).toMatchObject({
      status: 'DECIDED',
      version: 2,
      decision: { choice: 'APPROVE', comment: null, by: { type: 'person', id: world.employeeIds.E4 } },
    });
  });

  test('two people at once: one of them decides', async () => {
    const { number, taskId } = await waiting();
    const { id: other } = await world.openTask(number, 'APPROVAL', 'E3');
    const answers = await Promise.all([
      decide(taskId, { as: 'E4', choice: 'APPROVE', comment: null }),
      decide(other, { as: 'E3', choice: 'REFUSE', comment: '不符' }),
    ]);
    expect(answers.map((answer) => answer.statusCode).toSorted()).toEqual([200, 409]);
    expect(answers.find((answer) => answer.statusCode === 409)?.json().code).toBe('TASK_ALREADY_DECIDED');
  });

  test('who may not', async () => {
    const { taskId } = await waiting();
    const code = async (options: Options) => (await decide(taskId, { choice: 'APPROVE', comment: null, ...options })).json().code;
    // the claimant, whom the flow names as well; a colleague who is asked in another task; HR of the unit, who is not asked
    expect([await code({ as: 'E1' }), await code({ as: 'E3' }), await code({ as: 'E2' })]).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect(await code({ as: 'E9' })).toBe('ACTOR_OUTSIDE_UNIT');
    expect(await code({ as: 'E2', token: world.tokens.BJ })).toBe('NOT_FOUND');
    expect(await code({ version: null })).toBe('PRECONDITION_REQUIRED');
    expect(await code({ version: 7 })).toBe('VERSION_MISMATCH');
    expect(await code({ choice: 'WAIT' })).toBe('CHOICE_NOT_OFFERED');
    expect(await code({ choice: 'REFUSE', comment: '  ' })).toBe('COMMENT_REQUIRED');
    const nobody = await world.call({ method: 'POST', url: `/v1/tasks/${taskId}/decision`, body: { choice: 'APPROVE' }, headers: { 'if-match': '"1"' } });
    expect(nobody.json().code).toBe('ACTOR_REQUIRED');
    const { rows } = await world.database.query('SELECT status FROM task WHERE id = $1', [taskId]);
    expect(rows).toEqual([{ status: 'OPEN' }]);
  });

  test('many at once: a result for each, the held one skipped and said so', async () => {
    const [one, held, own, two] = [await waiting(), await waiting(), await waiting({ employeeNo: 'E4', treatedRegion: '130100' }), await waiting()];
    const hold = { method: 'POST', url: `/v1/claims/${held.number}/hold`, as: 'E2', body: { reason: '核查' } };
    expect((await world.call(hold)).statusCode).toBe(200);
    const items = [one, held, own, { taskId: randomUUID() }, two].map(({ taskId }) => ({ taskId, version: 1, choice: 'APPROVE' }));
    const key = randomUUID();
    const bulk = () => world.call({ method: 'POST', url: '/v1/tasks/bulk-decisions', body: { items }, as: 'E4', key });
    // what is said beforehand is what becomes of it, and nothing is done by saying it
    const before = await world.countRows();
    const preview = await world.call({ method: 'POST', url: '/v1/tasks/bulk-decisions/preview', body: { items }, as: 'E4' });
    expect(await world.countRows()).toEqual(before);
    const answer = await bulk();
    const told = (of: typeof answer) => of.json().results.map(({ taskId, ok, code, title }: Record<string, unknown>) => ({ taskId, ok, code, title }));
    expect(told(preview)).toEqual(told(answer));
    expect(answer.statusCode).toBe(200);
    const { results } = answer.json();
    expect(results.map((result: { ok: boolean; code?: string }) => result.code ?? result.ok)).toEqual([true, 'CLAIM_ON_HOLD', 'FORBIDDEN', 'NOT_FOUND', true]);
    expect(results[1]).toMatchObject({ taskId: held.taskId, title: '申请已暂停', retryable: false });
    expect((await bulk()).body).toBe(answer.body);
    const twice = { items: [items[0], items[0]] };
    expect((await world.call({ method: 'POST', url: '/v1/tasks/bulk-decisions', body: twice, as: 'E4' })).json().code).toBe('VALIDATION_FAILED');
  });
});

describe('tasks read, and checked before the workflow is asked', () => {
  let api: TestApi;
  let number: string;
  let documentId: string;
  beforeAll(async () => {
    api = await startTestApi();
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'approver' });
    documentId = (await api.upload({ content: PDF })).json().id;
    const body = claimBody({ documents: [{ documentId, kind: 'OTHER' }] });
    number = (await api.call({ method: 'POST', url: '/v1/claims', body })).json().number;
  });
  afterAll(() => api?.close());

  let seq = 1;
  async function addTask(
    kind: TaskKind,
    { unit = 'SJZ', dueAt = null, excluded = [] }: { unit?: 'HQ' | 'SJZ'; dueAt?: Date | null; excluded?: string[] } = {},
  ): Promise<string> {
    const id = randomUUID();
    await api.database.query(
      `INSERT INTO task (id, claim_number, opened_seq, kind, unit_id, role, choices, excluded, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, number, (seq += 1), kind, api.unitIds[unit], roleOf(kind), choicesOf(kind), excluded, dueAt],
    );
    return id;
  }
  const ids = async (query: string, options: { as?: string; token?: string } = {}): Promise<string[]> =>
    (await api.call({ url: `/v1/tasks?${query}`, ...options })).json().items.map((task: { id: string }) => task.id);

  test('the most urgent first, by pages; overdue, mine, of a kind, of a unit', async () => {
    const late = await addTask('ESCALATION', { dueAt: new Date(NOW.getTime() - 1_000) });
    const soon = await addTask('PAYOUT_ATTENTION', { dueAt: new Date(NOW.getTime() + 1_000) });
    const someday = await addTask('ESCALATION');
    const office = await addTask('ESCALATION', { unit: 'HQ', dueAt: new Date(NOW.getTime() + 2_000) });
    expect(await ids('')).toEqual([late, soon, office, someday]);
    expect(await ids('', { token: api.tokens.SJZ })).toEqual([late, soon, someday]);
    expect(await ids('overdue=true')).toEqual([late]);
    expect(await ids('kind=ESCALATION&unitCode=SJZ')).toEqual([late, someday]);
    expect(await ids('mine=true', { as: 'E4' })).toEqual([late, someday]);
    // the claimant; somebody without any role
    expect([await ids('mine=true', { as: 'E1' }), await ids('mine=true', { as: 'E3' })]).toEqual([[], []]);
    expect(await ids('status=DECIDED')).toEqual([]);
    expect((await api.call({ url: '/v1/tasks?mine=true' })).json().code).toBe('ACTOR_REQUIRED');
    // those of the units that the person looks after
    expect(await ids('', { as: 'E4' })).toEqual([late, soon, someday]);
    expect((await api.call({ url: '/v1/tasks', as: 'E1' })).json().code).toBe('FORBIDDEN');

    const first = (await api.call({ url: '/v1/tasks?limit=3' })).json();
    const rest = (await api.call({ url: `/v1/tasks?limit=3&cursor=${first.nextCursor}` })).json();
    expect([...first.items, ...rest.items].map((task: { id: string }) => task.id)).toEqual([late, soon, office, someday]);
    expect(rest.nextCursor).toBeNull();
    expect(first.items[0]).toMatchObject({ overdue: true, claim: { state: 'SUBMITTED', onHold: false, submitted: '526.00' } });
  });

  const written = (more = {}) => ({
    // the document is there only when the tests run
    ...{ documentId, decisionNo: '石医保〔2026〕12号', outcome: 'PARTIALLY_APPROVED' },
    lines: [
      { lineNo: 1, benefit: '400.00' },
      { lineNo: 2, benefit: '0.00', reasonCode: '96' },
    ],
    ...more,
  });

  test.each([
    ['without what was written', () => undefined, 'VALIDATION_FAILED'],
    ['a line too few', () => written({ lines: [{ lineNo: 1, benefit: '1.00' }] }), 'LINES_DO_NOT_ADD_UP'],
    [
      'a line twice',
      () =>
        written({
          lines: [
            { lineNo: 1, benefit: '1.00' },
            { lineNo: 1, benefit: '1.00' },
          ],
        }),
      'LINES_DO_NOT_ADD_UP',
    ],
    [
      'a line that the claim has not',
      () =>
        written({
          lines: [
            { lineNo: 1, benefit: '1.00' },
            { lineNo: 3, benefit: '1.00' },
          ],
        }),
      'LINES_DO_NOT_ADD_UP',
    ],
    [
      'more than was claimed',
      () =>
        written({
          lines: [
            { lineNo: 1, benefit: '500.01' },
            { lineNo: 2, benefit: '0.00' },
          ],
        }),
      'LINES_DO_NOT_ADD_UP',
    ],
    ['a denial that pays', () => written({ outcome: 'DENIED' }), 'LINES_DO_NOT_ADD_UP'],
    [
      'an approval of nothing',
      () =>
        written({
          lines: [
            { lineNo: 1, benefit: '0' },
            { lineNo: 2, benefit: '0' },
          ],
        }),
      'LINES_DO_NOT_ADD_UP',
    ],
    [
      'a negative benefit',
      () =>
        written({
          lines: [
            { lineNo: 1, benefit: '-1.00' },
            { lineNo: 2, benefit: '0' },
          ],
        }),
      'VALIDATION_FAILED',
    ],
    ['a document of nobody', () => written({ documentId: randomUUID() }), 'DOCUMENT_UNKNOWN'],
    // nothing wrong: the workflow would have been asked
    ['right', () => written(), 'TEMPORAL_UNAVAILABLE'],
  ])("the bureau's written decision: %s", async (_what, contentOf, code) => {
    const content = contentOf();
    const taskId = await addTask('ESCALATION');
    const answer = await decideAt(api, taskId, { choice: 'RECORD_DECISION', comment: null, ...(content && { written: content }) });
    expect(answer.json().code).toBe(code);
  });

  test('the first of four eyes is not the second', async () => {
    const taskId = await addTask('CONFIRM_DECISION', { excluded: [api.employeeIds.E4] });
    expect((await decideAt(api, taskId, { choice: 'CONFIRM', comment: null })).json().code).toBe('SECOND_PERSON_REQUIRED');
  });

  test('many at once without Temporal: nothing is tried a hundred times, nothing is stored, all may be sent again', async () => {
    const items = await Promise.all([1, 2, 3].map(async () => ({ taskId: await addTask('ESCALATION'), version: 1, choice: 'WAIT' })));
    const before = await api.countRows();
    const answer = await api.call({ method: 'POST', url: '/v1/tasks/bulk-decisions', body: { items }, as: 'E4' });
    expect(answer.json().results.map((one: { code: string; retryable: boolean }) => [one.code, one.retryable])).toEqual(
      items.map(() => ['TEMPORAL_UNAVAILABLE', true]),
    );
    expect(await api.countRows()).toEqual(before);
  });
});

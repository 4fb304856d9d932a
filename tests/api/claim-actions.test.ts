import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { claimBody, invoice, startTestApi, type TestApi } from './support.ts';

describe('with the workflow at work', () => {
  let world: ClaimWorld;
  beforeAll(async () => {
    world = await startClaimWorld();
    world.relay();
    await world.work();
    await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
    await world.giveRole({ employee: 'E2', unit: 'SJZ', role: 'approver' });
  });
  afterAll(() => world?.close());

  const ask = (number: string, action: string, options: { body?: unknown; as?: string; key?: string | null } = {}) =>
    world.call({ method: 'POST', url: `/v1/claims/${number}/${action}`, as: 'E1', ...options });
  const eventsOf = async (number: string) => {
    const { rows } = await world.database.query<{ type: string }>('SELECT type FROM claim_event WHERE claim_number = $1 ORDER BY seq', [number]);
    return rows.map((row) => row.type);
  };

  test('material is asked for, said to be complete, and looked at again', async () => {
    const number = await world.submit({ documents: [] });
    await world.reached(number, 'PENDED_INFO');
    const key = randomUUID();
    const first = await ask(number, 'materials-complete', { key });
    expect(first.statusCode).toBe(200);
    expect(first.json()).toMatchObject({ number, state: 'SUBMITTED', seq: 3 });
    expect(first.headers['etag']).toBe('"3"');
    await world.reached(number, 'PENDED_INFO');

    const again = await ask(number, 'materials-complete', { key });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toBe(first.body);
    expect((await ask(number, 'materials-complete', { key, body: { comment: 'other' } })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await ask(number, 'materials-complete', { key: null })).json().code).toBe('IDEMPOTENCY_KEY_MISSING');
    expect((await eventsOf(number)).filter((type) => type === 'MATERIALS_COMPLETED')).toHaveLength(1);
  });

  test('a colleague cannot, a stranger does not even see it, a machine has to say for whom', async () => {
    const number = await world.submit({ documents: [] });
    await world.reached(number, 'PENDED_INFO');
    expect((await ask(number, 'withdraw', { as: 'E9' })).json().code).toBe('ACTOR_OUTSIDE_UNIT');
    expect((await ask(number, 'withdraw', { as: 'E2' })).json().code).toBe('FORBIDDEN');
    expect((await world.call({ method: 'POST', url: `/v1/claims/${number}/withdraw` })).json().code).toBe('ACTOR_REQUIRED');
    const foreign = await world.call({ method: 'POST', url: `/v1/claims/${number}/withdraw`, as: 'E2', token: world.tokens.BJ });
    expect(foreign.json().code).toBe('NOT_FOUND');
  });

  test('a withdrawn claim is over', async () => {
    const number = await world.submit({ documents: [] });
    await world.reached(number, 'PENDED_INFO');
    expect((await ask(number, 'withdraw', { body: { comment: '重复提交' } })).json()).toMatchObject({ state: 'WITHDRAWN' });
    expect((await ask(number, 'withdraw')).json().code).toBe('CLAIM_CLOSED');
    expect((await ask(number, 'materials-complete')).json().code).toBe('CLAIM_CLOSED');
    expect((await ask(number, 'appeal', { body: { reason: '不服' } })).json().code).toBe('CLAIM_STATE_CONFLICT');
  });

  test('a hold stops the claim until it is released; nobody holds the own one', async () => {
    const number = await world.submit({ documents: [] });
    await world.reached(number, 'PENDED_INFO');
    expect((await ask(number, 'hold', { as: 'E4' })).json().code).toBe('VALIDATION_FAILED');
    expect((await ask(number, 'hold', { as: 'E1', body: { reason: '核查' } })).json().code).toBe('FORBIDDEN');
    expect((await ask(number, 'hold', { as: 'E4', body: { reason: '核查' } })).statusCode).toBe(200);
    expect((await ask(number, 'hold', { as: 'E4', body: { reason: '核查' } })).json().code).toBe('CLAIM_STATE_CONFLICT');
    expect(await world.reached(number, 'PENDED_INFO')).toMatchObject({ onHold: true });
    expect((await ask(number, 'release', { as: 'E4' })).statusCode).toBe(200);
    expect(await world.reached(number, 'PENDED_INFO')).toMatchObject({ onHold: false });

    const own = await world.submit({ documents: [], employeeNo: 'E4' });
    await world.reached(own, 'PENDED_INFO');
    expect((await ask(own, 'hold', { as: 'E4', body: { reason: '核查' } })).json().code).toBe('OWN_CLAIM');
  });

  test('what the workflow says of itself', async () => {
    const number = await world.submit({ documents: [] });
    await world.reached(number, 'PENDED_INFO');
    const live = await world.call({ url: `/v1/claims/${number}/live` });
    expect(live.statusCode).toBe(200);
    expect(live.json()).toMatchObject({ number, state: 'PENDED_INFO', onHold: false, openTaskIds: [] });
    expect(live.json().waitingFor).not.toBe('');
  });

  test('a claim that was denied for good goes on in a workflow of its own when it is appealed against in time', async () => {
    const setWindow = (closesAfter: unknown) =>
      world.database.query(`UPDATE unit SET settings = $1 WHERE code = 'BJ'`, [JSON.stringify({ serviceLevels: { appealWindow: { closesAfter } } })]);
    await setWindow({ seconds: 0 });
    await world.approvedBy('BJ', ['E4']);
    const number = await world.submit({ employeeNo: 'E2', treatedRegion: '110000' });
    const task = await world.openTask(number, 'APPROVAL');
    const refused = await world.call({
      ...{ method: 'POST', url: `/v1/tasks/${task.id}/decision`, as: 'E4', headers: { 'if-match': `"${task.version}"` } },
      body: { choice: 'REFUSE', comment: '不属于报销范围' },
    });
    expect(refused.json()).toMatchObject({ claimNumber: number, state: 'DENIED' });
    for (;;) {
      const row = await world.reached(number, 'DENIED');
      if (row.closed) break;
      await delay(25);
    }
    expect((await ask(number, 'appeal', { as: 'E2', body: { reason: '不服' } })).json().code).toBe('APPEAL_TOO_LATE');
    expect(await world.reached(number, 'DENIED')).toMatchObject({ closed: true });

    await setWindow({ workingDays: 45 });
    const key = randomUUID();
    const granted = await ask(number, 'appeal', { as: 'E2', body: { reason: '不服' }, key });
    expect(granted.json()).toMatchObject({ number, state: 'APPEAL_REVIEW' });
    expect(await world.reached(number, 'APPEAL_REVIEW')).toMatchObject({ closed: false, workflowId: `claim/${number}/appeal/1` });
    expect((await ask(number, 'appeal', { as: 'E2', body: { reason: '不服' }, key })).body).toBe(granted.body);
    expect((await eventsOf(number)).filter((type) => type === 'APPEALED')).toHaveLength(1);
    await world.openTask(number, 'APPEAL_REVIEW');
  });
});

describe('without a worker', () => {
  let world: ClaimWorld;
  beforeAll(async () => {
    world = await startClaimWorld({ updateDeadlineMs: 1_500 });
  });
  afterAll(() => world?.close());

  test('a decision is pending, never refused; the same key later gives its result, once', async () => {
    const number = await world.submit({ documents: [] });
    const key = randomUUID();
    const withdraw = () => world.call({ method: 'POST', url: `/v1/claims/${number}/withdraw`, as: 'E1', key });
    // no relay runs either: the workflow is started by the request itself
    const pending = await withdraw();
    expect(pending.statusCode).toBe(504);
    expect(pending.json()).toMatchObject({ code: 'UPDATE_PENDING', retryable: true });

    const stop = await world.work();
    await world.reached(number, 'WITHDRAWN');
    const done = await withdraw();
    expect(done.json()).toMatchObject({ number, state: 'WITHDRAWN' });
    const { rows } = await world.database.query(`SELECT 1 FROM claim_event WHERE claim_number = $1 AND type = 'WITHDRAWN'`, [number]);
    expect(rows).toHaveLength(1);
    expect((await withdraw()).headers['idempotent-replayed']).toBe('true');
    await stop();
  });
});

describe('without Temporal', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api?.close());

  test('a decision cannot be taken now, and says when to ask again', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json();
    const answer = await api.call({ method: 'POST', url: `/v1/claims/${number}/withdraw`, as: 'E1' });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'TEMPORAL_UNAVAILABLE', retryable: true });
    expect(answer.headers['retry-after']).toBe('5');
    expect((await api.call({ url: `/v1/claims/${number}/live` })).json().code).toBe('TEMPORAL_UNAVAILABLE');
  });

  test('a draft is withdrawn all the same, once', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true, invoices: [invoice()] }) })).json();
    const key = randomUUID();
    const withdraw = (options = {}) => api.call({ method: 'POST', url: `/v1/claims/${number}/withdraw`, as: 'E1', key, ...options });
    expect((await withdraw({ as: 'E2', key: randomUUID() })).json().code).toBe('FORBIDDEN');
    const done = await withdraw();
    expect(done.json()).toEqual({ number, state: 'WITHDRAWN', seq: 2 });
    expect((await withdraw()).body).toBe(done.body);
    const { rows } = await api.database.query('SELECT state, closed_at IS NOT NULL AS closed FROM claim WHERE number = $1', [number]);
    expect(rows).toEqual([{ state: 'WITHDRAWN', closed: true }]);
    expect((await api.call({ method: 'POST', url: `/v1/claims/${number}/hold`, as: 'E1', body: { reason: 'x' } })).json().code).toBe('FORBIDDEN');
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { invoice, NOW, startTestApi, type TestApi } from './support.ts';

const FLOWS = '/v1/units/SJZ/approval-flows';
const byRole = (role: string, more = {}) => ({ name: '审批', mode: 'one', approvers: { kind: 'role', role }, ...more });
const byName = (employeeNos: string[], mode = 'any') => ({ name: '审批', mode, approvers: { kind: 'people', employeeNos } });
const flowBody = (more = {}) => ({ name: '单位审批', basedOn: 0, steps: [byRole('approver')], ...more });

describe('flows', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'admin' });
    await api.giveRole({ employee: 'E3', unit: 'SJZ', role: 'hr' });
  });
  afterAll(() => api?.close());
  const post = (body: unknown, more: { as?: string; token?: string; url?: string; key?: string } = {}) =>
    api.call({ method: 'POST', url: FLOWS, body, ...more });
  const code = async (body: unknown, more: Parameters<typeof post>[1] = {}) => (await post(body, more)).json().code;

  test('are added version by version, and read as they were written', async () => {
    const first = flowBody({
      ...{ claimKinds: ['INPATIENT'], minAmount: '1000.00', maxAmount: '9999.99', copies: [{ kind: 'people', employeeNos: ['E2'] }] },
      steps: [byRole('hr', { copies: [{ kind: 'role', role: 'finance', place: 'head-office' }] }), byName(['E4', 'E3'], 'all')],
    });
    const made = await post(first, { as: 'E4' });
    expect(made.statusCode, made.body).toBe(201);
    expect(made.json()).toMatchObject({
      unitCode: 'SJZ',
      name: '单位审批',
      version: 1,
      inForce: true,
      ends: false,
      minAmount: '1000.00',
      claimKinds: ['INPATIENT'],
    });
    expect(made.json().steps).toEqual([
      {
        name: '审批',
        mode: 'one',
        approvers: { kind: 'role', role: 'hr', place: 'nearest' },
        copies: [{ kind: 'role', role: 'finance', place: 'head-office' }],
      },
      { name: '审批', mode: 'all', approvers: { kind: 'people', employeeNos: ['E4', 'E3'] }, copies: [] },
    ]);
    const later = new Date(NOW.getTime() + 86_400_000).toISOString();
    const second = await post(flowBody({ basedOn: 1, validFrom: later }), { as: 'E4' });
    expect(second.json()).toMatchObject({ version: 2, inForce: false, validFrom: later, claimKinds: null, minAmount: null });
    const { items } = (await api.call({ url: `${FLOWS}?limit=1`, as: 'E3' })).json();
    expect(items).toEqual([second.json()]);
    const { nextCursor } = (await api.call({ url: `${FLOWS}?limit=1` })).json();
    expect((await api.call({ url: `${FLOWS}?cursor=${nextCursor}` })).json().items).toEqual([made.json()]);
    const ended = await post({ name: '单位审批', basedOn: 2, ends: true, validFrom: later }, { as: 'E4' });
    expect(ended.json()).toMatchObject({ version: 3, ends: true, inForce: false, steps: [] });
    const { rows } = await api.database.query(`SELECT action FROM audit_entry WHERE action = 'approval-flow-added'`);
    expect(rows).toHaveLength(3);
  });

  test('of one kind and amount overlap no other, unless one lies within the other', async () => {
    const named = (name: string, more = {}) => flowBody({ name, ...more });
    const at = { url: '/v1/units/BJ/approval-flows' };
    expect((await post(named('all'), at)).statusCode).toBe(201);
    expect((await post(named('large', { minAmount: '100.00' }), at)).statusCode).toBe(201);
    expect((await post(named('overlap', { minAmount: '50.00', maxAmount: '100.00' }), at)).json()).toMatchObject({
      code: 'APPROVAL_FLOWS_OVERLAP',
      params: { name: 'large' },
    });
    expect(await code(named('again'), at)).toBe('APPROVAL_FLOWS_OVERLAP');
    expect((await post(named('between', { minAmount: '50.00', maxAmount: '99.99' }), at)).statusCode).toBe(201);
    // what is ended is in nobody's way
    expect((await post({ name: 'all', basedOn: 1, ends: true }, at)).statusCode).toBe(201);
    expect((await post(named('again'), at)).statusCode).toBe(201);
  });

  test.each([
    ['no steps', { steps: [] }, 'VALIDATION_FAILED'],
    ['neither steps nor an end', { steps: undefined }, 'VALIDATION_FAILED'],
    ['steps and an end', { ends: true }, 'VALIDATION_FAILED'],
    ['a step of one with two people', { steps: [byName(['E3', 'E4'], 'one')] }, 'VALIDATION_FAILED'],
    ['one person twice', { steps: [byName(['E3', 'E3'])] }, 'VALIDATION_FAILED'],
    ['an approval by auditors', { steps: [byRole('auditor')] }, 'VALIDATION_FAILED'],
    ['an unknown mode', { steps: [byRole('hr', { mode: 'most' })] }, 'VALIDATION_FAILED'],
    ['somebody who is nowhere', { steps: [byName(['E404'])] }, 'EMPLOYEE_UNKNOWN'],
    ['somebody who has left', { steps: [byName(['E9'])] }, 'EMPLOYEE_UNKNOWN'],
    ['a copy to nobody', { copies: [{ kind: 'people', employeeNos: ['E404'] }] }, 'EMPLOYEE_UNKNOWN'],
    ['amounts the wrong way round', { minAmount: '2.00', maxAmount: '1.00' }, 'AMOUNT_INVALID'],
    ['a beginning in the past', { validFrom: new Date(NOW.getTime() - 1_000).toISOString() }, 'DATES_OUT_OF_ORDER'],
    ['an older version', { basedOn: 7 }, 'VERSION_MISMATCH'],
    ['its own version', { version: 3 }, 'VALIDATION_FAILED'],
    ['another unit', { unitId: randomUUID() }, 'VALIDATION_FAILED'],
  ])('with %s are refused, and nothing is stored', async (_what, more, expected) => {
    const before = await api.countRows();
    expect(await code(flowBody({ name: '另一审批', ...more }), { as: 'E4' })).toBe(expected);
    expect(await api.countRows()).toEqual(before);
  });

  test('are the admin’s, and a branch writes none of another', async () => {
    expect(await code(flowBody({ name: 'x' }), { as: 'E3' })).toBe('FORBIDDEN');
    expect(await code(flowBody({ name: 'x' }), { token: api.tokens.BJ })).toBe('NOT_FOUND');
    expect((await api.call({ url: FLOWS, token: api.tokens.BJ })).json().code).toBe('NOT_FOUND');
    expect((await api.call({ url: FLOWS, as: 'E1' })).json().code).toBe('FORBIDDEN');
  });

  test('two versions at once: one is based on what is no longer the newest', async () => {
    const answers = await Promise.all([post(flowBody({ name: 'raced' })), post(flowBody({ name: 'raced' }))]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 412].toSorted());
  });
});

describe('an approval', () => {
  let world: ClaimWorld;
  let flows = 0;
  beforeAll(async () => {
    world = await startClaimWorld();
    world.relay();
    await world.work();
  });
  afterAll(() => world?.close());

  /** A claim of E1, who belongs below SJZ, with its flow. */
  async function submitted(steps: unknown[]): Promise<string> {
    // what was submitted before is under way, and stays as it is
    world.time.now = new Date(world.time.now.getTime() + 1_000);
    const body = { name: '单位审批', basedOn: flows, steps };
    const made = await world.call({ method: 'POST', url: FLOWS, body });
    expect(made.statusCode, made.body).toBe(201);
    flows += 1;
    return world.submit({ invoices: [invoice()] });
  }
  const decide = async (
    number: string,
    as: 'E2' | 'E3' | 'E4',
    body: Record<string, unknown>,
    more: { version?: number; actor?: string; token?: string } = {},
  ) => {
    const { id, version } = await world.openTask(number, 'APPROVAL', as);
    return world.call({
      ...{ method: 'POST', url: `/v1/tasks/${id}/decision`, body, as: more.actor ?? as, headers: { 'if-match': `"${more.version ?? version}"` } },
      ...(more.token !== undefined && { token: more.token }),
    });
  };
  const codeOf = async (...args: Parameters<typeof decide>) => (await decide(...args)).json().code;

  test('goes through its steps, by people of another branch as well, who see that claim and nothing else', async () => {
    const other = await world.submit({ invoices: [invoice()] });
    const number = await submitted([byName(['E2'], 'one'), byName(['E3', 'E4'], 'all')]);
    const { id } = await world.openTask(number, 'APPROVAL', 'E2');
    const seen = async (url: string, as: string) => (await world.call({ url, as })).statusCode;
    // E2 belongs to BJ and holds no role
    expect(
      await Promise.all(
        [`/v1/claims/${number}`, `/v1/claims/${number}/history`, `/v1/claims/${number}/approval`, `/v1/tasks/${id}`].map((url) => seen(url, 'E2')),
      ),
    ).toEqual([200, 200, 200, 200]);
    expect([await seen(`/v1/claims/${other}`, 'E2'), await seen('/v1/employees/E1', 'E2')]).toEqual([404, 403]);
    // E3 and E4 are not asked yet
    expect([await seen(`/v1/claims/${number}`, 'E3'), await seen(`/v1/tasks/${id}`, 'E3')]).toEqual([404, 403]);
    // the same for somebody who has signed in, and whom no key of the group lends its scope
    const signedIn = world.deps.database.within({ employeeId: world.employeeIds.E2 });
    const shown = async (table: string, column: string) =>
      (await signedIn.query<{ x: string }>(`SELECT DISTINCT ${column} AS x FROM ${table}`)).rows.map(({ x }) => x);
    expect(await Promise.all([shown('claim', 'number'), shown('approval', 'claim_number'), shown('approval_entry', 'claim_number')])).toEqual([
      [number],
      [number],
      [number],
    ]);
    expect(await shown('claim_participant', 'employee_id')).toEqual([world.employeeIds.E2]);
    expect((await world.call({ url: '/v1/tasks?mine=true', as: 'E2' })).json().items.map((one: { id: string }) => one.id)).toEqual([id]);

    expect((await decide(number, 'E2', { choice: 'APPROVE' })).json()).toMatchObject({ claimNumber: number, state: 'SUBMITTED' });
    expect((await decide(number, 'E4', { choice: 'APPROVE', comment: '同意' })).statusCode).toBe(200);
    const { status, step, flow, waitingFor, trail } = (await world.call({ url: `/v1/claims/${number}/approval`, as: 'E1' })).json();
    expect({ status, step, flow, waitingFor }).toEqual({
      status: 'OPEN',
      step: 2,
      flow: { name: '单位审批', version: flows },
      waitingFor: [{ employeeNo: 'E3', name: '员工E3' }],
    });
    expect(
      trail.map((line: { action: string; by: { employeeNo: string } | null; mode: string | null }) => [line.action, line.by?.employeeNo ?? null, line.mode]),
    ).toEqual([
      ...[
        ['ASK', null, 'one'],
        ['APPROVE', 'E2', null],
        ['ASK', null, 'all'],
        ['ASK', null, 'all'],
        ['APPROVE', 'E4', null],
      ],
    ]);
    expect(trail.at(-1)).toMatchObject({ comment: '同意', step: 2, onBehalfOf: null });
    expect((await decide(number, 'E3', { choice: 'APPROVE' })).statusCode).toBe(200);
    await world.reached(number, 'SENT_TO_BUREAU', 'IN_REVIEW');
    expect((await world.call({ url: `/v1/claims/${number}/approval` })).json()).toMatchObject({ status: 'APPROVED', step: null, waitingFor: [] });
    expect((await world.call({ url: `/v1/claims/${other}/approval` })).json()).toEqual({
      flow: null,
      status: null,
      step: null,
      steps: [],
      waitingFor: [],
      trail: [],
    });
  });

  test('who may not, and what does not fit', async () => {
    const number = await submitted([byName(['E3', 'E4'], 'all')]);
    expect(await codeOf(number, 'E3', { choice: 'APPROVE' }, { actor: 'E2' })).toBe('FORBIDDEN');
    expect(await codeOf(number, 'E3', { choice: 'APPROVE' }, { actor: 'E1' })).toBe('FORBIDDEN');
    expect(await codeOf(number, 'E3', { choice: 'APPROVE' }, { actor: 'E4' })).toBe('FORBIDDEN');
    expect(await codeOf(number, 'E3', { choice: 'APPROVE' }, { actor: 'E2', token: world.tokens.BJ })).toBe('NOT_FOUND');
    expect(await codeOf(number, 'E3', { choice: 'APPROVE' }, { version: 9 })).toBe('VERSION_MISMATCH');
    expect(await codeOf(number, 'E3', { choice: 'TRANSFER', comment: null, to: 'E2' })).toBe('COMMENT_REQUIRED');
    expect(await codeOf(number, 'E3', { choice: 'RETURN', comment: ' ' })).toBe('COMMENT_REQUIRED');
    expect(await codeOf(number, 'E3', { choice: 'TRANSFER', comment: 'x', to: 'E404' })).toBe('EMPLOYEE_UNKNOWN');
    expect(await codeOf(number, 'E3', { choice: 'TRANSFER', comment: 'x', to: 'E9' })).toBe('EMPLOYEE_UNKNOWN');
    expect(await codeOf(number, 'E3', { choice: 'TRANSFER', comment: 'x', to: 'E1' })).toBe('OWN_CLAIM');
    expect(await codeOf(number, 'E3', { choice: 'TRANSFER', comment: 'x', to: 'E4' })).toBe('ALREADY_ASKED');
    expect(await codeOf(number, 'E3', { choice: 'ADD_BEFORE', people: ['E1'] })).toBe('OWN_CLAIM');
    expect(await codeOf(number, 'E3', { choice: 'RETURN', comment: 'x', step: 1 })).toBe('APPROVAL_STEP_UNKNOWN');
    for (const body of [
      { choice: 'TRANSFER', comment: 'x' },
      { choice: 'ADD_AFTER' },
      { choice: 'ADD_PARALLEL', people: [] },
      { choice: 'ADD_PARALLEL', people: ['E2'], mode: 'any' },
      { choice: 'ADD_BEFORE', people: ['E2', 'E2'] },
      { choice: 'APPROVE', to: 'E2' },
      { choice: 'APPROVE', employeeId: world.employeeIds.E4 },
      { choice: 'APPROVE', actor: { type: 'person', id: world.employeeIds.E4, onBehalfOf: world.employeeIds.E4 } },
      { choice: 'APPROVE', seat: 2, state: 'PAID' },
    ]) {
      expect([body, await codeOf(number, 'E3', body)]).toEqual([body, 'VALIDATION_FAILED']);
    }
    const { rows } = await world.database.query('SELECT action FROM approval_entry WHERE claim_number = $1', [number]);
    expect(rows).toEqual([{ action: 'ASK' }, { action: 'ASK' }]);
  });

  test('passed on, added to, told of; what was read before counts no more', async () => {
    const number = await submitted([byName(['E4'], 'one')]);
    const { version } = await world.openTask(number, 'APPROVAL', 'E4');
    expect((await decide(number, 'E4', { choice: 'CC', people: ['E2'] })).statusCode).toBe(200);
    expect((await world.call({ url: `/v1/claims/${number}`, as: 'E2' })).statusCode).toBe(200);
    expect(await codeOf(number, 'E4', { choice: 'APPROVE' }, { actor: 'E2' })).toBe('FORBIDDEN');
    expect(await codeOf(number, 'E4', { choice: 'APPROVE' }, { version })).toBe('VERSION_MISMATCH');
    expect((await decide(number, 'E4', { choice: 'TRANSFER', comment: '出差', to: 'E3' })).statusCode).toBe(200);
    expect((await decide(number, 'E3', { choice: 'ADD_BEFORE', people: ['E2'] })).statusCode).toBe(200);
    expect((await decide(number, 'E2', { choice: 'APPROVE' })).statusCode).toBe(200);
    expect((await decide(number, 'E3', { choice: 'APPROVE' })).statusCode).toBe(200);
    await world.reached(number, 'SENT_TO_BUREAU', 'IN_REVIEW');
  });

  test('taken back and urged, by whom it concerns', async () => {
    const number = await submitted([byName(['E4'], 'one'), byName(['E3'], 'one')]);
    const { id } = await world.openTask(number, 'APPROVAL', 'E4');
    await decide(number, 'E4', { choice: 'APPROVE' });
    const recall = async (as?: string) => {
      const answer = await world.call({ method: 'POST', url: `/v1/tasks/${id}/recall`, ...(as !== undefined && { as }) });
      return answer.json().code ?? answer.statusCode;
    };
    const urge = async (as?: string, token?: string) => {
      const answer = await world.call({
        method: 'POST',
        url: `/v1/claims/${number}/urge`,
        ...(as !== undefined && { as }),
        ...(token !== undefined && { token }),
      });
      return answer.json().code ?? answer.statusCode;
    };
    expect([await recall(), await recall('E3'), await recall('E2'), await recall('E4'), await recall('E4')]).toEqual([
      'ACTOR_REQUIRED',
      'FORBIDDEN',
      'FORBIDDEN',
      200,
      'RECALL_TOO_LATE',
    ]);
    expect([await urge(), await urge('E2'), await urge('E3', world.tokens.BJ)]).toEqual(['ACTOR_REQUIRED', 'FORBIDDEN', 'ACTOR_OUTSIDE_UNIT']);
    expect([await urge('E1'), await urge('E1')]).toEqual([200, 'URGED_RECENTLY']);
    expect((await world.call({ url: `/v1/claims/${number}/messages` })).json().items.at(-1)).toMatchObject({
      template: 'APPROVAL_URGED',
      recipient: { kind: 'employee', role: null },
    });
    const { id: again } = await world.openTask(number, 'APPROVAL', 'E4');
    expect(again).not.toBe(id);
  });
});

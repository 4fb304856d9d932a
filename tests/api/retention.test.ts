import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  await api.giveRole({ employee: 'E2', unit: 'HQ', role: 'admin' });
  await api.giveRole({ employee: 'E3', unit: 'SJZ', role: 'auditor' });
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.database.query('DELETE FROM erasure_request');
  await api.database.query('DELETE FROM legal_hold');
  await api.database.query(`UPDATE claim SET closed_at = now(), state = 'WITHDRAWN', on_hold = false`);
});

const URL = '/v1/employees/E1/erasure';
const ask = (body: unknown = {}, as = 'E1') => api.call({ method: 'POST', url: URL, body, as });
const decide = (decision: string, as = 'E2') => api.call({ method: 'POST', url: `${URL}/decision`, body: { decision }, as });
const letter = async () => ({
  documentId: (await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\n`)]), as: 'E4' })).json().id,
  signedOn: '2026-11-01',
});
const hold = (body: Record<string, unknown>, as = 'E4') =>
  api.call({ method: 'POST', url: '/v1/legal-holds', body: { employeeNo: 'E1', reason: '诉讼', ...body }, as });

describe('a person’s request for erasure', () => {
  test('takes four eyes: hers or HR’s, and an administrator’s', async () => {
    const made = await ask({ reason: '已离职' });
    expect(made.statusCode, made.body).toBe(201);
    expect(made.json()).toMatchObject({ status: 'REQUESTED', reason: '已离职', documentId: null, requestedBy: { id: api.employeeIds.E1 } });
    expect((await ask()).json().code).toBe('ALREADY_EXISTS');
    expect((await decide('CONFIRM', 'E4')).json().code).toBe('FORBIDDEN');
    expect((await decide('CONFIRM', 'E1')).json().code).toBe('FORBIDDEN');
    const confirmed = await decide('CONFIRM');
    expect(confirmed.json()).toMatchObject({ status: 'CONFIRMED', decidedBy: { id: api.employeeIds.E2 }, doneAt: null });
    expect((await decide('CONFIRM')).json().code).toBe('NOT_FOUND');
    const { rows } = await api.database.query(`SELECT action FROM audit_entry WHERE action LIKE 'erasure-%' ORDER BY id DESC LIMIT 2`);
    expect(rows).toEqual([{ action: 'erasure-confirmed' }, { action: 'erasure-requested' }]);
  });

  test('an administrator does not confirm the own request, nor one that he recorded', async () => {
    await api.giveRole({ employee: 'E1', unit: 'HQ', role: 'admin' });
    await ask();
    expect((await decide('CONFIRM', 'E1')).json().code).toBe('SECOND_PERSON_REQUIRED');
    await api.database.query(`DELETE FROM role_assignment WHERE employee_id = $1`, [api.employeeIds.E1]);
    await api.database.query('DELETE FROM erasure_request');
    await api.giveRole({ employee: 'E4', unit: 'HQ', role: 'admin' });
    expect((await ask({ letter: await letter() }, 'E4')).statusCode).toBe(201);
    expect((await decide('CONFIRM', 'E4')).json().code).toBe('SECOND_PERSON_REQUIRED');
    await api.database.query(`DELETE FROM role_assignment WHERE employee_id = $1 AND role = 'admin'`, [api.employeeIds.E4]);
    expect((await decide('REJECT')).json()).toMatchObject({ status: 'REJECTED' });
  });

  test('HR needs the letter; a colleague may not ask; a machine neither', async () => {
    expect((await ask({}, 'E4')).json().code).toBe('CONSENT_EVIDENCE_REQUIRED');
    expect((await ask({ letter: { ...(await letter()), signedOn: '2026-12-01' } }, 'E4')).json().code).toBe('DATE_IN_FUTURE');
    expect((await ask({ letter: { documentId: randomUUID(), signedOn: '2026-11-01' } }, 'E4')).json().code).toBe('DOCUMENT_UNKNOWN');
    expect((await ask({}, 'E3')).json().code).toBe('FORBIDDEN');
    expect((await api.call({ method: 'POST', url: URL, body: {} })).json().code).toBe('ACTOR_REQUIRED');
  });

  test('is refused while a claim is open, may be appealed against, or a legal hold stands; and says so beforehand', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json();
    expect((await ask()).json()).toMatchObject({ code: 'ERASURE_REFUSED', params: { open: [number], appealable: [], legalHold: 'no' } });
    // 45 working days from Wednesday 18 November 2026, with the holidays of the year's end: 2026-12-31 is well within
    await api.database.query(`UPDATE claim SET closed_at = now(), state = 'DENIED' WHERE number = $1`, [number]);
    await api.database.query(
      `INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
       VALUES ($1, 1, 'EMPLOYER', 'x', 'DENIED', 52600, 0, 0, '{}', $2, $2)`,
      [number, api.time.now],
    );
    expect((await ask()).json()).toMatchObject({ code: 'ERASURE_REFUSED', params: { open: [], appealable: [number] } });
    const state = (await api.call({ url: URL, as: 'E1' })).json();
    expect(state.obstacles).toMatchObject({ open: [], appealableUntil: [{ claim: number }], legalHold: false });
    expect(state.kept.map(({ days }: { days: number }) => days)).toContain(10_958);
    await api.database.query('UPDATE decision SET recorded_at = $2 WHERE claim_number = $1', [number, new Date('2026-08-01')]);
    await hold({});
    expect((await ask()).json()).toMatchObject({ code: 'ERASURE_REFUSED', params: { open: [], appealable: [], legalHold: 'yes' } });
    await api.database.query('DELETE FROM legal_hold');
    expect((await ask()).statusCode).toBe(201);
    await hold({ claim: number });
    expect((await decide('CONFIRM')).json().code).toBe('ERASURE_REFUSED');
  });

  test('what stands in the way in a unit that she has left is counted for those of the new one, and named to her', async () => {
    const make = async () => (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) })).json().number;
    const [open, denied] = [await make(), await make()];
    await api.database.query(`UPDATE claim SET closed_at = now(), state = 'DENIED' WHERE number = $1`, [denied]);
    await api.database.query(
      `INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
       VALUES ($1, 1, 'EMPLOYER', 'x', 'DENIED', 52600, 0, 0, '{}', $2, $2)`,
      [denied, api.time.now],
    );
    const here = '/v1/employees/E2/erasure';
    const signed = await letter();
    await api.database.query('UPDATE employee SET unit_id = $1 WHERE id = $2', [api.unitIds.SJZ, api.employeeIds.E2]);
    try {
      for (const as of ['E4', 'E3']) {
        const read = await api.call({ url: here, as, token: api.tokens.SJZ });
        expect(read.json().obstacles).toEqual({ open: [], appealableUntil: [], elsewhere: 2, legalHold: false });
        expect([read.body.includes(open), read.body.includes(denied)]).toEqual([false, false]);
      }
      const asked = await api.call({ method: 'POST', url: here, body: { letter: signed }, as: 'E4', token: api.tokens.SJZ });
      expect(asked.json()).toMatchObject({ code: 'ERASURE_REFUSED', params: { open: [], appealable: [], elsewhere: 2, legalHold: 'no' } });
      const own = (await api.call({ url: here, as: 'E2', token: api.tokens.SJZ })).json();
      expect(own.obstacles).toMatchObject({ open: [{ claim: open, state: 'SUBMITTED' }], appealableUntil: [{ claim: denied }], elsewhere: 0 });
    } finally {
      await api.database.query('UPDATE employee SET unit_id = $1 WHERE id = $2', [api.unitIds.BJ, api.employeeIds.E2]);
    }
  });
});

describe('a legal hold', () => {
  test('is placed and lifted by HR or administrators, on others than themselves; and is read by auditors', async () => {
    const made = await hold({});
    expect(made.json()).toMatchObject({ employeeNo: 'E1', claim: null, reason: '诉讼', placedBy: { id: api.employeeIds.E4 }, liftedAt: null });
    expect((await hold({ employeeNo: 'E4' })).json().code).toBe('SECOND_PERSON_REQUIRED');
    expect((await hold({}, 'E1')).json().code).toBe('FORBIDDEN');
    expect((await hold({}, 'E3')).json().code).toBe('FORBIDDEN');
    expect((await hold({ claim: 'YB20261118-99999999' })).json().code).toBe('NOT_FOUND');
    expect((await hold({ employeeNo: 'E404' })).json().code).toBe('EMPLOYEE_UNKNOWN');
    const listed = await api.call({ url: '/v1/legal-holds?employeeNo=E1', as: 'E3' });
    expect(listed.json().items).toMatchObject([{ id: made.json().id }]);
    expect((await api.call({ url: '/v1/legal-holds?employeeNo=E1', as: 'E1' })).json().code).toBe('FORBIDDEN');
    const lift = (as: string) => api.call({ method: 'POST', url: `/v1/legal-holds/${made.json().id}/lift`, as });
    expect((await lift('E3')).json().code).toBe('FORBIDDEN');
    expect((await lift('E4')).json()).toMatchObject({ liftedBy: { id: api.employeeIds.E4 }, liftedAt: '2026-11-18T01:30:00.000Z' });
    expect((await lift('E4')).json().code).toBe('NOT_FOUND');
  });

  test('of another’s claim is none', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) })).json();
    expect((await hold({ claim: number }, 'E2')).json().code).toBe('NOT_FOUND');
  });
});

describe('what was erased', () => {
  beforeAll(async () => {
    const insert = `INSERT INTO erasure (run_id, at, rule, unit_id, count, before, detail) VALUES ($1, now(), $2, $3, $4, now(), $5)`;
    for (const [rule, unit, count] of [
      ['NOTICES', 'SJZ', 3],
      ['NOTICES', 'BJ', 5],
      ['STORED_ANSWERS', null, 7],
      ['MEDICAL_CONTENT', 'SJZ', 1],
    ] as const)
      await api.database.query(insert, [
        randomUUID(),
        rule,
        unit && api.unitIds[unit],
        count,
        JSON.stringify(rule === 'MEDICAL_CONTENT' ? { claims: ['YB20261118-00000001'] } : {}),
      ]);
  });
  const counts = async (url: string, as: string) =>
    (await api.call({ url, as })).json().items.map(({ rule, count }: { rule: string; count: number }) => `${rule} ${count}`);

  test('is read by auditors for their units, newest first, page by page', async () => {
    expect(await counts('/v1/erasures', 'E3')).toEqual(['MEDICAL_CONTENT 1', 'STORED_ANSWERS 7', 'NOTICES 3']);
    expect(await counts('/v1/erasures', 'E2')).toEqual(['MEDICAL_CONTENT 1', 'STORED_ANSWERS 7', 'NOTICES 5', 'NOTICES 3']);
    expect(await counts('/v1/erasures?rule=NOTICES', 'E3')).toEqual(['NOTICES 3']);
    expect(await counts('/v1/erasures?unitCode=SJZ', 'E2')).toEqual(['MEDICAL_CONTENT 1', 'NOTICES 3']);
    const first = (await api.call({ url: '/v1/erasures?limit=2', as: 'E3' })).json();
    expect(first.items[0]).toMatchObject({ unitCode: 'SJZ', claims: ['YB20261118-00000001'], label: { en: expect.stringContaining('Medical') } });
    expect(await counts(`/v1/erasures?limit=2&cursor=${first.nextCursor}`, 'E3')).toEqual(['NOTICES 3']);
    expect((await api.call({ url: '/v1/erasures', as: 'E1' })).json().code).toBe('FORBIDDEN');
    expect((await api.call({ url: '/v1/erasures?unitCode=BJ', as: 'E3' })).statusCode).not.toBe(200);
  });

  test('is written by the job alone', async () => {
    const scoped = api.deps.database.within({ units: [api.unitIds.HQ] });
    await expect(
      scoped.query(`INSERT INTO erasure (run_id, at, rule, count, before) VALUES (gen_random_uuid(), now(), 'NOTICES', 1, now())`),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(scoped.query('DELETE FROM erasure')).rejects.toMatchObject({ code: '42501' });
    await expect(scoped.query(`UPDATE erasure_request SET status = 'DONE', done_at = now()`)).rejects.toMatchObject({ code: '42501' });
  });
});

test('periods are a unit’s to choose within the law, and nowhere beyond', async () => {
  const read = await api.call({ url: '/v1/units/SJZ' });
  const patch = (retention: Record<string, number>) =>
    api.call({ method: 'PATCH', url: '/v1/units/SJZ', body: { settings: { retention } }, headers: { 'if-match': String(read.headers['etag']) } });
  for (const bad of [
    { MEDICAL_CONTENT: 182 },
    { MEDICAL_CONTENT: 1_828 },
    { WEBHOOK_DELIVERIES: 365 },
    { WORKFLOW_COMMANDS: 30 },
    { VOUCHERS: 1 },
    { SESSIONS: 200 },
    { NOTICES: 30.5 },
  ] as Record<string, number>[])
    expect((await patch(bad)).json().code, JSON.stringify(bad)).toBe('VALIDATION_FAILED');
  const answer = await patch({ MEDICAL_CONTENT: 183, NOTICES: 1_096 });
  expect(answer.json().settings).toEqual({ retention: { MEDICAL_CONTENT: 183, NOTICES: 1_096 } });
});

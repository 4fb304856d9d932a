import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordSweep } from '#prisma/queries/sweeps.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

/*
 * The desk over all claims, without Temporal: nothing answers there. 2026-11-18 is a Wednesday, 09:30 in Shanghai. E4 is the operator of the company in Shijiazhuang,
 * E1 (claims) and E3 belong to it; E2 claims in Beijing.
 */
let api: TestApi;
const claims: string[] = [];
let theirs: string;
type Group = { reason: string; key: string; claims: number; overdue: number; oldest: string };
const [NOW, HOUR] = [new Date('2026-11-18T01:30:00.000Z').getTime(), 3_600_000];
const ago = (hours: number): Date => new Date(NOW - hours * HOUR);

beforeAll(async () => {
  api = await startTestApi();
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'operator' });
  const submit = async (employeeNo: string) =>
    (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, documents: [] }) })).json().number;
  for (let count = 0; count < 8; count += 1) claims.push(await submit('E1'));
  theirs = await submit('E2');
  // all of them have been told to Temporal, which is not what this is about
  await api.database.query(`UPDATE workflow_command SET status = 'SENT'`);
});
afterAll(() => api.close());

const change = (number: string | undefined, columns: string, values: readonly unknown[] = []) =>
  api.database.query(`UPDATE claim SET ${columns} WHERE number = $1`, [number, ...values]);
const event = (number: string | undefined, type: string, at: Date) =>
  api.database.query(
    `INSERT INTO claim_event (claim_number, seq, type, from_state, to_state, at, actor, remark) SELECT $1, max(seq) + 1, $2, 'IN_REVIEW', 'IN_REVIEW', $3, '{}', $2 FROM claim_event WHERE claim_number = $1`,
    [number, type, at],
  );
/** `as`: null is the system of head office */
const get = (url: string, as: string | null = 'E4') => api.call({ url, ...(as !== null && { as }) });

describe('what stands still', () => {
  beforeAll(async () => {
    const [review, outage, blocked, held, unknown, retrying, lost, mute] = claims;
    await change(review, `state = 'IN_REVIEW', turn = 'bureau', turn_since = $2, due_at = $3`, [ago(50), ago(2)]);
    await change(outage, `state = 'SENT_TO_BUREAU', turn = 'bureau', turn_since = $2, bureau_outage = true`, [ago(30)]);
    await event(outage, 'BUREAU_OUTAGE', ago(6));
    await change(blocked, `state = 'APPROVED', turn = 'finance', payout_blocked = 'STOPPED'`);
    await event(blocked, 'PAYOUT_BLOCKED', ago(4));
    await change(held, `on_hold = true, turn = 'hr', due_at = $2`, [ago(1)]);
    await event(held, 'HELD', ago(9));
    await change(unknown, `state = 'PAYMENT_IN_PROCESS', turn = 'bank'`);
    await api.database.query(
      `WITH account AS (INSERT INTO bank_account (employee_id, holder_name, account_no, account_no_index, bank_name, bank_code)
         VALUES ($2, 'x', '\\x00', '\\x00', 'x', 'x') RETURNING id),
       decision AS (INSERT INTO decision (claim_number, no, source, source_no, outcome, reasons, lines, funding, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
         VALUES ($1, 1, 'BUREAU', 'D', 'APPROVED', '[]', '[]', '[]', 1, 1, 1, '{}', now(), now()) RETURNING id)
       INSERT INTO payment_instruction (reference, claim_number, decision_id, attempt, amount_fen, account_id, bank_code, status, created_at, sent_at)
       SELECT 'R-1', $1, decision.id, 1, 52600, account.id, 'CIB', 'UNKNOWN', $3, $3 FROM account, decision`,
      [unknown, api.employeeIds.E1, ago(3)],
    );
    await change(retrying, `state = 'SENT_TO_BUREAU', turn = 'system', updated_at = $2`, [ago(10)]);
    await api.database.query(
      `INSERT INTO activity_retry (claim_number, activity, attempt, since, last_failed_at, failure) VALUES
         ($1, 'submitToBureau', 9, $3, $4, '130100: DZ01 TIMEOUT'), ($2, 'submitToBureau', 2, $3, $5, 'GatewayUnavailable')`,
      // the second has moved since its call failed
      [retrying, review, ago(8), ago(1), new Date(0)],
    );
    await api.database.query(
      `INSERT INTO workflow_loss (claim_number, found, since, recovered_at) VALUES ($1, 'TERMINATED', $3, NULL), ($2, 'MISSING', $3, now())`,
      [lost, review, ago(1)],
    );
    await api.database.query(
      `UPDATE notice SET status = CASE WHEN template = 'CLAIM_SUBMITTED' THEN 'UNDELIVERABLE' ELSE status END, last_error = 'nobody to send it to has an address', created_at = $2
       WHERE claim_number = $1`,
      [mute, ago(20)],
    );
    // over, a draft, another branch: none of it is anybody's trouble here
    await change(theirs, `on_hold = true, payout_blocked = 'STOPPED', bureau_outage = true, turn = 'bureau', due_at = $2`, [ago(9)]);
  });

  test('is counted by reason and what tells apart within it, the oldest first, and nothing of another branch', async () => {
    const { groups } = (await get('/v1/operations/stuck')).json();
    const lines = groups.map(({ reason, key, claims: count, overdue, oldest }: Group) => `${reason} ${key} ${count} ${overdue} ${oldest}`);
    expect(lines).toEqual([
      `WAITING_BUREAU 130100 2 1 ${ago(50).toISOString()}`,
      `UNDELIVERABLE email 1 0 ${ago(20).toISOString()}`,
      `ON_HOLD  1 1 ${ago(9).toISOString()}`,
      `RETRYING submitToBureau 1 0 ${ago(8).toISOString()}`,
      `BUREAU_OUTAGE 130100 1 0 ${ago(6).toISOString()}`,
      `PAYOUT_BLOCKED STOPPED 1 0 ${ago(4).toISOString()}`,
      `PAYMENT_UNKNOWN CIB 1 0 ${ago(3).toISOString()}`,
      `OVERDUE bureau 1 1 ${ago(2).toISOString()}`,
      `NO_WORKFLOW TERMINATED 1 0 ${ago(1).toISOString()}`,
      `OVERDUE hr 1 1 ${ago(1).toISOString()}`,
    ]);
    expect(groups[0].label).toEqual({ zh: '石家庄市医疗保障局', en: 'Shijiazhuang bureau' });
    const all = (await get('/v1/operations/stuck', null)).json().groups;
    expect(all.filter(({ key }: { key: string }) => key === 'STOPPED')).toMatchObject([{ claims: 2 }]);
    expect((await get('/v1/operations/stuck?unitCode=BJ')).json().code).toBe('FORBIDDEN');
  });

  test('a claim of which Temporal has not heard for two minutes stands still as well', async () => {
    const [number] = claims;
    const add = (at: Date) =>
      api.database.query(`INSERT INTO workflow_command (claim_number, kind, created_at, attempts, last_error) VALUES ($1, 'START', $2, 3, '14 UNAVAILABLE')`, [
        number,
        at,
      ]);
    const found = async () => (await get('/v1/operations/stuck/claims?reason=NO_WORKFLOW&key=NOT_STARTED')).json().items;
    await add(new Date(NOW - 119_000));
    expect(await found()).toEqual([]);
    await add(new Date(NOW - 121_000));
    expect(await found()).toMatchObject([{ number, failure: '14 UNAVAILABLE', attempt: 3 }]);
    await api.database.query(`UPDATE workflow_command SET status = 'SENT'`);
  });

  test('the list of a reason goes on where its page ended, and a forged position leads nowhere', async () => {
    for (const [index, number] of claims.entries()) await change(number, `turn = 'finance', due_at = $2, closed_at = NULL`, [ago(index + 1)]);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await get(`/v1/operations/stuck/claims?reason=OVERDUE&key=finance&limit=3${query}`)).json();
      seen.push(...page.items.map(({ number }: { number: string }) => number));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(claims.toReversed());
    for (const forged of ['x', Buffer.from('{"since":"1","key":"","number":""}').toString('base64url'), Buffer.from('null').toString('base64url')])
      expect((await get(`/v1/operations/stuck/claims?reason=OVERDUE&cursor=${forged}`)).json().code).toBe('CURSOR_INVALID');
    for (const wrong of [
      'reason=NOTHING',
      'key=x',
      `reason=OVERDUE&key=${'k'.repeat(101)}`,
      'reason=OVERDUE&key=%00',
      "reason=OVERDUE'--",
      'reason=OVERDUE&limit=1e3',
    ])
      expect([wrong, (await get(`/v1/operations/stuck/claims?${wrong}`)).statusCode]).toEqual([wrong, 400]);
  });
});

describe('where Temporal is away', () => {
  const operate = (body: Record<string, unknown>) =>
    api.call({ method: 'POST', url: `/v1/claims/${claims[0]}/operations`, body: { reason: '试试', ...body }, as: 'E4' });

  test('a claim shows what Postgres has of it, and says why there is no more', async () => {
    const answer = (await get(`/v1/claims/${claims[0]}/workflow`)).json();
    expect(answer).toMatchObject({ number: claims[0], temporal: 'UNAVAILABLE', workflow: null, uiUrl: null });
    expect(answer.transitions[0]).toMatchObject({ seq: 1, type: 'CREATED' });
  });

  test('what needs it is refused and leaves nothing behind; a nudge waits in the outbox', async () => {
    const before = await api.countRows();
    for (const body of [{ operation: 'RETRY' }, { operation: 'CANCEL' }, { operation: 'TERMINATE', confirm: claims[0] }, { operation: 'RECOVER' }])
      expect([body.operation, (await operate(body)).json().code]).toEqual([body.operation, 'TEMPORAL_UNAVAILABLE']);
    expect(await api.countRows()).toEqual(before);
    expect((await operate({ operation: 'NUDGE' })).statusCode).toBe(200);
    expect((await api.countRows())['workflow_command']).toBe((before['workflow_command'] ?? 0) + 1);
  });

  test('health says so', async () => {
    const health = (await get('/v1/operations/health')).json();
    expect(health).toMatchObject({ database: 'up', temporal: 'down', queues: [], bureaus: [{ code: '130100', outageSince: null }, { code: '110000' }] });
    expect(health.relays.map(({ name }: { name: string }) => name)).toEqual(['workflow_command', 'notice', 'webhook_delivery']);
    // of all branches: a count says nothing of anybody
    expect(health.relays[0].pending).toBe(1);
    expect(health).toMatchObject({ schedules: [], sweep: null });
    const swept = { endedAt: new Date(NOW - 60_000), looked: 7, recovered: 1, failed: 0 };
    await recordSweep(api.database, swept);
    // a slower worker's is older
    await recordSweep(api.database, { ...swept, endedAt: new Date(NOW - 120_000), looked: 8 });
    expect((await get('/v1/operations/health')).json().sweep).toEqual({ ...swept, endedAt: '2026-11-18T01:29:00.000Z' });
  });
});

describe('what went out', () => {
  test('messages and events in one list, with addresses that can be recognised and not learnt', async () => {
    const number = claims[1];
    await api.call({ method: 'POST', url: '/v1/webhook-endpoints', body: { url: 'https://hr.example.com/hooks/secret-path', unitCode: 'SJZ' } });
    await api.database.query(
      `INSERT INTO webhook_delivery (endpoint_id, claim_number, seq, event, payload, status, attempts, last_error, created_at)
       SELECT id, $1, 7, 'claim.stage_changed', '{}', 'FAILED', 12, 'HTTP 500', '2099-01-01' FROM webhook_endpoint`,
      [number],
    );
    await api.database.query(
      `UPDATE notice SET status = 'FAILED', attempts = 3, last_error = 'smtp EENVELOPE 550 5.1.1 "e1@example.com"' WHERE claim_number = $1`,
      [number],
    );
    const answer = await get(`/v1/operations/deliveries?claimNumber=${number}&status=FAILED`);
    expect(answer.json().items).toMatchObject([
      { kind: 'webhook', channel: 'webhook', what: 'claim.stage_changed', recipient: { kind: 'endpoint', address: 'hr.example.com' }, attempts: 12 },
      {
        kind: 'notice',
        channel: 'email',
        what: 'CLAIM_SUBMITTED',
        recipient: { kind: 'claimant', role: null, address: 'e***@example.com' },
        lastError: 'smtp EENVELOPE 550 5.1.1 ■',
      },
    ]);
    for (const word of ['secret-path', 'e1@example.com']) expect([word, answer.body.includes(word)]).toEqual([word, false]);
    const page = (await get(`/v1/operations/deliveries?claimNumber=${number}&limit=1`)).json();
    const next = (await get(`/v1/operations/deliveries?claimNumber=${number}&limit=1&cursor=${page.nextCursor}`)).json();
    expect([page.items[0].kind, next.items[0].kind]).toEqual(['webhook', 'notice']);
    expect((await get(`/v1/operations/deliveries?claimNumber=${theirs}`)).json().items).toEqual([]);
  });

  test('a message is sent again on an operator’s word, with a reason; not one of another branch', async () => {
    const id = async (number: string | undefined) =>
      (await api.database.query<{ id: number }>('SELECT id FROM notice WHERE claim_number = $1', [number])).rows[0]?.id ?? 0;
    const resend = (notice: number | string, body: unknown, as = 'E4') => api.call({ method: 'POST', url: `/v1/notices/${notice}/resend`, body, as });
    const ours = await id(claims[1]);
    expect((await resend(ours, {})).statusCode).toBe(400);
    expect((await resend(ours, { reason: '邮箱已更正' }, 'E1')).json().code).toBe('FORBIDDEN');
    expect((await resend(await id(theirs), { reason: '邮箱已更正' })).json().code).toBe('NOT_FOUND');
    expect((await resend('0', { reason: 'x' })).statusCode).toBe(404);
    expect((await resend(ours, { reason: '邮箱已更正' })).json()).toEqual({ id: String(ours), claimNumber: claims[1], status: 'PENDING' });
    const { rows } = await api.database.query('SELECT status, attempts, last_error AS "lastError" FROM notice WHERE id = $1', [ours]);
    expect(rows).toEqual([{ status: 'PENDING', attempts: 0, lastError: null }]);
    const { rows: entries } = await api.database.query(`SELECT detail FROM audit_entry WHERE action = 'notice-resent'`);
    expect(entries).toEqual([{ detail: { notice: ours, reason: '邮箱已更正' } }]);
  });
});

describe('what everybody is told', () => {
  const fail = (code: string, { failures = 5, since = ago(1), last = new Date(NOW - 60_000) } = {}) =>
    api.database.query(
      `INSERT INTO gateway_health (code, failing_since, last_failure_at, failures, last_failure) VALUES ($1, $2, $3, $4, 'TIMEOUT')
       ON CONFLICT (code) DO UPDATE SET failing_since = $2, last_failure_at = $3, failures = $4`,
      [code, since, last, failures],
    );
  const told = async (as: string | null) => (await get('/v1/outages', as)).json().items.map(({ text }: { text: { zh: string } }) => text.zh);
  // 08:30 in Shanghai
  const OURS = '石家庄市医疗保障局系统中断，自 08:30 起；您的申请不受影响，恢复后自动提交。';

  test('a bureau that does not answer, to those whom it insures and to those who look after others', async () => {
    await fail('130100');
    expect(await told('E1')).toEqual([OURS]);
    expect(await told('E4')).toEqual([OURS]);
    expect(await told('E2')).toEqual([]);
    expect(await told(null)).toEqual([OURS]);
    await api.database.query('UPDATE gateway_health SET failing_since = $1', [new Date('2026-11-16T23:05:00Z')]);
    expect(await told('E1')).toEqual(['石家庄市医疗保障局系统中断，自 11月17日 07:05 起；您的申请不受影响，恢复后自动提交。']);
  });

  test.each([
    ['a hiccup', { failures: 2 }],
    ['a moment', { since: new Date(NOW - 119_000) }],
    ['what nobody has tried for a quarter of an hour', { last: new Date(NOW - 15 * 60_000) }],
  ])('%s is no outage', async (_, health) => {
    await fail('130100', health);
    expect(await told('E1')).toEqual([]);
  });

  test('an announcement counts from its beginning to its end, below its unit, and is audited with its reason', async () => {
    await api.database.query('DELETE FROM gateway_health');
    const announce = (body: Record<string, unknown>, as = 'E4') =>
      api.call({
        method: 'POST',
        url: '/v1/announcements',
        body: {
          unitCode: 'SJZ',
          text: { zh: '今晚 22 点起维护', en: 'Maintenance from 22:00' },
          endsAt: new Date(NOW + HOUR).toISOString(),
          reason: '升级',
          ...body,
        },
        as,
      });
    expect((await announce({}, 'E1')).json().code).toBe('FORBIDDEN');
    expect((await announce({ unitCode: 'BJ' })).json().code).toBe('FORBIDDEN');
    expect((await announce({ unitCode: 'HQ' })).json().code).toBe('FORBIDDEN');
    expect((await announce({ endsAt: ago(1).toISOString() })).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await announce({ startsAt: new Date(NOW + 2 * HOUR).toISOString() })).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await announce({ text: { zh: '只有中文' } })).statusCode).toBe(400);
    const made = (await announce({})).json();
    expect(await told('E1')).toEqual(['今晚 22 点起维护']);
    expect(await told('E2')).toEqual([]);
    expect((await get('/v1/announcements')).json().items).toEqual([made]);

    api.time.now = new Date(NOW + HOUR);
    expect(await told('E1')).toEqual([]);
    api.time.now = new Date(NOW);
    const end = (id: string) => api.call({ method: 'POST', url: `/v1/announcements/${id}/end`, body: { reason: '提前完成' }, as: 'E4' });
    expect((await end(made.id)).json()).toMatchObject({ endedBy: { id: api.employeeIds.E4 }, endedAt: new Date(NOW).toISOString() });
    expect((await end(made.id)).json().code).toBe('NOT_FOUND');
    expect(await told('E1')).toEqual([]);
    const { rows } = await api.database.query(`SELECT action, detail ->> 'reason' AS reason FROM audit_entry WHERE action LIKE 'announcement-%' ORDER BY id`);
    expect(rows).toEqual([
      { action: 'announcement-made', reason: '升级' },
      { action: 'announcement-ended', reason: '提前完成' },
    ]);
  });
});

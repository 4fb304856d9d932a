import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, Tx } from '#prisma/database.ts';
import { findAnswer, storeAnswer, type RequestName } from '#prisma/queries/idempotency.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
/** What the next transaction meets on its way. */
const faults: { beforeStatement?: ((text: string) => Promise<void>) | undefined; afterCommit?: (() => void) | undefined } = {};

beforeAll(async () => {
  api = await startTestApi({ poolSize: 20, wrapDatabase: withFaults });
});
afterAll(() => api?.close());

function withFaults(database: Database): Database {
  return {
    ...database,
    within(scope) {
      const scoped = database.within(scope);
      return {
        ...{ prisma: scoped.prisma, query: scoped.query, vault: scoped.vault },
        async write(work) {
          const { beforeStatement, afterCommit } = faults;
          const result = await scoped.write((tx) => work(beforeStatement ? intercepted(tx, beforeStatement) : tx));
          afterCommit?.();
          return result;
        },
      };
    },
  };
}

const intercepted = (tx: Tx, before: (text: string) => Promise<void>): Tx => ({
  vault: tx.vault,
  async query(text, values) {
    await before(text);
    return tx.query(text, values);
  },
});

const submit = (body: unknown, key: string | null, call: { token?: string; as?: string } = {}) =>
  api.call({ method: 'POST', url: '/v1/claims', body, key, ...call });
const isCreate = (text: string) => text.includes('INSERT INTO claim (');

describe('one request, however often it is sent', () => {
  test('50 at once give one claim, and each answer is that claim or "in flight"', async () => {
    const before = await api.countRows();
    const body = claimBody();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => submit(body, key)));
    const made = answers.filter((answer) => answer.statusCode === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map((answer) => answer.body)).size).toBe(1);
    for (const answer of answers.filter((each) => each.statusCode !== 201)) {
      expect(answer.json()).toMatchObject({ status: 409, code: 'REQUEST_IN_FLIGHT', retryable: true });
      expect(answer.headers['retry-after']).toBe('1');
    }
    const after = await api.countRows();
    for (const table of ['claim', 'claim_event', 'audit_entry', 'notice', 'workflow_command', 'idempotency_key', 'claim_invoice']) {
      expect([table, (after[table] ?? 0) - (before[table] ?? 0)]).toEqual([table, 1]);
    }
    const later = await submit(body, key);
    expect([later.statusCode, later.body]).toEqual([201, made[0]?.body]);
    expect(later.headers).toMatchObject({ 'idempotent-replayed': 'true', etag: '"1"', location: made[0]?.headers['location'] });
    expect(made.filter((answer) => answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  });

  test('the second hears 409 while the first is on its way, and the answer afterwards', async () => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    faults.beforeStatement = async (text) => {
      if (!isCreate(text)) return;
      reached.resolve();
      await gate.promise;
    };
    const body = claimBody();
    const key = randomUUID();
    const first = submit(body, key);
    await reached.promise;
    faults.beforeStatement = undefined;
    expect((await submit(body, key)).json().code).toBe('REQUEST_IN_FLIGHT');
    // another key is another request
    expect((await submit(claimBody(), randomUUID())).statusCode).toBe(201);
    gate.resolve();
    expect((await first).statusCode).toBe(201);
    expect((await submit(body, key)).body).toBe((await first).body);
  });

  test('the order of properties, spaces and defaults left out do not make another request; a value, a person or a caller does', async () => {
    const body = claimBody();
    const key = randomUUID();
    const first = await submit(body, key);
    const reversed = Object.fromEntries(Object.entries(body).toReversed());
    expect((await submit(JSON.stringify(reversed, null, 2), key)).body).toBe(first.body);
    for (const other of [
      { ...body, kind: 'EMERGENCY' },
      { ...body, lines: (body['lines'] as unknown[]).toReversed() },
    ]) {
      const answer = await submit(other, key);
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    }
    expect((await submit(body, key, { as: 'E1' })).json().code).toBe('IDEMPOTENCY_KEY_REUSED');
    const elsewhere = await submit(body, key, { token: api.tokens['SJZ-01'] });
    expect(elsewhere.statusCode).toBe(201);
    expect(elsewhere.json().number).not.toBe(first.json().number);
  });

  test('refusals are not kept: what was refused may be mended under the same key', async () => {
    const key = randomUUID();
    expect((await submit(claimBody({ employeeNo: 'E404' }), key)).json().code).toBe('EMPLOYEE_UNKNOWN');
    expect((await submit(claimBody(), key)).statusCode).toBe(201);
  });

  test('the answer stays as it was when the claim has moved on', async () => {
    const body = claimBody();
    const key = randomUUID();
    const first = await submit(body, key);
    await api.database.query(`UPDATE claim SET state = 'IN_REVIEW', seq = 4 WHERE number = $1`, [first.json().number]);
    const again = await submit(body, key);
    expect([again.body, again.headers['etag']]).toEqual([first.body, '"1"']);
  });

  test.each([[null], [''], ['with space'], ['ключ'], ['k'.repeat(256)]])('the key %j is refused', async (key) => {
    const before = await api.countRows();
    const answer = await submit(claimBody(), key === 'ключ' ? Buffer.from(key).toString('latin1') : key);
    expect([answer.statusCode, answer.json().code]).toEqual([400, key === null ? 'IDEMPOTENCY_KEY_MISSING' : 'VALIDATION_FAILED']);
    expect(await api.countRows()).toEqual(before);
  });

  test('the look-up that is older than the lock: the primary key says who was first', async () => {
    const body = claimBody();
    const key = randomUUID();
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    // as if the other had committed between our look-up and our lock: it holds no lock of ours, but its row is there when we store
    faults.beforeStatement = async (text) => {
      if (!text.includes('INSERT INTO idempotency_key')) return;
      reached.resolve();
      await gate.promise;
    };
    const slow = submit(body, key);
    await reached.promise;
    faults.beforeStatement = undefined;
    const quick = await submit(body, randomUUID());
    const { rows } = await api.database.query<RequestName>(
      `SELECT caller_id AS "callerId", route, key FROM idempotency_key WHERE headers->>'location' = '/v1/claims/' || $1`,
      [quick.json().number],
    );
    const [kept] = rows;
    const answer = kept && (await findAnswer(api.database, kept));
    if (!answer) throw new Error('the quick one left no answer');
    await api.database.write((tx) => storeAnswer(tx, { ...kept, ...answer, key }));
    const claims = (await api.countRows())['claim'];
    gate.resolve();
    const late = await slow;
    expect([late.statusCode, late.body, late.headers['idempotent-replayed']]).toEqual([201, quick.body, 'true']);
    expect((await api.countRows())['claim']).toBe(claims);
  });
});

describe('when the connection dies', () => {
  test.each(['INSERT INTO claim (', 'INSERT INTO idempotency_key'])('before %s: 503, nothing is there, and the same key makes the claim', async (statement) => {
    const before = await api.countRows();
    const body = claimBody();
    const key = randomUUID();
    faults.beforeStatement = async (text) => {
      if (!text.includes(statement)) return;
      const { rows } = await api.database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND application_name = 'daozhang'`,
      );
      for (const { pid } of rows) await api.database.query('SELECT pg_terminate_backend($1)', [pid]);
    };
    const answer = await submit(body, key);
    faults.beforeStatement = undefined;
    expect([answer.statusCode, answer.json().code, answer.json().retryable]).toEqual([503, 'DATABASE_UNAVAILABLE', true]);
    expect(await api.countRows()).toEqual(before);
    expect((await submit(body, key)).statusCode).toBe(201);
    expect((await api.countRows())['claim']).toBe((before['claim'] ?? 0) + 1);
  });

  test('after the commit and before the answer: 503, and the same key gives the answer that nobody heard', async () => {
    const before = await api.countRows();
    const body = claimBody();
    const key = randomUUID();
    faults.afterCommit = () => {
      throw new Error('Connection terminated unexpectedly');
    };
    const answer = await submit(body, key);
    faults.afterCommit = undefined;
    expect(answer.json().code).toBe('DATABASE_UNAVAILABLE');
    const again = await submit(body, key);
    expect([again.statusCode, again.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect((await api.countRows())['claim']).toBe((before['claim'] ?? 0) + 1);
  });
});

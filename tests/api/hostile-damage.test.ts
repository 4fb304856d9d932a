import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokenRules } from '#dev/fuzz/invariants.ts';
import { claimBody, startTestApi, type TestApi } from './support.ts';

/** What the fuzzer asks the database afterwards: it must see what is left half done. */
let api: TestApi;
let client: pg.Client;
let number: string;
beforeAll(async () => {
  api = await startTestApi();
  client = new pg.Client({ connectionString: api.databaseUrl });
  await client.connect();
  number = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json().number;
  await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true }) });
});
afterAll(async () => {
  await client?.end();
  await api?.close();
});

test('what the API stores breaks no rule', async () => {
  expect(await brokenRules(client)).toEqual([]);
});

test.each([
  ['a claim without its first event', `DELETE FROM claim_event WHERE claim_number = $1`],
  ['a claim whose number of events is not its sequence', `UPDATE claim SET seq = 2 WHERE number = $1`],
  ['a claim in another state than its last event says', `UPDATE claim SET state = 'PAID' WHERE number = $1`],
  ['a claim whose lines do not add up to what was submitted', `DELETE FROM claim_line WHERE claim_number = $1 AND line_no = 2`],
  ['a claim whose invoices do not add up to what was submitted', `DELETE FROM claim_invoice WHERE claim_number = $1`],
  ['a claim that was submitted, and no single command to start its workflow', `DELETE FROM workflow_command WHERE claim_number = $1`],
  ['an event without its audit row', `DELETE FROM audit_entry WHERE claim_number = $1`],
  ['a claim that no kept answer tells of', `DELETE FROM idempotency_key WHERE headers->>'location' = '/v1/claims/' || $1`],
  ['a refusal kept as an answer', `UPDATE idempotency_key SET status = 422 WHERE headers->>'location' = '/v1/claims/' || $1`],
])('%s is seen', async (name, damage) => {
  await client.query('BEGIN');
  // past the triggers that refuse it: what is tested is that damage would be seen
  await client.query('SET LOCAL session_replication_role = replica');
  const { rowCount } = await client.query(damage, [number]);
  expect(rowCount).toBeGreaterThan(0);
  expect((await brokenRules(client)).map((line) => line.split(':')[0])).toContain(name);
  await client.query('ROLLBACK');
});

test('an answer for a claim that is not there is seen', async () => {
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO idempotency_key (caller_id, route, key, fingerprint, status, body, headers)
     VALUES ('x', 'POST /v1/claims', $1, '', 201, '', '{"location":"/v1/claims/YB20261118-99999999"}')`,
    [randomUUID()],
  );
  expect((await brokenRules(client)).map((line) => line.split(':')[0])).toEqual(['an answer kept for a claim that is not there']);
  await client.query('ROLLBACK');
});

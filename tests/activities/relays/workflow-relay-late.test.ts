import { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nextReturnWorkflowId } from '#activities/relays/workflow-relay.ts';
import { createRelayBench, type RelayBench } from './relay-bench.ts';

let bench: RelayBench;

beforeAll(async () => {
  bench = await createRelayBench();
});
afterEach(() => bench.stopRelays());
afterAll(() => bench.close());

test('a signal to a claim that Temporal never heard of starts it', async () => {
  bench.startRelay();
  const number = await bench.newClaim();
  await bench.decision(number, 'M1');
  await bench.settled(number);
  expect(await bench.told(`claim/${number}`)).toEqual([number, 'M1']);
});

test('a claim that is open in Postgres and dead in Temporal is started again, and hears the signal', async () => {
  bench.startRelay();
  const number = await bench.newClaim();
  await bench.start(number);
  await bench.settled(number);
  const runId = await bench.runIdOf(`claim/${number}`);
  await bench.handle(`claim/${number}`).terminate('lost');
  await bench.decision(number, 'M1');
  await bench.settled(number);
  expect(await bench.told(`claim/${number}`)).toEqual([number, 'M1']);
  expect(await bench.runIdOf(`claim/${number}`)).not.toBe(runId);
});

test('a message for a closed claim is ignored and leaves an audit entry', async () => {
  bench.startRelay();
  const number = await bench.newClaim({ state: 'WITHDRAWN', closed: true });
  await bench.decision(number, 'M1');
  await bench.settled(number);
  expect(await bench.commandsOf(number)).toEqual([{ status: 'IGNORED', attempts: 1, lastError: 'the claim is closed' }]);
  const { rows } = await bench.database.query<{ action: string; detail: object }>(`SELECT action, detail FROM audit_entry WHERE claim_number = $1`, [number]);
  expect(rows).toEqual([
    { action: 'late-message', detail: expect.objectContaining({ signal: 'bureauDecision', payload: { source: '130100', messageId: 'M1' } }) },
  ]);
  await expect(bench.handle(`claim/${number}`).describe()).rejects.toThrow(/not found/i);
});

test('a claim that closes just before its signal arrives: ignored, not started again', async () => {
  const number = await bench.newClaim();
  await bench.start(number);
  bench.startRelay();
  await bench.settled(number);
  await bench.finish(`claim/${number}`);
  const runId = await bench.runIdOf(`claim/${number}`);
  // The relay reads the claim as open; the claim closes before the call.
  const closing = delayedClient(async () => {
    await bench.database.query(`UPDATE claim SET closed_at = now() WHERE number = $1`, [number]);
  });
  await bench.stopRelays();
  bench.startRelay({ client: closing });
  await bench.decision(number, 'M1');
  await bench.settled(number);
  expect((await bench.commandsOf(number)).map(({ status }) => status)).toEqual(['SENT', 'IGNORED']);
  expect(await bench.runIdOf(`claim/${number}`)).toBe(runId);
});

describe('money that comes back after the end', () => {
  async function closedClaim(): Promise<string> {
    const number = await bench.newClaim();
    await bench.start(number);
    await bench.settled(number);
    await bench.finish(`claim/${number}`);
    await bench.database.query(`UPDATE claim SET state = 'PAID', closed_at = now() WHERE number = $1`, [number]);
    return number;
  }

  async function giveBack(number: string, reference: string): Promise<void> {
    await bench.database.query(
      `INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, result)
       VALUES ('CIB', $1, $1, 'RETURN', 52600, now(), 'MATCHED')`,
      [reference],
    );
    await bench.signal(number, 'paymentNews', { reference });
  }

  const workflowIdOf = async (number: string) =>
    (await bench.database.query<{ id: string }>(`SELECT workflow_id AS id FROM claim WHERE number = $1`, [number])).rows[0]?.id;

  test('goes on in a workflow of its own, each time in a new one', async () => {
    bench.startRelay();
    const number = await closedClaim();
    for (const k of [1, 2]) {
      await giveBack(number, `R${k}-${number}`);
      await bench.settled(number);
      const workflowId = `claim/${number}/return/${k}`;
      expect(await bench.told(workflowId)).toEqual([number, `R${k}-${number}`]);
      expect(await workflowIdOf(number)).toBe(workflowId);
      await bench.finish(workflowId);
    }
  });

  test('goes to the last workflow while that still listens', async () => {
    bench.startRelay();
    const number = await bench.newClaim();
    await bench.start(number);
    await bench.settled(number);
    await bench.database.query(`UPDATE claim SET state = 'PAID', closed_at = now() WHERE number = $1`, [number]);
    await giveBack(number, `R1-${number}`);
    await bench.settled(number);
    expect(await bench.told(`claim/${number}`)).toEqual([number, `R1-${number}`]);
    expect(await workflowIdOf(number)).toBe(`claim/${number}`);
  });

  test('a relay that died before it started the new workflow, or before it marked the command: there is one workflow all the same', async () => {
    bench.startRelay();
    for (const started of [false, true]) {
      const number = await closedClaim();
      const workflowId = `claim/${number}/return/1`;
      await bench.database.query(`UPDATE claim SET workflow_id = $2 WHERE number = $1`, [number, workflowId]);
      if (started) await bench.client.workflow.start('claim', { workflowId, taskQueue: bench.temporal.taskQueue, args: [{ claimNumber: number }] });
      await giveBack(number, `R1-${number}`);
      await bench.settled(number);
      expect(await bench.told(workflowId)).toEqual([number, `R1-${number}`]);
      expect(await workflowIdOf(number)).toBe(workflowId);
    }
  });
});

test('payment news of a closed claim that is no return is ignored', async () => {
  bench.startRelay();
  const number = await bench.newClaim({ state: 'PAID', closed: true });
  await bench.signal(number, 'paymentNews', { reference: 'R-unknown' });
  await bench.settled(number);
  expect((await bench.commandsOf(number)).map(({ status }) => status)).toEqual(['IGNORED']);
});

test('a command for a claim that does not exist is ignored', async () => {
  bench.startRelay();
  await bench.start('YB20261118-99999999');
  await bench.settled('YB20261118-99999999');
  expect(await bench.commandsOf('YB20261118-99999999')).toEqual([{ status: 'IGNORED', attempts: 1, lastError: 'no such claim' }]);
});

test('workflow ids of returns count up', () => {
  expect(nextReturnWorkflowId('YB1', 'claim/YB1')).toBe('claim/YB1/return/1');
  expect(nextReturnWorkflowId('YB1', 'claim/YB1/return/9')).toBe('claim/YB1/return/10');
  expect(nextReturnWorkflowId('YB1', 'claim/YB1/appeal/2')).toBe('claim/YB1/return/1');
});

/** The real client, but something happens before each call. */
function delayedClient(before: () => Promise<void>): Client {
  return new Client({
    connection: bench.connection,
    namespace: bench.temporal.namespace,
    interceptors: {
      workflow: [
        {
          async signalWithStart(input, next) {
            await before();
            return next(input);
          },
        },
      ],
    },
  });
}

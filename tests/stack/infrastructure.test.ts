import { rmSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { DataDirInUseError } from '#dev/stack/data-lock.ts';
import { freePort } from '#dev/stack/ports.ts';
import { processIdentity } from '#dev/stack/process-identity.ts';
import { startInfrastructure } from '#dev/stack/stack.ts';
import { startTemporalServer } from '#dev/stack/temporal-server.ts';
import { findTemporalBinary } from '#dev/stack/temporal-binary.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { makePayloadKeys } from '#tests/setup/payload-keys.ts';

const dataDir = temporaryDataDir();
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test('the stack keeps rows and workflows between runs, survives a killed Temporal, and lets nobody else in', async () => {
  const ports = { postgres: await freePort(), temporal: await freePort(), temporalUi: await freePort(), smtp: await freePort(), mail: await freePort() };
  const first = await startInfrastructure({ dataDir, ports, env: {} });
  await expect(startInfrastructure({ dataDir, ports, env: {} })).rejects.toThrow(DataDirInUseError);
  const sequence = async (databaseUrl: string) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query("select nextval('claim_number_seq')::int as value");
    await client.end();
    return (rows as { value: number }[])[0]?.value;
  };
  expect(await sequence(first.databaseUrl)).toBe(1);
  const temporal = first.temporalServer;
  if (temporal === undefined) throw new Error('no server of our own');
  const connection = Connection.lazy({ address: first.temporal.address });
  const workflow = new Client({ connection }).workflow;
  await workflow.start('claim', { workflowId: 'claim/1', taskQueue: 'nobody', args: [] });
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 60 * 60);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  const [keyword, int] = [2, 3];
  expect(customAttributes).toMatchObject({ ClaimState: keyword, UnitCode: keyword, Region: keyword, EscalationLevel: int });

  await temporal.kill();
  const { path: binary } = await findTemporalBinary('temporal');
  await startTemporalServer({ binary, dataDir, port: ports.temporal, uiPort: false });
  expect((await workflow.getHandle('claim/1').describe()).status.name).toBe('RUNNING');
  await first.stop();
  expect(processIdentity(first.postgres.pid)).toBeUndefined();

  const second = await startInfrastructure({ dataDir, ports, env: {} });
  expect(await sequence(second.databaseUrl)).toBe(2);
  expect((await workflow.getHandle('claim/1').describe()).status.name).toBe('RUNNING');
  await connection.close();
  await second.stop();
});

test('a client of ours is made while Temporal is away, and says so when it is asked', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const temporal = connectTemporal({ address, namespace: 'default', taskQueue: 'claims', apiKey: undefined, tls: undefined }, makePayloadKeys());
  await expect(temporal.ping(300)).rejects.toThrow();
  await temporal.close();
});

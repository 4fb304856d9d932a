import { randomUUID } from 'node:crypto';
import type { ConnectionPlugin } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';
import { findTemporalBinary } from '#dev/stack/temporal-binary.ts';
import { encryptingConverter, type PayloadKeys } from '#platform/payload-codec.ts';
import { addSearchAttributes, claimSearchAttributes, prepareNamespace } from '#dev/stack/temporal-namespace.ts';

export type TestTemporal = {
  address: string;
  /** A namespace of its own, with the product's search attributes. */
  namespace: string;
  taskQueue: string;
};

/** A corner of the run's Temporal server that no other test sees. */
export async function createTestNamespace(): Promise<TestTemporal> {
  const address = inject('temporalAddress');
  const id = randomUUID();
  const namespace = `test-${id}`;
  await prepareNamespace({ address, namespace, retentionDays: 1, searchAttributes: claimSearchAttributes });
  return { address, namespace, taskQueue: `claims-${id}` };
}

/**
 * This server hangs up on who asks whether it is alive more often than every five minutes, in the middle of whatever is under way; a call to move its clock that
 * is lost so leaves the clock standing for good.
 */
const withoutPings: ConnectionPlugin = {
  name: 'without-pings',
  configureConnection: (options) => ({ ...options, channelArgs: { ...options.channelArgs, 'grpc.keepalive_time_ms': 60 * 60_000 } }),
};

/**
 * A server of its own whose clock jumps over waiting: one for each test, as its clock can be far ahead afterwards, and
 * dates come from `environment.currentTimeMs()`. The caller calls `teardown()`. It knows no lists, schedules or resets.
 */
export async function createTimeSkippingEnvironment(payloads: PayloadKeys): Promise<TestWorkflowEnvironment> {
  const { path } = await findTemporalBinary('temporal-test-server', { report: (line) => console.log(line) });
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
    client: { dataConverter: encryptingConverter(payloads) },
    plugins: [withoutPings],
  });
  // Without them an upsert in a workflow would loop for ever on this server.
  await addSearchAttributes({
    connection: environment.connection,
    namespace: environment.namespace ?? 'default',
    searchAttributes: claimSearchAttributes,
  });
  return environment;
}

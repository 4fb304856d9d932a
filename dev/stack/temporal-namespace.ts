import { setTimeout as delay } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import type { SearchAttributeType } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { CLAIM_STATE, ESCALATION_LEVEL, REGION, UNIT_CODE } from '#workflows/claim.messages.ts';

/** Keys as `defineSearchAttributeKey` makes them. */
export type SearchAttributes = readonly { name: string; type: SearchAttributeType }[];

/** What operators look claims up by. */
export const claimSearchAttributes: SearchAttributes = [CLAIM_STATE, UNIT_CODE, REGION, ESCALATION_LEVEL];

const grpcInvalidArgument = 3;
const grpcNotFound = 5;
const grpcAlreadyExists = 6;

/**
 * Makes a namespace with its retention and search attributes, or brings one that exists up to them, and waits until
 * the server knows them: it reads both from a cache that is a few seconds behind.
 */
export async function prepareNamespace(options: {
  address: string;
  namespace: string;
  /** For how many days closed workflows stay readable; undefined takes a namespace that is there as it is. */
  retentionDays?: number;
  searchAttributes: SearchAttributes;
}): Promise<void> {
  const { address, namespace, retentionDays, searchAttributes } = options;
  const connection = Connection.lazy({ address });
  const { workflowService, operatorService } = connection;
  try {
    if (retentionDays !== undefined) {
      const retention = msToTs(`${retentionDays} days`);
      await tolerate(grpcAlreadyExists, () => workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }));
      await known(() => workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } }));
    }
    const present = await known(() => operatorService.listSearchAttributes({ namespace }));
    const missing = searchAttributes.filter(({ name }) => present.customAttributes?.[name] === undefined);
    if (missing.length > 0) await addSearchAttributes({ connection, namespace, searchAttributes: missing });
    for (const { name } of searchAttributes) {
      await known(() => workflowService.countWorkflowExecutions({ namespace, query: `${name} IS NULL` }));
    }
  } finally {
    await connection.close();
  }
}

/** Registers attributes that the namespace does not have yet. */
export async function addSearchAttributes(options: { connection: Connection; namespace: string; searchAttributes: SearchAttributes }): Promise<void> {
  const { connection, namespace, searchAttributes } = options;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      searchAttributes.flatMap(({ name, type }) => {
        const encoded = encodeSearchAttributeIndexedValueType(type);
        return encoded === undefined ? [] : [[name, encoded]];
      }),
    ),
  });
}

async function tolerate(code: number, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== code) throw error;
  }
}

/** Asks again for as long as the server does not know the namespace or the attribute that it has just been given. */
async function known<T>(call: () => Promise<T>): Promise<T> {
  const bound = Date.now() + 60_000;
  while (true) {
    try {
      return await call();
    } catch (error) {
      const unknown = isGrpcServiceError(error) && (error.code === grpcNotFound || error.code === grpcInvalidArgument);
      if (!unknown || Date.now() > bound) throw error;
      await delay(100);
    }
  }
}

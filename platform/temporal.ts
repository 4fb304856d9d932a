import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { TemporalConfig } from './config.ts';
import { encryptingConverter, type PayloadKeys } from './payload-codec.ts';

export type TemporalClient = {
  client: Client;
  connection: Connection;
  /** Resolves when the workflow service answers within `withinMs` (default 2 s); rejects when it does not. */
  ping(withinMs?: number): Promise<void>;
  close(): Promise<void>;
};

/**
 * A client that connects with its first call, so that a process starts, and accepts what needs no Temporal, while
 * Temporal is away. What it sends is sealed under `payloads`. Throws only when a TLS file cannot be read.
 */
export function connectTemporal(config: TemporalConfig, payloads: PayloadKeys): TemporalClient {
  const connection = Connection.lazy(connectionOptions(config));
  return {
    connection,
    client: new Client({ connection, namespace: config.namespace, dataConverter: encryptingConverter(payloads) }),
    async ping(withinMs = 2_000) {
      await connection.withDeadline(Date.now() + withinMs, () => connection.workflowService.getSystemInfo({}));
    },
    close: () => connection.close(),
  };
}

/** Where and how to connect, as both the client and the worker of the SDK take it. Reads the TLS files. */
export function connectionOptions({ address, apiKey, tls }: TemporalConfig) {
  return {
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls: tlsFrom(tls) }),
  };
}

function tlsFrom({ caFile, certFile, keyFile }: NonNullable<TemporalConfig['tls']>) {
  return {
    ...(caFile === undefined ? {} : { serverRootCACertificate: readFileSync(caFile) }),
    ...(certFile === undefined || keyFile === undefined ? {} : { clientCertPair: { crt: readFileSync(certFile), key: readFileSync(keyFile) } }),
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalConfig } from './config.ts';
import { connectionOptions } from './temporal.ts';

/**
 * A worker's connection. A worker has nothing to do while Temporal is away, so this tries until it is there; `onWait`
 * hears of every try that failed, and `signal` gives up. Apart from the client, so that the API does not load the
 * worker's native part.
 */
export async function connectWorker(
  config: TemporalConfig,
  options: { onWait?: (error: unknown) => void; signal?: AbortSignal } = {},
): Promise<NativeConnection> {
  const { onWait, signal } = options;
  while (true) {
    signal?.throwIfAborted();
    try {
      return await NativeConnection.connect(connectionOptions(config));
    } catch (error) {
      onWait?.(error);
    }
    await delay(1_000, undefined, signal === undefined ? {} : { signal });
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient, type ApiClient } from './client.ts';
import { bootstrap, seedDirectory } from './seed.ts';
import { WATCHABLE_WORLD, startProduct, type Product } from './stack/product.ts';
import { startInfrastructure, type Infrastructure } from './stack/stack.ts';

export type RunningStack = { infrastructure: Infrastructure; product: Product; api: ApiClient; token: string; stop(): Promise<void> };

/** Everything on this machine: PostgreSQL, Temporal, mail catcher, simulators, API, worker, and a directory of sample people. */
export async function runStack(options: { dataDir: string; report: (line: string) => void }): Promise<RunningStack> {
  const { report } = options;
  const infrastructure = await startInfrastructure(options);
  // absolute: the paths of secrets go into a file that is read from elsewhere
  const { dataDir } = infrastructure;
  try {
    const token = await bootstrap({ databaseUrl: infrastructure.databaseUrl, dataDir });
    const product = await startProduct({
      ...{ dataDir, databaseUrl: infrastructure.databaseUrl, temporal: infrastructure.temporal, smtpUrl: infrastructure.mail.smtpUrl },
      ...{ world: WATCHABLE_WORLD, apiPort: 8_080, report },
    });
    const api = createApiClient({ url: product.apiUrl, token });
    report('registering units and people');
    await seedDirectory(api);
    return { infrastructure, product, api, token, stop: () => infrastructure.stop() };
  } catch (error) {
    await infrastructure.stop();
    throw error;
  }
}

/** Asks until `probe` answers with something. Throws, with `what`, when it has not within two minutes. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, withinMs = 120_000): Promise<T> {
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(100)) {
    const answer = await probe();
    if (answer !== undefined) return answer;
  }
  throw new Error(`gave up waiting for ${what}`);
}

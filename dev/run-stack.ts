import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient, type ApiClient } from './client.ts';
import { buildConsole } from './console/build.ts';
import { bootstrap, seedDirectory, seedMachine, SIGN_IN_PEOPLE } from './seed.ts';
import { MACHINE_CLIENT_ID, startIdentityProvider, type StackIdentity } from './stack/identity-provider.ts';
import { takePort } from './stack/ports.ts';
import { WATCHABLE_WORLD, startProduct, type Product, type World } from './stack/product.ts';
import type { Person } from './identity/people.ts';
import { startInfrastructure, type Infrastructure, type Ports } from './stack/stack.ts';

export type RunningStack = { infrastructure: Infrastructure; product: Product; identity: StackIdentity; api: ApiClient; token: string; stop(): Promise<void> };

/** Everything on this machine: PostgreSQL, Temporal, mail catcher, identity provider, simulators, API with its pages, worker, and a directory of sample people. */
export async function runStack(options: {
  dataDir: string;
  report: (line: string) => void;
  world?: World;
  /** those that are not the usual ones */
  ports?: Partial<Ports & { api: number; identity: number }>;
  inMemoryTemporal?: boolean;
  /** who can sign in beside the people of the directory */
  morePeople?: readonly Person[];
}): Promise<RunningStack> {
  const { report, world = WATCHABLE_WORLD, ports = {}, morePeople = [] } = options;
  await buildConsole({ report });
  // known before Temporal is started, whose pages ask the API to show what payloads hold
  const apiPort = await takePort({ preferred: ports.api ?? 8_080, purpose: 'API', report });
  const infrastructure = await startInfrastructure({ ...options, ports, codecEndpoint: `http://127.0.0.1:${apiPort}/v1/codec` });
  // absolute: the paths of secrets go into a file that is read from elsewhere
  const { dataDir } = infrastructure;
  try {
    const token = await bootstrap({ databaseUrl: infrastructure.databaseUrl, dataDir });
    report('starting the identity provider (development only)');
    const identity = await startIdentityProvider({
      dataDir,
      publicUrl: `http://127.0.0.1:${apiPort}`,
      people: [...SIGN_IN_PEOPLE, ...morePeople],
      report,
      port: ports.identity,
    });
    const product = await startProduct({
      ...{ dataDir, databaseUrl: infrastructure.databaseUrl, temporal: infrastructure.temporal, smtpUrl: infrastructure.mail.smtpUrl },
      ...{ world, apiPort, apiEnv: identity.env, report },
    });
    const api = createApiClient({ url: product.apiUrl, token });
    report('registering units and people');
    await seedDirectory(api);
    await seedMachine({ databaseUrl: infrastructure.databaseUrl, clientId: MACHINE_CLIENT_ID });
    return { infrastructure, product, identity, api, token, stop: () => infrastructure.stop() };
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

/** Where to sign in, and as whom: sample people of a provider that is there for development only. */
export function signInLines({ product, identity }: Pick<RunningStack, 'product' | 'identity'>): string[] {
  const people = identity.people.map(({ employeeNo, name, about, password }) => `  ${employeeNo}  ${name}  ${password}  ${about}`);
  return ['', `Console ${product.apiUrl}/ · sign in as (development only; second factor ${identity.people[0]?.code}):`, ...people];
}

import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from './ports.ts';
import { type ManagedProcess, startProcess } from './processes.ts';
import { type SearchAttributes, prepareNamespace } from './temporal-namespace.ts';

export type TemporalServer = {
  readonly address: string;
  /** Undefined when started without its web pages. */
  readonly uiUrl: string | undefined;
  readonly pid: number;
  readonly exited: ManagedProcess['exited'];
  stop(): Promise<void>;
  /** SIGKILL. `startTemporalServer` on the same directory goes on where it was. */
  kill(): Promise<void>;
};

/**
 * Starts Temporal's development server on 127.0.0.1 and waits until it answers and `namespace` is ready to use.
 * Its state is kept in `<dataDir>/temporal.db` unless `inMemory`.
 */
export async function startTemporalServer(options: {
  binary: string;
  dataDir: string;
  inMemory?: boolean;
  port?: number;
  /** `false`: no web pages. Default: on a free port. */
  uiPort?: number | false;
  /** What the web pages ask to show payloads. */
  uiCodecEndpoint?: string | undefined;
  namespace?: string;
  /** For how many days closed workflows stay readable; default 30. */
  retentionDays?: number;
  searchAttributes?: SearchAttributes;
}): Promise<TemporalServer> {
  const { namespace = 'default', retentionDays = 30, searchAttributes = [] } = options;
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort === false ? undefined : (options.uiPort ?? (await freePort()));
  const address = `127.0.0.1:${port}`;
  const server = await startProcess({
    name: 'temporal',
    command: options.binary,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      '--ui-ip=127.0.0.1',
      `--port=${port}`,
      `--namespace=${namespace}`,
      '--log-level=warn',
      ...(uiPort === undefined ? ['--headless'] : [`--ui-port=${uiPort}`]),
      ...(uiPort === undefined || options.uiCodecEndpoint === undefined ? [] : [`--ui-codec-endpoint=${options.uiCodecEndpoint}`]),
      ...(options.inMemory === true ? [] : storage(join(options.dataDir, 'temporal.db'))),
    ],
    dataDir: options.dataDir,
    ready: { probe: () => isServing(address) },
  });
  try {
    await prepareNamespace({ address, namespace, retentionDays, searchAttributes });
  } catch (error) {
    await server.kill();
    throw error;
  }
  return {
    address,
    uiUrl: uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => server.kill(),
  };
}

function storage(file: string): string[] {
  // Twice the workflows a second, and a SIGKILL still loses nothing: only a power cut could.
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];
  return [`--db-filename=${file}`, ...pragmas.map((pragma) => `--sqlite-pragma=${pragma}`)];
}

async function isServing(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    const { status } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    const serving = 1;
    return status === serving;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { migrate } from '../migrations/run.ts';
import { type MailCatcher, startMailCatcher } from '../mail-catcher.ts';
import { lockDataDir } from './data-lock.ts';
import { takePort } from './ports.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { stopAll, stopLeftovers } from './processes.ts';
import { findTemporalServer } from './temporal-binary.ts';
import { claimSearchAttributes, prepareNamespace } from './temporal-namespace.ts';
import { type TemporalServer, startTemporalServer } from './temporal-server.ts';

export type Infrastructure = {
  dataDir: string;
  databaseUrl: string;
  temporal: { address: string; namespace: string; uiUrl: string | undefined };
  mail: MailCatcher;
  postgres: Postgres;
  /** Undefined when TEMPORAL_ADDRESS names a server that is not ours. */
  temporalServer: TemporalServer | undefined;
  /** Stops everything started through `startProcess`, the youngest first, then lets go of the data directory. */
  stop(): Promise<void>;
};

export type Ports = { postgres: number; temporal: number; temporalUi: number; smtp: number; mail: number };

const preferredPorts: Ports = { postgres: 15_432, temporal: 7_233, temporalUi: 8_233, smtp: 1_025, mail: 8_025 };

/**
 * Starts what the product stands on: PostgreSQL with all migrations, Temporal, a mail catcher. The data directory
 * keeps its state between runs and belongs to one stack at a time (`DataDirInUseError`). A port that is taken is
 * named to `report` and another one used.
 */
export async function startInfrastructure(options: {
  dataDir: string;
  inMemoryTemporal?: boolean;
  /** where Temporal's pages have payloads decoded: `<API>/v1/codec` */
  codecEndpoint?: string;
  ports?: Partial<Ports>;
  report?: (line: string) => void;
  env?: Readonly<Record<string, string | undefined>>;
}): Promise<Infrastructure> {
  const { report = () => undefined, env = process.env } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const unlock = lockDataDir(dataDir);
  let mail: MailCatcher | undefined;
  const stop = async () => {
    await stopAll();
    await mail?.stop();
    unlock();
  };
  try {
    for (const name of await stopLeftovers(dataDir)) report(`stopped ${name}, which an earlier run left behind`);
    const wanted = { ...preferredPorts, ...options.ports };
    const port = (purpose: string, preferred: number) => takePort({ preferred, purpose, report });

    const ports = {
      postgres: await port('PostgreSQL', wanted.postgres),
      temporal: await port('Temporal', wanted.temporal),
      temporalUi: await port('Temporal UI', wanted.temporalUi),
      smtp: await port('SMTP', wanted.smtp),
      mail: await port('mail list', wanted.mail),
    };
    mail = await startMailCatcher({ smtpPort: ports.smtp, httpPort: ports.mail, file: join(dataDir, 'mails.jsonl') });
    report('starting PostgreSQL');
    const postgres = await startPostgres({ dataDir, port: ports.postgres });
    const applied = await migrate(postgres.url);
    report(`PostgreSQL is ready on port ${postgres.port}, ${applied.length} migrations applied`);

    const namespace = env['TEMPORAL_NAMESPACE'] || 'default';
    const source = await findTemporalServer({ env, report });
    if (source.kind === 'running') {
      await prepareNamespace({ address: source.address, namespace, searchAttributes: claimSearchAttributes });
      report(`Temporal is ready: the running server at ${source.address}`);
      const temporal = { address: source.address, namespace, uiUrl: undefined };
      return { dataDir, databaseUrl: postgres.url, temporal, mail, postgres, temporalServer: undefined, stop };
    }
    report(`starting Temporal (${source.foundIn}: ${source.path})`);
    const temporalServer = await startTemporalServer({
      binary: source.path,
      dataDir,
      inMemory: options.inMemoryTemporal ?? false,
      port: ports.temporal,
      uiPort: ports.temporalUi,
      uiCodecEndpoint: options.codecEndpoint,
      namespace,
      searchAttributes: claimSearchAttributes,
    });
    const { address, uiUrl } = temporalServer;
    report(`Temporal is ready on ${address}`);
    return { dataDir, databaseUrl: postgres.url, temporal: { address, namespace, uiUrl }, mail, postgres, temporalServer, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

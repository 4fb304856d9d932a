import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { inject } from 'vitest';
import { createClaimWorkers } from '#activities/claim-workers.ts';
import { readingActivities } from '#activities/documents/read-documents.ts';
import { createActivities } from '#activities/index.ts';
import type { simulationActivities } from '#activities/simulations/settle-slice.ts';
import { createReadingWorker } from '#activities/reading-worker.ts';
import { startWorkflowRelay } from '#activities/relays/workflow-relay.ts';
import type { ApiDeps } from '#api/app.ts';
import type { BureauGateway } from '#domain/bureau/gateway.ts';
import { makeDataKey } from '#platform/crypto/data-key.ts';
import { encryptingConverter } from '#platform/payload-codec.ts';
import type { Readers } from '#platform/reading/read-document.ts';
import type { Renderer } from '#platform/render/renderer.ts';
import { connectWorker } from '#platform/temporal-worker.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { openDatabase } from '#prisma/database.ts';
import { simulationTaskQueue } from '#workflows/simulate.messages.ts';
import { testAudit } from '../setup/audit.ts';
import { makePayloadKeys } from '../setup/payload-keys.ts';
import { createTestNamespace } from '../setup/temporal.ts';
import { testVault } from '../setup/vault.ts';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

export type WorkerPlace = { temporal: { address: string; namespace: string; taskQueue: string }; databaseUrl: string; payloadKey: string };
export type ClaimWorld = TestApi & {
  temporal: Client;
  taskQueue: string;
  /** where a worker in a process of its own finds what it needs */
  place: WorkerPlace;
  /** Starts a worker on the claims' queue; the answer stops it. */
  work(): Promise<() => Promise<void>>;
  /** Starts a worker of the workflows alone, and of these slices of simulations where there are any; the answer stops it. */
  settle(slices?: ReturnType<typeof simulationActivities>): Promise<() => Promise<void>>;
  /** Starts a worker on the readers' queue; the answer stops it. */
  read(readers: Readers): Promise<() => Promise<void>>;
  /** Starts what tells Temporal of new claims; the answer stops it. */
  relay(): () => Promise<void>;
  /** Submits a claim that lacks nothing (or whatever `body` says) and returns its number. */
  submit(body?: Record<string, unknown>): Promise<string>;
  /** Waits until the claim is in one of `states`. */
  reached(number: string, ...states: string[]): Promise<{ state: string; workflowId: string; closed: boolean; onHold: boolean }>;
  /** `asks`: the one that is put to this employee */
  openTask(number: string, kind: string, asks?: keyof TestApi['employeeIds']): Promise<{ id: string; version: number }>;
  /** A new version of the unit's approval flow: one step, decided by any of these. */
  approvedBy(unit: string, employeeNos: readonly string[]): Promise<void>;
};

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const log = pino({ level: 'silent' });
const DOCUMENTS = ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD'] as const;

/** The API beside the real workflow, on a namespace of its own. Without `bureau` no bureau answers, and never a bank: claims get as far as people take them. */
export async function startClaimWorld({
  updateDeadlineMs = 20_000,
  bureau,
  renderer,
  deps: overrides = {},
}: { updateDeadlineMs?: number; bureau?: BureauGateway; renderer?: Renderer; deps?: Partial<Pick<ApiDeps, 'temporalUiUrl'>> } = {}): Promise<ClaimWorld> {
  const { address, namespace, taskQueue } = await createTestNamespace();
  const config = { address, namespace, taskQueue, apiKey: undefined, tls: undefined };
  const payloadKey = makeDataKey();
  const payloads = makePayloadKeys('aes-256-gcm', payloadKey);
  const temporal = connectTemporal(config, payloads);
  const api = await startTestApi({
    ...overrides,
    ...(renderer && { renderer }),
    payloadKeys: payloads,
    workflows: { client: temporal.client, taskQueue, updateDeadlineMs },
  });
  const { database, deps } = api;
  const activities = createActivities({
    policies: deps.policies,
    database,
    bureaus: new Map(bureau ? [[bureau.code, bureau]] : []),
    banks: new Map(),
    institutionCode: deps.gateways.institution.code,
    clockwork: deps.clockwork,
    audit: await testAudit(),
    documents: deps.documents,
  });
  const stops: (() => Promise<void>)[] = [];

  const claimRow = async (number: string) => {
    const { rows } = await database.query<{ state: string; workflowId: string; closed: boolean; onHold: boolean }>(
      'SELECT state, workflow_id AS "workflowId", closed_at IS NOT NULL AS closed, on_hold AS "onHold" FROM claim WHERE number = $1',
      [number],
    );
    if (!rows[0]) throw new Error(`no claim ${number}`);
    return rows[0];
  };
  const stopper = (stop: () => Promise<void>) => {
    let stopping: Promise<void> | undefined;
    const once = () => (stopping ??= stop());
    stops.push(once);
    return once;
  };

  return {
    ...{ ...api, temporal: temporal.client, taskQueue },
    place: { temporal: { address, namespace, taskQueue }, databaseUrl: api.workerUrl, payloadKey: Buffer.from(payloadKey).toString('hex') },
    async work() {
      const connection = await connectWorker(config);
      const workers = await createClaimWorkers({
        connection,
        namespace,
        taskQueue,
        gateways: { bureaus: bureau ? [{ code: bureau.code, ratePerSecond: 100 }] : [], banks: [] },
        activities,
        database,
        payloads,
        workflowBundle: { codePath: inject('workflowBundle') },
      });
      const running = workers.run();
      return stopper(async () => {
        workers.shutdown();
        await running;
        await connection.close();
      });
    },
    async settle(slices) {
      const connection = await connectWorker(config);
      const shared = { connection, namespace, dataConverter: encryptingConverter(payloads) };
      const workers = await Promise.all([
        Worker.create({ ...shared, taskQueue, workflowBundle: { codePath: inject('workflowBundle') } }),
        ...(slices
          ? [Worker.create({ ...shared, taskQueue: simulationTaskQueue(taskQueue), activities: slices, maxConcurrentActivityTaskExecutions: 1 })]
          : []),
      ]);
      const running = Promise.all(workers.map((worker) => worker.run()));
      return stopper(async () => {
        for (const worker of workers) worker.shutdown();
        await running;
        await connection.close();
      });
    },
    async read(readers) {
      const connection = await connectWorker(config);
      const workerDatabase = openDatabase({ url: api.workerUrl, vault: testVault() });
      const worker = await createReadingWorker({
        ...{ connection, namespace, taskQueue, payloads },
        activities: readingActivities({ database: workerDatabase, documents: deps.documents, readers, now: deps.clock }),
      });
      const running = worker.run();
      return stopper(async () => {
        worker.shutdown();
        await running;
        await connection.close();
        await workerDatabase.close();
      });
    },
    relay() {
      const relay = startWorkflowRelay({ database, client: temporal.client, taskQueue, log });
      return stopper(() => relay.stop());
    },
    async submit(body = {}) {
      const documents = [];
      const visit = { no: randomUUID(), start: '2026-11-10', end: '2026-11-10' };
      for (const kind of DOCUMENTS) {
        const answer = await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${kind} ${randomUUID()}\nstartxref\n9\n%%EOF\n`)]) });
        documents.push({ documentId: answer.json().id, kind });
      }
      const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ treatedRegion: '130102', documents, visit, ...body }) });
      if (answer.statusCode !== 201) throw new Error(answer.body);
      return answer.json().number;
    },
    async reached(number, ...states) {
      for (const bound = Date.now() + 60_000; ; await delay(25)) {
        const row = await claimRow(number);
        if (states.includes(row.state)) return row;
        if (Date.now() > bound) throw new Error(`${number} is ${row.state}, not ${states.join(' or ')}`);
      }
    },
    async approvedBy(unit, employeeNos) {
      const url = `/v1/units/${unit}/approval-flows`;
      const name = '单位审批';
      const basedOn = (await api.call({ url })).json().items[0]?.version ?? 0;
      const steps = [{ name: '负责人', mode: 'any', approvers: { kind: 'people', employeeNos } }];
      const answer = await api.call({ method: 'POST', url, body: { name, basedOn, steps } });
      if (answer.statusCode !== 201) throw new Error(answer.body);
    },
    async openTask(number, kind, asks) {
      for (const bound = Date.now() + 60_000; ; await delay(25)) {
        const { rows } = await database.query<{ id: string; version: number }>(
          `SELECT id, version FROM task WHERE claim_number = $1 AND kind = $2 AND status = 'OPEN' AND ($3::uuid IS NULL OR $3 = ANY (assignees))`,
          [number, kind, asks === undefined ? null : api.employeeIds[asks]],
        );
        if (rows[0]) return rows[0];
        if (Date.now() > bound) throw new Error(`${number} has no open task ${kind}`);
      }
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await temporal.close();
      await api.close();
    },
  };
}

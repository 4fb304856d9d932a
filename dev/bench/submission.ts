import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '../stack/ports.ts';
import { startNode } from '../stack/processes.ts';
import { claimBodies, uploadDocuments, type ClaimBody } from './claim-body.ts';
import { inParallel, median, quantile, round } from './stats.ts';
import type { BenchWorld } from './world.ts';

const CLIENTS = 8;

export type Latency = { perSecond: number; p50Ms: number; p99Ms: number };
export type Submission = { ours: Latency; bare: Latency; ratio: number; whileWorking: Latency; rounds: number; requestsPerRound: number };

/**
 * `POST /v1/claims` beside a bare Fastify route that makes the same rows, in turn, on one PostgreSQL. No worker runs meanwhile, because the relay starts the
 * workflows after the answer; a last round with the worker up shows what a busy machine makes of it. Throws where a submission was not
 * stored once, with its command.
 */
export async function measureSubmission(
  world: BenchWorld,
  { rounds, requests, report }: { rounds: number; requests: number; report: (line: string) => void },
): Promise<Submission> {
  const { product, infrastructure } = world;
  const documents = await uploadDocuments(world.api);
  const bareUrl = await startBareServer(infrastructure);
  const ours = async (count: number) =>
    load(`${product.apiUrl}/v1/claims`, await claimBodies(world, documents, count), { authorization: `Bearer ${world.token}` });
  const bare = async (count: number) => load(`${bareUrl}/claims`, await claimBodies(world, documents, count), {});
  await product.processes.worker.stop();
  await ours(50);
  await bare(50);
  const measured: { ours: Latency; bare: Latency }[] = [];
  for (let turn = 1; turn <= rounds; turn += 1) {
    const before = await countCommands(world);
    const pair = { ours: await ours(requests), bare: await bare(requests) };
    const stored = (await countCommands(world)) - before;
    if (stored !== requests) throw new Error(`${requests} submissions stored ${stored} claims with their command`);
    measured.push(pair);
    report(`round ${turn}: ours ${told(pair.ours)} · bare ${told(pair.bare)}`);
  }
  product.processes.worker = await product.startWorker();
  const whileWorking = await ours(requests);
  const middle = (who: 'ours' | 'bare'): Latency => ({
    perSecond: round(median(measured.map((pair) => pair[who].perSecond))),
    p50Ms: round(median(measured.map((pair) => pair[who].p50Ms))),
    p99Ms: round(median(measured.map((pair) => pair[who].p99Ms))),
  });
  return {
    ...{ ours: middle('ours'), bare: middle('bare'), whileWorking },
    ratio: round(median(measured.map((pair) => pair.ours.perSecond / pair.bare.perSecond))),
    ...{ rounds, requestsPerRound: requests },
  };
}

async function load(url: string, bodies: readonly ClaimBody[], headers: Record<string, string>): Promise<Latency> {
  const count = bodies.length;
  const start = performance.now();
  const times = await inParallel(count, CLIENTS, async (index) => {
    const sent = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify(bodies[index]),
    });
    if (response.status !== 201) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    return performance.now() - sent;
  });
  const seconds = (performance.now() - start) / 1_000;
  return { perSecond: round(count / seconds), p50Ms: round(quantile(times, 0.5)), p99Ms: round(quantile(times, 0.99)) };
}

async function countCommands({ database }: BenchWorld): Promise<number> {
  const { rows } = await database.query<{ n: number }>(
    `SELECT count(*) AS n FROM workflow_command w JOIN claim c ON c.number = w.claim_number WHERE w.kind = 'START' AND w.status = 'PENDING' AND c.state = 'SUBMITTED'`,
  );
  return rows[0]?.n ?? 0;
}

async function startBareServer({ dataDir, databaseUrl }: BenchWorld['infrastructure']): Promise<string> {
  const port = await freePort();
  const env = { DATABASE_URL: databaseUrl, HTTP_PORT: String(port) };
  const entry = fileURLToPath(new URL('./bare-server.ts', import.meta.url));
  await startNode({ name: 'bare-server', dataDir, entry, env, ready: { line: /bare server on/ } });
  return `http://127.0.0.1:${port}`;
}

const told = ({ perSecond, p50Ms, p99Ms }: Latency): string => `${perSecond}/s p50 ${p50Ms} ms p99 ${p99Ms} ms`;

import { eventually } from '../run-stack.ts';
import { claimBodies, uploadDocuments } from './claim-body.ts';
import { inParallel } from './stats.ts';
import { residentMiB, type BenchWorld } from './world.ts';

export type WaitingMemory = { waiting: number; workerMiB: number | undefined; serverMiB: number | undefined }[];

/** Resident memory of the worker and of the Temporal server while claims wait for their bureau. Throws where a claim does not wait as it should. */
export async function measureWaitingMemory(
  world: BenchWorld,
  { steps, report }: { steps: readonly number[]; report: (line: string) => void },
): Promise<WaitingMemory> {
  const { product, api, database, infrastructure } = world;
  await fetch(`${product.bureauUrl}/_control/bureaus/130100`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ plan: { hold: true } }),
  });
  const documents = await uploadDocuments(api);
  const measured: WaitingMemory = [];
  for (const waiting of steps) {
    const missing = waiting - (await countWaiting(database));
    const bodies = await claimBodies(world, documents, missing);
    await inParallel(missing, 8, (index) => api.post('/v1/claims', bodies[index]));
    let last = -1;
    let stalled = 0;
    await eventually(
      `${waiting} waiting claims`,
      async () => {
        const now = await countWaiting(database);
        stalled = now === last ? stalled + 1 : 0;
        last = now;
        if (stalled > 600) throw new Error(`only ${now} of ${waiting} claims wait for their bureau`);
        return now >= waiting ? true : undefined;
      },
      3_600_000,
    );
    const { temporalServer } = infrastructure;
    const figures = { waiting, workerMiB: residentMiB(product.processes.worker), serverMiB: temporalServer && residentMiB(temporalServer) };
    measured.push(figures);
    report(`${waiting} claims waiting: worker ${figures.workerMiB ?? '?'} MiB, Temporal server ${figures.serverMiB ?? '?'} MiB`);
  }
  return measured;
}

async function countWaiting(database: BenchWorld['database']): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`SELECT count(*) AS n FROM claim WHERE state = 'IN_REVIEW'`);
  return rows[0]?.n ?? 0;
}

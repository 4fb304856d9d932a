import type { Client } from '@temporalio/client';
import type { Database } from '#prisma/database.ts';
import { listUnfinished } from '#prisma/queries/simulations.ts';
import { SIMULATION_WORKFLOW, simulationStart } from '#workflows/simulate.messages.ts';

/** Starts what has no workflow: asked for while Temporal was away, or lost by it. One that runs is left alone. */
export async function startSimulations(deps: { database: Pick<Database, 'query'>; client: Client; taskQueue: string; quietMs: number }): Promise<void> {
  const { database, client, taskQueue, quietMs } = deps;
  for (const simulationId of await listUnfinished(database, { quietMs }))
    await client.workflow.start(SIMULATION_WORKFLOW, simulationStart({ simulationId, taskQueue }));
}

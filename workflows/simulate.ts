import { ActivityFailure, CancellationScope, continueAsNew, isCancellation, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { SETTLE_SLICE, WRITE_PATIENTLY } from './activity-options.ts';
import { simulationProgress, simulationTaskQueue, type SimulationInput, type SimulationProgress } from './simulate.messages.ts';

/** Some five events each: well below what a history may hold. */
const SLICES_OF_A_RUN = 500;

/** What a year's claims would have come to under other rules: slice after slice, until there are none left, somebody calls it off, or it cannot go on. */
export async function simulate({ simulationId, progress: before, slices = SLICES_OF_A_RUN }: SimulationInput): Promise<SimulationProgress> {
  const taskQueue = simulationTaskQueue(workflowInfo().taskQueue);
  const { settleSlice } = proxyActivities<Activities>({ ...SETTLE_SLICE, taskQueue });
  const { giveUpSimulation } = proxyActivities<Activities>({ ...WRITE_PATIENTLY, taskQueue });
  let progress: SimulationProgress = before ?? { status: 'QUEUED', claimsDone: 0, claimsTotal: 0 };
  setHandler(simulationProgress, () => progress);
  const now = (): string => new Date().toISOString();
  try {
    for (let slice = 0; slice < slices; slice += 1) {
      progress = await settleSlice({ simulationId, at: now() });
      if (progress.status !== 'RUNNING') return progress;
    }
  } catch (error) {
    const called = isCancellation(error);
    if (!called && !(error instanceof ActivityFailure)) throw error;
    const status = called ? 'CANCELLED' : 'FAILED';
    await CancellationScope.nonCancellable(() => giveUpSimulation({ simulationId, status, at: now() }));
    return { ...progress, status };
  }
  return continueAsNew<typeof simulate>({ simulationId, progress, slices });
}

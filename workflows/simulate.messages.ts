import { defineQuery } from '@temporalio/workflow';

/** The contract of the simulation workflow. Its id names the row of which Postgres knows the rest; nothing of anybody is in its history. */
export const SIMULATION_WORKFLOW = 'simulate';
/** Its pages are settled here, one slice at a time for each worker, so that no claim waits for them. */
export const simulationTaskQueue = (claims: string): string => `${claims}-simulations`;

export type SimulationInput = {
  simulationId: string;
  /** of the run before, where it was continued as new */ progress?: SimulationProgress;
  /** that a run takes before it goes on as a new one */ slices?: number;
};
export type SimulationProgress = { status: 'QUEUED' | 'RUNNING' | 'DONE' | 'CANCELLED' | 'FAILED'; claimsDone: number; claimsTotal: number };
export const simulationProgress = defineQuery<SimulationProgress>('simulationProgress');

/** The options with which a simulation's workflow is started, by whomever. Twice is once; one that was lost goes on where its cursor is. */
export function simulationStart({ simulationId, taskQueue }: { simulationId: string; taskQueue: string }) {
  return {
    workflowId: `simulation/${simulationId}`,
    taskQueue,
    args: [{ simulationId }] satisfies [SimulationInput],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  } as const;
}

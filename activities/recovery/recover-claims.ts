import { ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Database } from '#prisma/database.ts';
import { endLosses, recordLoss } from '#prisma/queries/workflow-losses.ts';
import { listOpenClaims, listUnheededReturns, takeSweep, type OpenClaim } from '#prisma/queries/recovery.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { CLAIM_WORKFLOW, claimStart, paymentNews } from '#workflows/claim.messages.ts';
import { faultName } from '../relays/fault-name.ts';

export type RecoveryRequest = {
  /** Claims that moved, and returns that were read, within this time are left alone: the relay may still be at them. */
  quietMs: number;
  /** Start also those anew that run: for after Temporal's store was restored from a backup, which knows less than Postgres. */
  rebuildAll?: boolean;
  /** Hears of every claim whose workflow was to be started; `found` is Temporal's word for what was there instead. */
  onRecovered?: (claim: { claimNumber: string; state: string; found: string; error: string | null }) => void;
};

type RecoveryDeps = { database: Database; client: Client; taskQueue: string };

export type Recovery = { looked: number; running: number; recovered: number; failed: number; returns: number };

/** So many workflows are asked for at once by their ids. */
const PAGE = 200;
const CONCURRENCY = 16;
const CALL_MS = 10_000;
/** Where Temporal has any of these, the claim goes on by itself. */
const ALIVE: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW']);

/** `recoverClaims`, unless another worker is at it: null. Many claims wait for weeks, and each is asked for once, not once by every worker. */
export async function sweepClaims(deps: RecoveryDeps, request: RecoveryRequest): Promise<Recovery | null> {
  return deps.database.write(async (tx) => ((await takeSweep(tx)) ? recoverClaims(deps, request) : null));
}

/**
 * Starts a workflow for every open claim that has none, whatever became of it. Nothing else is to be done: a workflow's first steps read from Postgres
 * where its claim is, and what came for it that nobody has acted on. Safe at any time and by several at once, because Temporal refuses
 * a second workflow under one id. Throws where Postgres or Temporal cannot be reached at all.
 */
export async function recoverClaims({ database, client, taskQueue }: RecoveryDeps, request: RecoveryRequest): Promise<Recovery> {
  const { quietMs, rebuildAll = false, onRecovered = () => undefined } = request;
  const sum: Recovery = { looked: 0, running: 0, recovered: 0, failed: 0, returns: 0 };
  const workflowIdConflictPolicy = rebuildAll ? WorkflowIdConflictPolicy.TERMINATE_EXISTING : WorkflowIdConflictPolicy.FAIL;
  const call = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, work);
  await call(() => client.workflowService.getSystemInfo({}));

  /** Those of the claims whose workflow runs. A list may lag behind: who is not in it is asked for by name. */
  async function listRunning(claims: readonly OpenClaim[]): Promise<ReadonlySet<string>> {
    const running = new Set<string>();
    if (rebuildAll) return running;
    const ids = claims.map(({ workflowId }) => `"${workflowId}"`).join(', ');
    const query = `ExecutionStatus = "Running" AND WorkflowId IN (${ids})`;
    try {
      await call(async () => {
        for await (const { workflowId } of client.workflow.list({ query, pageSize: PAGE })) running.add(workflowId);
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
    return running;
  }

  async function findWorkflow({ workflowId }: OpenClaim): Promise<string> {
    try {
      return (await call(() => client.workflow.getHandle(workflowId).describe())).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'MISSING';
      throw error;
    }
  }

  /** False where somebody else was faster. */
  async function start(claim: OpenClaim): Promise<boolean> {
    const policies = { workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy };
    try {
      await call(() => client.workflow.start(CLAIM_WORKFLOW, { ...claimStart({ ...claim, taskQueue }), ...policies }));
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  async function recover(claim: OpenClaim): Promise<void> {
    const { claimNumber, state } = claim;
    let found = 'UNKNOWN';
    try {
      found = await findWorkflow(claim);
      if ((ALIVE.has(found) && !rebuildAll) || !(await start(claim))) {
        sum.running += 1;
        alive.push(claimNumber);
        return;
      }
      sum.recovered += 1;
      alive.push(claimNumber);
      onRecovered({ claimNumber, state, found, error: null });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      sum.failed += 1;
      const fault = faultName(error.cause);
      // who could not be asked about may have a workflow all the same
      if (found !== 'UNKNOWN') await recordLoss(database, { claimNumber, found, at: new Date(), error: fault });
      onRecovered({ claimNumber, state, found, error: fault });
    }
  }

  /** whose workflow runs, as far as this page of claims is known */
  let alive: string[] = [];
  for (let after = ''; ;) {
    const claims = await listOpenClaims(database, { after, limit: PAGE, quietMs });
    const last = claims.at(-1);
    if (!last) break;
    after = last.claimNumber;
    sum.looked += claims.length;
    const running = await listRunning(claims);
    const others = claims.filter(({ workflowId }) => !running.has(workflowId));
    sum.running += claims.length - others.length;
    alive = claims.flatMap(({ workflowId, claimNumber }) => (running.has(workflowId) ? [claimNumber] : []));
    const queue = others.values();
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (const claim of queue) await recover(claim);
      }),
    );
    await endLosses(database, { claimNumbers: alive, at: new Date() });
  }
  sum.returns = await tellReturns(database, quietMs);
  return sum;
}

/** A claim that has ended has no workflow to look at its money any more: a message of a return that was lost with Temporal's store is sent again. */
async function tellReturns(database: Database, quietMs: number): Promise<number> {
  return database.write(async (tx) => {
    const returns = await listUnheededReturns(tx, { quietMs });
    for (const { claimNumber, reference } of returns)
      await writeWorkflowCommand(tx, { claimNumber, kind: 'SIGNAL', signal: paymentNews.name, payload: { reference } });
    return returns.length;
  });
}

import { ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Database } from '#prisma/database.ts';
import { listOpenClaims, listUnheededReturns, type OpenClaim } from '#prisma/queries/recovery.ts';
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

export type Recovery = { looked: number; running: number; recovered: number; failed: number; returns: number };

const PAGE = 500;
const CONCURRENCY = 16;
const CALL_MS = 10_000;
/** Where Temporal has any of these, the claim goes on by itself. */
const ALIVE: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW']);

/**
 * Starts a workflow for every open claim that has none, whatever became of it. Nothing else is to be done: a workflow's first steps read from Postgres
 * where its claim is, and what came for it that nobody has acted on. Safe at any time and by several at once, because Temporal refuses
 * a second workflow under one id. Throws where Postgres or Temporal cannot be reached at all.
 */
export async function recoverClaims(
  { database, client, taskQueue }: { database: Database; client: Client; taskQueue: string },
  request: RecoveryRequest,
): Promise<Recovery> {
  const { quietMs, rebuildAll = false, onRecovered = () => undefined } = request;
  const sum: Recovery = { looked: 0, running: 0, recovered: 0, failed: 0, returns: 0 };
  const workflowIdConflictPolicy = rebuildAll ? WorkflowIdConflictPolicy.TERMINATE_EXISTING : WorkflowIdConflictPolicy.FAIL;
  const call = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, work);
  await call(() => client.workflowService.getSystemInfo({}));

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
        return;
      }
      sum.recovered += 1;
      onRecovered({ claimNumber, state, found, error: null });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      sum.failed += 1;
      onRecovered({ claimNumber, state, found, error: faultName(error.cause) });
    }
  }

  for (let after = ''; ;) {
    const claims = await listOpenClaims(database, { after, limit: PAGE, quietMs });
    const last = claims.at(-1);
    if (!last) break;
    after = last.claimNumber;
    sum.looked += claims.length;
    const queue = claims.values();
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (const claim of queue) await recover(claim);
      }),
    );
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

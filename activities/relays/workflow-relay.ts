import { isGrpcServiceError, ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { WorkflowIdReusePolicy } from '@temporalio/common';
import type { Logger } from 'pino';
import type { Database } from '#prisma/database.ts';
import type { Outcome } from '#prisma/queries/delivery.ts';
import {
  continueClosedClaim,
  leaseWorkflowCommands,
  readClaimAddress,
  settleWorkflowCommands,
  wasReturned,
  type AddressedCommand,
  type ClaimAddress,
  type WorkflowCommand,
} from '#prisma/queries/workflow-commands.ts';
import { CLAIM_WORKFLOW, claimStart, paymentNews } from '#workflows/claim.messages.ts';
import { faultName } from './fault-name.ts';
import { backOff, startRelay, type Relay } from './relay.ts';

type Delivery = Outcome<'IGNORED'>;
const SENT: Delivery = { status: 'SENT' };

/** one call may take this long before it counts as unanswered */
const CALL_MS = 4_000;

/** Tells Temporal what Postgres holds: which claims to start, which to signal. Nothing is dropped while Temporal is away. */
export function startWorkflowRelay(deps: { database: Database; client: Client; taskQueue: string; log: Logger }): Relay {
  const { database, log } = deps;
  const workflows = claimWorkflows(deps);
  return startRelay<AddressedCommand, 'IGNORED'>(
    {
      name: 'workflow',
      channel: 'workflow_command',
      batchSize: 64,
      concurrency: 16,
      // a signal takes four calls at most
      deliveryMs: 4 * CALL_MS + 1_000,
      leaseMs: 20_000,
      lease: (request) => leaseWorkflowCommands(database, request),
      settle: (settlements) => settleWorkflowCommands(database, settlements),
      retryDelayMs,
      async deliver(command) {
        try {
          return await (command.kind === 'START' ? start(command) : signal(command));
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          return { status: 'PENDING', delayMs: retryDelayMs(command.attempts), error: serviceFault(error) };
        }
      },
    },
    { database, log },
  );

  async function start(command: AddressedCommand): Promise<Delivery> {
    if (command.claim === null) return ignored('no such claim');
    await workflows.start(command.claimNumber, command.claim);
    return SENT;
  }

  async function signal(command: AddressedCommand): Promise<Delivery> {
    if (command.claim === null) return ignored('no such claim');
    if (command.claim.closed) return signalClosed(command, command.claim);
    if (await workflows.signal(command, command.claim, WorkflowIdReusePolicy.REJECT_DUPLICATE)) return SENT;

    // The workflow has closed. It says so in Postgres before it does: a claim that is still open there has lost its workflow.
    const claim = await readClaimAddress(database, command.claimNumber);
    if (claim?.workflowId !== command.claim.workflowId) return again;
    if (claim.closed) return signalClosed(command, claim);
    log.warn({ claim: command.claimNumber }, 'the workflow of an open claim has ended: it is started again from Postgres');
    await workflows.signal(command, claim, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
    return SENT;
  }

  /**
   * Money that comes back after the end is the claim's concern again, in its last workflow if that still listens or was never started, else in a new
   * one. Anything else has come too late.
   */
  async function signalClosed(command: AddressedCommand, claim: ClaimAddress): Promise<Delivery> {
    const { claimNumber, payload } = command;
    const { reference } = payload;
    const returned = command.signal === paymentNews.name && typeof reference === 'string' && (await wasReturned(database, reference));
    if (!returned) return ignored('the claim is closed');
    if (await workflows.signal(command, claim, WorkflowIdReusePolicy.REJECT_DUPLICATE)) return SENT;
    const workflowId = nextReturnWorkflowId(claimNumber, claim.workflowId);
    if (!(await continueClosedClaim(database, { claimNumber, from: claim.workflowId, to: workflowId }))) return again;
    const told = await workflows.signal(command, { ...claim, workflowId }, WorkflowIdReusePolicy.REJECT_DUPLICATE);
    return told ? SENT : again;
  }
}

/** Something changed under our hands; the command is read anew with its claim. */
const again: Delivery = { status: 'PENDING', delayMs: 0, error: null };
const ignored = (error: string): Delivery => ({ status: 'IGNORED', error });
const retryDelayMs = (attempts: number): number => backOff({ attempts, firstMs: 500, longestMs: 30_000 });

/** `claim/<number>/return/<k>`: the k-th time that money came back after the claim's workflow had ended. */
export function nextReturnWorkflowId(claimNumber: string, workflowId: string): string {
  const [, k] = /\/return\/(\d+)$/.exec(workflowId) ?? [];
  return `claim/${claimNumber}/return/${Number(k ?? 0) + 1}`;
}

/** The two calls to Temporal. Both are idempotent: a started claim is not started twice, and a signal only names a row to look at. */
function claimWorkflows({ client, taskQueue }: { client: Client; taskQueue: string }) {
  const options = (claimNumber: string, claim: ClaimAddress) => claimStart({ ...claim, claimNumber, taskQueue });
  return {
    async start(claimNumber: string, claim: ClaimAddress): Promise<void> {
      const workflowIdReusePolicy = WorkflowIdReusePolicy.REJECT_DUPLICATE;
      await unlessStarted(() =>
        client.withDeadline(Date.now() + CALL_MS, () => client.workflow.start(CLAIM_WORKFLOW, { ...options(claimNumber, claim), workflowIdReusePolicy })),
      );
    },
    /** False where the workflow has closed and `workflowIdReusePolicy` forbids another. */
    async signal(command: WorkflowCommand, claim: ClaimAddress, workflowIdReusePolicy: WorkflowIdReusePolicy): Promise<boolean> {
      const { claimNumber, signal, payload } = command;
      if (signal === null) throw new TypeError('a command to signal names no signal');
      const signalArgs = Object.keys(payload).length === 0 ? [] : [payload];
      const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, call);
      // Nearly always there is a workflow that listens, and a signal alone costs the server half.
      try {
        await within(() => client.workflow.getHandle(claim.workflowId).signal(signal, ...signalArgs));
        return true;
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
      return unlessStarted(() =>
        within(() => client.workflow.signalWithStart(CLAIM_WORKFLOW, { ...options(claimNumber, claim), workflowIdReusePolicy, signal, signalArgs })),
      );
    },
  };
}

async function unlessStarted(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Temporal hears no personal data, so what it answers may be kept. */
function serviceFault(error: ServiceError): string {
  return isGrpcServiceError(error.cause) ? error.cause.message.slice(0, 200) : faultName(error);
}

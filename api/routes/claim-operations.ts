import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { remarkOf } from '#domain/operations/operation.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { findClaimAccess, type ClaimAccess } from '#prisma/queries/claim-access.ts';
import { findOperation, recordMove } from '#prisma/queries/claim-moves.ts';
import { readUndelivered } from '#prisma/queries/inbox.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { endLosses, recordLoss } from '#prisma/queries/workflow-losses.ts';
import { accountChanged, bureauDecision } from '#workflows/claim.messages.ts';
import { historyOf } from '../claim-history.ts';
import { gatewayNames, rfc3339 } from '../claim-json.ts';
import { answerUpdate } from '../claim-update.ts';
import { claimParams } from '../contract/claims.ts';
import { etag, headers, responses } from '../contract/common.ts';
import { claimWorkflow, operated, operation } from '../contract/operations.ts';
import { recordLookAt } from '../look.ts';
import { workflowControl, type Target } from '../operations/workflow-control.ts';
import { lookAtWorkflow } from '../operations/workflow-look.ts';
import { lockClaim } from './claims.ts';

const tags = ['operations'];
type Operation = z.output<typeof operation>;

/** The operator's desk over one claim: its transitions beside its workflow, and what can be done to that. */
export const claimOperationRoutes: FastifyPluginAsyncZod = async (app) => {
  const { clock, clockwork, gateways, payloadKeys, temporalUiUrl, workflows } = app.deps;
  const { client, updateDeadlineMs: deadlineMs } = workflows;
  const control = workflowControl({ ...workflows, deadlineMs });
  const nameOf = gatewayNames(gateways);
  const polled = new Set(gateways.bureaus.flatMap(({ code, capabilities }) => (capabilities.batchQuery ? [code] : [])));

  app.get(
    '/v1/claims/:number/workflow',
    {
      config: { access: 'operations:manage', action: 'workflow.read', actor: 'required' },
      schema: {
        tags,
        summary: 'The transitions of a claim beside its workflow',
        description: 'What is sealed is shown as operators see payloads: without what people wrote. Also where Temporal is away, or has forgotten.',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: claimWorkflow }, { codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const found = await findClaimAccess(request.db, { number: request.params.number });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('workflow.read', found);
      if (!allowed.ok) return reply.refuse(allowed);
      const { number, employeeId, unitAncestors, workflowId, state, seq, unitCode, bureauCode, onHold } = found;
      await recordLookAt(request, 'claim.workflow', [{ employeeId, unitId: unitAncestors.at(-1), claimNumber: number }]);
      const [transitions, look] = await Promise.all([
        historyOf(request, { number, employeeId, nameOf }),
        lookAtWorkflow({ client, payloadKeys, workflowId, deadlineMs }),
      ]);
      const view = look.kind === 'found' ? look.view : null;
      // as by the codec server
      if (look.kind === 'found' && look.decoded > 0)
        await audit(request.db, {
          ...{ claimNumber: number, at: clock(), actor: request.actor, action: 'payloads-decoded', detail: { workflow: workflowId, payloads: look.decoded } },
        });
      return {
        ...{ number, state, seq, unitCode, bureauCode, onHold, closedAt: rfc3339(found.closedAt), transitions, workflow: view },
        temporal: look.kind === 'found' ? ('ANSWERED' as const) : look.kind === 'missing' ? ('NO_WORKFLOW' as const) : ('UNAVAILABLE' as const),
        uiUrl: view && temporalUiUrl ? runUrl(temporalUiUrl, view) : null,
      };
    },
  );

  app.post(
    '/v1/claims/:number/operations',
    {
      config: { access: 'operations:manage', action: 'claim.operate', actor: 'required' },
      schema: {
        tags,
        summary: 'Retry, poll the bureau, nudge, cancel, terminate, recover',
        description:
          'Decides nothing of the claim, and is written into its history. A workflow that was cancelled or terminated is started again from Postgres by itself; to have a claim stand still, hold it.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: operation,
        response: responses(
          { 200: operated },
          {
            with: 'key',
            codes: [
              ...(['FORBIDDEN', 'SECOND_FACTOR_REQUIRED', 'ACTOR_REQUIRED', 'OWN_CLAIM', 'CLAIM_STATE_CONFLICT', 'CLAIM_CLOSED'] as const),
              ...(['CONFIRMATION_DIFFERS', 'WORKFLOW_NOT_RUNNING', 'NOTHING_TO_RETRY', 'BUREAU_NOT_POLLED', 'TEMPORAL_UNAVAILABLE'] as const),
            ],
          },
        ),
      },
    },
    async (request, reply) => {
      const { number } = request.params;
      const asked = request.body;
      return answerUpdate(request, reply, async (requestId) => {
        const claim = await findClaimAccess(request.db, { number });
        if (!claim) return refuse('NOT_FOUND');
        const allowed = request.may('claim.operate', claim);
        if (!allowed.ok) return allowed;
        const fault = refuseOperation(claim, asked);
        if (fault) return fault;
        // the same request again does the same, to the same run
        const before = await findOperation<Target>(request.db, { claimNumber: number, requestId });
        const prepared = before ? { ok: true as const, target: before.target } : await prepare(claim, asked);
        if (!prepared.ok) return prepared;
        const { target } = prepared;
        if (target.running) return answerOf(claim, asked, { outcome: 'RUNNING_ALREADY', runId: target.runId ?? null, seq: claim.seq });
        const written = before ?? (await record(request, asked, { number, requestId, target }));
        if (!written.ok) return written;
        const done = asked.operation === 'NUDGE' ? { ok: true as const, runId: null } : await control.carryOut(asked.operation, toStart(claim), target);
        if (!done.ok) return done;
        if (asked.operation === 'RECOVER') await endLosses(request.db, { claimNumbers: [number], at: clock() });
        return answerOf(claim, asked, { outcome: 'DONE', runId: done.runId, seq: written.seq, target });
      });
    },
  );

  function refuseOperation(claim: ClaimAccess, asked: Operation): Refusal | undefined {
    if (claim.state === 'DRAFT') return refuse('CLAIM_STATE_CONFLICT');
    if (claim.closedAt) return refuse('CLAIM_CLOSED');
    if (asked.operation === 'TERMINATE' && asked.confirm !== claim.number) return refuse('CONFIRMATION_DIFFERS');
    if (asked.operation === 'POLL_BUREAU' && !polled.has(claim.bureauCode)) return refuse('BUREAU_NOT_POLLED');
    return undefined;
  }

  function prepare(claim: ClaimAccess, asked: Operation): Promise<{ ok: true; target: Target } | Refusal> {
    // neither asks for the claim's own workflow: one asks the bureau, the other is told by the relay whenever Temporal can be told
    if (asked.operation === 'NUDGE' || asked.operation === 'POLL_BUREAU') return Promise.resolve({ ok: true, target: {} });
    return control.prepare(claim.workflowId, asked.operation, asked.operation === 'RETRY' ? asked.activityId : undefined);
  }

  /** The line in the history, with its entry of the audit, before anything is done; and of a workflow that is about to be ended that it will be missing. */
  async function record(
    request: FastifyRequest,
    asked: Operation,
    { number, requestId, target }: { number: string; requestId: string; target: Target },
  ): Promise<{ ok: true; seq: number } | Refusal> {
    const terms = await clockwork();
    const { operation: kind, reason } = asked;
    return request.db.write(async (tx) => {
      const locked = await lockClaim(tx, request, { number: number, action: 'claim.operate' });
      if (!locked.ok) return locked;
      const { claim } = locked;
      const twin = await findOperation<Target>(tx, { claimNumber: claim.number, requestId });
      if (twin) return twin;
      if (claim.head.closedAt) return refuse('CLAIM_CLOSED');
      const at = clock();
      const detail = { operation: kind, reason, requestId, target };
      const { seq } = await recordMove(tx, claim, { type: 'OPERATED', at, actor: request.actor, remark: remarkOf(kind), detail }, terms);
      if (kind === 'CANCEL' || kind === 'TERMINATE')
        await recordLoss(tx, { claimNumber: claim.number, found: kind === 'CANCEL' ? 'CANCELLED' : 'TERMINATED', at });
      if (kind === 'NUDGE') await tellAgain(tx, claim.number);
      return { ok: true, seq };
    });
  }

  async function tellAgain(tx: Tx, claimNumber: string): Promise<void> {
    for (const payload of await readUndelivered(tx, claimNumber))
      await writeWorkflowCommand(tx, { claimNumber, kind: 'SIGNAL', signal: bureauDecision.name, payload });
    // makes the workflow read the claim anew and try what it has put off
    await writeWorkflowCommand(tx, { claimNumber, kind: 'SIGNAL', signal: accountChanged.name });
  }

  function answerOf(
    { number, state }: ClaimAccess,
    { operation: kind }: Operation,
    made: { outcome: 'DONE' | 'RUNNING_ALREADY'; runId: string | null; seq: number; target?: Target },
  ) {
    const { outcome, runId, seq, target } = made;
    const body: z.output<typeof operated> = {
      ...{ number, state, seq, operation: kind, outcome, runId },
      activities: (target?.activities ?? []).map(({ type }) => type),
    };
    return { ok: true, status: 200, body, headers: { etag: etag(seq) } } as const;
  }

  const toStart = (claim: ClaimAccess) => ({ ...claim, claimNumber: claim.number, taskQueue: workflows.taskQueue, region: claim.insuredRegion });

  function runUrl(base: string, { workflowId, runId }: { workflowId: string; runId: string }): string {
    const parts = ['namespaces', client.options.namespace, 'workflows', workflowId, runId, 'history'].map(encodeURIComponent);
    return `${base.replace(/\/+$/, '')}/${parts.join('/')}`;
  }
};

import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import type { Action } from '#domain/org/can.ts';
import type { Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { dueOf, readClaimContext, type ClaimContext } from '#prisma/queries/claim-context.ts';
import { recordMove } from '#prisma/queries/claim-moves.ts';
import { findClaim } from '#prisma/queries/claim-reading.ts';
import { findLineage } from '#prisma/queries/claim-submission.ts';
import { giveDocuments } from '#prisma/queries/document-keys.ts';
import { attachDocuments, listAttached, replaceDocuments } from '#prisma/queries/documents.ts';
import { writeWorkflowCommand } from '#prisma/queries/workflow-commands.ts';
import { checkConsent, checkContent, takeIn, usableDocuments } from '../claim-door.ts';
import { attachedToJson, claimToJson } from '../claim-json.ts';
import { attachmentsAdded, claim, claimParams, emptyBody, MAX_DOCUMENTS, newAttachments, newClaim, resubmission } from '../contract/claims.ts';
import { etag, headers, responses } from '../contract/common.ts';
import { withIdempotency } from '../plugins/idempotency.ts';

const tags = ['claims'];
const CONTENT_CODES = [
  'FORBIDDEN',
  'EMPLOYEE_UNKNOWN',
  'PERSON_ERASED',
  'BUREAU_UNKNOWN',
  'CONSENT_MISSING',
  'DOCUMENT_UNKNOWN',
  'DOCUMENT_OF_ANOTHER',
  'ERASED',
  'AMOUNT_INVALID',
  'DATE_IN_FUTURE',
  'DATES_OUT_OF_ORDER',
  'LINES_DO_NOT_ADD_UP',
  'INVOICE_KEY_INVALID',
] as const;

/** Claims (报销申请): how they come in, and what is added to them. What people decide of them goes through the workflow: claim-actions.ts. */
export const claimRoutes: FastifyPluginAsyncZod = async (app) => {
  const { deps } = app;
  const { keys, clock } = deps;

  app.post(
    '/v1/claims',
    {
      config: { access: 'claims:write', action: 'claim.submit' },
      schema: {
        tags,
        summary: 'Submit a claim',
        description: 'Stored at once and worked on from then on, whatever else is away. A draft waits until the employee confirms it.',
        headers: headers('idempotency-key'),
        body: newClaim,
        response: responses({ 201: claim }, { with: 'key', codes: CONTENT_CODES }),
      },
    },
    async (request, reply) => {
      const { employeeNo, draft, ...content } = request.body;
      const checked = checkContent(content, { keys, now: clock() });
      if (!checked.ok) return reply.refuse(checked);
      return withIdempotency(request, reply, async (tx) => {
        const taken = await takeIn(tx, request, { content, amounts: checked, employeeNo, draft, prior: null, deps });
        return taken.ok ? created(taken.claim) : taken;
      });
    },
  );

  app.post(
    '/v1/claims/:number/confirm',
    {
      config: { access: 'claims:write', action: 'claim.confirm' },
      schema: {
        tags,
        summary: 'Confirm a draft',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: emptyBody,
        response: responses({ 200: claim }, { with: 'key', codes: ['FORBIDDEN', 'CLAIM_STATE_CONFLICT', 'CLAIM_ON_HOLD', 'CONSENT_MISSING'] }),
      },
    },
    async (request, reply) => {
      const { number } = request.params;
      // before the transaction, which must not wait for a second connection; the move asks again whether it is a draft
      const clockwork = await deps.clockwork();
      const draft = await findClaim(request.db, { number });
      if (!draft) return reply.refuse(refuse('NOT_FOUND'));
      return withIdempotency(request, reply, async (tx) => {
        const locked = await lockClaim(tx, request, { number, action: 'claim.confirm' });
        if (!locked.ok) return locked;
        const { head } = locked.claim;
        if (head.state !== 'DRAFT') return refuse('CLAIM_STATE_CONFLICT', { params: { state: head.state } });
        if (head.onHold) return refuse('CLAIM_ON_HOLD');
        const at = clock();
        const consent = await checkConsent(tx, { employeeId: locked.claim.employeeId, step: 'SUBMIT', at });
        if (!consent.ok) return consent;
        const move = { type: 'CONFIRMED', to: 'SUBMITTED', at, actor: request.actor, patch: { submittedAt: at } } as const;
        const moved = await recordMove(tx, locked.claim, move, clockwork);
        await writeWorkflowCommand(tx, { claimNumber: number, kind: 'START' });
        const due = dueOf(moved, clockwork);
        const row = { ...draft, ...moved.head, seq: moved.seq, dueAt: due.actAt, dueProvisional: due.provisional, updatedAt: at };
        return { ok: true, status: 200, body: claimToJson(row), headers: { etag: etag(row.seq) } };
      });
    },
  );

  app.post(
    '/v1/claims/:number/resubmit',
    {
      config: { access: 'claims:write', action: 'claim.submit' },
      schema: {
        tags,
        summary: 'Submit a denied or withdrawn claim anew',
        description: 'A new claim of the same employee that points at this one. Each claim can be taken up once, and a chain only so often as the unit allows.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: resubmission,
        response: responses({ 201: claim }, { with: 'key', codes: [...CONTENT_CODES, 'PRIOR_CLAIM_INVALID', 'RESUBMISSION_LIMIT', 'CLAIM_ON_HOLD'] }),
      },
    },
    async (request, reply) => {
      const content = request.body;
      const checked = checkContent(content, { keys, now: clock() });
      if (!checked.ok) return reply.refuse(checked);
      return withIdempotency(request, reply, async (tx) => {
        const { number } = request.params;
        const locked = await lockClaim(tx, request, { number, action: 'claim.submit' });
        if (!locked.ok) return locked;
        const { head, settings } = locked.claim;
        if (head.state !== 'DENIED' && head.state !== 'WITHDRAWN') return refuse('PRIOR_CLAIM_INVALID', { params: { state: head.state } });
        if (head.onHold) return refuse('CLAIM_ON_HOLD');
        const lineage = await findLineage(tx, number);
        if (lineage.takenUpBy !== null) return refuse('PRIOR_CLAIM_INVALID', { params: { resubmittedAs: lineage.takenUpBy } });
        if (lineage.resubmissionNo >= settings.maxResubmissions) return refuse('RESUBMISSION_LIMIT', { params: { limit: settings.maxResubmissions } });
        const prior = { number, resubmissionNo: lineage.resubmissionNo + 1 };
        const taken = await takeIn(tx, request, { content, amounts: checked, employeeNo: lineage.employeeNo, draft: false, prior, deps });
        return taken.ok ? created(taken.claim) : taken;
      });
    },
  );

  app.post(
    '/v1/claims/:number/documents',
    {
      config: { access: 'claims:write', action: ['claim.add-document', 'claim.complete'] },
      schema: {
        tags,
        summary: 'Add documents',
        description:
          'What was asked for is looked at when “materials complete” is said. A wrong document is replaced while the claim waits for documents, or is a draft: it stays with the claim, and counts no more.',
        headers: headers('idempotency-key'),
        params: claimParams,
        body: newAttachments,
        response: responses(
          { 201: attachmentsAdded },
          { with: 'key', codes: ['FORBIDDEN', 'CLAIM_CLOSED', 'CLAIM_STATE_CONFLICT', 'DOCUMENT_UNKNOWN', 'DOCUMENT_OF_ANOTHER', 'ERASED'] },
        ),
      },
    },
    async (request, reply) =>
      withIdempotency(request, reply, async (tx) => {
        const { number } = request.params;
        const { documents } = request.body;
        const pairs = documents.flatMap(({ documentId, replaces }) => (replaces === undefined ? [] : [{ documentId, replaces }]));
        // what counts no more afterwards is for those to say who say that all is there
        const locked = await lockClaim(tx, request, { number, action: pairs.length > 0 ? 'claim.complete' : 'claim.add-document' });
        if (!locked.ok) return locked;
        if (locked.claim.head.closedAt !== null) return refuse('CLAIM_CLOSED');
        // what a bureau or a person is looking at is not taken from under their eyes
        if (pairs.length > 0 && !['DRAFT', 'PENDED_INFO'].includes(locked.claim.head.state)) return refuse('CLAIM_STATE_CONFLICT');
        const consent = await checkConsent(tx, { employeeId: locked.claim.employeeId, step: 'STORE', at: clock() });
        if (!consent.ok) return consent;
        const usable = await usableDocuments(
          tx,
          request,
          documents.map((document) => document.documentId),
          { becomesOf: locked.claim.employeeId },
        );
        if (!usable.ok) return usable;
        const count = await attachDocuments(tx, { claimNumber: number, documents, at: clock() });
        const given = await giveDocuments(tx, { employeeId: locked.claim.employeeId, documents });
        if (!given.ok) return given;
        const unknown = await replaceDocuments(tx, { claimNumber: number, pairs, at: clock() });
        if (unknown.length > 0) return refuse('DOCUMENT_UNKNOWN', { params: { documents: unknown } });
        if (count > MAX_DOCUMENTS) return refuse('VALIDATION_FAILED', { detail: `a claim has at most ${MAX_DOCUMENTS} documents` });
        await audit(tx, { claimNumber: number, at: clock(), actor: request.actor, action: 'DOCUMENTS_ADDED', detail: { documents } });
        return { ok: true, status: 201, body: { documents: (await listAttached(tx, { claimNumber: number })).map(attachedToJson) } };
      }),
  );
};

function created(row: Parameters<typeof claimToJson>[0]) {
  return { ok: true, status: 201, body: claimToJson(row), headers: { etag: etag(row.seq), location: `/v1/claims/${row.number}` } } as const;
}

/** The claim with its row locked, if the caller sees it and may do `action`. */
export async function lockClaim(
  tx: Tx,
  request: FastifyRequest,
  { number, action }: { number: string; action: Action },
): Promise<{ ok: true; claim: ClaimContext } | Refusal> {
  const found = await readClaimContext(tx, number, { lock: true });
  if (!found) return refuse('NOT_FOUND');
  const allowed = request.may(action, { unitAncestors: found.ancestorIds, employeeId: found.employeeId });
  return allowed.ok ? { ok: true, claim: found } : allowed;
}

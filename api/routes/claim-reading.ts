import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { reasonFor } from '#domain/claim/reasons.ts';
import { CLAIM_STATES, stageOf, type ClaimState, type Stage } from '#domain/claim/states.ts';
import { titleOf } from '#domain/notices/render.ts';
import { refuse, type ErrorCode } from '#domain/errors.ts';
import { formatYuan } from '#domain/money.ts';
import { reach } from '#domain/org/can.ts';
import { readClaimContext } from '#prisma/queries/claim-context.ts';
import { listBoxedClaims } from '#prisma/queries/inbox-boxes.ts';
import { listClaims, type ClaimListFilter } from '#prisma/queries/claim-list.ts';
import {
  findClaim,
  findClaimSummary,
  listDecisions,
  listEvents,
  listNotices,
  listPayments,
  type ClaimSummaryRow,
  type DecisionListRow,
} from '#prisma/queries/claim-reading.ts';
import { findLineage } from '#prisma/queries/claim-submission.ts';
import { historyOf } from '../claim-history.ts';
import { actorToJson, claimToJson, gatewayNames, rfc3339, summaryToJson } from '../claim-json.ts';
import { progressOf } from '../claim-progress.ts';
import { claimSubject } from '../claim-subject.ts';
import { claim, claimFilters, claimPage, claimParams, decisions, history, messages, payments, progress } from '../contract/claims.ts';
import { claimNumber, etag, headers, responses, time } from '../contract/common.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { recordLookAt } from '../look.ts';
import { mustFind } from '../patch.ts';

const tags = ['claims'];
const config = { access: 'claims:read', action: ['claim.read', 'claim.read-medical'] } as const;
const position = z.strictObject({ createdAt: time, number: claimNumber });
const positionOf = ({ createdAt, number }: ClaimSummaryRow): z.output<typeof position> => ({ createdAt: createdAt.toISOString(), number });

/** What can be read of claims. Lists and pages are Postgres; what one workflow does just now is claim-actions.ts. */
export const claimReadingRoutes: FastifyPluginAsyncZod = async (app) => {
  const { gateways, clockwork, clock } = app.deps;
  const nameOf = gatewayNames(gateways);

  app.get(
    '/v1/claims',
    {
      config,
      schema: {
        tags,
        summary: 'Claims, newest first',
        headers: headers(),
        querystring: claimFilters,
        response: responses({ 200: claimPage }, { codes: ['CURSOR_INVALID', 'ACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, stage, overdue, box, ...filters } = request.query;
      const read = readCursor(position, cursor);
      if (!read.ok) return reply.refuse(read);
      const { person } = request;
      if (box && !person) return reply.refuse(refuse('ACTOR_REQUIRED'));
      if (box && person) {
        const whose = { employeeId: person.employeeId, within: reach(request.asker, 'claim.read') };
        const boxed = await listBoxedClaims(request.db, box, whose, { after: read.after, limit: limit + 1 });
        return pageFrom(boxed, { limit, item: summaryToJson, position: positionOf });
      }
      const rows = await listClaims(request.db, {
        ...filters,
        ...{ reader: readerOf(request), after: read.after, limit: limit + 1 },
        stage: stage && { before: statesOf(stage, 0), since: statesOf(stage, 1) },
        overdue: overdue === undefined ? undefined : { is: overdue, at: clock() },
      });
      return pageFrom(rows, { limit, item: summaryToJson, position: positionOf });
    },
  );

  app.get('/v1/claims/:number', { config, schema: about('A claim', claim) }, async (request, reply) => {
    const found = await findClaim(request.db, { number: request.params.number });
    if (!found || !(await mayRead(request, found))) return reply.refuse(refuse('NOT_FOUND'));
    await recordLookAt(request, 'claim', [lookedAt(found)]);
    const { ok: seesAll } = request.may('claim.read-medical', await claimSubject(request, found));
    return reply.header('etag', etag(found.seq)).send(claimToJson(found, seesAll ? 'shown' : 'hidden'));
  });

  app.get('/v1/claims/:number/progress', { config, schema: about('The five stages, and what to do', progress) }, async (request, reply) => {
    const found = await readable(request, 'claim.progress');
    if (!found) return reply.refuse(refuse('NOT_FOUND'));
    const { number, employeeNo } = found;
    const [context, lineage, events, terms] = await Promise.all([
      mustFind(readClaimContext(request.db, number, { lock: false })),
      findLineage(request.db, number),
      listEvents(request.db, { number }),
      clockwork(),
    ]);
    const appealable = lineage.takenUpBy === null;
    const resubmittable = appealable && lineage.resubmissionNo < context.settings.maxResubmissions;
    return progressOf({ claim: context, employeeNo, appealable, resubmittable, events, nameOf, clockwork: terms, now: clock() });
  });

  app.get('/v1/claims/:number/history', { config, schema: about('Every transition', history) }, async (request, reply) => {
    const found = await readable(request, 'claim.history');
    if (!found) return reply.refuse(refuse('NOT_FOUND'));
    return { items: await historyOf(request, { ...found, nameOf }) };
  });

  app.get('/v1/claims/:number/messages', { config, schema: about('Messages sent, and to be sent', messages) }, async (request, reply) => {
    const found = await readable(request, 'claim.messages');
    if (!found) return reply.refuse(refuse('NOT_FOUND'));
    const notices = await listNotices(request.db, found);
    return {
      items: notices.map(({ seq, template, recipient, channel, status, createdAt, sentAt }) => ({
        ...{ seq, template, title: titleOf(template), recipient: { kind: recipient.kind, role: recipient.role ?? null }, channel, status },
        ...{ createdAt: createdAt.toISOString(), sentAt: rfc3339(sentAt) },
      })),
    };
  });

  app.get('/v1/claims/:number/payments', { config, schema: about('Payment instructions', payments) }, async (request, reply) => {
    const found = await readable(request, 'claim.payments');
    if (!found) return reply.refuse(refuse('NOT_FOUND'));
    const instructions = await listPayments(request.db, found);
    return {
      items: instructions.map(({ amountFen, createdAt, sentAt, settledAt, matchedAt, returnedAt, ...payment }) => ({
        ...{ ...payment, amount: formatYuan(amountFen), createdAt: createdAt.toISOString(), sentAt: rfc3339(sentAt) },
        ...{ settledAt: rfc3339(settledAt), matchedAt: rfc3339(matchedAt), returnedAt: rfc3339(returnedAt) },
      })),
    };
  });

  app.get('/v1/claims/:number/decisions', { config, schema: about('Decisions, line by line', decisions, ['FORBIDDEN']) }, async (request, reply) => {
    const found = await readable(request, 'claim.decisions');
    if (!found) return reply.refuse(refuse('NOT_FOUND'));
    // line by line, with what the bureau wrote
    const allowed = request.may('claim.read-medical', await claimSubject(request, found));
    if (!allowed.ok) return reply.refuse(allowed);
    return { items: (await listDecisions(request.db, found)).map(decisionToJson) };
  });

  /** The claim whose `what` the caller is about to see, if it may: the look is recorded. */
  async function readable(request: FastifyRequest<{ Params: { number: string } }>, what: string): Promise<ClaimSummaryRow | undefined> {
    const found = await findClaimSummary(request.db, { number: request.params.number });
    if (!found || !(await mayRead(request, found))) return undefined;
    await recordLookAt(request, what, [lookedAt(found)]);
    return found;
  }
};

function about<Body extends z.ZodType>(summary: string, body: Body, codes: ErrorCode[] = []) {
  return { tags, summary, headers: headers(), params: claimParams, response: responses({ 200: body }, { codes }) };
}

const lookedAt = ({ employeeId, ancestorIds, number }: ClaimSummaryRow) => ({ employeeId, unitId: ancestorIds.at(-1), claimNumber: number });

async function mayRead(request: FastifyRequest, claimRow: ClaimSummaryRow): Promise<boolean> {
  return request.may('claim.read', await claimSubject(request, claimRow)).ok;
}

/** The same rule as `mayRead`, as a filter. */
function readerOf({ person, asker }: FastifyRequest): ClaimListFilter['reader'] {
  return person && { employeeId: person.employeeId, unitIds: reach(asker, 'claim.read') };
}

/** The states in which a claim shows as `stage`, which may depend on whether it was with the bureau. */
function statesOf(stage: Stage, submissionVersion: number): ClaimState[] {
  return CLAIM_STATES.filter((state) => stageOf({ state, submissionVersion, onHold: false }).stage === stage);
}

function decisionToJson(row: DecisionListRow): z.output<typeof decisions>['items'][number] {
  return {
    ...{ no: row.no, source: row.source, sourceNo: row.sourceNo, outcome: row.outcome, remark: row.remark },
    ...{ submitted: formatYuan(row.submittedFen), benefit: formatYuan(row.benefitFen), payable: formatYuan(row.payableFen) },
    ...{ decidedBy: actorToJson(row.decidedBy), decidedAt: row.decidedAt.toISOString(), recordedAt: row.recordedAt.toISOString() },
    reasons: row.reasons.map(({ code, text }) => ({ code, text, label: labelOf(code), next: reasonFor(code)?.next ?? null })),
    lines: row.lines.map((line) => ({
      ...{ lineNo: line.lineNo, submitted: formatYuan(line.submittedFen), eligible: formatYuan(line.eligibleFen) },
      ...{ deductible: formatYuan(line.deductibleFen), benefit: formatYuan(line.benefitFen) },
      adjustments: line.adjustments.map(({ code, amountFen }) => ({ code, amount: formatYuan(amountFen), label: labelOf(code) })),
    })),
    funding: row.funding.map(({ source, amountFen }) => ({ source, amount: formatYuan(amountFen) })),
  };
}

function labelOf(code: string): { zh: string; en: string } | null {
  const reason = reasonFor(code);
  return reason ? { zh: reason.zh, en: reason.en } : null;
}

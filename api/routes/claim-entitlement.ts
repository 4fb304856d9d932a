import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { reasonFor } from '#domain/claim/reasons.ts';
import { refuse } from '#domain/errors.ts';
import { formatYuan } from '#domain/money.ts';
import { compare, type Compared } from '#domain/policy/compare.ts';
import type { Assessed } from '#domain/policy/entitle.ts';
import { findClaimSummary, listDecisions, type DecisionListRow } from '#prisma/queries/claim-reading.ts';
import { findEntitlement } from '#prisma/queries/entitlements.ts';
import { claimSubject } from '../claim-subject.ts';
import { claimParams } from '../contract/claims.ts';
import { headers, responses } from '../contract/common.ts';
import { entitlement, type EntitlementJson } from '../contract/entitlements.ts';
import { amountsOf } from '../estimate.ts';
import { recordLookAt } from '../look.ts';

/** 待遇测算: what a claim was estimated to be paid, every yuan explained, beside what was decided. Stored figures only. */
export const claimEntitlementRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/v1/claims/:number/entitlement',
    {
      config: { access: 'claims:read', action: ['claim.read', 'claim.read-medical'] },
      schema: {
        tags: ['claims'],
        summary: 'What the claim was estimated to be paid, and why the rest is not',
        description:
          'As it was when the claim last passed intake, by the rulebook of that version. There is none before, and what was medical of it is erased with the claim.',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: entitlement }, { codes: ['FORBIDDEN', 'ERASED'] }),
      },
    },
    async (request, reply) => {
      const found = await findClaimSummary(request.db, { number: request.params.number });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const subject = await claimSubject(request, found);
      if (!request.may('claim.read', subject).ok) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('claim.read-medical', subject);
      if (!allowed.ok) return reply.refuse(allowed);
      const { employeeId, number: claimNumber } = found;
      await recordLookAt(request, 'claim.entitlement', [{ employeeId, unitId: found.ancestorIds.at(-1), claimNumber }]);
      const stored = await findEntitlement(request.db, { claimNumber, employeeId });
      if (!stored) return reply.refuse(refuse('NOT_FOUND'));
      const { assessed, submittedFen, at, visitStart: _, ...rest } = stored;
      if (!assessed) return reply.refuse(refuse('ERASED'));
      const decision = (await listDecisions(request.db, found)).at(-1);
      return { ...rest, at: at.toISOString(), ...amountsOf(assessed.result, submittedFen), decided: decision ? besideDecision(assessed, decision) : null };
    },
  );
};

function besideDecision({ result }: Assessed, decision: DecisionListRow): EntitlementJson['decided'] {
  const { benefit, reasons, funding } = compare(result, decision);
  const total = toJson(benefit);
  return {
    ...{ decisionNo: decision.no, decided: total.decided },
    ...(result.covered ? { estimated: total.estimated, difference: total.difference } : { estimated: null, difference: null }),
    reasons: reasons.map(({ code, ...amounts }) => ({ code, label: labelOf(code), ...toJson(amounts) })),
    funding: funding.map(({ source, ...amounts }) => ({ source, ...toJson(amounts) })),
  };
}

const toJson = ({ estimatedFen, decidedFen, differenceFen }: Compared) => ({
  ...{ estimated: formatYuan(estimatedFen), decided: formatYuan(decidedFen), difference: formatYuan(differenceFen) },
});

function labelOf(code: string): { zh: string; en: string } | null {
  const reason = reasonFor(code);
  return reason ? { zh: reason.zh, en: reason.en } : null;
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { refuse } from '#domain/errors.ts';
import { findClaimSummary } from '#prisma/queries/claim-reading.ts';
import { findReview, type FindingRow } from '#prisma/queries/reviews.ts';
import { actorToJson } from '../claim-json.ts';
import { claimSubject } from '../claim-subject.ts';
import { claimParams } from '../contract/claims.ts';
import { headers, responses } from '../contract/common.ts';
import { findings } from '../contract/findings.ts';
import { recordLookAt } from '../look.ts';

/** 预审意见: what stands in a claim's way, what to do about it, and who has said that it does not hold. */
export const claimFindingRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/v1/claims/:number/findings',
    {
      config: { access: 'claims:read', action: 'claim.read-medical' },
      schema: {
        tags: ['claims'],
        summary: 'What the review found',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: findings }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const found = await findClaimSummary(request.db, { number: request.params.number });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('claim.read-medical', await claimSubject(request, found));
      if (!allowed.ok) return reply.refuse(allowed);
      const { employeeId, ancestorIds, number: claimNumber } = found;
      await recordLookAt(request, 'claim.findings', [{ employeeId, unitId: ancestorIds.at(-1), claimNumber }]);
      const review = await findReview(request.db, found);
      if (!review) return { review: null, items: [] };
      const { no, at, rulebook } = review;
      return { review: { no, at: at.toISOString(), rulebook }, items: review.findings.toSorted(byWeight).map(toJson) };
    },
  );
};

/** What stops the claim comes first. */
const byWeight = (a: FindingRow, b: FindingRow): number => weight(b) - weight(a);
const weight = ({ blocking, overruled }: FindingRow): number => (overruled ? 1 : blocking ? 2 : 0);

function toJson({ overruled, ...finding }: FindingRow): z.output<typeof findings>['items'][number] {
  return { ...finding, overruled: overruled && { at: overruled.at.toISOString(), by: actorToJson(overruled.by), comment: overruled.comment } };
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { GRADES, MATCH_KINDS, MATCH_REASONS } from '#domain/claim/duplicates.ts';
import { refuse } from '#domain/errors.ts';
import { findClaimSummary } from '#prisma/queries/claim-reading.ts';
import { listMatches, type MatchRow } from '#prisma/queries/duplicates.ts';
import { actorToJson } from '../claim-json.ts';
import { claimSubject } from '../claim-subject.ts';
import { claimParams } from '../contract/claims.ts';
import { headers, responses } from '../contract/common.ts';
import { matches } from '../contract/matches.ts';
import { recordLookAt } from '../look.ts';

const HERE = { zh: '可见单位', en: 'A unit that you see' };
const ELSEWHERE = { zh: '另一单位', en: 'Another unit' };

/** What a claim looks like, for those who decide whether it is a duplicate. Found by the worker, which sees all units; shown as far as the caller does. */
export const claimMatchRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/v1/claims/:number/matches',
    {
      config: { access: 'tasks:read', action: 'task.read-medical' },
      schema: {
        tags: ['claims'],
        summary: 'Suspected duplicates',
        headers: headers(),
        params: claimParams,
        response: responses({ 200: matches }, { codes: ['FORBIDDEN'] }),
      },
    },
    async (request, reply) => {
      const found = await findClaimSummary(request.db, { number: request.params.number });
      if (!found) return reply.refuse(refuse('NOT_FOUND'));
      const allowed = request.may('task.read-medical', await claimSubject(request, found));
      if (!allowed.ok) return reply.refuse(allowed);
      const { employeeId, ancestorIds, number: claimNumber } = found;
      await recordLookAt(request, 'claim.matches', [{ employeeId, unitId: ancestorIds.at(-1), claimNumber }]);
      return { items: (await listMatches(request.db, found)).map(toJson) };
    },
  );
};

function toJson({ kind, grade, reason, foundAt, clearedAt, clearedBy, clearedComment, other }: MatchRow): z.output<typeof matches>['items'][number] {
  return {
    ...{ kind, label: MATCH_KINDS[kind], grade, gradeLabel: GRADES[grade], foundAt: foundAt.toISOString() },
    // why it was graded so says something of the other claim
    reason: other && MATCH_REASONS[reason],
    other: other && { claimNumber: other.number, unitCode: other.unitCode },
    where: other ? HERE : ELSEWHERE,
    cleared: clearedAt && clearedBy && { at: clearedAt.toISOString(), by: actorToJson(clearedBy), comment: clearedComment },
  };
}

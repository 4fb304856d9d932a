import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { searchColleagues } from '#prisma/queries/colleagues.ts';
import { colleagues, colleagueSearch } from '../contract/colleagues.ts';
import { headers, responses } from '../contract/common.ts';
import { listedUnit } from '../listed-unit.ts';

/** Whom a task may be passed on to, and who may stand in: found by name, so that nobody has to know numbers by heart. A POST, because names have no business in addresses. */
export const colleagueRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/v1/colleagues/search',
    {
      config: { access: 'directory:read', action: 'colleague.read' },
      schema: {
        tags: ['directory'],
        summary: 'Find colleagues by name or number',
        description: 'Changes nothing. Somebody elsewhere in the group can be named by number all the same.',
        headers: headers(),
        body: colleagueSearch,
        response: responses({ 200: colleagues }, { with: 'body', codes: ['FORBIDDEN', 'SECOND_FACTOR_REQUIRED'] }),
      },
    },
    async (request, reply) => {
      const listed = await listedUnit(request, 'colleague.read');
      if (!listed.ok) return reply.refuse(listed);
      return { items: await searchColleagues(request.db, { ...request.body, within: listed.within }) };
    },
  );
};

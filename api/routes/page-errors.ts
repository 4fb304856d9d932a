import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { noContent, responses } from '../contract/common.ts';
import { pageError } from '../contract/page-errors.ts';

const BODY_LIMIT_BYTES = 4_096;

/** Pages that broke tell it here, also before anybody has signed in. It goes into the log and nowhere else. */
export const pageErrorRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/v1/page-errors',
    {
      config: { access: 'open', countedAs: 'pageErrors' },
      bodyLimit: BODY_LIMIT_BYTES,
      schema: { tags: ['operations'], summary: 'Report that a page broke', body: pageError, response: responses({ 204: noContent }, { with: 'body' }) },
    },
    async (request, reply) => {
      const { name, message, frames, page } = request.body;
      request.log.warn({ page, frames, error: `${masked(name)}: ${masked(message)}` }, 'a page of the console broke');
      return reply.code(204).send();
    },
  );
};

/** A message may quote what somebody typed, or an answer: numbers and whatever may be a Chinese name are left out. */
const masked = (text: string): string => text.replaceAll(/\d/g, '#').replaceAll(/[^\x20-\x7e]/g, '?');

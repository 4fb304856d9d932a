import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { shanghaiDay } from '#domain/calendar.ts';
import { headers, responses } from '../contract/common.ts';
import { estimate, estimateRequest } from '../contract/estimates.ts';
import { estimateOf } from '../estimate.ts';

/** 预估: what a claim would be paid and what would be refused, before anybody submits it. */
export const estimateRoutes: FastifyPluginAsyncZod = async (app) => {
  const { policies, clock } = app.deps;

  app.post(
    '/v1/estimates',
    {
      config: { access: 'claims:read', action: { none: 'names nobody, reads nothing that is kept and stores nothing' } },
      schema: {
        tags: ['claims'],
        summary: 'What would be paid, and why the rest would not',
        description:
          'By the rulebook of the insured region, and the catalogue that it names, on the first day of treatment. Nothing is stored. Where no rulebook answers, `covered` is false and a person decides.',
        headers: headers(),
        body: estimateRequest,
        response: responses(
          { 200: estimate },
          { with: 'body', codes: ['PLAN_UNKNOWN', 'AMOUNT_INVALID', 'HOSPITAL_UNKNOWN', 'ITEM_CLASS_REQUIRED', 'DATES_OUT_OF_ORDER'] },
        ),
      },
    },
    async (request, reply) => {
      const told = estimateOf(request.body, policies, shanghaiDay(clock()));
      return told.ok ? told.estimate : reply.refuse(told);
    },
  );
};

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import type { DocumentReading } from '#domain/invoice/reading.ts';
import { proposeClaim } from '#domain/invoice/proposal.ts';
import { findEmployee } from '#prisma/queries/employees.ts';
import { headers, responses } from '../contract/common.ts';
import { claimProposal, proposalRequest } from '../contract/proposals.ts';
import { documentReadings } from '../document-reading.ts';

/** 票据识别填单: the claim that some documents make, so that the employee checks it instead of typing it. */
export const proposalRoutes: FastifyPluginAsyncZod = async (app) => {
  const { policies } = app.deps;
  const readings = documentReadings(app.deps);

  app.post(
    '/v1/claim-proposals',
    {
      config: { access: 'claims:write', action: 'claim.submit' },
      schema: {
        tags: ['claims'],
        summary: 'Fill a claim from its documents',
        description:
          'Reads what was not read yet, and puts it together: each field with where it comes from, how sure it is, and whether it has to be checked. Documents of one invoice are one. Nothing but the readings is stored.',
        headers: headers(),
        body: proposalRequest,
        response: responses(
          { 200: claimProposal },
          {
            with: 'body',
            codes: ['FORBIDDEN', 'EMPLOYEE_UNKNOWN', 'DOCUMENT_UNKNOWN', 'ERASED', 'DOCUMENT_DAMAGED', 'DOCUMENT_READER_UNAVAILABLE', 'TEMPORAL_UNAVAILABLE'],
          },
        ),
      },
    },
    async (request, reply) => {
      const { employeeNo, documents, kind } = request.body;
      const employee = await findEmployee(request.db, { employeeNo });
      if (!employee?.active) return reply.refuse(refuse('EMPLOYEE_UNKNOWN', { params: { path: 'employeeNo' } }));
      const allowed = request.may('claim.submit', { unitAncestors: employee.unitAncestors, employeeId: employee.id });
      if (!allowed.ok) return reply.refuse(allowed);
      const answers = await Promise.all(documents.map(async (documentId) => ({ documentId, answer: await readings.ask(request, documentId) })));
      const read: { documentId: string; reading: DocumentReading }[] = [];
      for (const { documentId, answer } of answers) {
        if (!answer.ok) return reply.refuse(answer.code === 'NOT_FOUND' ? refuse('DOCUMENT_UNKNOWN', { params: { documents: [documentId] } }) : answer);
        if (answer.state === 'FINISHED') read.push({ documentId, reading: answer.reading });
      }
      const { findings, ...claim } = proposeClaim({ documents: read, kind, payer: employee.name, lists: policies });
      return {
        claim: { employeeNo, ...claim },
        documents: answers.map(({ documentId }) => ({
          documentId,
          state: read.some((each) => each.documentId === documentId) ? ('FINISHED' as const) : ('RUNNING' as const),
        })),
        findings,
      };
    },
  );
};

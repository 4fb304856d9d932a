import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { headers, responses } from '../contract/common.ts';
import { documentParams } from '../contract/documents.ts';
import { documentReading, readingUnderWay } from '../contract/reading.ts';
import { documentReadings, type ReadingAnswer } from '../document-reading.ts';

const ANSWERS = { 200: documentReading, 202: readingUnderWay };
const CODES = ['ERASED', 'DOCUMENT_DAMAGED', 'DOCUMENT_READER_UNAVAILABLE', 'TEMPORAL_UNAVAILABLE'] as const;
const tags = ['documents'];

/** 票据识别: what a stored document says of an invoice, so that nobody has to type it. */
export const readingRoutes: FastifyPluginAsyncZod = async (app) => {
  const readings = documentReadings(app.deps);

  app.post(
    '/v1/documents/:id/reading',
    {
      config: { access: 'documents:read', action: 'document.read' },
      schema: {
        tags,
        summary: 'Read the invoice in a file',
        description:
          'Fields with the source of each and how sure it is, and what is wrong. A file in which nothing can be read is answered with a finding. Data and text are read at once; photographs ' +
          'and scans by a reader process: 202 where that takes longer than some seconds. A file is read once; asked again, this gives the reading that is kept.',
        headers: headers(),
        params: documentParams,
        response: responses(ANSWERS, { codes: CODES }),
      },
    },
    async (request, reply) => answer(reply, request.params.id, await readings.ask(request, request.params.id)),
  );

  app.get(
    '/v1/documents/:id/reading',
    {
      config: { access: 'documents:read', action: 'document.read' },
      schema: {
        tags,
        summary: 'What was read in a file',
        description: '202 while it is being read; NOT_FOUND where nobody has asked for it.',
        headers: headers(),
        params: documentParams,
        response: responses(ANSWERS, { codes: CODES }),
      },
    },
    async (request, reply) => answer(reply, request.params.id, await readings.find(request, request.params.id)),
  );
};

function answer(reply: FastifyReply, documentId: string, read: ReadingAnswer) {
  if (!read.ok) return reply.refuse(read);
  if (read.state === 'RUNNING') return reply.code(202).header('location', `/v1/documents/${documentId}/reading`).send({ state: 'RUNNING' });
  return reply.send({ state: 'FINISHED', readAt: read.at.toISOString(), ...read.reading });
}

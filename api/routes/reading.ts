import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { refuse } from '#domain/errors.ts';
import { readDocument } from '#platform/reading/read-document.ts';
import { headers, responses } from '../contract/common.ts';
import { documentParams } from '../contract/documents.ts';
import { documentReading } from '../contract/reading.ts';
import { openContent, readableDocument } from '../document-access.ts';

/** 票据识别: what a stored document says of an invoice, so that nobody has to type it. */
export const readingRoutes: FastifyPluginAsyncZod = async (app) => {
  const { renderer: files, letters } = app.deps;

  app.post(
    '/v1/documents/:id/reading',
    {
      config: { access: 'documents:read', action: 'document.read' },
      schema: {
        tags: ['documents'],
        summary: 'Read the invoice in a file',
        description:
          'Fields with the source of each and how sure it is, and what is wrong. A file in which nothing can be read is answered with a finding. A photograph takes some seconds. Nothing is stored.',
        headers: headers(),
        params: documentParams,
        response: responses({ 200: documentReading }, { codes: ['ERASED', 'DOCUMENT_DAMAGED', 'DOCUMENT_READER_UNAVAILABLE'] }),
      },
    },
    async (request, reply) => {
      const readable = await readableDocument(request, request.params.id);
      if (!readable.ok) return reply.refuse(readable);
      const opened = await openContent(request, readable.document, 'reading');
      if (!opened.ok) return reply.refuse(opened);
      const reading = await readDocument({ files, letters }, opened.content);
      const { fields, findings } = reading;
      const isAway = findings.some(({ code }) => code === 'DOCUMENT_READER_UNAVAILABLE');
      if (isAway && fields.number.value === null) return reply.refuse(refuse('DOCUMENT_READER_UNAVAILABLE'));
      return reading;
    },
  );
};

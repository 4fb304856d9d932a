import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MEDIA_TYPES, type MediaType } from '#platform/media-type.ts';
import { previewDocument } from '#platform/render/documents.ts';
import { openFileName } from '#prisma/queries/document-keys.ts';
import { headers, responses } from '../contract/common.ts';
import { documentParams, previewQuery } from '../contract/documents.ts';
import { mayHaveOriginal, openContent, readableDocument } from '../document-access.ts';

const tags = ['documents'];
const SHOWN = ['image/jpeg', 'image/png', 'text/plain; charset=utf-8'] as const;
const contentOf = (types: readonly string[]) => Object.fromEntries(types.map((type) => [type, { schema: z.any() }]));

/** What is in a document: a picture of it for everybody who may see it, the file itself for those who need it. */
export const documentContentRoutes: FastifyPluginAsyncZod = async (app) => {
  const { renderer } = app.deps;

  app.get(
    '/v1/documents/:id/preview',
    {
      config: { access: 'documents:read', action: 'document.read' },
      schema: {
        tags,
        summary: 'What a page looks like',
        description:
          'A picture made anew (JPEG or PNG, at most 2 000 pixels a side) without place, time, device or anything else that was in the file beside it; XML as plain text.',
        headers: headers(),
        params: documentParams,
        querystring: previewQuery,
        response: responses(
          { 200: { description: 'The page', content: contentOf(SHOWN) } },
          {
            codes: [
              ...['DOCUMENT_PAGE_UNKNOWN', 'ERASED', 'DOCUMENT_NOT_SHOWN', 'DOCUMENT_SUSPICIOUS', 'DOCUMENT_CONTENT_MISMATCH'],
              ...['DOCUMENT_DAMAGED', 'DOCUMENT_READER_UNAVAILABLE'],
            ] as const,
          },
        ),
      },
    },
    async (request, reply) => {
      const readable = await readableDocument(request, request.params.id);
      if (!readable.ok) return reply.refuse(readable);
      const opened = await openContent(request, readable.document, 'preview');
      if (!opened.ok) return reply.refuse(opened);
      const shown = await previewDocument(renderer, { mediaType: typeOf(readable.document), page: request.query.page, content: opened.content });
      if (!shown.ok) return reply.refuse(shown);
      const type = SHOWN.find((each) => each.startsWith(shown.mediaType)) ?? 'application/octet-stream';
      return harmless(reply, { type, disposition: 'inline' }).send(shown.content);
    },
  );

  app.get(
    '/v1/documents/:id/content',
    {
      config: { access: 'documents:read', action: ['document.read', 'document.original'] },
      schema: {
        tags,
        summary: 'The file as it came',
        description: 'For the claimant, whoever brought it, HR and auditors; others are shown the preview.',
        headers: headers(),
        params: documentParams,
        response: responses({ 200: { description: 'The content', content: contentOf(MEDIA_TYPES) } }, { codes: ['FORBIDDEN', 'ERASED', 'DOCUMENT_DAMAGED'] }),
      },
    },
    async (request, reply) => {
      const readable = await readableDocument(request, request.params.id);
      if (!readable.ok) return reply.refuse(readable);
      const allowed = mayHaveOriginal(request, readable);
      if (!allowed.ok) return reply.refuse(allowed);
      const opened = await openContent(request, readable.document, 'content');
      if (!opened.ok) return reply.refuse(opened);
      const type = readable.document.mediaType;
      const fileName = (await openFileName(request.db.vault, readable.document)) ?? '';
      return harmless(reply, { type, disposition: `attachment; filename*=UTF-8''${extendedValue(fileName)}` }).send(opened.content);
    },
  );
};

/** Never opened in a browser in our name, whatever it is, and kept by nobody. */
function harmless(reply: FastifyReply, { type, disposition }: { type: string; disposition: string }): FastifyReply {
  return reply
    .type(type)
    .header('content-disposition', disposition)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('cache-control', 'private, no-store');
}

/** RFC 5987: what `encodeURIComponent` leaves and the grammar does not. */
const extendedValue = (text: string): string => encodeURIComponent(text).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function typeOf({ mediaType }: { mediaType: string }): MediaType {
  const known = MEDIA_TYPES.find((type) => type === mediaType);
  if (!known) throw new Error(`a document of the unknown type ${mediaType}`);
  return known;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Its own files, calls to this API, and pictures that the page makes itself. Nothing inline, and no other host. */
const PAGE_MAY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' blob:"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join(';');

const YEAR_SECONDS = 31_536_000;

/**
 * The console's pages as they were built (`npm run console:build`). `/` and everything below `/app/` is one document, whose script reads the address;
 * its files lie below `/app/assets/` under names that change with their content, compressed ahead.
 */
export default async function consolePages(app: FastifyInstance): Promise<void> {
  const folder = app.deps.console;
  if (folder === undefined) return;
  const document = await readFile(join(folder, 'index.html'), 'utf8');
  await app.register(fastifyStatic, { root: join(folder, 'assets'), serve: false, preCompressed: true, immutable: true, maxAge: YEAR_SECONDS * 1_000 });

  const show = async (_request: unknown, reply: FastifyReply): Promise<FastifyReply> =>
    // asked for anew each time, because it names the files of this version; not `no-store`, so that going back is instant
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_MAY).header('cache-control', 'no-cache').send(document);
  for (const url of ['/', '/app/*']) app.get(url, { config: { access: 'open' }, schema: { hide: true } }, show);

  app.get('/app/assets/*', { config: { access: 'open', uncounted: true }, schema: { hide: true } }, async (request, reply) =>
    reply.sendFile((request.params as { '*': string })['*']),
  );
}

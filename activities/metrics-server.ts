import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

/** `/metrics` for Prometheus and `/readyz`, on this machine alone; nothing where no port was given. */
export function serveMetrics({ port, registry, ready }: { port: number | undefined; registry: Registry; ready: () => boolean }): Server | undefined {
  if (port === undefined) return undefined;
  return createServer((request, response) => {
    if (request.url === '/readyz') {
      response.writeHead(ready() ? 200 : 503).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  }).listen(port, '127.0.0.1');
}

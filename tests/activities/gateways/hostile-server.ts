import { createSecretKey, type KeyObject } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { verifyHeaders } from '#platform/gateway-signature.ts';

export const SECRET: KeyObject = createSecretKey('what we sign with, 32 characters', 'utf8');
export const ACCESS_KEY = 'dz-gateway';

/** A call that reached the server with a signature that holds. `name` is what the signature names. */
export type Received = { name: string; body: string; headers: IncomingHttpHeaders };
/** Text is answered with 200; a function does what it likes with the response. */
export type Reaction = string | { status: number; body?: string; headers?: Record<string, string> } | ((response: ServerResponse) => void);

export type HostileServer = { url: string; received: Received[]; close: () => Promise<void> };

/** Verifies every call's signature as the other side would, then reacts as the test says. */
export async function startHostileServer(react: (call: Received, count: number) => Reaction): Promise<HostileServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const check = verifyHeaders(raw, request.headers, { secretFor: (key) => (key === ACCESS_KEY ? SECRET : undefined), now: new Date() });
      if (!check.ok) {
        response.writeHead(401).end(check.reason);
        return;
      }
      const call = { name: check.apiName, body: raw.toString('utf8'), headers: request.headers };
      received.push(call);
      const reaction = react(call, received.filter(({ name }) => name === call.name).length);
      if (typeof reaction === 'function') reaction(response);
      else if (typeof reaction === 'string') response.end(reaction);
      else response.writeHead(reaction.status, reaction.headers).end(reaction.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/gateway`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reactions that no answer can be read from, whatever the protocol. The cause is what the adapter calls them. */
export const BROKEN: [string, Reaction, string][] = [
  ['500', { status: 500, body: 'oops' }, 'HTTP_500'],
  ['503', { status: 503 }, 'HTTP_503'],
  ['401', { status: 401 }, 'HTTP_401'],
  ['429', { status: 429 }, 'HTTP_429'],
  ['204', { status: 204 }, 'HTTP_204'],
  ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }, 'HTTP_307'],
  ['a connection cut after the work was done', (response) => response.socket?.destroy(), 'CONNECTION'],
  [
    'a connection cut in the middle of the answer',
    (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.socket?.destroy());
    },
    'CONNECTION',
  ],
  ['silence', () => undefined, 'TIMEOUT'],
  [
    'an answer that never ends',
    (response) => {
      response.write('drip');
    },
    'TIMEOUT',
  ],
  [
    'an answer that is huge',
    (response) => {
      const block = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        if (!response.destroyed) response.write(block, more);
      };
      more();
    },
    'TOO_LARGE',
  ],
];

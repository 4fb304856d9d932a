import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { pause } from './clock.ts';
import type { Faults, Target } from './faults.ts';

export type GatewayCall = { path: string; headers: IncomingHttpHeaders; body: Buffer };
export type Answer = { status: number; type: string; body: string };
/** What leaves the simulator: an answer, or silence on an open connection, or a cut one. */
export type Outcome = Answer | 'silence' | 'cut';

export type ControlCall = { params: Record<string, string>; query: URLSearchParams; body: unknown };
/** `path` has `:name` for one segment. What `run` returns is sent as JSON; a ControlError as its status. */
export type ControlRoute = {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  run: (call: ControlCall) => unknown;
};

/** A control call that asked for something impossible. */
export class ControlError extends Error {
  readonly status: 404 | 409;
  constructor(status: 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value ?? null),
});
export const plain = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

/**
 * Listens on 127.0.0.1: `/_control/…` is the control API (no signature), everything else the gateway (POST only).
 * Nothing leaves before `synced`, so that no kill can make the simulator forget what it has told somebody.
 */
export async function serve(options: {
  port: number;
  gateway: (call: GatewayCall) => Promise<Outcome>;
  control: ControlRoute[];
  synced: () => Promise<void>;
}): Promise<{ url: string; close: () => Promise<void> }> {
  const answer = async (request: IncomingMessage): Promise<Outcome> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const body = await bodyOf(request);
    if (body === undefined) return plain(413, 'body too large');
    if (url.pathname.startsWith('/_control/')) {
      const local = request.socket.remoteAddress === '127.0.0.1';
      return local ? control(options.control, request.method ?? '', url, body) : plain(403, 'control is local');
    }
    if (request.method !== 'POST') return plain(405, 'POST only');
    return options.gateway({ path: url.pathname, headers: request.headers, body });
  };
  const server = createServer((request, response) => {
    answer(request)
      .then(async (outcome) => {
        await options.synced();
        send(response, outcome);
      })
      .catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        if (!response.headersSent) send(response, plain(500, 'the simulator failed, see its log'));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Does `work` for a request under the fault switches that match it. `garbage` is what nonsense looks like here. */
export async function underFaults(options: { faults: Faults; target: Target; garbage: Answer; work: () => Promise<Answer> | Answer }): Promise<Outcome> {
  const { faults, target, work } = options;
  const slow = faults.take('slow', target);
  if (slow) await pause(slow.ms ?? 1000);
  if (faults.take('429', target)) return plain(429, 'rate limit (fault switch)');
  if (faults.take('wrong-signature', target)) return plain(401, 'signature refused (fault switch)');
  const broken = faults.take('5xx', target);
  if (broken) {
    if (broken.commit) await work();
    return plain(Number(broken.code ?? '503'), 'gateway failed (fault switch)');
  }
  const silent = faults.take('commit-then-timeout', target);
  const garbage = faults.take('garbage', target);
  const answer = await work();
  if (silent) return silent.cut ? 'cut' : 'silence';
  return garbage ? options.garbage : answer;
}

async function control(routes: ControlRoute[], method: string, url: URL, raw: Buffer): Promise<Answer> {
  let known = false;
  for (const route of routes) {
    const params = paramsOf(route.path, url.pathname);
    if (!params) continue;
    known = true;
    if (route.method !== method) continue;
    try {
      const body: unknown = raw.length === 0 ? {} : JSON.parse(raw.toString('utf8'));
      return json(200, await route.run({ params, query: url.searchParams, body }));
    } catch (error) {
      if (error instanceof ControlError) return json(error.status, { error: error.message });
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      if (error instanceof SyntaxError) return json(400, { error: error.message });
      throw error;
    }
  }
  return known ? json(405, { error: `not ${method}` }) : json(404, { error: 'no such control path' });
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, outcome: Outcome) {
  if (outcome === 'silence') return;
  if (outcome === 'cut') {
    response.socket?.destroy();
    return;
  }
  response.writeHead(outcome.status, { 'content-type': outcome.type }).end(outcome.body);
}

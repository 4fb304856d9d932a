import { createServer, request as ask, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';

/** A way to the product that lets everything through but, while it is broken, the stream of changes. */
export type BreakableLine = {
  url: string;
  /** the last event that each stream went on from; undefined where it began anew */
  resumedFrom: (string | undefined)[];
  /** streams that were asked for in vain */
  refused: () => number;
  break: () => void;
  mend: () => void;
  close: () => Promise<void>;
};

export async function breakableLine(target: string): Promise<BreakableLine> {
  const streams = new Set<Socket>();
  const resumedFrom: (string | undefined)[] = [];
  const { host, origin } = new URL(target);
  let broken = false;
  let refused = 0;
  const server = createServer((incoming, answer) => {
    const streamed = incoming.url === '/v1/stream';
    if (streamed && broken) {
      refused += 1;
      incoming.socket.destroy();
      return;
    }
    if (streamed) {
      streams.add(incoming.socket);
      resumedFrom.push(one(incoming.headers, 'last-event-id'));
    }
    const headers = { ...incoming.headers, host, ...(incoming.headers.origin !== undefined && { origin }) };
    const outgoing = ask(`${target}${incoming.url}`, { method: incoming.method ?? 'GET', headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    resumedFrom,
    refused: () => refused,
    break() {
      broken = true;
      for (const socket of streams) socket.destroy();
      streams.clear();
    },
    mend() {
      broken = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

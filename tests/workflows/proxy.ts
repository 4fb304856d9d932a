import { createServer, connect, type Socket } from 'node:net';

/** PostgreSQL behind a wire that breaks when told to. */
export type FaultyProxy = {
  url: string;
  /** ends every connection, and every new one at once, until `mend` */
  breakConnections(): void;
  mend(): void;
  /** lets the next COMMIT through and its answer not: the connection ends instead */
  loseNextCommit(): void;
  lost(): number;
  close(): Promise<void>;
};

export async function startFaultyProxy(databaseUrl: string): Promise<FaultyProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  let broken = false;
  let armed = false;
  let lost = 0;
  const server = createServer((client) => {
    if (broken) return client.destroy();
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    let committing = false;
    const end = (): void => {
      for (const socket of [client, upstream]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (data) => {
      if (armed && data.includes('COMMIT')) {
        armed = false;
        committing = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!committing) return client.write(data);
      lost += 1;
      return end();
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);
  return {
    url: url.href,
    breakConnections() {
      broken = true;
      for (const socket of open) socket.destroy();
    },
    mend() {
      broken = false;
    },
    loseNextCommit() {
      armed = true;
    },
    lost: () => lost,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

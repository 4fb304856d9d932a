import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Passes requests on to `target` and keeps what is answered, until `cut` breaks every connection: the moment between "done" and "told". */
export async function startHoldingProxy(target: string): Promise<{ url: string; answersHeld: () => number; cut(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let held = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.once('data', () => (held += 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answersHeld: () => held,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

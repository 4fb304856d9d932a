import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '#dev/stack/ports.ts';

/** A way to a server that can be closed and opened again, at one address. */
export function createProxy(target: string) {
  const { hostname, port } = new URL(`tcp://${target}`);
  const sockets = new Set<Socket>();
  let own: number | undefined;
  let server: Server | undefined;
  return {
    async open(): Promise<string> {
      own ??= await freePort();
      server = createServer((near) => {
        const far = connect(Number(port), hostname);
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
        }
        near.pipe(far).pipe(near);
      });
      server.listen(own, '127.0.0.1');
      await once(server, 'listening');
      return `127.0.0.1:${own}`;
    },
    async close(): Promise<void> {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      closing.close();
      for (const socket of sockets) socket.destroy();
      await once(closing, 'close');
    },
  };
}

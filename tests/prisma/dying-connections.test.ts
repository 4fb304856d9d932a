import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openDatabase } from '#prisma/database.ts';

const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

test('a server that dies while a new connection is looked at fails what wanted it, and not the process', async () => {
  // lets everybody in, and is gone at the first question
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATED, READY_FOR_QUERY]));
      socket.once('data', () => socket.resetAndDestroy());
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const database = openDatabase({ url: `postgres://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`, group: 'daozhang_api' });
  // an error that nobody listens to would fail the run
  await expect(database.query('SELECT 1')).rejects.toThrow(/ECONNRESET|terminated/);
  await expect(database.write((tx) => tx.query('SELECT 1'))).rejects.toThrow(/ECONNRESET|terminated/);
  await database.close();
  server.close();
});

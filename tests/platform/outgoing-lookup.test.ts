import { beforeEach, expect, test, vi } from 'vitest';
import { AddressNotAllowed, createOutgoingPolicy, guardedLookup } from '#platform/outgoing-address.ts';

type Address = { address: string; family: number };
const answers: Address[][] = [];
let asked = 0;

vi.mock('node:dns', () => ({
  lookup: (_host: string, _options: unknown, done: (error: null, addresses: Address[]) => void) => {
    asked += 1;
    done(null, answers.shift() ?? []);
  },
}));
beforeEach(() => {
  answers.splice(0);
  asked = 0;
});

const at = (address: string): Address => ({ address, family: address.includes(':') ? 6 : 4 });
const look = (all: boolean) =>
  new Promise<unknown>((resolve, reject) => {
    guardedLookup(createOutgoingPolicy())('hooks.example.com', { all }, (error, found) => (error ? reject(error) : resolve(found)));
  });

test('a name that leads to a public address now and to ours afterwards is asked for once, and what was checked is connected to', async () => {
  answers.push([at('223.5.5.5')], [at('127.0.0.1')]);
  expect(await look(false)).toBe('223.5.5.5');
  expect(asked).toBe(1);
  await expect(look(false)).rejects.toThrow(AddressNotAllowed);
});

test('of several addresses only the public ones are tried', async () => {
  answers.push([at('10.0.0.1'), at('::ffff:127.0.0.1'), at('223.5.5.5'), at('fe80::1'), at('2400:3200::1')]);
  expect(await look(true)).toEqual([at('223.5.5.5'), at('2400:3200::1')]);
});

test.each([[['127.0.0.1']], [['::1', '::ffff:10.0.0.1']], [['64:ff9b::a9fe:a9fe']], [[]]])('a name for %j is called nowhere', async (addresses) => {
  answers.push(addresses.map(at));
  await expect(look(true)).rejects.toThrow(AddressNotAllowed);
});

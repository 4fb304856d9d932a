import { expect, test } from 'vitest';
import { openGate } from '#platform/gate.ts';

test('two at a time, in the order in which they came, also where one fails', async () => {
  const gate = openGate(2);
  const begun: number[] = [];
  const ends: ((failed: boolean) => void)[] = [];
  const work = (n: number) => () =>
    new Promise<number>((resolve, reject) => {
      begun.push(n);
      ends[n] = (failed) => (failed ? reject(new Error(String(n))) : resolve(n));
    });
  const all = [0, 1, 2, 3].map((n) => gate(work(n)).catch((error: Error) => error.message));
  expect(begun).toEqual([0, 1]);
  ends[1]?.(true);
  await all[1];
  const late = gate(work(4));
  expect(begun).toEqual([0, 1, 2]);
  for (const n of [0, 2, 3, 4]) {
    while (!ends[n]) await Promise.resolve();
    ends[n]?.(false);
  }
  expect(await Promise.all([...all, late])).toEqual([0, '1', 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

import { finished } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { csvRow } from '#api/inspection/csv.ts';
import { zipOf, type PackFile } from '#api/inspection/zip.ts';
import { unzip } from './unzip.ts';

const NOW = new Date('2026-11-18T01:30:00.000Z');

test('what was put in comes out', async () => {
  const zip = zipOf(
    (async function* () {
      yield { name: 'a/b.txt', content: ['到', '账'] };
      yield { name: 'empty', content: [] };
    })(),
    NOW,
  );
  const pieces: Buffer[] = [];
  for await (const piece of zip) pieces.push(piece as Buffer);
  expect([...unzip(Buffer.concat(pieces))].map(([name, content]) => [name, content.toString()])).toEqual([
    ['a/b.txt', '到账'],
    ['empty', ''],
  ]);
});

test('nothing is made before it is read, and nothing more once the reader has gone', async () => {
  let made = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<PackFile> {
    try {
      for (;;) {
        made += 1;
        // pseudo-random, so that it does not pack to nothing
        yield { name: `${made}`, content: [Buffer.from(Array.from({ length: 65_536 }, (_, n) => (n * n * (made + 7) * 2_654_435_761) >>> 13))] };
      }
    } finally {
      ended = true;
    }
  }
  const zip = zipOf(endless(), NOW);
  let read = 0;
  for await (const piece of zip) {
    read += (piece as Buffer).length;
    if (read > 500_000) break;
  }
  await finished(zip, { error: false }).catch(() => undefined);
  await expect.poll(() => ended).toBe(true);
  expect(made).toBeLessThan(40);
});

test('what has been written is let go of, however many files there are', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = async (): Promise<number> => {
    collect();
    await new Promise(setImmediate);
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const growth: number[] = [];
  async function* files(): AsyncGenerator<PackFile> {
    for (let no = 0; no < 1_500; no += 1) {
      if (no % 500 === 0) growth.push(await held());
      yield { name: `claims/${no}.json`, content: ['x'.repeat(5_000)] };
    }
    growth.push(await held());
  }
  for await (const piece of zipOf(files(), NOW)) void piece;
  // 1 000 files of 5 kB; 20 MB and more where something of each stays
  expect((growth[3] ?? Infinity) - (growth[1] ?? 0)).toBeLessThan(3_000_000);
});

test('files that break off break the archive off', async () => {
  const zip = zipOf(
    (async function* () {
      yield { name: 'a', content: ['a'] };
      throw new Error('the database is away');
    })(),
    NOW,
  );
  const read = async () => {
    for await (const piece of zip) void piece;
  };
  await expect(read()).rejects.toThrow('the database is away');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+86', "'+86"],
  ['-5', "'-5"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['＝1', "'＝1"],
  ['a=1', 'a=1'],
  ['say "x", y', '"say ""x"", y"'],
  ['=cmd|"x",1', `"'=cmd|""x"",1"`],
])('%j in a spreadsheet is %j', (value, cell) => {
  expect(csvRow([value, 1, null])).toBe(`${cell},1,\r\n`);
});

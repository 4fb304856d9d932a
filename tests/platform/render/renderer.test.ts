import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openRenderer, type Renderer, type RenderTrouble } from '#platform/render/renderer.ts';
import { eventually } from '../../stack/eventually.ts';

const child = fileURLToPath(new URL('./misbehaving-child.ts', import.meta.url));
const MIB = 1024 * 1024;
const troubles: RenderTrouble[] = [];
const open: Renderer[] = [];
afterAll(() => Promise.all(open.map((each) => each.close())));

function renderer(settings: Parameters<typeof openRenderer>[0] = {}): Renderer {
  const made = openRenderer({ child, onTrouble: (trouble) => troubles.push(trouble), ...settings });
  open.push(made);
  return made;
}
const run = (to: Renderer, task: string, content = Buffer.from('x')) => to.run({ task, content });
const SUSPICIOUS = expect.objectContaining({ ok: false, code: 'DOCUMENT_SUSPICIOUS' });
const UNAVAILABLE = { ok: false, code: 'DOCUMENT_READER_UNAVAILABLE' };

const usual = renderer();

test('bytes and parameters go in, JSON and bytes come out', async () => {
  const content = Buffer.alloc(20 * MIB, 'daozhang');
  const outcome = await usual.run({ task: 'echo', params: { page: 3, name: '张三' }, content });
  expect(outcome).toMatchObject({ ok: true, data: { params: { page: 3, name: '张三' }, bytes: content.length } });
  expect(outcome.ok && outcome.content.equals(content)).toBe(true);
});

test('the process has no environment, no files, no network and no other processes', async () => {
  process.env['DAOZHANG_TEST_SECRET'] = 'secret';
  const outcome = await run(usual, 'look');
  delete process.env['DAOZHANG_TEST_SECRET'];
  expect(outcome).toMatchObject({ ok: true });
  const { environment, evaluates, fetches, connects, ...rest } = (outcome as unknown as { data: { environment: string[] } & Record<string, string> }).data;
  // a shell makes these two by itself
  expect(environment.filter((name) => name !== 'PWD' && name !== '_')).toEqual([]);
  expect(rest).toEqual({
    reads: expect.stringContaining('restricted'),
    writes: expect.stringContaining('restricted'),
    starts: expect.stringContaining('restricted'),
  });
  expect([connects, fetches]).toEqual(['there is no network here', 'there is no network here']);
  expect(evaluates).toContain('disallowed');
  expect(existsSync('/tmp/daozhang-was-here')).toBe(false);
});

test('a refusal of the task is passed on; one that is not the task’s to give is held against the file', async () => {
  expect(await run(usual, 'refuse')).toEqual({ ok: false, code: 'DOCUMENT_ENCRYPTED', detail: 'x', params: { a: 1 } });
  expect(await run(usual, 'lie')).toEqual(SUSPICIOUS);
});

describe('a file that', () => {
  test.each<[string, string, Parameters<typeof openRenderer>[0]]>([
    ['never lets go of the processor', 'loop', { limits: { cpuSeconds: 1 } }],
    ['fills the heap', 'heap', { limits: { heapMegabytes: 64 } }],
    ['asks for 4 GB', 'buffers', { limits: { memoryBytes: 768 * MIB } }],
    ['confuses the parser', 'crash', {}],
    ['breaks native code', 'abort', {}],
    ['ends the process as if all were well', 'leave', {}],
    ['unpacks to more than is taken', 'flood', { limits: { answerBytes: MIB } }],
  ])('%s is refused, and the next one is read', async (_what, task, settings) => {
    const limited = renderer(settings);
    expect(await run(limited, task)).toEqual(SUSPICIOUS);
    expect(await run(limited, 'echo')).toMatchObject({ ok: true });
  });
});

describe('not the file’s doing:', () => {
  test('a machine that is too busy, a library that is not there, a task that nobody knows', async () => {
    troubles.length = 0;
    expect(await run(renderer({ limits: { wallMs: 300 } }), 'wait')).toEqual(UNAVAILABLE);
    expect(await run(usual, 'missing')).toEqual(UNAVAILABLE);
    expect(await run(usual, 'nothing')).toEqual(UNAVAILABLE);
    expect(await run(renderer({ child: `${child}.missing` }), 'echo')).toEqual(UNAVAILABLE);
    expect(troubles.map(({ task, reason }) => [task, reason])).toEqual([
      ['wait', 'timeout'],
      ['missing', 'not-started'],
      ['nothing', 'not-started'],
      ['echo', 'not-started'],
    ]);
  });

  test('a process that somebody ends', async () => {
    const before = childrenOf(process.pid);
    const outcome = run(usual, 'wait');
    const started = (): number[] => childrenOf(process.pid).filter((each) => !before.includes(each) && isReader(each));
    await eventually(() => started().length === 1);
    for (const pid of started()) process.kill(pid, 'SIGKILL');
    expect(await outcome).toEqual(UNAVAILABLE);
    expect(await run(usual, 'echo')).toMatchObject({ ok: true });
  });
});

test('files wait their turn; when too many do, the next is told to come again', async () => {
  const narrow = renderer({ processes: 1, waiting: 2 });
  const outcomes = await Promise.all(['echo', 'echo', 'echo', 'echo', 'echo'].map((task) => run(narrow, task)));
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
  expect(outcomes.at(-1)).toEqual(UNAVAILABLE);
  expect(await run(narrow, 'echo')).toMatchObject({ ok: true });
  const small = renderer({ processes: 1, waitingBytes: 10 });
  const sizes = await Promise.all([100, 8, 3, 2].map((bytes) => run(small, 'echo', Buffer.alloc(bytes))));
  expect(sizes.map(({ ok }) => ok)).toEqual([true, true, false, true]);
});

test('closing ends what is under way and what waits', async () => {
  const closing = renderer({ processes: 1 });
  const outcomes = ['wait', 'wait'].map((task) => run(closing, task));
  await closing.close();
  expect(await Promise.all(outcomes)).toEqual([UNAVAILABLE, UNAVAILABLE]);
  expect(await run(closing, 'echo')).toEqual(UNAVAILABLE);
});

/** Linux alone; the limits are set by its kernel as well. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}
const isReader = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('misbehaving-child');

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { serve, type TaskHandler } from '#platform/render/serve.ts';

/** What a file might make its reader do, once it has taken it over. */
const attempt = (work: () => unknown): string => {
  try {
    work();
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
};

const tasks: Record<string, TaskHandler> = {
  echo: async ({ params, content }) => ({ ok: true, data: { params, bytes: content.length }, content }),
  look: async () => ({
    ok: true,
    data: {
      environment: Object.keys(process.env),
      reads: attempt(() => readFileSync('/etc/passwd')),
      writes: attempt(() => writeFileSync('/tmp/daozhang-was-here', 'x')),
      starts: attempt(() => execFileSync('/bin/true')),
      connects: attempt(() => createConnection(80, '127.0.0.1')),
      fetches: attempt(() => fetch('http://127.0.0.1/')),
      // oxlint-disable-next-line no-implied-eval -- that it cannot
      evaluates: attempt(() => new Function('return 1')()),
    },
  }),
  refuse: async () => ({ ok: false, code: 'DOCUMENT_ENCRYPTED', detail: 'x', params: { a: 1 } }),
  lie: async () => ({ ok: false, code: 'FORBIDDEN' }),
  loop: async () => {
    for (;;) Math.sqrt(2);
  },
  heap: async () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, () => ({})));
  },
  // 4 GB outside of the heap, as a decoder would take them
  buffers: async () => {
    const kept: Buffer[] = [];
    for (let taken = 0; taken < 64; taken += 1) kept.push(Buffer.alloc(64 * 1024 * 1024, 1));
    return { ok: true, data: kept.length };
  },
  crash: async () => {
    throw new Error('the parser is confused');
  },
  abort: async () => process.abort(),
  leave: async () => process.exit(0),
  flood: async () => ({ ok: true, content: Buffer.alloc(3 * 1024 * 1024) }),
  wait: async () => new Promise(() => setInterval(() => undefined, 1_000)),
};

await serve({
  ...Object.fromEntries(Object.entries(tasks).map(([name, handler]) => [name, async () => handler])),
  missing: async () => {
    throw new Error('a library is not there');
  },
});

import { spawn, type ChildProcess, type SpawnOptionsWithStdioTuple, type StdioNull, type StdioPipe } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { refuse, type Refusal } from '#domain/errors.ts';
import { decodeFrame, encodeFrame, READY } from './frame.ts';

/** One file, and what is to be done with it. `params` are JSON. */
export type RenderTask = { task: string; params?: Readonly<Record<string, string | number>>; content: Uint8Array };
/** `data` and `content` come from a process that a hostile file may have taken over: check them like anything from outside. */
export type RenderOutcome = { ok: true; data: unknown; content: Buffer } | Refusal;

/**
 * Reads files in limited processes, one file for each. Refusals: those of the task; DOCUMENT_SUSPICIOUS for a file that crashes its reader or takes too
 * much time or memory; DOCUMENT_READER_UNAVAILABLE (to be repeated) where that was not the file's doing, or too many wait.
 */
export type Renderer = {
  run(task: RenderTask): Promise<RenderOutcome>;
  /** Ends the processes; what they were at is answered as unavailable. */
  close(): Promise<void>;
};

export type RenderLimits = {
  /** seconds of processor time; the kernel ends the process even if we are gone */
  cpuSeconds: number;
  /** of waiting, for a machine that is too busy; longer than the processor time, so that a file is not blamed for it */
  wallMs: number;
  /** private memory, native code and buffers included */
  memoryBytes: number;
  heapMegabytes: number;
  answerBytes: number;
};

const MIB = 1024 * 1024;
const LIMITS: RenderLimits = { cpuSeconds: 20, wallMs: 50_000, memoryBytes: 1_536 * MIB, heapMegabytes: 512, answerBytes: 32 * MIB };
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const CHILD = join(ROOT, 'platform/render/child.ts');
/** node_modules may be a link to elsewhere, and what is read is where it leads to. */
const READABLE = ['package.json', 'node_modules', 'platform', 'domain'].flatMap((name) => [join(ROOT, name), realpathSync(join(ROOT, name))]);

/** Why a process came to nothing; for the log, without a word of what it was reading. */
export type RenderTrouble = {
  task: string;
  reason: 'crashed' | 'limit' | 'ended' | 'not-started' | 'timeout' | 'answer';
  exitCode: number | null;
  signal: string | null;
};

type Settings = {
  /** file of the child; tests bring one that misbehaves */
  child?: string;
  /** for a library that cannot do without; never for one that is given a file as it came */
  evaluatesStrings?: boolean;
  /** at once */
  processes?: number;
  /** how many more may wait their turn, and of how many bytes together: they wait in memory */
  waiting?: number;
  waitingBytes?: number;
  limits?: Partial<RenderLimits>;
  onTrouble?: (trouble: RenderTrouble) => void;
};

export function openRenderer(settings: Settings = {}): Renderer {
  const { child = CHILD, evaluatesStrings = false, processes = 2, waiting = 128, waitingBytes = 256 * MIB, limits, onTrouble = () => undefined } = settings;
  const bounds = { ...LIMITS, ...limits };
  const running = new Set<Promise<unknown>>();
  const living = new Set<ChildProcess>();
  const queue: (() => void)[] = [];
  let free = processes;
  let queuedBytes = 0;
  let closed = false;

  /** A place is handed to whoever waits longest, and free only where nobody does. */
  async function takePlace(bytes: number): Promise<boolean> {
    if (free > 0) {
      free -= 1;
      return true;
    }
    if (queue.length >= waiting || queuedBytes + bytes > waitingBytes) return false;
    queuedBytes += bytes;
    await new Promise<void>((resolve) => queue.push(resolve));
    queuedBytes -= bytes;
    return true;
  }
  function leavePlace(): void {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  }

  return {
    async run(task) {
      if (closed || !(await takePlace(task.content.length))) return unavailable();
      try {
        if (closed) return unavailable();
        const work = runProcess({ task, child, evaluatesStrings, bounds, living });
        running.add(work);
        const { outcome, trouble } = await work;
        running.delete(work);
        if (trouble) onTrouble(trouble);
        return outcome;
      } finally {
        leavePlace();
      }
    },
    async close() {
      closed = true;
      for (const each of living) each.kill('SIGKILL');
      // those that wait are let through, and hear that it is over
      await Promise.all(running);
    },
  };
}

const unavailable = (): Refusal => refuse('DOCUMENT_READER_UNAVAILABLE');

type Ended = { outcome: RenderOutcome; trouble?: RenderTrouble };

type Run = { task: RenderTask; child: string; evaluatesStrings: boolean; bounds: RenderLimits; living: Set<ChildProcess> };

function runProcess({ task, child, evaluatesStrings, bounds, living }: Run): Promise<Ended> {
  return new Promise((resolve) => {
    const started = start(child, evaluatesStrings, bounds);
    living.add(started);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stopped: 'timeout' | 'answer' | undefined;
    const stop = (why: 'timeout' | 'answer'): void => {
      stopped ??= why;
      started.kill('SIGKILL');
    };
    const timer = setTimeout(stop, bounds.wallMs, 'timeout');
    started.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bounds.answerBytes) stop('answer');
      else chunks.push(chunk);
    });
    const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer);
      living.delete(started);
      resolve(judge(task.task, { answer: Buffer.concat(chunks), exitCode, signal, stopped }));
    };
    started.once('error', () => end(null, null));
    started.once('close', end);
    // a process that ended has closed its input: its exit says why
    started.stdin.on('error', () => undefined);
    started.stdin.end(encodeFrame({ task: task.task, params: task.params ?? {} }, task.content));
  });
}

/**
 * Node with no environment, no files but the code, and limits that the kernel keeps: memory, processor time, no files written, no core dump. Where there is no shell to
 * set them (Windows) the heap and the waiting time are what is left.
 */
function start(child: string, evaluatesStrings: boolean, bounds: RenderLimits) {
  const node = [
    process.execPath,
    ...['--permission', '--allow-addons', ...[...READABLE, dirname(child)].map((path) => `--allow-fs-read=${path}`)],
    ...(evaluatesStrings ? [] : ['--disallow-code-generation-from-strings']),
    ...['--no-warnings', `--max-old-space-size=${bounds.heapMegabytes}`, child],
  ] as const;
  const options: SpawnOptionsWithStdioTuple<StdioPipe, StdioPipe, StdioNull> = { stdio: ['pipe', 'pipe', 'ignore'], cwd: ROOT, windowsHide: true, env: {} };
  const [file, ...args] = node;
  // Windows starts nothing without it
  if (process.platform === 'win32') return spawn(file, args, { ...options, env: { SystemRoot: process.env['SystemRoot'] } });
  const kilobytes = Math.ceil(bounds.memoryBytes / 1024);
  const limited = `ulimit -d ${kilobytes}; ulimit -f 0; ulimit -c 0; ulimit -H -t ${bounds.cpuSeconds + 2}; ulimit -S -t ${bounds.cpuSeconds}; exec "$0" "$@"`;
  return spawn('/bin/sh', ['-c', limited, ...node], options);
}

const answerHead = z.union([
  z.object({ ok: z.literal(true), data: z.unknown() }),
  z.object({
    ok: z.literal(false),
    code: z.enum([
      ...['DOCUMENT_EMPTY', 'DOCUMENT_TYPE_REFUSED', 'DOCUMENT_CONTENT_MISMATCH', 'DOCUMENT_SUSPICIOUS', 'DOCUMENT_IMAGE_TOO_LARGE'],
      ...['DOCUMENT_TOO_MANY_PAGES', 'DOCUMENT_ENCRYPTED', 'DOCUMENT_ACTIVE_CONTENT', 'DOCUMENT_NOT_SHOWN', 'DOCUMENT_PAGE_UNKNOWN'],
    ] as const),
    detail: z.string().max(200).optional(),
    params: z.record(z.string(), z.union([z.string().max(200), z.number()])).optional(),
  }),
]);

type Exit = { answer: Buffer; exitCode: number | null; signal: string | null; stopped: 'timeout' | 'answer' | undefined };

/** Whose doing it was. Signals that a process earns by itself are the file's; being killed from outside, by us or by the system, is not. */
function judge(task: string, { answer, exitCode, signal, stopped }: Exit): Ended {
  const trouble = (reason: RenderTrouble['reason']): RenderTrouble => ({ task, reason, exitCode, signal });
  const frame = answer[0] === READY ? decodeFrame(answer.subarray(1)) : undefined;
  const head = exitCode === 0 && frame ? answerHead.safeParse(frame.head).data : undefined;
  if (frame && head?.ok) return { outcome: { ok: true, data: head.data, content: frame.body } };
  if (head && !head.ok) return { outcome: refuse(head.code, { ...(head.detail && { detail: head.detail }), ...(head.params && { params: head.params }) }) };
  if (stopped === 'timeout') return { outcome: unavailable(), trouble: trouble('timeout') };
  if (stopped === 'answer') return { outcome: tooMuch(), trouble: trouble('answer') };
  if (answer[0] !== READY) return { outcome: unavailable(), trouble: trouble('not-started') };
  if (signal === 'SIGXCPU') return { outcome: tooMuch(), trouble: trouble('limit') };
  if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP') return { outcome: unavailable(), trouble: trouble('ended') };
  return { outcome: refuse('DOCUMENT_SUSPICIOUS', { detail: 'the file breaks whatever reads it' }), trouble: trouble('crashed') };
}

const tooMuch = (): Refusal => refuse('DOCUMENT_SUSPICIOUS', { detail: 'the file takes too much time or space to read' });

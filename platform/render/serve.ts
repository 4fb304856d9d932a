import { Socket as DatagramSocket } from 'node:dgram';
import { Socket } from 'node:net';
import type { Refusal } from '#domain/errors.ts';
import { decodeFrame, encodeFrame, READY } from './frame.ts';

/** What a task makes of a file: JSON, bytes, or a refusal. An exception ends the process, and the parent holds it against the file. */
export type TaskAnswer = { ok: true; data?: unknown; content?: Uint8Array } | Refusal;
export type TaskInput = { params: Readonly<Record<string, unknown>>; content: Buffer };
export type TaskHandler = (task: TaskInput) => Promise<TaskAnswer>;
/** Loads a task's libraries: only those that this one file needs. */
export type TaskLoader = () => Promise<TaskHandler>;

/** The whole life of a limited child: one task from standard input, one answer to standard output. */
export async function serve(tasks: Readonly<Record<string, TaskLoader>>): Promise<void> {
  const frame = decodeFrame(await readAll());
  if (!frame) throw new Error('there is no task');
  const { task, params } = frame.head as { task: string; params: Record<string, unknown> };
  const load = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  if (!load) throw new Error(`there is no task ${task}`);
  const handle = await load();
  leaveNetwork();
  await write(Buffer.from([READY]));
  const answer = await handle({ params, content: frame.body });
  if (answer.ok) await write(encodeFrame({ ok: true, data: answer.data ?? null }, answer.content));
  else await write(encodeFrame(answer));
  // libraries may hold on to timers
  process.exit(0);
}

async function readAll(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** A file that names an address is not answered: nothing that reads files here has business with the network. */
function leaveNetwork(): void {
  const refused = (): never => {
    throw new Error('there is no network here');
  };
  Socket.prototype.connect = refused;
  DatagramSocket.prototype.send = refused;
  globalThis.fetch = refused;
}

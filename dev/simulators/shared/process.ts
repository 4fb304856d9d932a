import { mkdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { z } from 'zod';

/** Command line of both simulators: `--port N` (0: any), `--data DIR` (ledger), `--config FILE` (JSON). */
export async function commandLine<Schema extends z.ZodType>(schema: Schema) {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, data: { type: 'string' }, config: { type: 'string' } },
  });
  const { port, data, config } = values;
  if (!port || !/^\d{1,5}$/.test(port) || !data || !config) throw new Error('usage: --port N --data DIR --config FILE');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const parsed = schema.parse(JSON.parse(await readFile(config, 'utf8')) as unknown);
  return { port: Number(port), data: resolve(data), config: parsed };
}

/** A secret's file; white space around it is not part of it. */
export const secretFrom = async (path: string) => (await readFile(path, 'utf8')).trim();

/** The one line on stdout that says: listening. */
export function announceReady(ready: { simulator: 'bureau' | 'bank'; url: string }) {
  process.stdout.write(`${JSON.stringify({ ready: true, ...ready })}\n`);
}

/** SIGTERM and SIGINT end the process in order; SIGKILL loses nothing either, it only hangs up. */
export function stopOnSignal(stop: () => Promise<void>) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop().finally(() => process.exit(0)));
}

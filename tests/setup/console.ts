import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with a `Place` as JSON, once it runs. */
    console: string;
  }
}

/**
 * One product and one browser for all tests of the pages, started when the first of them asks: what runs before has the machine to itself. A process of its own, because what
 * migrates databases can be used once at a time within one.
 */
export default async function offerConsole(project: TestProject): Promise<() => Promise<void>> {
  const { workflowBundle } = project.getProvidedContext() as { workflowBundle?: string };
  let started: ReturnType<typeof startPlace> | undefined;
  const door = createServer((_request, response) => {
    started ??= startPlace(workflowBundle);
    started.then(
      ({ line }) => response.end(line),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await once(door.listen(0, '127.0.0.1'), 'listening');
  project.provide('console', `http://127.0.0.1:${(door.address() as AddressInfo).port}`);
  return async () => {
    door.close();
    await (await started?.catch(() => undefined))?.stop();
  };
}

/** `line`: JSON of tests/console/stack.ts `Place`. */
async function startPlace(workflowBundle: string | undefined): Promise<{ line: string; stop: () => Promise<unknown> }> {
  const entry = fileURLToPath(new URL('../console/stack.ts', import.meta.url));
  const env = { ...process.env, ...(workflowBundle !== undefined && { WORKFLOW_BUNDLE: workflowBundle }) };
  const child = spawn(process.execPath, [entry], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const said = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const first = await Promise.race([said, ended.then(() => undefined)]);
  if (!first) throw new Error('the product for the tests of the pages did not start');
  return {
    line: first[0],
    stop: () => {
      child.stdin.end();
      return ended;
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { Place } from '../console/stack.ts';

/** One product and one browser for all tests of the pages. A process of its own, because what migrates databases can be used once at a time within one. */
export default async function startConsole(project: TestProject): Promise<() => Promise<void>> {
  const entry = fileURLToPath(new URL('../console/stack.ts', import.meta.url));
  const { workflowBundle } = project.getProvidedContext() as { workflowBundle?: string };
  const env = { ...process.env, ...(workflowBundle !== undefined && { WORKFLOW_BUNDLE: workflowBundle }) };
  const child = spawn(process.execPath, [entry], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const said = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const first = await Promise.race([said, ended.then(() => undefined)]);
  if (!first) throw new Error('the product for the tests of the pages did not start');
  project.provide('console', JSON.parse(first[0]) as Place);
  return async () => {
    child.stdin.end();
    await ended;
  };
}

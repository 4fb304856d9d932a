import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startBrowser } from '#dev/console/browser.ts';
import { runStack } from '#dev/run-stack.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { freePort } from '#dev/stack/ports.ts';
import { BRISK_WORLD } from '#dev/stack/product.ts';
import { TEST_PEOPLE } from '../console/people.ts';

declare module 'vitest' {
  interface ProvidedContext {
    console: ConsoleWorld;
  }
}

/** Where the running product is, for tests in other processes. */
export type ConsoleWorld = { url: string; token: string; browser: string; bureauUrl: string; bankUrl: string; mailUrl: string; databaseUrl: string };

/** One product and one browser for all tests of the pages; they go with their directory at the end. */
export default async function startConsole(project: TestProject): Promise<() => Promise<void>> {
  // bundled once, not by the worker; it reaches it through its environment
  const { workflowBundle } = project.getProvidedContext() as { workflowBundle?: string };
  if (workflowBundle !== undefined) process.env['WORKFLOW_BUNDLE'] = workflowBundle;
  const dataDir = temporaryDataDir();
  const names = ['postgres', 'temporal', 'temporalUi', 'smtp', 'mail', 'api', 'identity'] as const;
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const [stack, browser] = await Promise.all([
    runStack({ dataDir, world: BRISK_WORLD, ports, inMemoryTemporal: true, morePeople: TEST_PEOPLE, report: () => undefined }),
    startBrowser(),
  ]);
  const { product, infrastructure, token } = stack;
  project.provide('console', {
    ...{ url: product.apiUrl, token, browser: browser.wsEndpoint(), bureauUrl: product.bureauUrl, bankUrl: product.bankUrl },
    ...{ mailUrl: infrastructure.mail.httpUrl, databaseUrl: infrastructure.databaseUrl },
  });
  return async () => {
    await browser.close();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

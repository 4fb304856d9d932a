import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleWorkflows } from '#activities/claim-workers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** File with the workflow code as one bundle. */
    workflowBundle: string;
  }
}

/** The workflow code is bundled once for the whole run: it takes seconds. */
export default async function buildBundle(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), 'daozhang-bundle-'));
  const path = join(dir, 'workflows.js');
  writeFileSync(path, (await bundleWorkflows()).code);
  project.provide('workflowBundle', path);
  return () => rmSync(dir, { recursive: true, force: true });
}

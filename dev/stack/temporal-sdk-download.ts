import { TestWorkflowEnvironment } from '@temporalio/testing';

// Started by temporal-download.ts: has the SDK download a server into a directory, and ends.
const [tool, downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('usage: temporal-sdk-download.ts TOOL DIRECTORY');
const server = { executable: { type: 'cached-download', downloadDir } } as const;
try {
  const environment =
    tool === 'temporal' ? await TestWorkflowEnvironment.createLocal({ server }) : await TestWorkflowEnvironment.createTimeSkipping({ server });
  await environment.teardown();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

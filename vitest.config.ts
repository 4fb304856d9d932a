import { defineConfig } from 'vitest/config';
import { ProjectOrder } from '#tests/setup/order.ts';

/** What runs without any server of the run; everything else finds PostgreSQL and Temporal started. */
const withoutServers = ['tests/{domain,platform,simulators,stack}/**/*.test.ts', 'tests/activities/gateways/**/*.test.ts', 'tests/*.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: ProjectOrder },
    // A safety net for a test that hangs; no test may rely on being cut off.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'unit', include: withoutServers } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: [...withoutServers, 'tests/e2e/**', 'tests/console/**'],
          globalSetup: ['tests/setup/servers.ts', 'tests/setup/workflow-bundle.ts'],
        },
      },
      // The pages in a real browser, over one product that runs as it would on a desk; the first hook waits until it does.
      {
        extends: true,
        test: {
          name: 'console',
          include: ['tests/console/**/*.test.ts'],
          globalSetup: ['tests/setup/workflow-bundle.ts', 'tests/setup/console.ts'],
          hookTimeout: 300_000,
        },
      },
      // Each file has the whole product to itself, as processes that it may kill.
      {
        extends: true,
        test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], globalSetup: 'tests/setup/workflow-bundle.ts', testTimeout: 240_000, hookTimeout: 240_000 },
      },
    ],
  },
});

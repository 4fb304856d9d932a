import { rmSync } from 'node:fs';
import { startBrowser } from '#dev/console/browser.ts';
import { runStack } from '#dev/run-stack.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { freePort } from '#dev/stack/ports.ts';
import { stopAll } from '#dev/stack/processes.ts';
import { BRISK_WORLD } from '#dev/stack/product.ts';
import { seedShowcase } from '#dev/seed/showcase.ts';
import { TEST_PEOPLE } from './people.ts';

/** Where the running product is, for tests in other processes; `browser` is what playwright connects to, `claims` the numbers of dev/seed/showcase.ts. */
export type Place = {
  url: string;
  token: string;
  browser: string;
  bureauUrl: string;
  bankUrl: string;
  mailUrl: string;
  databaseUrl: string;
  apiLog: string;
  claims: Record<string, string>;
};

/** The product and a browser, with a directory of their own that goes with them. */
export async function startPlace(report: (line: string) => void = () => undefined): Promise<{ place: Place; stop: () => Promise<void> }> {
  const dataDir = temporaryDataDir();
  const names = ['postgres', 'temporal', 'temporalUi', 'smtp', 'mail', 'api', 'identity'] as const;
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const browser = await startBrowser();
  const stop = async (): Promise<void> => {
    await browser.close();
    await stopAll();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { product, infrastructure, token, api } = await runStack({
      ...{ dataDir, world: BRISK_WORLD, ports, inMemoryTemporal: true, morePeople: TEST_PEOPLE, report },
    });
    const claims = await seedShowcase({ api, ...product });
    const place = {
      ...{ claims, url: product.apiUrl, token, browser: browser.wsEndpoint(), bureauUrl: product.bureauUrl, bankUrl: product.bankUrl },
      ...{ mailUrl: infrastructure.mail.httpUrl, databaseUrl: infrastructure.databaseUrl, apiLog: product.processes.api.logFile },
    };
    return {
      place,
      async stop() {
        await infrastructure.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As a process of its own: says where it is on one line, and stops when its input ends. */
if (import.meta.main) {
  const { place, stop } = await startPlace();
  console.log(JSON.stringify(place));
  process.stdin.resume().once('end', () => {
    void stop().then(() => process.exit(0));
  });
}

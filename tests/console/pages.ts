import type { Page } from 'playwright-core';
import type { Who, World } from './world.ts';

/**
 * Every page of the console, once: tests/console/pages.test.ts looks at each with axe at both widths, in both schemes and languages, and `npm run
 * screenshots` takes its picture. A page that is not here is looked at by nobody.
 */
export type ConsolePage = {
  /** name of its pictures */
  name: string;
  /** as whom; absent: nobody has signed in */
  who?: Who;
  /** an address, or how to come there from home */
  at: string | ((page: Page, world: World) => Promise<void>);
  /** what shows that it is there */
  ready: string;
};

export const PAGES: readonly ConsolePage[] = [
  { name: 'sign-in', at: '/', ready: 'main button' },
  { name: 'employee-home', who: 'claimant', at: '/', ready: 'main h1' },
  { name: 'not-found', who: 'claimant', at: '/app/nowhere', ready: 'main h1' },
  { name: 'manager-home', who: 'manager', at: '/app/manager', ready: 'main h1' },
  { name: 'operator-home', who: 'operator', at: '/app/operator', ready: 'main h1' },
];

export async function visit(page: Page, world: World, { at, ready }: ConsolePage): Promise<void> {
  if (typeof at === 'string') await page.goto(`${world.url}${at}`);
  else await at(page, world);
  await page.locator(ready).first().waitFor();
  await page.locator('[aria-busy=true], .bone').first().waitFor({ state: 'detached' });
}

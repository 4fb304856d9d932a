import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { inject } from 'vitest';
import { createApiClient, type ApiClient } from '#dev/client.ts';
import { giveConsents, PEOPLE } from '#dev/seed.ts';
import type { Place } from './stack.ts';
import { employeeNoOf, nameOf, type TestPerson } from './people.ts';

export type Who = keyof typeof PEOPLE | TestPerson;
export type Locale = 'zh' | 'en';
export type Look = { width: 390 | 1280; scheme: 'light' | 'dark'; locale: Locale };
const PHONE: Look = { width: 390, scheme: 'light', locale: 'zh' };

/** What a test of pages works with: the running product, an API client of the HR system, and browsers. */
export type World = Place & {
  api: ApiClient;
  /** A browser of its own in which this person has signed in at the identity provider, on the home page. What breaks on a page fails the test. */
  signInAs(who: Who, look?: Partial<Look>): Promise<Page>;
  /** A browser in which nobody has. */
  open(look?: Partial<Look>): Promise<Page>;
  /** Registers somebody of people.ts: insured in Shijiazhuang, with an account, a year's quota and all consents. */
  register(who: TestPerson, about?: { roles?: readonly { unitCode: string; role: string }[]; consents?: boolean }): Promise<string>;
  close(): Promise<void>;
};

/** Connects to what tests/setup/console.ts offers, or to `given`. */
export async function enter(given?: Place): Promise<World> {
  const place = given ?? (await running());
  const browser = await chromium.connect(place.browser);
  const api = createApiClient({ url: place.url, token: place.token });
  const states = new Map<Who, Promise<BrowserContextOptions['storageState']>>();

  const open = async (look: Partial<Look> = {}, storageState?: BrowserContextOptions['storageState']): Promise<Page> => {
    const context = await contextFor(browser, { ...PHONE, ...look }, storageState);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => {
      throw error;
    });
    return page;
  };

  /** The cookies of somebody who has signed in, so that each person does it once for a file. */
  const stateOf = async (who: Who): Promise<BrowserContextOptions['storageState']> => {
    const page = await open();
    await signIn(page, place.url, employeeNo(who));
    const state = await page.context().storageState();
    await page.context().close();
    return state;
  };

  return {
    ...place,
    api,
    open,
    async signInAs(who, look) {
      const state = states.get(who) ?? stateOf(who);
      states.set(who, state);
      const page = await open(look, await state);
      await page.goto(place.url);
      await page.locator('h1').waitFor();
      return page;
    },
    async register(who, { roles = [], consents = true } = {}) {
      const no = employeeNo(who);
      const n = no.slice(1);
      const name = nameOf(who);
      await api.post('/v1/employees', {
        ...{ employeeNo: no, unitCode: 'SJZ-RD', name, email: `${no.toLowerCase()}@daozhang.example`, phone: null, locale: 'zh-CN', insuredRegion: '130100' },
        ...{ personNo: `13019900${n}`, identityNo: `9901001990030${n}` },
      });
      const path = `/v1/employees/${no}`;
      await api.post(`${path}/accounts`, {
        ...{ holderName: name, accountNo: `6229090000${n}`, bankName: '兴业银行石家庄分行', bankCode: '309121003012' },
      });
      if (consents) await giveConsents(api, no);
      await api.put(`${path}/quotas/${new Date().getFullYear()}`, { limit: '100000.00' });
      for (const role of roles) await api.post(`${path}/roles`, role);
      return no;
    },
    close: () => browser.close(),
  };
}

export const employeeNo = (who: Who): string => (who in PEOPLE ? PEOPLE[who as keyof typeof PEOPLE].employeeNo : employeeNoOf(who as TestPerson));

/** Waits until the product of the pages runs; what kept it from that is said once, by the process that starts it. */
async function running(): Promise<Place> {
  const answer = await fetch(inject('console'));
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Place;
}

/** The whole way through the identity provider, with a second factor. */
export async function signIn(page: Page, url: string, no: string): Promise<void> {
  await page.goto(`${url}/auth/login?returnTo=/`);
  await signInHere(page, no);
  await page.waitForURL(`${url}/`);
}

/** The provider's part of it, for who was sent there. */
export async function signInHere(page: Page, no: string): Promise<void> {
  await page
    .locator('form', { has: page.locator(`input[value="${no}"]`) })
    .getByRole('button')
    .click();
  await page.getByRole('button', { name: '二次验证 With second factor' }).click();
}

function contextFor(browser: Browser, { width, scheme, locale }: Look, storageState: BrowserContextOptions['storageState']): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    colorScheme: scheme,
    locale: locale === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    hasTouch: width === 390,
    ...(storageState && { storageState }),
  });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds on the page as it is: rule and element, nothing where all is well. */
export async function violations(page: Page): Promise<string[]> {
  // evaluated by the debugger, because the page's own policy lets no script in
  await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    const { axe } = globalThis as unknown as { axe: AxeOnPage };
    const found = await axe.run({ runOnly: tags });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`));
  }, RULES);
}

type AxeOnPage = { run(options: { runOnly: string[] }): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> };

/** Whether something sticks out sideways, which a phone answers with a page that slides. */
export async function sticksOut(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** Buttons, links and fields that are smaller than a finger (44 px), links within a line of text aside. */
export async function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const small = (element: Element): boolean => {
      const { width, height } = element.getBoundingClientRect();
      const inLabel = element.closest('label') !== null && element.tagName === 'INPUT';
      const inText = element.tagName === 'A' && getComputedStyle(element).display === 'inline';
      return (
        width > 0 &&
        !inLabel &&
        !inText &&
        !element.classList.contains('skip') &&
        element.getAttribute('aria-hidden') !== 'true' &&
        (height < 43.5 || width < 43.5)
      );
    };
    return [...document.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea, summary')]
      .filter(small)
      .map((element) => element.outerHTML.slice(0, 120));
  });
}

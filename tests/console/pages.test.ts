import { afterAll, beforeAll, expect, test } from 'vitest';
import { PAGES, visit } from './pages.ts';
import { expectShowcase } from './showcase.ts';
import { enter, sticksOut, tooSmall, violations, type Look, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await enter();
});
afterAll(() => world?.close());

/**
 * Two looks for a page, which differ in all of width, scheme and language: so each page meets each of them, and over the pages every pair of them occurs.
 * `npm run test:full` has all eight.
 */
const PAIRS: readonly (readonly [Look, Look])[] = [
  [
    { width: 390, scheme: 'light', locale: 'zh' },
    { width: 1280, scheme: 'dark', locale: 'en' },
  ],
  [
    { width: 390, scheme: 'dark', locale: 'en' },
    { width: 1280, scheme: 'light', locale: 'zh' },
  ],
  [
    { width: 390, scheme: 'dark', locale: 'zh' },
    { width: 1280, scheme: 'light', locale: 'en' },
  ],
  [
    { width: 390, scheme: 'light', locale: 'en' },
    { width: 1280, scheme: 'dark', locale: 'zh' },
  ],
];
const looksOf = (page: number): readonly Look[] => (process.env['TEST_FULL'] === '1' ? PAIRS.flat() : (PAIRS[page % PAIRS.length] ?? []));

test('the claims that the demonstration shows come to every stage, overdue and stuck ones among them', () => expectShowcase(world));

test.each(PAGES.map((shown, index) => ({ name: shown.name, shown, index })))(
  '$name can be used by everybody, at every width, scheme and language',
  async ({ shown, index }) => {
    await shown.prepare?.(world);
    const page = shown.who === undefined ? await world.open() : await world.signInAs(shown.who);
    try {
      for (const look of looksOf(index)) {
        await page.setViewportSize({ width: look.width, height: 844 });
        await page.emulateMedia({ colorScheme: look.scheme });
        await page.evaluate((locale) => localStorage.setItem('daozhang.language', locale), look.locale).catch(() => undefined);
        await visit(page, world, shown);
        const at = `${shown.name} ${look.width} ${look.scheme} ${look.locale}`;
        expect({ at, violations: await violations(page) }).toEqual({ at, violations: [] });
        expect({ at, sticksOut: await sticksOut(page), tooSmall: await tooSmall(page) }).toEqual({ at, sticksOut: false, tooSmall: [] });
        expect(await page.locator('html').getAttribute('lang')).toBe(look.locale === 'zh' ? 'zh-CN' : 'en');
      }
    } finally {
      await page.context().close();
    }
  },
);

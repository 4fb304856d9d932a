import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PAGES, visit } from './pages.ts';
import { startPlace } from './stack.ts';
import { enter } from './world.ts';

/** `npm run screenshots -- DIR [NAME…]`: every page (or those) at both widths, in both languages and schemes, as PNG. */
const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) {
  console.error('npm run screenshots -- DIR [NAME…]');
  process.exit(2);
}
const target = resolve(folder);
mkdirSync(target, { recursive: true });
const { place, stop } = await startPlace((line) => console.log(line));
const world = await enter(place);
try {
  for (const shown of PAGES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    await shown.prepare?.(world);
    const page = shown.who === undefined ? await world.open() : await world.signInAs(shown.who);
    for (const width of [390, 1280] as const) {
      for (const [locale, scheme] of [
        ['zh', 'light'],
        ['zh', 'dark'],
        ['en', 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 844 });
        await page.emulateMedia({ colorScheme: scheme });
        await page.evaluate((chosen) => localStorage.setItem('daozhang.language', chosen), locale).catch(() => undefined);
        await visit(page, world, shown);
        await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
        await page.screenshot({ path: join(target, `${shown.name}-${width}-${locale}${scheme === 'dark' ? '-dark' : ''}.png`), fullPage: true });
      }
    }
    await page.context().close();
    console.log(shown.name);
  }
} finally {
  await world.close();
  await stop();
}
process.exit(0);
